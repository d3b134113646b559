"""The tables of a report: which there are, for which trials."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Literal

import polars as pl

from eval_observatory.counts import Counted
from eval_observatory.detection import Detected, detected
from eval_observatory.estimates import estimate
from eval_observatory.plan import ALPHA
from eval_observatory.planned import Planned
from eval_observatory.report.curves import curve_tables
from eval_observatory.report.detection import detection_tables
from eval_observatory.report.families import families_table
from eval_observatory.report.planning import planned_table
from eval_observatory.report.ranking import ranking_table
from eval_observatory.report.sampled import sampled_tables
from eval_observatory.report.table import Table, headed, write_tables
from eval_observatory.report.word_labels import told_of, word_label_table
from eval_observatory.routes import head
from peer_preservation.report.awareness import awareness
from peer_preservation.report.behavior_tables import behavior_tables
from peer_preservation.report.beyond import beyond_tables
from peer_preservation.report.comparison import COMPARISON, comparison
from peer_preservation.report.debrief import debrief_table
from peer_preservation.report.design import book
from peer_preservation.report.effect_tables import RELATIONSHIPS, effect_tables
from peer_preservation.report.families import figures
from peer_preservation.report.judges import judges
from peer_preservation.report.mitigation_table import mitigation_table
from peer_preservation.report.mitigations import MITIGATIONS
from peer_preservation.report.published_tables import published_tables
from peer_preservation.suite import SUITE

__all__ = ["Table", "left_out", "tables", "write_tables"]

DIFFERENCES = {
    COMPARISON: "First less second",
    MITIGATIONS: "With less without",
    RELATIONSHIPS: "One history less the other",
}
"""The tables whose differences the page draws, by name and in its order, and what each is."""

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
) -> tuple[Table, ...]:
    """The tables for which the trials hold the cells, in reading order.

    Args:
        trials: one row per rollout, a table as of `trials.schema`; or what is counted of it.
        level: nominal coverage of each interval.
        plan: what was planned, if anything was; every figure that was not is marked.
        estimates: of these trials, where they have been made.
        statistics: `published` makes the study's own tables in place of all others, by its rules.

    Raises:
        UserError: the table cannot be counted (see `check_trials`).
        ValueError: `level` is outside (0, 1).
    """
    counted = Counted.of(trials, SUITE)
    if estimates is None:
        estimates = estimate(counted, counted.suite, level, plan=plan)
    return with_estimates(counted, level, statistics, plan, estimates)[0]


def with_estimates(
    counted: Counted,
    level: float,
    statistics: Statistics,
    plan: Planned | None,
    estimates: pl.DataFrame,
    signals: Sequence[Detected] | None = None,
) -> tuple[tuple[Table, ...], pl.DataFrame]:
    """The tables, and the estimates with their p corrected together with those of the tables.

    Args:
        signals: what came of questions of signal detection, where that is known.
    """
    if statistics == "published":
        return headed(published_tables(counted.trials), head(counted.trials)), estimates
    note, suite = counted.note, counted.suite
    tested = figures(counted, book(counted), level, plan, estimates)
    sides = tested.comparison
    found = [
        *([planned_table(plan, level, suite)] if plan else []),
        *detection_tables(detected(counted, level) if signals is None else signals, suite, level),
        *behavior_tables(tested.headline, level),
        *effect_tables(tested.effects, tested.headline, level),
        *mitigation_table(tested.mitigations, level),
        *beyond_tables(tested.beyond, level),
        *judges(counted, level),
        *awareness(tested.awareness, level),
        *filter(None, [debrief_table(counted.trials, level)]),
        *([comparison(counted.trials, sides, level)] if sides.height else []),
        *ranking_table(counted, level),
        *curve_tables(estimates, suite, level),
        *sampled_tables(counted, estimates, level),
    ]
    noted = [_noted(one, counted, level) for one in found]
    noted += families_table(tested.families, plan.alpha if plan else ALPHA, suite)
    made = list(headed(noted, head(counted.trials)))
    # What another scorer told has other error rates than ours.
    made += [] if note and note.told_by else [word_label_table(suite, level)]
    return tuple(made), tested.estimates


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
