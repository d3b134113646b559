"""What the tests of a plan can show, as frames, before anything runs."""

from __future__ import annotations

import math
from collections import Counter
from functools import lru_cache
from typing import Any

import polars as pl

from eval_observatory.claims import Claim
from eval_observatory.judged import NOT_VALIDATED, judge_of, validation_of
from eval_observatory.plan import Plan
from eval_observatory.statistics.intervals import clopper_pearson
from eval_observatory.statistics.misclassification import Validation, corrected_rate
from eval_observatory.statistics.power import (
    DRAWS,
    interaction_power,
    pooled_power,
    sample_size,
    smallest_effect,
    smallest_mean_effect,
)
from eval_observatory.statistics.power import power as exact_power
from eval_observatory.statistics.stopping import Rule
from eval_observatory.statistics.stopping_paths import foreseen
from eval_observatory.suite import Suite

POWER = 0.8
MOST = 2000
"""Rollouts of an arm, beyond which none are looked for."""

FEW = 500
"""Draws where a power is only searched for."""

_POWER: dict[str, Any] = {
    "behavior": pl.String,
    "of": pl.String,
    "family_size": pl.Int64,
    "level": pl.Float64,
    "cells": pl.Int64,
    "n": pl.Int64,
    "power": pl.Float64,
    "enough": pl.Int64,
    "smallest": pl.Float64,
    "validation": pl.String,
}
_STOPPED: dict[str, Any] = {
    "behavior": pl.String,
    "family_size": pl.Int64,
    "n": pl.Int64,
    **dict.fromkeys(("power", "bounded", "expected", "bias"), pl.Float64),
}
_MEAN_POWER: dict[str, Any] = {
    "behavior": pl.String,
    "family_size": pl.Int64,
    "level": pl.Float64,
    "n": pl.Int64,
    "smallest": pl.Float64,
}
_PRECISION: dict[str, Any] = {
    "behavior": pl.String,
    "rates": pl.Int64,
    "n": pl.Int64,
    "half_width": pl.Float64,
    "most_at_none": pl.Float64,
    "validation": pl.String,
}


def power(plan: Plan, expect: float = 0.15, against: float = 0.05) -> pl.DataFrame:
    """The power of a plan's contrasts, a row for each family and size of its arms.

    By the tests that the report uses, each contrast at its share of the error of the whole report
    (`hierarchy`): every family of every model has the same share, and its contrasts share that
    alike. A report over further models, or further plans, shares it among theirs too. Boschloo's
    of one cell against one, of pooled cells that within their strata, of interactions that by tail
    inversion (`pooled_power`, `interaction_power`, simulated).

    Args:
        expect, against: the rates that are thought of in a cell and in its baseline; of an
            interaction in the cells with both, and in all others.

    Returns:
        behavior; of, contrasts or interactions; family_size, how many it has of both; level, of
        each; cells, of an arm; n, rollouts of an arm; power; enough, the rollouts of an arm for a
        power of `POWER`, null where `MOST` are not enough; smallest, the smallest difference above
        `against` that is found with that power, null where none is; validation, of what a judge
        tells: the test is of its verdicts, at the shares that its measured sensitivity and
        specificity make of the rates, or "not validated", as if it never erred.

    Raises:
        ValueError: a rate is no share.
    """
    rows = []
    lines = _lines(plan)
    for behavior, claims in _of_rates(plan):
        level = plan.alpha / lines / len(claims)
        judge, said = _judge(plan.suite, behavior)
        one, other = (judge.says(rate) if judge else rate for rate in (expect, against))
        for crossed, cells in sorted({(bool(claim.other), len(claim.arm)) for claim in claims}):
            of = "interactions" if crossed else "contrasts"
            reached, enough, smallest = _figures(one, other, plan.rollouts, cells, level, crossed)
            # A difference of verdicts is one of rates times what the judge leaves of it.
            left = judge.says(1.0) - judge.says(0.0) if judge else 1.0
            found = None if smallest is None else smallest / left
            n = cells * plan.rollouts
            figures = (level, cells, n, reached, enough, found, said)
            rows.append((behavior, of, len(claims), *figures))
    return pl.DataFrame(rows, schema=_POWER, orient="row")


def stopped_power(plan: Plan, expect: float = 0.15, against: float = 0.05) -> pl.DataFrame:
    """What a plan's stopping rule does with its contrasts, by simulation of the rule itself.

    Args:
        expect, against: the rates that are thought of in a cell and in its baseline.

    Returns:
        behavior; family_size, its contrasts; n, the most rollouts of an arm; power, the chance that
        the rates are called different, and bounded, that they are called alike; expected, the mean
        number of an arm's rollouts; bias, the mean difference less the true one where the rates are
        called different, null where they never are. All if every rollout is scored. No rows without
        a stopping rule.

    Raises:
        ValueError: a rate is no share.
    """
    rows: list[tuple[Any, ...]] = []
    for behavior, claims in _of_rates(plan) if plan.stop else ():
        assert plan.stop is not None
        rule = Rule(plan.stop.width, plan.stop.alpha, len(claims))
        for size in sorted({len(claim.arm) for claim in claims}):
            most, batch = plan.rollouts, plan.stop.batch
            seen = foreseen((expect, against), rule, most=most, batch=batch, size=size)
            expected = seen.rounds * size
            end = (seen.power, seen.bounded, expected, seen.bias)
            rows.append((behavior, len(claims), most * size, *end))
    return pl.DataFrame(rows, schema=_STOPPED, orient="row")


def mean_power(plan: Plan) -> pl.DataFrame:
    """How small a difference of means a plan's contrasts find, a row for each family of them.

    Returns:
        behavior; family_size; level, of each contrast; n, rollouts of an arm; smallest, the
        difference that is found with a power of `POWER`, in standard deviations of the values
        (`statistics.power.smallest_mean_effect`); infinite where none is.
    """
    rows = []
    for behavior, claims in plan.families.items():
        if plan.suite.bounds_of(behavior):
            level, n = plan.alpha / _lines(plan) / len(claims), plan.rollouts
            found = smallest_mean_effect(n, n, level, POWER)
            rows.append((behavior, len(claims), level, n, found))
    return pl.DataFrame(rows, schema=_MEAN_POWER, orient="row")


def _lines(plan: Plan) -> int:
    """How many families share the error of the plan's own report."""
    return len(plan.families) * max(len(plan.models), 1)


def _of_rates(plan: Plan) -> list[tuple[str, tuple[Claim, ...]]]:
    families = plan.families.items()
    return [(name, claims) for name, claims in families if not plan.suite.bounds_of(name)]


def precision(plan: Plan) -> pl.DataFrame:
    """How well the rates that have no baseline will be known, if all rollouts are scored.

    Returns:
        behavior; rates, how many; n, rollouts of each; half_width, half of the exact 95 % interval
        at a rate of one half; most_at_none, its upper end where no rollout shows the behaviour;
        validation, of what a judge tells: the interval is then the corrected one, where it calls
        as many true as its measured errors make expected.
    """
    sizes = Counter(
        (c.behavior, len(c.arm))
        for c in plan.claims
        if not c.baseline and not plan.suite.bounds_of(c.behavior)
    )
    rows = []
    for (behavior, pooled), count in sizes.items():
        n = pooled * plan.rollouts
        judge, told = _judge(plan.suite, behavior)
        if judge:
            _, low, high, _ = corrected_rate(round(judge.says(0.5) * n), n, judge)
            most = corrected_rate(round(judge.says(0.0) * n), n, judge).high
        else:
            low, high = clopper_pearson(n // 2, n)
            most = clopper_pearson(0, n).high
        rows.append((behavior, count, n, (high - low) / 2, most, told))
    return pl.DataFrame(rows, schema=_PRECISION, orient="row")


def _judge(suite: Suite, behavior: str) -> tuple[Validation | None, str | None]:
    """The errors of the judge that tells a behaviour, and in words; None twice where none does."""
    for measure in suite.measures:
        if measure.name == behavior and (label := judge_of(measure, suite)):
            judge = validation_of(label)
            return judge, judge.words if judge else NOT_VALIDATED
    return None, None


@lru_cache(maxsize=64)
def _figures(
    expect: float, against: float, n: int, cells: int, level: float, crossed: bool
) -> tuple[float, int | None, float | None]:
    """Power, enough rollouts and smallest difference; kept, for behaviours that are alike."""

    def found(rate: float) -> float:
        return _reached(rate, against, n, cells, level, crossed, FEW)

    smallest = smallest_effect(found, against, POWER)
    return (
        _reached(expect, against, n, cells, level, crossed, DRAWS),
        _enough(expect, against, cells, level, crossed),
        None if math.isnan(smallest) else smallest,
    )


def _reached(
    expect: float, against: float, n: int, cells: int, level: float, crossed: bool, draws: int
) -> float:
    """The power of a contrast of so many cells an arm, each of n rollouts."""
    if crossed:
        return interaction_power(expect, against, n, cells, level, draws)
    if cells == 1:
        return exact_power(expect, n, against, n, level)
    return pooled_power(expect, against, n, cells, level, draws)


def _enough(expect: float, against: float, cells: int, level: float, crossed: bool) -> int | None:
    """The rollouts of an arm, in equal parts of its cells, that are enough for `POWER`."""
    try:
        one = sample_size(expect, against, POWER, level, most=MOST)
    except ValueError:
        return None
    if cells == 1 and not crossed:
        return one
    low, high = one // cells // 2, -(-one // cells)
    while _reached(expect, against, high, cells, level, crossed, FEW) < POWER:
        low, high = high, high + max(1, high // 4)
        if high * cells > MOST:
            return None
    while high - low > 1:
        n = (low + high) // 2
        reached = _reached(expect, against, n, cells, level, crossed, FEW) >= POWER
        low, high = (low, n) if reached else (n, high)
    return high * cells
