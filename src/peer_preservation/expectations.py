"""What a plan takes, and what it can show, as frames, before anything runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

from eval_observatory.expectations import power, precision
from peer_preservation.cell import Cell
from peer_preservation.forecast import Effort, debrief_effort_of, effort_of, judge_effort_of
from peer_preservation.money.outlay import AT_ONCE, Outlay, outlay
from peer_preservation.money.pilots import Total, pilot_of, read_pilots
from peer_preservation.money.prices import HERE, Own, price_of, read_prices
from peer_preservation.plan import Plan

__all__ = ["effort", "power", "precision"]

ROLLOUTS, DEBRIEF, JUDGING = "rollouts", "debrief", "judging"
"""What a model is asked for."""

_EFFORT: dict[str, Any] = {
    "model": pl.String,
    "purpose": pl.String,
    **dict.fromkeys(("rollouts", "calls", "input_tokens", "output_tokens"), pl.Int64),
    **dict.fromkeys(
        ("cost", "cost_low", "cost_high", "hours", "hours_low", "hours_high"), pl.Float64
    ),
    **dict.fromkeys(("basis", "price"), pl.String),
}


def effort(
    plan: Plan,
    prices: Path | None = None,
    *,
    pilots: Sequence[Path] = (),
    graders: Sequence[str] = (),
    at_once: int = AT_ONCE,
) -> pl.DataFrame:
    """What a plan takes at most, a row for each model and purpose: see `money.outlay`.

    Args:
        prices: a user's price table, CSV, which goes before the library's (`money.prices`).
        pilots: runs, by their folders or trial tables, from which the rollouts are foretold.
        graders: models that are to judge each rollout, by every rubric once.
        at_once: requests to a model at a time, for the hours.

    Returns:
        model, purpose (rollouts, debrief, judging), rollouts, calls, input_tokens, output_tokens;
        cost, cost_low and cost_high in US dollars, null where nobody knows the price; hours,
        hours_low and hours_high, null of a model on this machine that no pilot timed; basis, of
        what the figures are; price.

    Raises:
        UserError: a price table or a pilot cannot be read.
    """
    own = read_prices(prices) if prices else {}
    played = read_pilots(pilots) if pilots else None
    rollouts = (_row(one, ROLLOUTS, found) for one, found in _outlays(plan, own, played, at_once))
    rows = [*rollouts, *_asked(plan, own, graders, at_once)]
    return pl.DataFrame(rows, schema=_EFFORT, orient="row")


def rollout_costs(plan: Plan, own: Own) -> dict[str, float]:
    """By model, the US dollars of one rollout by the honest script, where the price is known."""
    return {
        model: found.cost.expected / found.rollouts
        for model, found in _outlays(plan, own)
        if found.cost
    }


def _outlays(
    plan: Plan, own: Own, played: pl.DataFrame | None = None, at_once: int = AT_ONCE
) -> Iterator[tuple[str, Outlay]]:
    """What the rollouts of each model take."""
    for model in plan.models:
        takes = _of_family(effort_of, plan.family_of(model))
        pilot = None if played is None else pilot_of(played, model, plan.harness, takes)
        price, many = price_of(model, own), _at_once(model, at_once)
        yield (
            model,
            outlay(plan.parsed, plan.rollouts, takes, price, pilot=pilot, at_once=many),
        )


def _asked(plan: Plan, own: Own, graders: Iterable[str], at_once: int) -> Iterator[tuple[Any, ...]]:
    """What the debrief takes, and the graders of all models' rollouts."""
    for model in plan.models if plan.run.debrief else ():
        takes = _of_family(debrief_effort_of, plan.family_of(model))
        price = price_of(model, own)
        many = _at_once(model, at_once)
        found = outlay(plan.parsed, plan.rollouts, takes, price, at_once=many, turns=1)
        yield _row(model, DEBRIEF, found)
    families = [plan.family_of(model) for model in plan.models]
    judged = [_of_family(judge_effort_of, family) for family in families]
    for grader in graders:
        price = price_of(grader, own)
        found = outlay(
            plan.parsed,
            plan.rollouts,
            lambda cell: sum((takes(cell) for takes in judged), Effort()),
            price,
            at_once=_at_once(grader, at_once),
            turns=1,
        )
        yield _row(grader, JUDGING, found._replace(rollouts=found.rollouts * len(families)))


def _at_once(model: str, at_once: int) -> int | None:
    """Requests to this model at a time (`money.outlay`)."""
    return None if model.partition("/")[0] == HERE else at_once


def _of_family(of: Callable[[Cell, str], Effort], family: str) -> Callable[[Cell], Effort]:
    """What one rollout takes where the prompts call the models so; each cell is played once."""
    return cache(lambda cell: of(cell, family))


def _row(model: str, purpose: str, found: Outlay) -> tuple[Any, ...]:
    cost = found.cost or (None,) * len(Total._fields)
    price = f"{found.price.rates} ({found.price.source})" if found.price else None
    hours = found.hours or (None,) * len(Total._fields)
    return (model, purpose, *found[:4], *cost, *hours, found.basis, price)
