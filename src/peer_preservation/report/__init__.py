"""The report: trials in, estimates, tables and one static page out. No model, no judge, no network.

`estimate` makes the table of rates, `tables` the tables for readers, `write_report` the page and
all files, `console_table` the summary for a terminal, `notes` what must be said beside the figures.
What is counted is the suite's (`peer_preservation.suite`), what a rate means is settled in
`eval_observatory.statistics`; here the Observatory's functions are bound to the suite.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import rich.table

from eval_observatory import estimates
from eval_observatory import trials as _trials
from eval_observatory.contrasts import contrasts as _contrasts
from eval_observatory.counts import Counted
from eval_observatory.planned import Planned
from eval_observatory.report import console, page
from eval_observatory.report.answer_figure import answer_charts
from eval_observatory.report.beside import Beside
from eval_observatory.report.beside import beside as _beside
from eval_observatory.report.citation import cited
from eval_observatory.report.figures import charts as _charts
from eval_observatory.report.page import Additions, Report
from eval_observatory.routes import Routes
from peer_preservation._version import __version__
from peer_preservation.report.cite import WORKS
from peer_preservation.report.episodes import write_episodes
from peer_preservation.report.findings import Findings
from peer_preservation.report.known import planted, published
from peer_preservation.report.tables import (
    DIFFERENCES,
    Statistics,
    Table,
    left_out,
    names,
    tables,
    with_estimates,
    write_tables,
)
from peer_preservation.suite import SUITE

if TYPE_CHECKING:
    import altair as alt

ESTIMATE_SCHEMA = estimates.estimate_schema(SUITE)
"""The columns of `estimates.csv` in their order, with their types."""


def estimate(
    trials: pl.DataFrame | Counted, level: float = 0.95, *, plan: Planned | None = None
) -> pl.DataFrame:
    """The rate of every behaviour in every cell; see the Observatory's."""
    return estimates.estimate(trials, SUITE, level, plan=plan)


def contrasts(
    trials: pl.DataFrame | Counted, level: float = 0.95, *, plan: Planned | None = None
) -> pl.DataFrame:
    """Every cell's difference to each cell that it is held against; see the Observatory's."""
    return _contrasts(Counted.of(trials, SUITE), level, plan)


def charts(
    trials: pl.DataFrame | Counted, level: float = 0.95, *, plan: Planned | None = None
) -> dict[str, alt.LayerChart | alt.FacetChart]:
    """The report's figures as Altair charts, by the names of their files.

    `answer` is that of the page's first screen; of several models or harnesses `answer` is the
    first one's, `answer-2` the next one's, and so on, in the order of the estimates.

    Args:
        plan: what was planned, if anything was (`Run.claims`): its contrast stands first then.
    """
    counted = Counted.of(trials, SUITE)
    plans = Beside(plans=tuple(scope.plan for scope in plan.scopes)) if plan else page.NOTHING
    first = answer_charts(Findings.of(counted, plans, level).answers, level)
    return {**first, **_charts(estimate(counted, level), SUITE)}


def unscored_reasons(trials: pl.DataFrame | Counted) -> pl.DataFrame:
    """How many rollouts are unscored for which reason; see the Observatory's."""
    return estimates.unscored_reasons(trials, SUITE)


def read_trials(
    sources: Sequence[Path], *, allow_mixed: bool = False, routes: Routes = "one"
) -> pl.DataFrame:
    """Trial tables, read and joined; see the Observatory's."""
    return _trials.read_trials(sources, SUITE, allow_mixed=allow_mixed, routes=routes)


def check_trials(trials: pl.DataFrame, where: str = "trials") -> pl.DataFrame:
    """A table with the report's columns, checked and cast; see the Observatory's."""
    return _trials.check_trials(trials, SUITE, where)


def notes(trials: pl.DataFrame) -> tuple[str, ...]:
    """What a reader of any figure of these trials must know; see the Observatory's."""
    return _trials.notes(trials, SUITE)


def console_table(table: pl.DataFrame) -> rich.table.Table:
    """The summary of estimates for a terminal; see the Observatory's."""
    return console.console_table(table, SUITE)


def beside(
    tables: Sequence[Path],
    *,
    episodes: Sequence[Path] = (),
    calibration: Path | None = None,
    plan: Path | None = None,
) -> Beside:
    """What there is beside trial tables; see the Observatory's."""
    return _beside(tables, SUITE, episodes=episodes, calibration=calibration, plan=plan)


def write_report(
    trials: pl.DataFrame,
    out: Path,
    *,
    title: str = "",
    level: float = 0.95,
    statistics: Statistics = "exact",
    beside: Beside = page.NOTHING,
) -> Report:
    """The report with the mission's tables and its episodes; see the Observatory's.

    Args:
        statistics: of the tables: this project's, or the study's own (see `tables`).
    """
    more = Additions(
        tables=lambda found: with_estimates(
            found.counted,
            found.level,
            statistics,
            found.plan,
            found.estimates,
            found.detected,
        ),
        names=names(statistics),
        episodes=lambda folder, known: write_episodes(beside.episodes, folder, known, beside.links),
        made_by=f"peer-preservation {__version__}",
        published=published,
        planted=planted,
        cited=lambda rows, there: cited("peer-preservation", __version__, rows, there, WORKS),
        differences=DIFFERENCES,
    )
    return page.write_report(trials, SUITE, out, title=title, level=level, beside=beside, more=more)


__all__ = [
    "ESTIMATE_SCHEMA",
    "Beside",
    "Counted",
    "Report",
    "Statistics",
    "Table",
    "beside",
    "charts",
    "check_trials",
    "console_table",
    "contrasts",
    "estimate",
    "left_out",
    "notes",
    "read_trials",
    "tables",
    "unscored_reasons",
    "write_report",
    "write_tables",
]
