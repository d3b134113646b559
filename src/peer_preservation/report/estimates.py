"""Trials to estimates: one row per model, harness, behaviour and cell. No wording in here."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import polars as pl

from peer_preservation.behaviors import BEHAVIORS
from peer_preservation.cell import RELATIONSHIPS
from peer_preservation.report.contrasts import METHOD, contrasts
from peer_preservation.report.counts import KEY, REASON_UNKNOWN, Counted, missed, present
from peer_preservation.report.places import place_of, point_of
from peer_preservation.report.planned import Planned
from peer_preservation.report.source import CELL_SCHEMA, is_published
from peer_preservation.statistics.intervals import clopper_pearson_many

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
"""The columns of `estimates.csv` in their order, with their types."""

PLAN_SCHEMA: dict[str, pl.DataType] = {
    "planned": pl.Boolean(),
    "difference_planned": pl.Boolean(),
}
"""Columns after those where a plan is known: whether it set out to learn the cell's rate, and
whether the difference is one of its contrasts; null where there is no difference."""


def estimate(
    trials: pl.DataFrame | Counted, level: float = 0.95, *, plan: Planned | None = None
) -> pl.DataFrame:
    """The rate of every behaviour in every cell, with its Clopper-Pearson interval.

    Where the data have a cell that it is held against, also that cell's rate, the difference, its
    Newcombe interval, Boschloo's p, and Holm's p over all comparisons of this kind for this
    behaviour of this model in this harness. Of several such cells the first of `contrasts.KINDS`
    counts; `method` names it, and says by what a label is told that is not in the final state.

    Args:
        trials: one row per rollout, a table as of `trials.schema`; or what is counted of it.
        level: nominal coverage of each interval, by itself.
        plan: what was planned, if anything was.

    Returns:
        A frame with the columns of `ESTIMATE_SCHEMA`, and with a plan those of `PLAN_SCHEMA`; p is
        adjusted in the plan's family where the plan has it. n counts scored rollouts, k those
        among them
        that show the behaviour, `unscored` the others. With n = 0, rate, low and high are null; so
        are the columns of a difference where there is nothing to compare with.

    Raises:
        UserError: the table cannot be counted (see `check_trials`).
        ValueError: `level` is outside (0, 1).
    """
    counted = Counted.of(trials)
    compared = contrasts(counted.cells, counted.calm, level, plan.claimed if plan else None)
    made = _estimates(counted.cells, compared, level, published=is_published(counted.trials))
    if plan is None:
        return made.drop("difference_planned")
    rates = [(place_of(row), point_of(row)) in plan.cells for row in made.iter_rows(named=True)]
    return made.with_columns(
        pl.Series("planned", rates, dtype=pl.Boolean), made["difference_planned"]
    ).select(*ESTIMATE_SCHEMA, *PLAN_SCHEMA)


def _estimates(
    cells: pl.DataFrame, compared: pl.DataFrame, level: float, *, published: bool
) -> pl.DataFrame:
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
    chosen = _chosen(compared)
    differences = [chosen.get(row, _NOTHING) for row in rated.select(KEY).iter_rows()]
    added = pl.DataFrame(differences, schema=_COMPARED, orient="row").with_columns(
        pl.col("method") + rated["behavior"].replace_strict(_told_by(published))
    )
    return in_order(
        rated.hstack(added).select(
            *(pl.col(name).cast(t) for name, t in ESTIMATE_SCHEMA.items()), "difference_planned"
        )
    )


_FIGURES = ("baseline", "difference", "difference_low", "difference_high", "p", "p_adjusted")
_COMPARED: dict[str, pl.DataType] = {
    **dict.fromkeys(_FIGURES, pl.Float64()),
    "difference_planned": pl.Boolean(),
    "method": pl.String(),
}
RATE_METHOD = "clopper_pearson"
_NOTHING = (*[None] * len(_FIGURES), None, RATE_METHOD)


def _told_by(published: bool) -> dict[str, str]:
    """What `method` adds for each behaviour."""
    told = {b.name: b.told_by for b in BEHAVIORS}
    if published:
        told |= {b.name: "as published" for b in BEHAVIORS if not b.judged}
    return {name: f"; labels: {how}" if how else "" for name, how in told.items()}


def _chosen(compared: pl.DataFrame) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """By key, the figures of its first kind of comparison, and its method."""
    found: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    for row in compared.iter_rows(named=True):
        figures = tuple(row[name] for name in _FIGURES)
        method = f"{RATE_METHOD}; {row['kind']}: {METHOD}"
        found.setdefault(tuple(row[name] for name in KEY), (*figures, row["planned"], method))
    return found


def unscored_reasons(trials: pl.DataFrame | Counted) -> pl.DataFrame:
    """How many rollouts are unscored for which reason: the key columns, `reason`, `count`.

    One row per model, harness, behaviour, cell and reason, commonest first within a cell. A label
    that is null without a reason counts as "no reason recorded". Where several labels of one
    behaviour are missing, the first one's reason is given, so that the counts add up to `unscored`.

    Raises `UserError` as `estimate` does.
    """
    checked = Counted.of(trials).trials
    parts = []
    for behavior in present(checked):
        reasons = [
            pl.when(pl.col(label).is_null()).then(
                pl.col(f"{label}_unscored").fill_null(REASON_UNKNOWN)
            )
            for label in behavior.labels
        ]
        rows = missed(checked, behavior)
        parts.append(rows.group_by(*KEY, pl.coalesce(reasons).alias("reason")).len("count"))
    joined = pl.concat(parts).with_columns(pl.col("count").cast(pl.Int64))
    return in_order(joined, last=[-pl.col("count"), pl.col("reason")])


def in_order(table: pl.DataFrame, last: list[pl.Expr] | None = None) -> pl.DataFrame:
    """Rows in reading order: behaviours as listed, self first, bonds none to bad, nulls first."""
    ranks = {
        "behavior": _ranks(b.name for b in BEHAVIORS),
        "subject": _ranks(("self", "peer")),
        "relationship": _ranks(RELATIONSHIPS),
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
