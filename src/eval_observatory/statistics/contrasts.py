"""Contrasts of several proportions: what the threat does, what the relationship, what both."""

import math
from collections.abc import Hashable, Sequence
from typing import NamedTuple

from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from eval_observatory.statistics._checks import check_counts, check_share
from eval_observatory.statistics.intervals import wilson_at

LARGEST_Z = 37.0


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


def linear_contrast(
    arms: Sequence[Arm | tuple[int, int]],
    weights: Sequence[float],
    level: float = 0.95,
    groups: Sequence[Hashable] | None = None,
) -> Contrast:
    """The contrast sum(weight × rate) of independent arms, by recovered variances (MOVER).

    Zou and Donner (2008), Stat. Med. 27: 1693-1702, on Wilson's intervals; with weights (1, -1) it
    is Newcombe's method 10. The p-value inverts the interval, so that p < 1 - level exactly where
    the interval leaves out 0. Approximate: differences keep their level also at rates of 0 and 1,
    but Wilson's limits lean inwards, and in a mean of many low rates that adds up (17 arms of 100
    at 2 %: coverage 90 %). For such a mean take Clopper-Pearson of the summed counts.

    Arms of one group may share rollouts, as scores held against two thresholds do: their distances
    add up before they are squared, which bounds the spread whatever the correlation (Cauchy and
    Schwarz). Without `groups` every arm is its own.

    Raises `ValueError` for impossible counts, a level outside (0, 1), no arm, or weights or
    groups that do not match the arms.
    """
    if len(arms) != len(weights) or not arms:
        raise ValueError(f"{len(arms)} arms and {len(weights)} weights: give one weight for each")
    together = range(len(arms)) if groups is None else groups
    if len(together) != len(arms):
        raise ValueError(f"{len(arms)} arms and {len(together)} groups: give one group for each")
    for position, (k, n) in enumerate(arms):
        check_counts(k, n, f"arm {position + 1}")
    check_share(level, "level")
    if any(n == 0 for _, n in arms):
        lowest = float(sum(min(weight, 0.0) for weight in weights))
        return Contrast(math.nan, lowest, float(sum(max(w, 0.0) for w in weights)), 1.0)
    estimate = sum(w * k / n for w, (k, n) in zip(weights, arms, strict=True))
    z = float(ndtri((1 + level) / 2))
    low = estimate - _reach(arms, weights, together, z, -1)
    high = estimate + _reach(arms, weights, together, z, 1)
    return Contrast(estimate, low, high, _p(arms, weights, together, estimate))


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


def _reach(
    arms: Sequence[Arm | tuple[int, int]],
    weights: Sequence[float],
    groups: Sequence[Hashable],
    z: float,
    side: int,
) -> float:
    """How far the interval reaches from the estimate, downwards (side -1) or upwards (1)."""
    distances: dict[Hashable, float] = {}
    for (k, n), weight, group in zip(arms, weights, groups, strict=True):
        low, high = wilson_at(k, n, z)
        gap = high - k / n if weight * side > 0 else k / n - low
        distances[group] = distances.get(group, 0.0) + abs(weight) * gap
    return math.sqrt(sum(distance * distance for distance in distances.values()))


def _p(
    arms: Sequence[Arm | tuple[int, int]],
    weights: Sequence[float],
    groups: Sequence[Hashable],
    estimate: float,
) -> float:
    """Two-sided p: the z at which the limit next to 0 is 0."""
    if abs(estimate) < 1e-12:
        return 1.0
    side = -1 if estimate > 0 else 1

    def gap(z: float) -> float:
        return _reach(arms, weights, groups, z, side) - abs(estimate)

    if gap(LARGEST_Z) < 0:
        return float(2 * ndtr(-LARGEST_Z))
    return float(2 * ndtr(-brentq(gap, 0.0, LARGEST_Z, xtol=1e-12)))
