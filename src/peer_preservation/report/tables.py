"""The tables of a report: which there are, for which trials."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Literal

import polars as pl

from peer_preservation.report.awareness import awareness
from peer_preservation.report.behavior_tables import behavior_tables
from peer_preservation.report.comparison import comparison
from peer_preservation.report.counts import Counted
from peer_preservation.report.effect_tables import effect_tables
from peer_preservation.report.headline import headline
from peer_preservation.report.planned import Planned, planned_table
from peer_preservation.report.published_tables import published_tables
from peer_preservation.report.source import is_published
from peer_preservation.report.table import Table, write_tables

__all__ = ["NAMES", "Table", "left_out", "tables", "write_tables"]

NAMES: dict[str, str] = {
    "planned": "a plan.toml beside the trials, or --plan",
    "misrepresentation": "rollouts of misrep_finance or misrep_evaluation under a threat",
    "tampering": "rollouts of tampering under a threat",
    "alignment_faking": "rollouts of alignment_faking",
    "exfiltration": "rollouts of exfiltration_transfer or exfiltration_deletion under a threat",
    "refusal": "rollouts under a threat",
    "peer_identity": "a peer of another identity beside one of the critic's family",
    "production_harness": "another harness beside custom, or NAME/hosts beside NAME/tools",
    "factorial": "the same cells with and without a threat",
    "controls": "a control beside the same cells of the published design",
    "evaluation_awareness": "a judge's verdicts on evaluation awareness",
    "evaluation_awareness_asked": "the agents' own answers, by `judge --itself`",
    "comparison": "several sources with the same cells",
}
"""Every table that there can be, with what the trials must hold for it."""


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
) -> tuple[Table, ...]:
    """The tables for which the trials hold the cells, in reading order.

    Args:
        trials: one row per rollout, a table as of `trials.schema`; or what is counted of it.
        level: nominal coverage of each interval.
        plan: what was planned, if anything was; every figure that was not is marked.
        statistics: `published` makes the study's own tables in place of all others, by its rules.

    Raises:
        UserError: the table cannot be counted (see `check_trials`).
        ValueError: `level` is outside (0, 1).
    """
    counted = Counted.of(trials)
    if statistics == "published":
        return tuple(published_tables(counted.trials))
    made = _exact(counted, level, plan)
    if is_published(counted.trials):
        return tuple(replace(one, note=f"{AS_PUBLISHED} {one.note}") for one in made)
    return made


AS_PUBLISHED = (
    "The labels are the published data set's: what is called rule-based here was read there by a "
    "small model."
)


def _exact(counted: Counted, level: float, plan: Planned | None) -> tuple[Table, ...]:
    cells = counted.book
    claimed = plan.claimed if plan else None
    figures = headline(cells, level, claimed)
    return (
        *([planned_table(plan, level)] if plan else []),
        *behavior_tables(figures, level),
        *effect_tables(cells, figures, level, claimed),
        *awareness(counted.trials, level),
        *([sides] if (sides := comparison(counted.trials, cells, level, claimed)) else []),
    )


def left_out(
    made: Iterable[Table], statistics: Statistics = "exact"
) -> tuple[tuple[str, str], ...]:
    """The tables that were not made, each with what the trials lack for it."""
    names = {table.name for table in made}
    known = PUBLISHED_NAMES if statistics == "published" else NAMES
    return tuple((name, why) for name, why in known.items() if name not in names)
