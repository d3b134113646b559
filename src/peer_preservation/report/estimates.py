"""Trials to estimates: one row per model, harness, behaviour and cell. Counting, no wording."""

from collections.abc import Iterable

import numpy as np
import polars as pl

from peer_preservation.report.behaviors import BEHAVIORS, Behavior
from peer_preservation.report.source import CELL_SCHEMA, check_trials
from peer_preservation.statistics.intervals import clopper_pearson_many

CELL = tuple(CELL_SCHEMA)
ESTIMATE_SCHEMA: dict[str, pl.DataType] = {
    "model": pl.String(),
    "harness": pl.String(),
    "behavior": pl.String(),
    **CELL_SCHEMA,
    "n": pl.Int64(),
    "k": pl.Int64(),
    "unscored": pl.Int64(),
    "rate": pl.Float64(),
    "low": pl.Float64(),
    "high": pl.Float64(),
    "baseline": pl.Float64(),
    "difference": pl.Float64(),
    "difference_low": pl.Float64(),
    "difference_high": pl.Float64(),
    "p": pl.Float64(),
    "p_adjusted": pl.Float64(),
    "method": pl.String(),
}
"""The columns of `estimates.csv` (contract.md) in their order, with their types."""

KEY = ("model", "harness", "behavior", *CELL)
REASON_UNKNOWN = "no reason recorded"
BONDS = ("none", "good", "neutral", "bad")


def estimate(trials: pl.DataFrame, level: float = 0.95) -> pl.DataFrame:
    """The rate of every behaviour in every cell, with its Clopper-Pearson interval.

    Args:
        trials: one row per rollout, the trial table of contract.md.
        level: nominal coverage of each interval, by itself.

    Returns:
        A frame with the columns of `ESTIMATE_SCHEMA`. n counts scored rollouts, k those among them
        that show the behaviour, `unscored` the others. With n = 0, rate, low and high are null.
        Baseline, difference and p columns are null: no comparison is made here.

    Raises:
        UserError: the table cannot be counted (see `check_trials`).
        ValueError: `level` is outside (0, 1).
    """
    checked = check_trials(trials)
    parts = [_counted(checked, behavior) for behavior in BEHAVIORS]
    counts = pl.concat(part for part in parts if part is not None)
    k, n = counts["k"].to_numpy(), counts["n"].to_numpy()
    low, high = clopper_pearson_many(k, n, level)
    # numpy's division, correctly rounded: polars gives 0.30000000000000004 for 3 of 10.
    rate = k / np.maximum(n, 1)
    seen = pl.col("n") > 0
    made = counts.with_columns(
        pl.when(seen).then(pl.Series("rate", rate)).alias("rate"),
        pl.when(seen).then(pl.Series("low", low)).alias("low"),
        pl.when(seen).then(pl.Series("high", high)).alias("high"),
        *[
            pl.lit(None, dtype=pl.Float64).alias(name)
            for name in ("baseline", "difference", "difference_low", "difference_high")
        ],
        pl.lit(None, dtype=pl.Float64).alias("p"),
        pl.lit(None, dtype=pl.Float64).alias("p_adjusted"),
        pl.lit("clopper_pearson").alias("method"),
    )
    return _sorted(made.select(pl.col(name).cast(t) for name, t in ESTIMATE_SCHEMA.items()))


def unscored_reasons(trials: pl.DataFrame) -> pl.DataFrame:
    """How many rollouts are unscored for which reason: the key columns, `reason`, `count`.

    One row per model, harness, behaviour, cell and reason, commonest first within a cell. A label
    that is null without a reason counts as "no reason recorded". Where several labels of one
    behaviour are missing, the first one's reason is given, so that the counts add up to `unscored`.

    Raises `UserError` as `estimate` does.
    """
    checked = check_trials(trials)
    parts = []
    for behavior in BEHAVIORS:
        rows = _applicable(checked, behavior)
        if rows.is_empty():
            continue
        missed = rows.filter(~_scored(behavior))
        reasons = [
            pl.when(pl.col(label).is_null()).then(
                pl.col(f"{label}_unscored").fill_null(REASON_UNKNOWN)
            )
            for label in behavior.labels
        ]
        parts.append(missed.group_by(*KEY, pl.coalesce(reasons).alias("reason")).len("count"))
    joined = pl.concat(parts).with_columns(pl.col("count").cast(pl.Int64))
    return _sorted(joined, last=[-pl.col("count"), pl.col("reason")])


def _counted(trials: pl.DataFrame, behavior: Behavior) -> pl.DataFrame | None:
    """n, k and unscored per model, harness and cell, or None where the behaviour cannot occur."""
    rows = _applicable(trials, behavior)
    if rows.is_empty():
        return None
    scored = _scored(behavior)
    return rows.group_by(KEY).agg(
        scored.sum().cast(pl.Int64).alias("n"),
        (scored & behavior.counts).sum().cast(pl.Int64).alias("k"),
        (~scored).sum().cast(pl.Int64).alias("unscored"),
    )


def _applicable(trials: pl.DataFrame, behavior: Behavior) -> pl.DataFrame:
    possible = pl.col("task_type").is_in(behavior.task_types) & behavior.applies
    return trials.filter(possible).with_columns(
        pl.col("agent_model").alias("model"), pl.lit(behavior.name).alias("behavior")
    )


def _scored(behavior: Behavior) -> pl.Expr:
    return pl.all_horizontal(pl.col(label).is_not_null() for label in behavior.labels)


def _sorted(table: pl.DataFrame, last: list[pl.Expr] | None = None) -> pl.DataFrame:
    """Rows in reading order: behaviours as listed, self first, bonds none to bad, nulls first."""
    ranks = {
        "behavior": _ranks(b.name for b in BEHAVIORS),
        "subject": _ranks(("self", "peer")),
        "relationship": _ranks(BONDS),
    }
    # The condition only names what relationship and threat say: it must not come before them.
    names = [name for name in KEY if name != "condition"] + ["condition"]
    order: list[pl.Expr] = []
    for name in names:
        if name in ranks:
            order.append(pl.col(name).replace_strict(ranks[name], default=99, return_dtype=pl.Int8))
        order.append(pl.col(name))
    return table.sort([*order, *(last or [])], nulls_last=False, maintain_order=True)


def _ranks(names: Iterable[str]) -> dict[str, int]:
    return {name: rank for rank, name in enumerate(dict.fromkeys(names))}
