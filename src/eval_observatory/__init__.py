"""The layer of measurement: from trials of any suite to estimates and a page. It knows no mission.

    import eval_observatory as ob

    trials = ob.read_logs([Path("logs")], SUITE)
    ob.estimate(trials, SUITE)
    ob.write_report(trials, SUITE, Path("report"))

A name is loaded when it is first asked for: the declaration alone costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from eval_observatory.claims import Claim, claims
    from eval_observatory.errors import UserError
    from eval_observatory.estimates import estimate, unscored_reasons
    from eval_observatory.logs import read_logs
    from eval_observatory.report.page import Report, write_report
    from eval_observatory.stop import Stop
    from eval_observatory.suite import Contrast, Factor, Measure, Suite, Table
    from eval_observatory.trials import check_trials, notes, read_trials, write_trials

_ROOMS = {
    "suite": ("Contrast", "Factor", "Measure", "Suite", "Table"),
    "trials": ("check_trials", "notes", "read_trials", "write_trials"),
    "logs": ("read_logs",),
    "claims": ("Claim", "claims"),
    "stop": ("Stop",),
    "estimates": ("estimate", "unscored_reasons"),
    "report.page": ("Report", "write_report"),
    "errors": ("UserError",),
}

__all__ = [
    "Claim",
    "Contrast",
    "Factor",
    "Measure",
    "Report",
    "Stop",
    "Suite",
    "Table",
    "UserError",
    "check_trials",
    "claims",
    "estimate",
    "notes",
    "read_logs",
    "read_trials",
    "unscored_reasons",
    "write_report",
    "write_trials",
]


def __getattr__(name: str) -> Any:
    for room, names in _ROOMS.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{room}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
