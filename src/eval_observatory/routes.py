"""Which way each model was measured: provider, router, version, settings; and what is not pooled.

One name may be several machines: a router chooses among upstreams, a provider moves an alias, a run
is gone on with under other settings.
"""

from __future__ import annotations

from typing import Literal

import polars as pl

from eval_observatory.errors import UserError

READINGS = {
    "provider": "provider",
    "router": "router",
    "endpoint": "asked at",
    "upstream": "upstream",
    "model_version": "version",
    "reasoning": "reasoning",
    "sampling": "sampling",
}
ROUTE = tuple(READINGS)
"""The columns of a trial table that say which way a rollout's answers came; null if nobody says."""

WHO = ("agent_model", "harness")
SEVERAL = " + "
"""Stands between the parts of a route that were pooled, as between what took turns in a rollout."""

Routes = Literal["one", "apart", "pooled"]
"""Of a model that was measured over several routes: refused, a row for each, or one for all."""


def settled(trials: pl.DataFrame, routes: Routes, where: str) -> pl.DataFrame:
    """Trials in which each model has one route.

    Args:
        routes: `apart` gives each route's rollouts a name of their own, `pooled` all the same
            route, which names its parts.

    Raises:
        UserError: a model has several routes, and neither was asked for.
    """
    several = _several(trials)
    if not several:
        return trials
    if routes == "pooled":
        names = [name for name in ROUTE if name in trials.columns]
        parts = [pl.col(name).drop_nulls().unique().sort().str.join(SEVERAL) for name in names]
        joined = [
            part.replace("", None).over(WHO).alias(n) for n, part in zip(names, parts, strict=True)
        ]
        return trials.with_columns(joined)
    if routes == "apart":
        return _apart(trials, several)
    (model, harness), differing = next(iter(several.items()))
    counts = "; ".join(
        f"{READINGS[name]} " + ", ".join(f"{value} ({n:,})" for value, n in values)
        for name, values in differing.items()
    )
    raise UserError(
        f"{where}: {model} in {harness} was measured over several routes: {counts}; "
        "give --routes apart for a row each, or --routes pooled to take them as one"
    )


def described(trials: pl.DataFrame) -> pl.DataFrame:
    """A row for each model in its harness and each route: the columns of `ROUTE` that are there.

    Besides `rollouts`, `played` (of those that say how they ended, not by a fault) and
    `completion`, their share; null where the trials do not say.
    """
    there = [name for name in ROUTE if name in trials.columns]
    known = (
        trials.filter(pl.any_horizontal(pl.col(there).is_not_null())) if there else trials.clear()
    )
    return known.group_by(*WHO, *there, maintain_order=True).agg(pl.len().alias("rollouts"))


def _several(
    trials: pl.DataFrame,
) -> dict[tuple[str, str], dict[str, list[tuple[str, int]]]]:
    """By model and harness, the parts of its routes that differ, with how often each was."""
    found: dict[tuple[str, str], dict[str, list[tuple[str, int]]]] = {}
    for name in ROUTE:
        if name not in trials.columns:
            continue
        counts = trials.drop_nulls(name).group_by(*WHO, name).len().sort(*WHO, name)
        for (model, harness), rows in counts.group_by(*WHO, maintain_order=True):
            if rows.height > 1:
                values = list(zip(rows[name], rows["len"], strict=True))
                found.setdefault((str(model), str(harness)), {})[name] = values
    return found
