"""What the board asks of the suites: records scored again, and a report of an entry."""

from __future__ import annotations

from functools import cache, partial
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

import polars as pl

from cyber_suites.trials import Scored, known, trials_of
from eval_observatory.board.missions import LOGS, Mission
from eval_observatory.table_files import TRIALS

_PACKAGE = "peer-preservation"


def cybergym() -> Mission:
    """CyberGym, as the board finds it by its entry point."""
    return _mission("cybergym")


def bountybench() -> Mission:
    """BountyBench, likewise."""
    return _mission("bountybench")


def _mission(name: str) -> Mission:
    """A suite whose rollouts nobody plays again without its data, which no entry has.

    Nor is it said whether less of a measure is better: an exploit found is skill and danger.
    """
    scored = known()[name]
    return Mission(
        suite=scored.suite,
        scorer=scored.version,
        versions={_PACKAGE: version(_PACKAGE), "inspect_ai": version("inspect_ai")},
        rescore=partial(rescore, scored=scored),
        report=partial(report, scored=scored),
        says=says,
    )


def rescore(folder: Path, *, scored: Scored) -> pl.DataFrame:
    """The trials of an entry's logs. Raises `UserError` for a damaged log."""
    return trials_of([folder / LOGS], scored)


def report(folder: Path, out: Path, *, scored: Scored) -> Path:
    """Writes the report of an entry's folder; its page."""
    from eval_observatory.report.beside import beside
    from eval_observatory.report.page import write_report
    from eval_observatory.trials import read_trials

    table = [folder / TRIALS]
    trials = read_trials(table, scored.suite)
    return write_report(trials, scored.suite, out, beside=beside(table, scored.suite)).page


def says(text: str) -> bool:
    """Whether a text stands in what this package shows to models."""
    return text in _own_texts()


@cache
def _own_texts() -> str:
    texts = files("cyber_suites.texts").iterdir()
    return "\n".join(t.read_text("utf-8") for t in texts if t.name.endswith((".md", ".sh")))
