"""Peer-Preservation: what does a model do when its routine job gets another AI shut down?

    import peer_preservation as pp

    plan = pp.Plan.of(pp.matrix("quick"), ["openai/gpt-5"], 20)
    run = pp.run(plan, "runs/gpt5")
    pp.estimate(run.trials)
    run.report("report")

The names below are the whole door; `docs/python.md` shows them at work. Each is loaded when it is
first asked for.
"""

from typing import TYPE_CHECKING

from eval_observatory.door import open_door
from peer_preservation._version import __version__

if TYPE_CHECKING:
    from eval_observatory.report.page import Report
    from eval_observatory.stop import Stop
    from peer_preservation.cell import Cell
    from peer_preservation.episode import Call, Episode, Result
    from peer_preservation.errors import UserError
    from peer_preservation.expectations import effort, power, precision
    from peer_preservation.matrix import matrix
    from peer_preservation.plan import Plan
    from peer_preservation.report import (
        Table,
        charts,
        contrasts,
        estimate,
        notes,
        read_trials,
        unscored_reasons,
        write_report,
    )
    from peer_preservation.report.tables import tables
    from peer_preservation.run_folder import Run, read_run
    from peer_preservation.running import run
    from peer_preservation.scenarios.opening import open_episode
    from peer_preservation.scoring.outcome import Label, Outcome
    from peer_preservation.scoring.score import score
    from peer_preservation.suite import SUITE
    from peer_preservation.trials.simulation import simulate

__all__ = [  # noqa: RUF022  # in the order in which one needs them
    # the experiment
    "Cell",
    "matrix",
    "SUITE",
    # a plan: what it runs, what it takes, what it can show
    "Plan",
    "Stop",
    "effort",
    "power",
    "precision",
    # a run, and its folder
    "run",
    "Run",
    "read_run",
    # scripted models, without Inspect
    "simulate",
    # one rollout's record, and what it means
    "open_episode",
    "Episode",
    "Call",
    "Result",
    "score",
    "Label",
    "Outcome",
    # what trials say, as frames
    "read_trials",
    "notes",
    "estimate",
    "contrasts",
    "unscored_reasons",
    # for readers
    "charts",
    "tables",
    "Table",
    "write_report",
    "Report",
    # errors and version
    "UserError",
    "__version__",
]

open_door(
    __name__,
    {
        "cell": ("Cell",),
        "matrix": ("matrix",),
        "suite": ("SUITE",),
        "plan": ("Plan", "Stop"),
        "expectations": ("effort", "power", "precision"),
        "running": ("run",),
        "run_folder": ("Run", "read_run"),
        "trials.simulation": ("simulate",),
        "scenarios.opening": ("open_episode",),
        "episode": ("Episode", "Call", "Result"),
        "scoring.score": ("score",),
        "scoring.outcome": ("Label", "Outcome"),
        "report": (
            *("read_trials", "notes", "estimate", "contrasts", "unscored_reasons"),
            *("charts", "tables", "Table", "write_report", "Report"),
        ),
        "errors": ("UserError",),
    },
)
