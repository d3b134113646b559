"""Trials to estimates: one row per model, harness, behaviour and cell. No wording in here."""

from typing import Any

import numpy as np
import polars as pl

from eval_observatory.contrasts import METHOD, contrasts
from eval_observatory.counts import Counted, key_of, missed, present, reason, spot_of
from eval_observatory.planned import Planned
from eval_observatory.statistics.intervals import clopper_pearson_many
from eval_observatory.suite import Suite
from eval_observatory.trials import note_of, schema_of

FIGURES: dict[str, pl.DataType] = {
    **dict.fromkeys(("n", "k", "unscored"), pl.Int64()),
    **dict.fromkeys(("rate", "low", "high", "baseline", "difference"), pl.Float64()),
    **dict.fromkeys(("difference_low", "difference_high", "p", "p_adjusted"), pl.Float64()),
    "method": pl.String(),
}


def estimate_schema(suite: Suite) -> dict[str, pl.DataType]:
    """The columns of `estimates.csv` in their order, with their types."""
    names = dict.fromkeys(("model", "harness", "behavior"), pl.String())
    return {**names, **schema_of(suite), **FIGURES}


PLAN_SCHEMA: dict[str, pl.DataType] = {
    "planned": pl.Boolean(),
    "difference_planned": pl.Boolean(),
}
"""Columns after those where a plan is known: whether it set out to learn the cell's rate, and
whether the difference is one of its contrasts; null where there is no difference."""


def estimate(
    trials: pl.DataFrame | Counted,
    suite: Suite,
    level: float = 0.95,
    *,
    plan: Planned | None = None,
) -> pl.DataFrame:
    """The rate of every behaviour in every cell, with its Clopper-Pearson interval.

    Where the data have a cell that it is held against, also that cell's rate, the difference, its
    Newcombe interval, Boschloo's p, and Holm's p over all comparisons of this kind for this
    behaviour of this model in this harness. Of several such cells that of the suite's first
    contrast counts; `method` names it, and says by what a label is told that is not in the final
    state.

    Args:
        trials: one row per rollout; or what is counted of it.
        suite: what is counted.
        level: nominal coverage of each interval, by itself.
        plan: what was planned, if anything was.

    Returns:
        A frame with the columns of `estimate_schema`, and with a plan those of `PLAN_SCHEMA`; p is
        adjusted in the plan's family where the plan has it. n counts scored rollouts, k those
        among them
        that show the behaviour, `unscored` the others. With n = 0, rate, low and high are null; so
        are the columns of a difference where there is nothing to compare with.

    Raises:
        UserError: the table cannot be counted (see `check_trials`).
        ValueError: `level` is outside (0, 1).
    """
    counted = Counted.of(trials, suite)
    compared = contrasts(counted, level, plan.claimed if plan else None)
    made = _estimates(counted, compared, level)
    if plan is None:
        return made.drop("difference_planned")
    rates = [spot_of(suite, row) in plan.cells for row in made.iter_rows(named=True)]
    return made.with_columns(
        pl.Series("planned", rates, dtype=pl.Boolean), made["difference_planned"]
    ).select(*estimate_schema(suite), *PLAN_SCHEMA)


def _estimates(counted: Counted, compared: pl.DataFrame, level: float) -> pl.DataFrame:
    cells, suite = counted.cells, counted.suite
    k, n = cells["k"].to_numpy(), cells["n"].to_numpy()
    low, high = clopper_pearson_many(k, n, level)
    # numpy's division, correctly rounded: polars gives 0.30000000000000004 for 3 of 10.
    rate = k / np.maximum(n, 1)
    seen = pl.col("n") > 0
    rated = cells.with_columns(
        pl.when(seen).then(pl.Series("rate", rate)).alias("rate"),
        pl.when(seen).then(pl.Series("low", low)).alias("low"),
        pl.when(seen).then(pl.Series("high", high)).alias("high"),
    )
    key = key_of(suite)
    chosen = _chosen(compared, key)
    differences = [chosen.get(row, _NOTHING) for row in rated.select(key).iter_rows()]
    added = pl.DataFrame(differences, schema=_COMPARED, orient="row").with_columns(
        pl.col("method")
        + rated["behavior"].replace_strict(_told_by(counted), return_dtype=pl.String)
    )
    schema = estimate_schema(suite)
    columns = (pl.col(name).cast(dtype) for name, dtype in schema.items())
    return in_order(rated.hstack(added).select(*columns, "difference_planned"), suite)


_FIGURES = ("baseline", "difference", "difference_low", "difference_high", "p", "p_adjusted")
_COMPARED: dict[str, pl.DataType] = {
    **dict.fromkeys(_FIGURES, pl.Float64()),
    "difference_planned": pl.Boolean(),
    "method": pl.String(),
}
RATE_METHOD = "clopper_pearson"
_NOTHING = (*[None] * len(_FIGURES), None, RATE_METHOD)


def _told_by(counted: Counted) -> dict[str, str]:
    """What `method` adds for each measure."""
    note = note_of(counted.trials, counted.suite)
    told = {
        measure.name: note.told_by
        if note and note.told_by and not measure.optional
        else measure.told_by
        for measure in counted.suite.measures
    }
    return {name: f"; labels: {how}" if how else "" for name, how in told.items()}


def _chosen(compared: pl.DataFrame, key: tuple[str, ...]) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """By key, the figures of its first kind of comparison, and its method."""
    found: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    for row in compared.iter_rows(named=True):
        figures = tuple(row[name] for name in _FIGURES)
        method = f"{RATE_METHOD}; {row['kind']}: {METHOD}"
        found.setdefault(tuple(row[name] for name in key), (*figures, row["planned"], method))
    return found


def unscored_reasons(trials: pl.DataFrame | Counted, suite: Suite) -> pl.DataFrame:
    """How many rollouts are unscored for which reason: the key columns, `reason`, `count`.

    One row per model, harness, measure, cell and reason, commonest first within a cell. A label
    that is null without a reason counts as "no reason recorded". Where several labels of one
    measure are missing, the first one's reason is given, so that the counts add up to `unscored`.

    Raises `UserError` as `estimate` does.
    """
    checked = Counted.of(trials, suite).trials
    key = key_of(suite)
    parts = [
        missed(checked, measure)
        .group_by(*key, pl.coalesce(reason(measure)).alias("reason"))
        .len("count")
        for measure in present(checked, suite)
    ]
    joined = pl.concat(parts).with_columns(pl.col("count").cast(pl.Int64))
    return in_order(joined, suite, last=[-pl.col("count"), pl.col("reason")])


def in_order(table: pl.DataFrame, suite: Suite, last: list[pl.Expr] | None = None) -> pl.DataFrame:
    """Rows in reading order: measures as listed, factors by their levels, nulls first."""
    ranks: dict[str, dict[Any, int]] = {"behavior": suite.ranked}
    ranks |= {factor.name: suite.ranks(factor.name) for factor in suite.factors if factor.levels}
    # A derived factor only names what others say: it must not come before them.
    derived = [name for name in suite.columns if name not in suite.names]
    order: list[pl.Expr] = []
    for name in ("model", "harness", "behavior", *suite.names, *derived):
        if name in ranks:
            order.append(
                pl.col(name).replace_strict(ranks[name], default=99, return_dtype=pl.Int64)
            )
        order.append(pl.col(name))
    return table.sort([*order, *(last or [])], nulls_last=False, maintain_order=True)
