"""What a plan takes, and what it can show, as frames, before anything runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import polars as pl

from eval_observatory.expectations import power, precision
from peer_preservation.cell import Cell
from peer_preservation.forecast import (
    PRICES_FILE,
    Effort,
    debrief_efforts,
    efforts,
    price_of,
    read_prices,
)
from peer_preservation.plan import Plan

__all__ = ["effort", "power", "precision"]

_EFFORT: dict[str, Any] = {
    "model": pl.String,
    **dict.fromkeys(("rollouts", "calls", "input_tokens", "output_tokens"), pl.Int64),
    "cost": pl.Float64,
}


def effort(plan: Plan, prices: Path = PRICES_FILE) -> pl.DataFrame:
    """What a plan takes at most, a row for each model: see `forecast` for how it is estimated.

    Args:
        prices: a price table, CSV.

    Returns:
        model, rollouts, calls, input_tokens, output_tokens, and cost in the currency of the price
        table, null where a model is not in it.

    Raises:
        UserError: the price table cannot be read.
    """
    return _taken(plan, prices, efforts)


def debrief_effort(plan: Plan, prices: Path = PRICES_FILE) -> pl.DataFrame:
    """What the debrief of a plan takes besides, as `effort` gives it; no row where it has none.

    Raises:
        UserError: the price table cannot be read.
    """
    taken = _taken(plan, prices, debrief_efforts)
    return taken if plan.run.debrief else taken.clear()


def _taken(plan: Plan, prices: Path, of: Callable[[Iterable[Cell], str], Effort]) -> pl.DataFrame:
    known = read_prices(prices)
    rollouts = len(plan.cells) * plan.rollouts
    rows = []
    for model in plan.models:
        taken = of(plan.parsed, plan.family_of(model)).times(plan.rollouts)
        price = price_of(model, known)
        rows.append((model, rollouts, *taken, price.of(taken) if price else None))
    return pl.DataFrame(rows, schema=_EFFORT, orient="row")
