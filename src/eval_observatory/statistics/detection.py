"""Signal detection: how well two kinds of items are told apart, and from where on one says so.

Of items with the signal a share H is called one (hits), of items without a share F (false alarms).
In the model of equal variances (Green and Swets 1966; Macmillan and Creelman 2005, eq. 1.5 and 2.1)
the sensitivity is d' = z(H) - z(F) and the criterion c = -(z(H) + z(F)) / 2, with z the normal
quantile. A higher c at the same d' says less often that there is a signal, whether or not there is;
a lower d' at the same c tells the two apart less well.

Points are of shares with the log-linear correction (k + 1/2) / (n + 1) (Hautus 1995). Intervals and
p are of sums of quantiles by the method of variance estimates recovery (Zou and Donner 2008) from
the exact intervals of the shares, whose ends z takes along: where a share is 0 or 1 one end is
infinite, for such data set no bound. Their coverage is at least nominal: `docs/detection.md`.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

from scipy.special import ndtri

from eval_observatory.statistics._checks import check_counts, check_share
from eval_observatory.statistics.intervals import clopper_pearson


class Responses(NamedTuple):
    """How often a signal was told: in `signals` items that have one, in `noises` without."""

    hits: int
    signals: int
    alarms: int
    noises: int


class Estimate(NamedTuple):
    """A figure with its interval, whose ends may be infinite."""

    value: float
    low: float
    high: float


Part = tuple[float, int, int]
"""A weight, and the counts k of n of the share whose normal quantile it weighs."""


def sensitivity(one: Responses, level: float = 0.95) -> Estimate:
    """d', in standard deviations of the evidence.

    Raises `ValueError` for impossible counts, or a level outside (0, 1).
    """
    return probits(_sensitivity(one), level)


def criterion(one: Responses, level: float = 0.95) -> Estimate:
    """c, in standard deviations of the evidence, 0 where both errors are equally frequent.

    Raises `ValueError` for impossible counts, or a level outside (0, 1).
    """
    return probits(_criterion(one), level)


def sensitivity_change(one: Responses, other: Responses, level: float = 0.95) -> Estimate:
    """The d' of one less that of another, of items that may be the same.

    Raises `ValueError` for impossible counts, or a level outside (0, 1).
    """
    return probits(_less(_sensitivity(one), _sensitivity(other)), level)


def criterion_change(one: Responses, other: Responses, level: float = 0.95) -> Estimate:
    """The c of one less that of another: above 0 where one says less often that there is a signal.

    Raises `ValueError` for impossible counts, or a level outside (0, 1).
    """
    return probits(_less(_criterion(one), _criterion(other)), level)


def sensitivity_p(one: Responses, other: Responses) -> float:
    """p of no difference in d': 1 less the level at which the interval's end is 0.

    Raises `ValueError` for impossible counts.
    """
    return _p(_less(_sensitivity(one), _sensitivity(other)))


def criterion_p(one: Responses, other: Responses) -> float:
    """p of no difference in c: 1 less the level at which the interval's end is 0.

    Raises `ValueError` for impossible counts.
    """
    return _p(_less(_criterion(one), _criterion(other)))


def probits(parts: Sequence[Part], level: float = 0.95) -> Estimate:
    """A weighted sum of normal quantiles of shares, with its interval.

    Args:
        parts: of independent counts. Where they are of the same items in several arms, and arms
            agree more often than by chance, the interval is wider than it need be.

    Raises `ValueError` for impossible counts, or a level outside (0, 1).
    """
    check_share(level, "level")
    value, below, above = 0.0, 0.0, 0.0
    for position, (weight, k, n) in enumerate(parts, 1):
        check_counts(k, n, f"part {position}")
        point = float(ndtri((k + 0.5) / (n + 1)))
        low, high = (float(ndtri(end)) for end in clopper_pearson(k, n, level))
        ends = (weight * (low - point), weight * (high - point))
        value += weight * point
        below += min(ends) ** 2
        above += max(ends) ** 2
    return Estimate(value, value - math.sqrt(below), value + math.sqrt(above))


def _p(parts: Sequence[Part]) -> float:
    """The largest error at which the interval holds 0, to 1e-6."""
    error, step = 1e-9, 0.5
    if not _holds(parts, error):
        return 0.0
    while step > 1e-7:
        if error + step < 1 and _holds(parts, error + step):
            error += step
        step /= 2
    return error


def _holds(parts: Sequence[Part], error: float) -> bool:
    one = probits(parts, 1 - error)
    return one.low <= 0 <= one.high


def _sensitivity(one: Responses) -> list[Part]:
    return [(1.0, one.hits, one.signals), (-1.0, one.alarms, one.noises)]


def _criterion(one: Responses) -> list[Part]:
    return [(-0.5, one.hits, one.signals), (-0.5, one.alarms, one.noises)]


def _less(one: Sequence[Part], other: Sequence[Part]) -> list[Part]:
    return [*one, *((-weight, k, n) for weight, k, n in other)]
