"""What missing outcomes could do to a figure: bounds without any assumption about why they miss."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from eval_observatory.statistics._checks import check_counts
from eval_observatory.statistics.intervals import Interval, clopper_pearson, clopper_pearson_many

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

    Manski (1989), J. Hum. Resour. 24: 343-360 (no-assumption bounds); the limits are
    Clopper-Pearson's at the extremes, so the interval covers whatever the missing outcomes are,
    at least at `level`. Nothing at all observed: rates (0, 1), interval (0, 1).

    Args:
        k: scored rollouts that show the behaviour.
        n: scored rollouts.
        unscored: rollouts without an outcome.
        level: nominal coverage.

    Raises `ValueError` for impossible counts or a level outside (0, 1).
    """
    check_counts(k, n)
    check_counts(0, unscored, "the unscored")
    total = n + unscored
    low, high = clopper_pearson(k, total, level), clopper_pearson(k + unscored, total, level)
    if total == 0:
        return MissingBounds(0.0, 1.0, Interval(0.0, 1.0))
    return MissingBounds(k / total, (k + unscored) / total, Interval(low.low, high.high))


def missing_mean_bounds(
    mean: float | None, n: int, unscored: int, bounds: tuple[float, float]
) -> Interval:
    """Worst-case bounds of a mean over all rollouts: every unscored one at an end of the scale.

    Manski (1989), as `missing_bounds`. Nothing observed: the scale itself.

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


class Incomplete(NamedTuple):
    """Counts of many arms: events, scored rollouts and missing outcomes, of one shape."""

    k: Floats
    n: Floats
    missing: Floats

    def row(self, place: int, missing: int) -> Incomplete:
        """One of the arms, with so many missing."""
        return Incomplete(self.k[[place]], self.n[[place]], np.array([float(missing)]))

    def ends(self, level: float) -> tuple[Floats, Floats]:
        """The lower limit if no missing one showed the behaviour, the upper if every one did."""
        low, _ = clopper_pearson_many(self.k, self.n + self.missing, level)
        _, high = clopper_pearson_many(self.k + self.missing, self.n + self.missing, level)
        return low, high

    def shares(self) -> tuple[Floats, Floats]:
        """The shares at the two extremes."""
        total = np.maximum(self.n + self.missing, 1)
        return self.k / total, (self.k + self.missing) / total


def worst_difference(arm: Incomplete, base: Incomplete, level: float) -> tuple[Floats, Floats]:
    """The ends of the rates of arm less base over all rollouts, whatever the missing ones hide.

    Recovered from the exact limits of the two arms at their extremes: Donner and Zou (2012), Stat.
    Methods Med. Res. 21: 347-359. Where nothing is missing it is the interval of a difference, and
    a little wider than the inverted exact test (`two_rates`).
    """
    (low1, high1), (low2, high2) = arm.ends(level), base.ends(level)
    (least1, most1), (least2, most2) = arm.shares(), base.shares()
    low = least1 - most2 - np.hypot(least1 - low1, high2 - most2)
    high = most1 - least2 + np.hypot(high1 - most1, least2 - low2)
    return low, high
