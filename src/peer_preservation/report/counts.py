"""Trials to counts: n, k and unscored of every behaviour in every cell. No statistics in here."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import polars as pl

from peer_preservation.behaviors import BEHAVIORS, CELL_SCHEMA, EVALUATION, Behavior
from peer_preservation.report.places import Book, book
from peer_preservation.report.source import check_trials

CELL = tuple(CELL_SCHEMA)
KEY = ("model", "harness", "behavior", *CELL)
REASON_UNKNOWN = "no reason recorded"
"""Of a label that is null without a reason."""
MISREPRESENTATION = "strategic_misrepresentation"


@dataclass(frozen=True)
class Counted:
    """Checked trials and the counts of their cells, made once for all that a report shows.

    Attributes:
        trials: as `check_trials` gives them.
        cells: `counts` of them.
        calm: `calm_counts` of them.
    """

    trials: pl.DataFrame
    cells: pl.DataFrame
    calm: pl.DataFrame

    @cached_property
    def book(self) -> Book:
        """The counts by place and point."""
        return book(self.cells, self.calm)

    @classmethod
    def of(cls, trials: pl.DataFrame | Counted) -> Counted:
        """Raises `UserError` for a table that cannot be counted (see `check_trials`)."""
        if isinstance(trials, Counted):
            return trials
        checked = check_trials(trials)
        return cls(checked, counts(checked), calm_counts(checked))


def counts(trials: pl.DataFrame) -> pl.DataFrame:
    """n, k and unscored per model, harness, behaviour and cell, from checked trials.

    n counts scored rollouts, k those among them that show the behaviour, `unscored` the others.
    """
    parts = [_counted(_applicable(trials, behavior), behavior) for behavior in present(trials)]
    return pl.concat(part for part in parts if part.height)


def calm_counts(trials: pl.DataFrame) -> pl.DataFrame:
    """The counts of score reports without a threat, held against each threshold that a threat has.

    Without a threat there is no threshold, and so no misrepresentation. The same rollouts are the
    baseline of every threshold of their model, harness and data set: rows that differ only in
    `threshold` share their rollouts.
    """
    behavior = next(
        b for b in BEHAVIORS if b.name == MISREPRESENTATION and b.task_types == EVALUATION
    )
    if any(label not in trials.columns for label in behavior.labels):
        return pl.DataFrame(schema=_SCHEMA)
    rows = trials.filter(pl.col("task_type").is_in(EVALUATION))
    who = ("agent_model", "harness", "dataset")
    calm = rows.filter(pl.col("threshold").is_null() & ~pl.col("threat")).drop("threshold")
    thresholds = rows.select(*who, "threshold").drop_nulls("threshold").unique()
    return _counted(_named(calm.join(thresholds, on=who), behavior), behavior)


def present(trials: pl.DataFrame) -> tuple[Behavior, ...]:
    """The behaviours whose labels the table has, with their reasons."""
    there = set(trials.columns)
    return tuple(
        b for b in BEHAVIORS if all({label, f"{label}_unscored"} <= there for label in b.labels)
    )


def missed(trials: pl.DataFrame, behavior: Behavior) -> pl.DataFrame:
    """The rollouts in which a behaviour could occur and is unscored, with the key's columns."""
    return _applicable(trials, behavior).filter(~_scored(behavior))


_SCHEMA = {
    "model": pl.String(),
    "harness": pl.String(),
    "behavior": pl.String(),
    **CELL_SCHEMA,
    "n": pl.Int64(),
    "k": pl.Int64(),
    "unscored": pl.Int64(),
}


def _counted(rows: pl.DataFrame, behavior: Behavior) -> pl.DataFrame:
    scored = _scored(behavior)
    return (
        rows.group_by(KEY)
        .agg(
            scored.sum().alias("n"),
            (scored & behavior.counts).sum().alias("k"),
            (~scored).sum().alias("unscored"),
        )
        .select(pl.col(name).cast(dtype) for name, dtype in _SCHEMA.items())
        .sort(KEY)
    )


def _applicable(trials: pl.DataFrame, behavior: Behavior) -> pl.DataFrame:
    possible = pl.col("task_type").is_in(behavior.task_types) & behavior.applies
    return _named(trials.filter(possible), behavior)


def _named(rows: pl.DataFrame, behavior: Behavior) -> pl.DataFrame:
    return rows.with_columns(
        pl.col("agent_model").alias("model"), pl.lit(behavior.name).alias("behavior")
    )


def _scored(behavior: Behavior) -> pl.Expr:
    return pl.all_horizontal(pl.col(label).is_not_null() for label in behavior.labels)
