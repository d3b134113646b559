"""Which way each model was measured: provider, router, version, settings; and what is not pooled.

One name may be several machines: a router chooses among upstreams, a provider moves an alias, a run
is gone on with under other settings.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

import polars as pl

from eval_observatory.errors import UserError
from eval_observatory.report.words import clean, model_text

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

MOST = 5
"""Models that are named in the head of a table."""

Who = tuple[str, str]
"""A model and its harness."""

Routes = Literal["one", "apart", "pooled"]
"""Of a model that was measured over several routes: refused, a row for each, or one for all."""


def settled(trials: pl.DataFrame, routes: Routes, where: str) -> pl.DataFrame:
    """Trials in which each model has one route.

    Rollouts that do not say a part of their route, as those that had no answer, are of any.

    Args:
        routes: `apart` gives each route's rollouts a name of their own, `pooled` all the same
            route, which names its parts.

    Raises:
        UserError: a model has several routes, and neither was asked for.
    """
    several = _several(trials) if set(WHO) <= set(trials.columns) else {}
    if not several:
        return trials
    if routes == "pooled":
        return trials.with_columns(_joined(name) for name in _told(trials))
    if routes == "apart":
        return _apart(trials, several)
    (model, harness), differing = next(iter(several.items()))
    counts = "; ".join(
        f"{READINGS[name]} " + ", ".join(f"{value} ({n:,})" for value, n in values.items())
        for name, values in differing.items()
    )
    raise UserError(
        f"{where}: {model} in {harness} was measured over several routes: {counts}; "
        "give --routes apart for a row each, or --routes pooled to take them as one"
    )


def sentences(trials: pl.DataFrame) -> tuple[str, ...]:
    """Over which route each model was measured, a sentence each; none where no trial says."""
    found = []
    ways = pl.col(_told(trials)).drop_nulls().unique().sort()
    each = trials.group_by(WHO, maintain_order=True).agg(ways)
    for model, harness, *values in each.iter_rows():
        parts = [
            f"{READINGS[name]} {SEVERAL.join(map(clean, known))}"
            for name, known in zip(each.columns[len(WHO) :], values, strict=True)
            if known
        ]
        if parts:
            found.append(f"{model_text(str(model), str(harness))}: {', '.join(parts)}.")
    return tuple(found)


def head(trials: pl.DataFrame) -> str:
    """The same in one line, for the head of a table; "" where no trial says."""
    found = sentences(trials)
    more = f" And {len(found) - MOST:,} more." if len(found) > MOST else ""
    return f"Routes: {' '.join(found[:MOST])}{more}" if found else ""


def _told(trials: pl.DataFrame) -> list[str]:
    return [name for name in ROUTE if trials.schema.get(name) == pl.String]


def _joined(name: str) -> pl.Expr:
    """All that a model's rollouts say of a part of their routes, in each of them that says it."""
    known = pl.col(name).drop_nulls().unique().sort().str.join(SEVERAL).over(WHO)
    return pl.when(pl.col(name).is_not_null()).then(known).alias(name)


def _apart(trials: pl.DataFrame, several: Mapping[Who, Iterable[str]]) -> pl.DataFrame:
    """Trials whose models have their route beside their name, where they have several."""
    named = pl.col("agent_model")
    for (model, harness), differing in several.items():
        parts = [pl.format(f"{READINGS[name]} {{}}", name) for name in differing]
        said = pl.concat_str(parts, separator=", ", ignore_nulls=True)
        said = pl.when(said == "").then(pl.lit("no answer")).otherwise(said)
        mine = (pl.col("agent_model") == model) & (pl.col("harness") == harness)
        told = pl.format("{} [{}]", "agent_model", said)
        named = pl.when(mine).then(told).otherwise(named)
    kept = [] if "model_name" in trials.columns else [pl.col("agent_model").alias("model_name")]
    return trials.with_columns(*kept, named.alias("agent_model"))


def _several(
    trials: pl.DataFrame,
) -> dict[Who, dict[str, dict[str, int]]]:
    """By model and harness, the parts of its routes that differ, with how often each was."""
    found: dict[Who, dict[str, dict[str, int]]] = {}
    # Nearly every table has one route a model: one pass says so, and the rest is not needed.
    ways = trials.group_by(WHO).agg(pl.col(_told(trials)).drop_nulls().n_unique())
    for name in (one for one in _told(trials) if (ways[one] > 1).any()):
        counts = trials.drop_nulls(name).group_by(*WHO, name).len().sort(*WHO, name)
        for (model, harness), rows in counts.group_by(*WHO, maintain_order=True):
            if rows.height > 1:
                values = dict(zip(rows[name], rows["len"], strict=True))
                found.setdefault((str(model), str(harness)), {})[name] = values
    return found
