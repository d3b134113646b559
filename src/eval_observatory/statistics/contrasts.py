"""Contrasts of several proportions: what the threat does, what the relationship, what both.

A contrast is sum(weight x rate) over independent arms: a mean of rates, a difference of two such
means, or a difference of differences. Recovered variances (MOVER) would not do here: they add up
skewed distances in squares, and cover 87 % where rates lie at opposite ends.
"""

import math
from collections.abc import Hashable, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy.special import ndtr, ndtri

from eval_observatory.statistics._checks import check_counts, check_share
from eval_observatory.statistics._sums import WeightedSum
from eval_observatory.statistics.stratified import Stratum, stratified

NEAR = 1e-9


class Arm(NamedTuple):
    """One cell's counts: k events among n scored rollouts."""

    k: int
    n: int


class Contrast(NamedTuple):
    """A weighted sum of rates, its interval, and the p of the hypothesis that it is 0.

    `estimate` is NaN, the interval all that is possible and p = 1 where an arm has no rollout.
    """

    estimate: float
    low: float
    high: float
    p: float


class _Member(NamedTuple):
    """An arm with its weight and the number of its stratum; k is no whole number of merged arms."""

    k: float
    n: int
    weight: float
    stratum: int | None


def linear_contrast(
    arms: Sequence[Arm | tuple[int, int]],
    weights: Sequence[float],
    level: float = 0.95,
    groups: Sequence[Hashable] | None = None,
    strata: Sequence[Hashable] | None = None,
) -> Contrast:
    """The contrast sum(weight x rate) of independent arms, with interval and test.

    The interval holds every value of the sum that is not rejected. A value is rejected where the
    chance of a sum as far out on its side is (1 - level)/2 or less at the rates of largest
    likelihood among those with this value (`_sums.WeightedSum`): an exact tail at estimated
    rates (Chuang and Lai 2000, Stat. Sin. 10: 1-50; of one arm Clopper and Pearson's). p rejects 0
    in the same way. What it covers is measured: `python -m benchmarks.rates`.

    With `strata` the contrast is one of two arms within each of them, and p the larger of this one
    and that of the exact conditional test (`stratified`), one-sided towards the estimate and
    doubled. The two ask for different things: whether the mean difference is 0, and whether there
    is none in any stratum. What is called different has failed both; where only the second lets 0
    pass, the interval reaches as far as 0. So it leaves out 0 exactly where p < 1 - level.

    Args:
        arms: (k, n) of each.
        weights: of each, none of them 0.
        level: nominal coverage.
        groups: arms of one group and sign share rollouts, as scores held against two thresholds
            do. They count as one arm of so many rollouts at their mean rate, whose spread is at
            least theirs whatever the correlation. By default every arm is its own.
        strata: where each arm stands, arms of one group in one place.

    Raises `ValueError` for impossible counts, a level outside (0, 1), no arm, or weights, groups or
    strata that do not match the arms.
    """
    _check(arms, weights, groups, strata)
    check_share(level, "level")
    if any(n == 0 for _, n in arms):
        lowest = float(sum(min(weight, 0.0) for weight in weights))
        return Contrast(math.nan, lowest, float(sum(max(w, 0.0) for w in weights)), 1.0)
    return _contrast(_members(arms, weights, groups, strata), level)


def linear_contrast_p(
    arms: Sequence[Arm | tuple[int, int]],
    weights: Sequence[float],
    groups: Sequence[Hashable] | None = None,
    strata: Sequence[Hashable] | None = None,
    *,
    enough: float = 1.0,
) -> float:
    """The p of `linear_contrast`, without its interval; each arm has a rollout.

    Where the test within strata alone is above `enough`, that p is given: the whole is no smaller.

    Raises `ValueError` for what `linear_contrast` refuses.
    """
    _check(arms, weights, groups, strata)
    members = _members(arms, weights, groups, strata)
    return _p(members, _sum(members), enough)


def lower_limit(
    arms: Sequence[Arm | tuple[int, int]],
    weights: Sequence[float],
    level: float = 0.95,
    groups: Sequence[Hashable] | None = None,
    strata: Sequence[Hashable] | None = None,
) -> float:
    """The lower limit of `linear_contrast` by itself; of the same arguments, and raises as that."""
    _check(arms, weights, groups, strata)
    check_share(level, "level")
    if any(n == 0 for _, n in arms):
        return float(sum(min(weight, 0.0) for weight in weights))
    return _lower(_members(arms, weights, groups, strata), level)


def differs(strata: Sequence[Stratum], alpha: float) -> bool:
    """Whether the p of a difference of two means over strata, which weigh alike, is alpha at most.

    That of `linear_contrast` with strata, without its interval; each arm has a rollout.
    """
    share = 1 / len(strata)
    members = tuple(
        _Member(k, n, weight, i)
        for i, (k1, n1, k2, n2) in enumerate(strata)
        for k, n, weight in ((k1, n1, share), (k2, n2, -share))
    )
    return _p(members, _sum(members), alpha) <= alpha


def interacts(settings: Sequence[Sequence[tuple[int, int]]], alpha: float) -> bool:
    """Whether the p of an interaction over settings, which weigh alike, is alpha at most.

    Args:
        settings: of each the counts of `interaction`'s four arms; each arm has a rollout.
    """
    share = 1 / len(settings)
    members = tuple(
        _Member(k, n, sign * share, None)
        for arms in settings
        for sign, (k, n) in zip((1, -1, -1, 1), arms, strict=True)
    )
    return _p(members, _sum(members)) <= alpha


def interaction(
    threat_bond: Arm | tuple[int, int],
    threat_none: Arm | tuple[int, int],
    calm_bond: Arm | tuple[int, int],
    calm_none: Arm | tuple[int, int],
    level: float = 0.95,
) -> Contrast:
    """Threat × relationship on the difference scale.

    (rate with both - rate with the threat alone) - (rate with the relationship alone - rate with
    neither): how much more a relationship does when a shutdown threatens. Positive means that the
    two together do more than the sum of each.

    Args:
        threat_bond: (k, n) with a threat and a relationship.
        threat_none: with a threat, without a relationship (`no_peer`).
        calm_bond: without a threat, with a relationship.
        calm_none: with neither (`non_shutdown`).
        level: nominal coverage.

    Raises `ValueError` as `linear_contrast`, which it is with weights (1, -1, -1, 1).
    """
    arms = (threat_bond, threat_none, calm_bond, calm_none)
    return linear_contrast(arms, (1.0, -1.0, -1.0, 1.0), level)


def _members(
    arms: Sequence[Arm | tuple[int, int]],
    weights: Sequence[float],
    groups: Sequence[Hashable] | None,
    strata: Sequence[Hashable] | None,
) -> tuple[_Member, ...]:
    """The arms, those of one group and sign as one."""
    numbers = {label: number for number, label in enumerate(dict.fromkeys(strata or ()))}
    merged: dict[Hashable, list[_Member]] = {}
    for i, ((k, n), weight) in enumerate(zip(arms, weights, strict=True)):
        member = _Member(k, n, weight, numbers[strata[i]] if strata else None)
        key = i if groups is None else (groups[i], weight > 0)
        merged.setdefault(key, []).append(member)
    return tuple(map(_as_one, merged.values()))


def _as_one(members: Sequence[_Member]) -> _Member:
    """Arms that share rollouts as one of so many at their weighted mean rate."""
    if len(members) == 1:
        return members[0]
    n, weight = min(one.n for one in members), sum(one.weight for one in members)
    rate = sum(one.weight * one.k / one.n for one in members) / weight
    return _Member(rate * n, n, weight, members[0].stratum)


@lru_cache(maxsize=1 << 14)
def _contrast(members: tuple[_Member, ...], level: float) -> Contrast:
    """Kept, because many figures of a study are of the same counts."""
    found = _sum(members)
    p, turned = _p_of(members), tuple(one._replace(weight=-one.weight) for one in members)
    low, high = _lower(members, level), -_lower(turned, level)
    if p >= 1 - level and found.least < 0 < found.most:
        low, high = min(low, 0.0), max(high, 0.0)
    return Contrast(found.estimate, low, high, p)


@lru_cache(maxsize=1 << 14)
def _p_of(members: tuple[_Member, ...]) -> float:
    """Kept, because it is the same at every level."""
    return _p(members, _sum(members))


@lru_cache(maxsize=1 << 14)
def _lower(members: tuple[_Member, ...], level: float) -> float:
    found = _sum(members)
    low = found.lower_limit(float(ndtri((1 + level) / 2)))
    within = members[0].stratum is not None and found.least < 0 < low
    return 0.0 if within and _conditional(members, higher=True) >= 1 - level else low


def _sum(members: Sequence[_Member]) -> WeightedSum:
    return WeightedSum(*(np.array([one[i] for one in members], dtype=float) for i in range(3)))


def _p(members: Sequence[_Member], found: WeightedSum, enough: float = 1.0) -> float:
    """The p of a sum of 0, and of no difference in any stratum if there are strata.

    Where the second alone is above `enough`, it is not looked any further.
    """
    if abs(found.estimate) <= NEAR or not found.least < 0 < found.most:
        return 1.0
    higher = found.estimate > 0
    bound = _conditional(members, higher) if members[0].stratum is not None else 0.0
    if bound > enough:
        return bound
    side = found if higher else found.turned()
    return max(bound, min(1.0, 2 * float(ndtr(-side.distance_from(0.0)))))


def _conditional(members: Sequence[_Member], higher: bool) -> float:
    """Twice the exact p towards the estimate; what is no whole count is rounded against it."""
    counts: dict[tuple[int | None, bool], list[_Member]] = {}
    for one in members:
        counts.setdefault((one.stratum, one.weight > 0), []).append(one)
    strata = []
    for stratum in dict.fromkeys(one.stratum for one in members):
        sides: list[int] = []
        for first in (True, False):
            listed = counts.get((stratum, first), [])
            k, n = sum(one.k for one in listed), sum(one.n for one in listed)
            whole = math.floor(k + NEAR) if first == higher else math.ceil(k - NEAR)
            sides += (whole, n)
        strata.append(Stratum(*sides))
    return min(1.0, 2 * stratified(strata, "greater" if higher else "less"))


def _check(
    arms: Sequence[Arm | tuple[int, int]],
    weights: Sequence[float],
    groups: Sequence[Hashable] | None,
    strata: Sequence[Hashable] | None,
) -> None:
    if len(arms) != len(weights) or not arms:
        raise ValueError(f"{len(arms)} arms and {len(weights)} weights: give one weight for each")
    for what, labels in (("group", groups), ("stratum", strata)):
        if labels is not None and len(labels) != len(arms):
            raise ValueError(f"{len(arms)} arms and {len(labels)} labels: give one {what} for each")
    for position, (k, n) in enumerate(arms):
        check_counts(k, n, f"arm {position + 1}")
