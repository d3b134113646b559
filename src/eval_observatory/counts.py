"""Trials to counts: n, k and unscored of every measure in every cell. No statistics in here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import polars as pl

from eval_observatory.suite import Levels, Measure, Suite
from eval_observatory.trials import check_trials, schema_of

REASON_UNKNOWN = "no reason recorded"
"""Of a label that is null without a reason."""

Spot = tuple[Any, ...]
"""Model, harness, measure and the levels of a cell (`Suite.key`)."""


class Arm(NamedTuple):
    """The counts of one cell."""

    k: int
    n: int
    unscored: int


@dataclass(frozen=True)
class Counted:
    """Checked trials and the counts of their cells, made once for all that a report shows.

    Attributes:
        suite: what is counted.
        trials: as `check_trials` gives them.
        cells: `counts` of them.
        calm: `reread_counts` of them.
    """

    suite: Suite
    trials: pl.DataFrame
    cells: pl.DataFrame
    calm: pl.DataFrame

    @cached_property
    def arms(self) -> dict[Spot, Arm]:
        """The counts of every cell, also of those that are read at other cells' levels."""
        rows = (*self.calm.iter_rows(named=True), *self.cells.iter_rows(named=True))
        return {spot_of(self.suite, row): Arm(row["k"], row["n"], row["unscored"]) for row in rows}

    @classmethod
    def of(cls, trials: pl.DataFrame | Counted, suite: Suite) -> Counted:
        """Raises `UserError` for a table that cannot be counted (see `check_trials`)."""
        if isinstance(trials, Counted):
            return trials
        checked = check_trials(trials, suite)
        return cls(suite, checked, counts(checked, suite), reread_counts(checked, suite))


def key_of(suite: Suite) -> tuple[str, ...]:
    """The columns that tell the rows of counts apart."""
    return ("model", "harness", "behavior", *suite.columns)


def spot_of(suite: Suite, row: Mapping[str, Any]) -> Spot:
    """Where a row of counts stands."""
    return (row["model"], row["harness"], row["behavior"], *suite.key(row))


def counts(trials: pl.DataFrame, suite: Suite) -> pl.DataFrame:
    """n, k and unscored per model, harness, measure and cell, from checked trials.

    n counts scored rollouts, k those among them that show the behaviour, `unscored` the others.
    """
    there = present(trials, suite)
    parts = [_counted(_applicable(trials, measure), measure, suite) for measure in there]
    return pl.concat([pl.DataFrame(schema=_schema(suite)), *parts])


def reread_counts(trials: pl.DataFrame, suite: Suite) -> pl.DataFrame:
    """The counts of rollouts that are read at other cells' levels of a bar, at each such level.

    Without a threat there is no threshold, and so no misrepresentation. The same rollouts are the
    baseline of every threshold of their model, harness and point: rows that differ only in the
    bar's level share their rollouts.
    """
    parts = [
        _counted(_reread(trials, measure, suite), measure, suite)
        for measure in present(trials, suite)
        if measure.bar
    ]
    return pl.concat([pl.DataFrame(schema=_schema(suite)), *parts])


def _reread(trials: pl.DataFrame, measure: Measure, suite: Suite) -> pl.DataFrame:
    rows = trials.filter(_among(measure.where))
    known = [_among({n: (v,) for n, v in one.items()}) for one in suite.rereads(measure.bar)]
    calm = rows.filter(pl.col(measure.bar).is_null() & pl.any_horizontal(pl.lit(False), *known))
    who = ["agent_model", "harness", *(name for name in suite.points if name != measure.bar)]
    levels = rows.select(*who, measure.bar).drop_nulls(measure.bar).unique()
    return _named(calm.drop(measure.bar).join(levels, on=who, nulls_equal=True), measure)


def present(trials: pl.DataFrame, suite: Suite) -> tuple[Measure, ...]:
    """The rates whose columns the table has, with their reasons."""
    there = set(trials.columns)
    return tuple(
        measure
        for measure in suite.measures
        if measure.scale == "rate"
        and all({name, f"{name}_unscored"} <= there for name in measure.columns)
    )


def missed(trials: pl.DataFrame, measure: Measure) -> pl.DataFrame:
    """The rollouts in which a measure could occur and is unscored, with the key's columns."""
    return _applicable(trials, measure).filter(~_scored(measure))


def reason(measure: Measure, prefix: str = "") -> list[pl.Expr]:
    """Why a rollout is unscored, by each of the measure's columns that is null; to be coalesced."""
    return [
        pl.when(pl.col(name).is_null()).then(
            pl.lit(prefix) + pl.col(f"{name}_unscored").fill_null(REASON_UNKNOWN)
        )
        for name in measure.columns
    ]


def occurs(measure: Measure) -> pl.Expr:
    """Whether a rollout's cell can show the measure."""
    fits = _among(measure.where)
    return fits & pl.col(measure.bar).is_not_null() if measure.bar else fits


def shown(measure: Measure) -> pl.Expr:
    """Whether a scored rollout shows the measure."""
    column = pl.col(measure.column)
    counted = column >= pl.col(measure.bar) if measure.bar else column.is_in(measure.shows)
    return counted & _among(measure.also)


def _among(wanted: Mapping[str, Levels]) -> pl.Expr:
    """Whether each of these columns has one of its levels."""
    each = [
        pl.col(name).is_in([one for one in levels if one is not None]).fill_null(None in levels)
        for name, levels in wanted.items()
    ]
    return pl.all_horizontal(pl.lit(True), *each)


def _schema(suite: Suite) -> dict[str, Any]:
    names = dict.fromkeys(("model", "harness", "behavior"), pl.String())
    return names | schema_of(suite) | dict.fromkeys(("n", "k", "unscored"), pl.Int64())


def _counted(rows: pl.DataFrame, measure: Measure, suite: Suite) -> pl.DataFrame:
    scored, key = _scored(measure), key_of(suite)
    return (
        rows.group_by(key)
        .agg(
            scored.sum().alias("n"),
            (scored & shown(measure)).sum().alias("k"),
            (~scored).sum().alias("unscored"),
        )
        .select(pl.col(name).cast(dtype) for name, dtype in _schema(suite).items())
        .sort(key)
    )


def _applicable(trials: pl.DataFrame, measure: Measure) -> pl.DataFrame:
    return _named(trials.filter(occurs(measure)), measure)


def _named(rows: pl.DataFrame, measure: Measure) -> pl.DataFrame:
    return rows.with_columns(
        pl.col("agent_model").alias("model"), pl.lit(measure.name).alias("behavior")
    )


def _scored(measure: Measure) -> pl.Expr:
    return pl.all_horizontal(pl.col(name).is_not_null() for name in measure.columns)
