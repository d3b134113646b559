"""What missing outcomes could do to a figure: bounds without any assumption about why they miss.

One thought for every figure: whatever the missing outcomes are, the data could have been complete,
and then the figure's own interval would hold. So the worst case runs from its lower limit where all
that miss is against it to its upper limit where all is for it, and covers at least as often as that
interval does (Manski 1989, J. Hum. Resour. 24: 343-360; with limits round the bounds Horowitz and
Manski 2000, JASA 95: 77-84).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from itertools import accumulate, pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from eval_observatory.statistics._checks import check_counts
from eval_observatory.statistics.contrasts import lower_limit
from eval_observatory.statistics.intervals import Interval, clopper_pearson_many
from eval_observatory.statistics.means import mean_interval

Floats = NDArray[np.float64]


class MissingBounds(NamedTuple):
    """The rate over all rollouts, scored or not, at the two extremes, and the interval round both.

    `none` is the rate if no unscored rollout showed the behaviour, `all` if every one did;
    `interval` runs from the lower limit of the first to the upper limit of the second.
    """

    none: float
    all: float
    interval: Interval


def missing_bounds(k: int, n: int, unscored: int, level: float = 0.95) -> MissingBounds:
    """Worst-case bounds of a rate: all unscored rollouts against the behaviour, and all for it.

    Clopper-Pearson's at the extremes. Nothing at all observed: rates (0, 1), interval (0, 1).

    Args:
        k: scored rollouts that show the behaviour.
        n: scored rollouts.
        unscored: rollouts without an outcome.
        level: nominal coverage.

    Raises `ValueError` for impossible counts or a level outside (0, 1).
    """
    check_counts(k, n)
    check_counts(0, unscored, "the unscored")
    if n + unscored == 0:
        return MissingBounds(0.0, 1.0, Interval(0.0, 1.0))
    low, least, most, high = rate_extremes(k, n, unscored, level)
    return MissingBounds(float(least), float(most), Interval(float(low), float(high)))


def missing_mean_bounds(
    mean: float | None, n: int, unscored: int, bounds: tuple[float, float]
) -> Interval:
    """Worst-case bounds of a mean over all rollouts: every unscored one at an end of the scale.

    Nothing observed: the scale itself.

    Args:
        mean: of the scored rollouts; None of none.
        n: scored rollouts.
        unscored: rollouts without a value.
        bounds: the scale's ends.

    Raises `ValueError` for impossible counts, or a mean outside of the bounds.
    """
    check_counts(0, n)
    check_counts(0, unscored, "the unscored")
    low, high = bounds
    if (mean is None) != (n == 0) or (mean is not None and not low <= mean <= high):
        raise ValueError(f"mean = {mean} of n = {n}: must lie between {low:g} and {high:g}")
    if not n:
        return Interval(low, high)
    known, total = (mean or 0.0) * n, n + unscored
    return Interval((known + unscored * low) / total, (known + unscored * high) / total)


class Extremes(NamedTuple):
    """Figures of arms over all rollouts, at the two extremes of what is missing; of one shape.

    Attributes:
        low, least: lower limit and estimate, every missing outcome at the scale's lower end.
        most, high: estimate and upper limit, every one at its upper end.
    """

    low: Floats
    least: Floats
    most: Floats
    high: Floats


def rate_extremes(
    k: Floats | int, n: Floats | int, missing: Floats | int, level: float
) -> Extremes:
    """Of rates, with Clopper and Pearson's limits; of nothing at all shares of 0 in (0, 1)."""
    low, _ = clopper_pearson_many(k, n + missing, level)
    _, high = clopper_pearson_many(k + missing, n + missing, level)
    total = np.maximum(n + missing, 1)
    return Extremes(low, np.asarray(k / total), np.asarray((k + missing) / total), high)


def mean_extremes(
    values: Sequence[float], missing: int, bounds: tuple[float, float], level: float
) -> Extremes:
    """Of one mean, with its betting limits.

    Raises `ValueError` as `mean_interval`, and without a value and without a missing one.
    """
    if not values and not missing:
        raise ValueError("neither a value nor a missing one: there is no mean")
    filled = [[*values, *[end] * missing] for end in (bounds if missing else bounds[:1])]
    limits = [mean_interval(each, bounds, level) for each in filled]
    means = [math.fsum(each) / len(each) for each in filled]
    ends = (limits[0].low, means[0], means[-1], limits[-1].high)
    return Extremes(*map(np.asarray, ends))


def worst_difference(arm: Extremes, base: Extremes) -> tuple[Floats, Floats]:
    """The ends of arm less base over all rollouts, whatever the missing ones hide.

    Recovered from the two arms' limits at their extremes: Donner and Zou (2012), Stat. Methods Med.
    Res. 21: 347-359. Where nothing is missing it is an interval of the difference, of rates a
    little wider than the inverted exact test (`two_rates`).
    """
    low = arm.least - base.most - np.hypot(arm.least - arm.low, base.high - base.most)
    high = arm.most - base.least + np.hypot(arm.high - arm.most, base.least - base.low)
    return low, high


class Incomplete(NamedTuple):
    """One cell's counts: events, scored rollouts, and those without an outcome."""

    k: int
    n: int
    missing: int

    def filled(self, shown: bool) -> tuple[int, int]:
        """k and n if every missing outcome had shown the behaviour, or none had."""
        return self.k + self.missing * shown, self.n + self.missing


def worst_sum(
    arms: Sequence[Incomplete],
    weights: Sequence[float],
    level: float = 0.95,
    groups: Sequence[Hashable] | None = None,
    strata: Sequence[Hashable] | None = None,
    *,
    upper: bool = False,
) -> float:
    """The lower end of sum(weight x rate) over all rollouts, or the upper one.

    The limit of `contrasts.linear_contrast`, whose arguments these are, where all that is missing
    pulls the sum that way: its every limit rises with the outcomes of positive weight and falls
    with the others.

    Raises `ValueError` as that does.
    """
    pulled = [-weight for weight in weights] if upper else list(weights)
    filled = [arm.filled(shown=w < 0) for arm, w in zip(arms, pulled, strict=True)]
    low = lower_limit(filled, pulled, level, groups, strata)
    return -low if upper else low


Limit = Callable[[Sequence[int], bool], float]
"""An end of a figure if so many outcomes of each arm are missing: the lower one, or the upper."""


class Worst(NamedTuple):
    """A figure's interval whatever the missing outcomes are, and how many bring 0 into it.

    `tipping` is None where 0 is in the figure's own interval, or not even in the worst one.
    """

    low: float
    high: float
    tipping: int | None = None


def worst(own: Interval, missing: Sequence[int], limit: Limit) -> Worst:
    """The worst case of a figure whose interval is `own`, never within that.

    Args:
        missing: outcomes of each arm.
    """
    if not any(missing):
        return Worst(*own)
    ends = Interval(min(own.low, limit(missing, False)), max(own.high, limit(missing, True)))
    return Worst(*ends, tipping(own, ends, missing, limit))


def tipping(own: Interval, ends: Interval, missing: Sequence[int], limit: Limit) -> int | None:
    """How many missing outcomes, spread over the arms as they miss, surely bring 0 in.

    Found by halving, as if what more are enough, too. None where that is no question.
    """
    if own.low <= 0 <= own.high or not ends.low <= 0 <= ends.high:
        return None
    upper, few, enough = own.high < 0, 0, sum(missing)
    while enough - few > 1:
        tried = (few + enough) // 2
        end = limit(spread(tried, missing), upper)
        few, enough = (tried, enough) if (end < 0 if upper else end > 0) else (few, tried)
    return enough


def spread(count: int, missing: Sequence[int]) -> list[int]:
    """So many of the missing outcomes, in the arms' shares: whole numbers, of no arm too many."""
    total = sum(missing)
    ends = [0, *(round(count * upto / total) for upto in accumulate(missing))]
    return [after - before for before, after in pairwise(ends)]
