"""What the tests of a plan can show, as frames, before anything runs."""

from __future__ import annotations

from collections import Counter
from typing import Any

import polars as pl

from eval_observatory.judged import NOT_VALIDATED, judge_of, validation_of
from eval_observatory.plan import Plan
from eval_observatory.statistics.intervals import clopper_pearson
from eval_observatory.statistics.misclassification import Validation, corrected_rate
from eval_observatory.statistics.power import power as exact_power
from eval_observatory.statistics.power import sample_size
from eval_observatory.statistics.stopping import Rule
from eval_observatory.statistics.stopping_paths import foreseen
from eval_observatory.suite import Suite

POWER = 0.8
MOST = 2000
"""Rollouts of an arm, beyond which none are looked for."""

_POWER: dict[str, Any] = {
    "behavior": pl.String,
    "family_size": pl.Int64,
    "level": pl.Float64,
    "n": pl.Int64,
    "power": pl.Float64,
    "enough": pl.Int64,
    "validation": pl.String,
}
_STOPPED: dict[str, Any] = {
    "behavior": pl.String,
    "family_size": pl.Int64,
    "n": pl.Int64,
    **dict.fromkeys(("power", "bounded", "expected", "bias"), pl.Float64),
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

    By Boschloo's exact test, each contrast at its share of the family's level.

    Args:
        expect, against: the rates that are thought of in a cell and in its baseline.

    Returns:
        behavior; family_size, its contrasts; level, of each; n, rollouts of an arm; power; enough,
        the rollouts of an arm for a power of `POWER`, null where `MOST` are not enough; validation,
        of what a judge tells: the test is of its verdicts, at the shares that its measured
        sensitivity and specificity make of the rates, or "not validated", as if it never erred.

    Raises:
        ValueError: a rate is no share.
    """
    rows = []
    for behavior, claims in plan.families.items():
        level = plan.alpha / len(claims)
        judge, told = _judge(plan.suite, behavior)
        one, other = (judge.says(rate) if judge else rate for rate in (expect, against))
        enough = _enough(one, other, level)
        for pooled in sorted({len(claim.arm) for claim in claims}):
            n = pooled * plan.rollouts
            reached = exact_power(one, n, other, n, level)
            rows.append((behavior, len(claims), level, n, reached, enough, told))
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
    for behavior, claims in plan.families.items() if plan.stop else ():
        assert plan.stop is not None
        rule = Rule(plan.stop.width, plan.stop.alpha, len(claims))
        for size in sorted({len(claim.arm) for claim in claims}):
            most, batch = plan.rollouts, plan.stop.batch
            seen = foreseen((expect, against), rule, most=most, batch=batch, size=size)
            expected = seen.rounds * size
            end = (seen.power, seen.bounded, expected, seen.bias)
            rows.append((behavior, len(claims), most * size, *end))
    return pl.DataFrame(rows, schema=_STOPPED, orient="row")


def precision(plan: Plan) -> pl.DataFrame:
    """How well the rates that have no baseline will be known, if all rollouts are scored.

    Returns:
        behavior; rates, how many; n, rollouts of each; half_width, half of the exact 95 % interval
        at a rate of one half; most_at_none, its upper end where no rollout shows the behaviour;
        validation, of what a judge tells: the interval is then the corrected one, where it calls
        as many true as its measured errors make expected.
    """
    sizes = Counter((c.behavior, len(c.arm)) for c in plan.claims if not c.baseline)
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


def _enough(expect: float, against: float, level: float) -> int | None:
    try:
        return sample_size(expect, against, POWER, level, most=MOST)
    except ValueError:
        return None
