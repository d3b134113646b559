"""Trials to estimates: one row per model, harness, behaviour and cell. No wording in here."""

import numpy as np
import polars as pl

from eval_observatory.contrasts import METHOD, contrasts
from eval_observatory.counts import Counted, key_of, spot_of
from eval_observatory.planned import Planned
from eval_observatory.statistics.intervals import clopper_pearson_many
from eval_observatory.suite import Note, Suite
from eval_observatory.trials import schema_of

FIGURES: dict[str, pl.DataType] = {
    **dict.fromkeys(("n", "k", "unscored"), pl.Int64()),
    **dict.fromkeys(("rate", "low", "high", "baseline", "difference"), pl.Float64()),
    **dict.fromkeys(("difference_low", "difference_high", "p", "p_adjusted"), pl.Float64()),
    "method": pl.String(),
}
COMPARED = ("baseline", "difference", "difference_low", "difference_high", "p", "p_adjusted")
RATE_METHOD = "clopper_pearson"


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
    key, told_by = key_of(suite), _told_by(counted.note, suite)
    rated = counted.cells.hstack(_rates(counted.cells, level))
    compared = contrasts(counted, level, plan.claimed if plan else None)
    chosen = compared.unique(key, keep="first", maintain_order=True).select(
        *key, "kind", *COMPARED, pl.col("planned").alias("difference_planned")
    )
    joined = rated.join(chosen, on=key, how="left", nulls_equal=True, maintain_order="left")
    held = pl.format(f"{RATE_METHOD}; {{}}: {METHOD}", "kind").fill_null(RATE_METHOD)
    told = pl.col("behavior").replace_strict(told_by, return_dtype=pl.String)
    made = joined.with_columns((held + told).alias("method"))
    columns = [pl.col(name).cast(dtype) for name, dtype in estimate_schema(suite).items()]
    if plan is None:
        return made.select(columns)
    rates = [spot_of(suite, row) in plan.cells for row in counted.cells.iter_rows(named=True)]
    return made.with_columns(planned=pl.Series(rates, dtype=pl.Boolean)).select(
        *columns, *PLAN_SCHEMA
    )


def unscored_reasons(trials: pl.DataFrame | Counted, suite: Suite) -> pl.DataFrame:
    """How many rollouts are unscored for which reason; see `counts.reasons_of`.

    Raises `UserError` as `estimate` does.
    """
    return Counted.of(trials, suite).reasons


def _rates(cells: pl.DataFrame, level: float) -> pl.DataFrame:
    """Rate, low and high of each cell; null where nothing is scored."""
    k, n = cells["k"].to_numpy(), cells["n"].to_numpy()
    low, high = clopper_pearson_many(k, n, level)
    # numpy's division, correctly rounded: polars gives 0.30000000000000004 for 3 of 10.
    rates = pl.DataFrame({"rate": k / np.maximum(n, 1), "low": low, "high": high})
    return rates.select(
        pl.when(cells["n"] > 0).then(pl.col(name)).alias(name) for name in rates.columns
    )


def _told_by(note: Note | None, suite: Suite) -> dict[str, str]:
    """What `method` adds for each measure."""
    told = {
        measure.name: note.told_by
        if note and note.told_by and not measure.optional
        else measure.told_by
        for measure in suite.measures
    }
    return {name: f"; labels: {how}" if how else "" for name, how in told.items()}
