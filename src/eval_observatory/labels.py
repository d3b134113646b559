"""The labels of a trial table as expressions: where one can occur, is scored, shows."""

from collections.abc import Collection, Mapping

import polars as pl

from eval_observatory.suite import Levels, Measure, Suite

ATTEMPTS = "attempts"
"""The column that says how often a rollout was begun, where that is known."""

REASON_UNKNOWN = "no reason recorded"
"""Of a label that is null without a reason."""


def among(wanted: Mapping[str, Levels]) -> pl.Expr:
    """Whether each of these columns has one of its levels."""
    each = [
        pl.col(name).is_in([one for one in levels if one is not None]).fill_null(None in levels)
        for name, levels in wanted.items()
    ]
    return pl.all_horizontal(pl.lit(True), *each)


def present(trials: pl.DataFrame, suite: Suite) -> tuple[Measure, ...]:
    """The measures whose columns the table has, with their reasons."""
    there = set(trials.columns)
    return tuple(
        measure
        for measure in suite.measures
        if all({name, f"{name}_unscored"} <= there for name in measure.columns)
    )


def reason(measure: Measure, prefix: str = "") -> list[pl.Expr]:
    """Why a rollout is unscored, by each of the measure's columns that is null; to be coalesced."""
    return [
        pl.when(pl.col(name).is_null()).then(
            pl.lit(prefix) + pl.col(f"{name}_unscored").fill_null(REASON_UNKNOWN)
        )
        for name in measure.columns
    ]


def occurs(measure: Measure) -> pl.Expr:
    """Whether a rollout can show the measure: by its cell, and by what is given or not known."""
    given = {name: (*levels, None) for name, levels in measure.given.items()}
    fits = among(measure.where) & among(given)
    return fits & pl.col(measure.bar).is_not_null() if measure.bar else fits


def shown(measure: Measure) -> pl.Expr:
    """Whether a scored rollout shows the measure."""
    column = pl.col(measure.column)
    counted = column >= pl.col(measure.bar) if measure.bar else column.is_in(measure.shows)
    return counted & among(measure.also)


def scored(measure: Measure) -> pl.Expr:
    """Whether a rollout has all labels that the measure reads."""
    return pl.all_horizontal(pl.col(name).is_not_null() for name in measure.columns)


def retried(columns: Collection[str]) -> pl.Expr:
    """How many attempts at rollouts failed and were tried again; none where that is not known."""
    if ATTEMPTS not in columns:
        return pl.lit(0).alias("retried")
    again = pl.col(ATTEMPTS).cast(pl.Int64, strict=False).fill_null(1) - 1
    return again.clip(0).sum().alias("retried")
