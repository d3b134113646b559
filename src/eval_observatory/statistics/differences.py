"""Intervals of the difference of two independent proportions, arm 1 minus arm 2."""

import math

from scipy.optimize import brentq
from scipy.special import ndtri

from eval_observatory.statistics._checks import check_counts, check_share
from eval_observatory.statistics.intervals import Interval, wilson

EDGE = 1e-12


def newcombe(k1: int, n1: int, k2: int, n2: int, level: float = 0.95) -> Interval:
    """The hybrid score interval of k1/n1 - k2/n2: Wilson's two intervals, squared and added.

    Newcombe (1998), Stat. Med. 17: 873-890, method 10. Closed form, near-nominal coverage,
    inside [-1, 1]. An arm with n = 0 tells nothing: (-1, 1).

    Raises `ValueError` for impossible counts or a level outside (0, 1).
    """
    _check(k1, n1, k2, n2, level)
    if n1 == 0 or n2 == 0:
        return Interval(-1.0, 1.0)
    first, second = wilson(k1, n1, level), wilson(k2, n2, level)
    p1, p2 = k1 / n1, k2 / n2
    down = math.hypot(p1 - first.low, second.high - p2)
    up = math.hypot(first.high - p1, p2 - second.low)
    return Interval(max(-1.0, p1 - p2 - down), min(1.0, p1 - p2 + up))


def miettinen_nurminen(k1: int, n1: int, k2: int, n2: int, level: float = 0.95) -> Interval:
    """The score interval of k1/n1 - k2/n2: all differences that the score test does not reject.

    Miettinen and Nurminen (1985), Stat. Med. 4: 213-226, eqs. 8 and 9, with the variance at the
    restricted maximum-likelihood estimate times N/(N - 1). An arm with n = 0 tells nothing:
    (-1, 1).

    Raises `ValueError` for impossible counts or a level outside (0, 1).
    """
    _check(k1, n1, k2, n2, level)
    if n1 == 0 or n2 == 0:
        return Interval(-1.0, 1.0)
    z = float(ndtri((1.0 + level) / 2.0))
    observed = k1 / n1 - k2 / n2

    def above(delta: float) -> float:
        return _score(delta, k1, n1, k2, n2) - z

    def below(delta: float) -> float:
        return _score(delta, k1, n1, k2, n2) + z

    low, high = -1.0, 1.0
    if observed > -1.0 + EDGE and above(-1.0 + EDGE) > 0:
        low = float(brentq(above, -1.0 + EDGE, observed, xtol=1e-12))
    if observed < 1.0 - EDGE and below(1.0 - EDGE) < 0:
        high = float(brentq(below, observed, 1.0 - EDGE, xtol=1e-12))
    return Interval(low, high)


def _check(k1: int, n1: int, k2: int, n2: int, level: float) -> None:
    check_counts(k1, n1, "arm 1")
    check_counts(k2, n2, "arm 2")
    check_share(level, "level")


def _score(delta: float, k1: int, n1: int, k2: int, n2: int) -> float:
    """The signed score statistic of the hypothesis p1 - p2 = delta (eq. 8)."""
    gap = k1 / n1 - k2 / n2 - delta
    p2 = restricted_rate(delta, k1, n1, k2, n2)
    p1 = min(max(p2 + delta, 0.0), 1.0)
    total = n1 + n2
    variance = (p1 * (1 - p1) / n1 + p2 * (1 - p2) / n2) * total / (total - 1)
    if abs(gap) < 1e-15:
        return 0.0
    return gap / math.sqrt(variance) if variance > 0 else math.copysign(math.inf, gap)


def restricted_rate(delta: float, k1: int, n1: int, k2: int, n2: int) -> float:
    """Arm 2's maximum-likelihood rate given p1 - p2 = delta: the cubic's closed-form root.

    Miettinen and Nurminen (1985), appendix I; arm 1's rate is the result plus delta.
    """
    total, events = n1 + n2, k1 + k2
    l2 = (n1 + 2 * n2) * delta - total - events
    l1 = (n2 * delta - total - 2 * k2) * delta + events
    l0 = k2 * delta * (1 - delta)
    third = l2 / (3 * total)
    q = third**3 - l1 * l2 / (6 * total**2) + l0 / (2 * total)
    p = math.copysign(math.sqrt(max(third**2 - l1 / (3 * total), 0.0)), q)
    ratio = q / p**3 if p != 0 else 0.0
    angle = (math.pi + math.acos(min(max(ratio, -1.0), 1.0))) / 3
    root = 2 * p * math.cos(angle) - third
    return min(max(root, 0.0, -delta), 1.0, 1.0 - delta)
