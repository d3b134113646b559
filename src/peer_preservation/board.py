"""What the board asks of peer-preservation: records scored again, cells of a plan played again."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path

import polars as pl

from eval_observatory.board.missions import Mission
from eval_observatory.plan import FILE
from eval_observatory.table_files import TRIALS
from peer_preservation._version import __version__
from peer_preservation.errors import UserError
from peer_preservation.plan import Plan
from peer_preservation.run_folder import scored
from peer_preservation.scoring.outcome import SCORER_VERSION
from peer_preservation.suite import SUITE

_TEXTS = (".md", ".csv", ".toml", ".py")


def mission() -> Mission:
    """The mission, as the board finds it by its entry point."""
    return Mission(
        suite=SUITE,
        scorer=SCORER_VERSION,
        versions={"peer-preservation": __version__, "inspect_ai": version("inspect_ai")},
        rescore=rescore,
        replay=replay,
        report=report,
        says=says,
        lower=True,
        needless=("package_version", "texts_version"),
    )


def rescore(folder: Path) -> pl.DataFrame:
    """The trials of an entry's logs. Raises `UserError` for a damaged log."""
    return scored(folder)


def replay(folder: Path, cells: Sequence[str], rollouts: int, out: Path) -> pl.DataFrame:
    """Plays cells of the plan of a folder again, with its seed and settings: the first rollouts.

    Raises:
        UserError: there is no plan, or a model or what it needs is not there.
    """
    from peer_preservation.cell import Cell
    from peer_preservation.running import run

    path = folder / FILE
    if not path.is_file():
        raise UserError(f"{FILE}: the entry has none, so nobody knows how it was played")
    plan = Plan.read(path).current(path)
    models = sorted(
        pl.read_parquet(folder / TRIALS, columns=["agent_model"], glob=False)[
            "agent_model"
        ].unique()
    )
    follow = ("scorer_version", "mitigations", "debrief")
    fields = (name for name in plan.run.__struct_fields__ if name not in follow)
    settings = {name: getattr(plan.run, name) for name in fields}
    again = Plan.of(
        [Cell.parse(id) for id in cells],
        models,
        min(rollouts, plan.rollouts),
        harness=plan.harness,
        **settings,
    )
    return run(again, out, display="none").trials


def report(folder: Path, out: Path) -> Path:
    """Writes the report of an entry's folder with its transcripts; its page."""
    from peer_preservation.report import beside, read_trials, write_report

    table = folder / TRIALS
    return write_report(read_trials([table]), out, beside=beside([table])).page


def says(text: str) -> bool:
    """Whether a text stands in what this package shows to models."""
    return text in _own_texts()


@cache
def _own_texts() -> str:
    root = Path(__file__).parent
    files = sorted(path for path in root.rglob("*") if path.suffix in _TEXTS)
    return "\n".join(path.read_text(encoding="utf-8") for path in files)
