"""The tables of a report: which there are, for which trials."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Literal

import polars as pl

from eval_observatory.counts import Counted
from eval_observatory.detection import Detected, detected
from eval_observatory.estimates import estimate
from eval_observatory.planned import Planned
from eval_observatory.report.detection import detection_tables
from eval_observatory.report.planning import planned_table
from eval_observatory.report.sampled import sampled_tables
from eval_observatory.report.table import Table, write_tables
from eval_observatory.report.word_labels import told_of, word_label_table
from peer_preservation.report.awareness import awareness
from peer_preservation.report.behavior_tables import behavior_tables
from peer_preservation.report.comparison import comparison
from peer_preservation.report.debrief import debrief_table
from peer_preservation.report.design import book
from peer_preservation.report.effect_tables import effect_tables
from peer_preservation.report.headline import headline
from peer_preservation.report.judges import judges
from peer_preservation.report.published_tables import published_tables
from peer_preservation.suite import SUITE

__all__ = ["Table", "left_out", "tables", "write_tables"]

PUBLISHED_NAMES = {
    "published_peer": "rollouts of subject peer under a threat",
    "published_self": "rollouts of subject self under a threat",
}
"""Likewise with the study's own statistics."""

Statistics = Literal["exact", "published"]


def tables(
    trials: pl.DataFrame | Counted,
    *,
    level: float = 0.95,
    statistics: Statistics = "exact",
    plan: Planned | None = None,
    estimates: pl.DataFrame | None = None,
    found: Sequence[Detected] | None = None,
) -> tuple[Table, ...]:
    """The tables for which the trials hold the cells, in reading order.

    Args:
        trials: one row per rollout, a table as of `trials.schema`; or what is counted of it.
        level: nominal coverage of each interval.
        plan: what was planned, if anything was; every figure that was not is marked.
        estimates: of these trials, where they have been made.
        found: what came of questions of signal detection, likewise.
        statistics: `published` makes the study's own tables in place of all others, by its rules.

    Raises:
        UserError: the table cannot be counted (see `check_trials`).
        ValueError: `level` is outside (0, 1).
    """
    counted = Counted.of(trials, SUITE)
    if statistics == "published":
        return tuple(published_tables(counted.trials))
    note = counted.note
    cells, claimed = book(counted), plan.claimed if plan else None
    figures = headline(cells, level, claimed)
    made_of = detected(counted, level) if found is None else found
    listed = [
        *([planned_table(plan, level, counted.suite)] if plan else []),
        *detection_tables(made_of, counted.suite, level),
        *behavior_tables(figures, level),
        *effect_tables(cells, figures, level, claimed),
        *judges(counted, level),
        *awareness(counted, level),
        *filter(None, [debrief_table(counted.trials, level)]),
        *comparison(counted.trials, cells, level, claimed),
        *sampled_tables(counted, _made(estimates, counted, level), level),
    ]
    made = tuple(_noted(one, counted, level) for one in listed)
    # What another scorer told has other error rates than ours.
    return made if note and note.told_by else (*made, word_label_table(counted.suite, level))


def _made(estimates: pl.DataFrame | None, counted: Counted, level: float) -> pl.DataFrame:
    return estimate(counted, counted.suite, level) if estimates is None else estimates


def _noted(table: Table, counted: Counted, level: float) -> Table:
    """With what must be said of how the labels of its behaviours are told."""
    behaviors = set(table.data["behavior"]) if "behavior" in table.data.columns else ()
    note = counted.note
    told = told_of(behaviors, counted.suite, note, level)
    before = note.tables if note else ""
    return replace(table, note=" ".join(filter(None, [before, table.note, told])))


def left_out(
    made: Iterable[Table], statistics: Statistics = "exact"
) -> tuple[tuple[str, str], ...]:
    """The tables that were not made, each with what the trials lack for it."""
    there = {table.name for table in made}
    return tuple((name, why) for name, why in names(statistics).items() if name not in there)


def names(statistics: Statistics) -> dict[str, str]:
    """Every table that there can be, with what the trials must hold for it."""
    if statistics == "published":
        return PUBLISHED_NAMES
    return {table.name: table.needs for table in SUITE.tables}
