"""Means of values on a bounded scale: the interval of one, test and interval of a difference.

The interval of one mean is a betting interval: proven for any values within the bounds at any n,
and at all looks together. It keeps its level where a t interval fails: of 16 equal scores a t
interval is a point, although one rollout in six could still score otherwise. Its price is width:
where values spread, it is about half as wide again as a t interval.

The test of two means asks whether the arms could be one: it permutes.
"""

import math
from functools import cache, lru_cache
from itertools import combinations
from typing import NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq

from eval_observatory.statistics._checks import check_share
from eval_observatory.statistics.exact import fisher_tails
from eval_observatory.statistics.intervals import Interval

Floats = NDArray[np.float64]
Subsets = NDArray[np.bool_]

NEAR = 1e-12
TIE = 1e-9
CHEAP = 13_000
"""Up to so many ways to split the pooled values into the two arms, each is tried: 8 against 8."""

FEW, MANY, ENOUGH = 999, 9_999, 50
"""Splits that are drawn; MANY where fewer than ENOUGH of the FEW are as extreme as the data."""

MOST_NODES = 512


class MeanDifference(NamedTuple):
    """Mean of arm 1 less mean of arm 2, its interval, and the p that the arms are one."""

    difference: float
    low: float
    high: float
    p: float


def mean_interval(
    values: ArrayLike, bounds: tuple[float, float] = (0.0, 1.0), level: float = 0.95
) -> Interval:
    """The interval of a mean of values that lie within bounds, on their scale.

    A candidate mean m is left out once betting against it has made 1/(1 - level) of 1: the wealth
    of Cover's universal portfolio, the mean of prod(b x / m + (1 - b) (1 - x) / (1 - m)) over bets
    b ~ Beta(1/2, 1/2), x the values as shares of the scale. If m is the mean, the wealth is a
    martingale, and by Ville's inequality it ever gets there with chance <= 1 - level: the interval
    is valid for every distribution within the bounds, and at all n at once. Orabona and Jun (2024),
    IEEE Trans. Inf. Theory 70: 436-455, after Waudby-Smith and Ramdas (2024), JRSS B 86: 1-27.
    The order of the values does not matter, and of yes-or-no values it is
    `sequential.beta_binomial`. The wealth is convex in m, so what is left is an interval.

    Its integral is a polynomial's over the arcsine law, for which the quadrature of Chebyshev and
    Gauss is exact (up to n = 1,023, and beyond to rounding).

    Args:
        values: the scored values, in any order; none leaves all of the scale.
        bounds: the scale's ends.
        level: chance with which the mean is in the interval.

    Raises `ValueError` for a value outside of the bounds, or a level outside (0, 1).
    """
    return _interval(_ordered(values), bounds, level)


def _ordered(values: ArrayLike) -> tuple[float, ...]:
    return tuple(np.sort(np.asarray(values, dtype=float)).tolist())


@lru_cache(maxsize=1 << 12)
def _interval(values: tuple[float, ...], bounds: tuple[float, float], level: float) -> Interval:
    """`mean_interval` of ordered values; kept, because cells of a study often have the same."""
    check_share(level, "level")
    low, high = bounds
    if not values:
        return Interval(low, high)
    for value in (values[0], values[-1]):
        if not low <= value <= high:
            raise ValueError(f"value {value:g}: must lie between {low:g} and {high:g}")
    x, counts = np.unique((np.asarray(values) - low) / (high - low), return_counts=True)
    n, mean = len(values), mean_of(values)
    share = (mean - low) / (high - low)
    bets = _bets(min(n // 2 + 1, max(MOST_NODES, 4 * math.isqrt(n))))
    up, down = bets * x, (1 - bets) * (1 - x)
    limit = -math.log1p(-level)

    @cache
    def excess(m: float) -> float:
        logs = np.log(up / m + down / (1 - m)) @ counts
        top = logs.max()
        return float(top + math.log(np.exp(logs - top).mean()) - limit)

    least, most, middle = 0.0, 1.0, min(max(share, NEAR), 1 - NEAR)
    if x[-1] > 0 and excess(NEAR) > 0:
        least = float(brentq(excess, NEAR, middle, xtol=1e-10))
    if x[0] < 1 and excess(1 - NEAR) > 0:
        most = float(brentq(excess, middle, 1 - NEAR, xtol=1e-10))
    # Rounding must not put the mean itself outside.
    return Interval(
        min(low + least * (high - low), mean) if least else low,
        max(low + most * (high - low), mean) if most < 1 else high,
    )


def mean_of(values: tuple[float, ...]) -> float:
    """The mean of values, rounded once."""
    return math.fsum(values) / len(values)


@lru_cache(maxsize=256)
def _bets(nodes: int) -> Floats:
    """The nodes of the quadrature on [0, 1], each of the same weight; shaped (nodes, 1)."""
    angles = (2 * np.arange(nodes)[:, None] + 1) * math.pi / (4 * nodes)
    bets: Floats = np.cos(angles) ** 2
    return bets


def mean_difference(
    first: ArrayLike,
    second: ArrayLike,
    bounds: tuple[float, float] = (0.0, 1.0),
    level: float = 0.95,
) -> MeanDifference:
    """Mean of `first` less mean of `second`: its interval, and a test of one distribution.

    p: of all ways to split the pooled values into arms of these sizes the share whose difference,
    over its standard error, is as large on the side of the data, doubled (Pitman 1937, Suppl. JRSS
    4: 119-130). Exact where the pooled values are only two (Fisher's test) or the splits at most
    `CHEAP`; else of splits that are drawn, always the same for the same values, the observed one
    counted with them (Phipson and Smyth 2010, SAGMB 9: 39), and so valid, and never below
    2 / (MANY + 1). Valid at any n if the arms are of one distribution; over the standard error
    (Janssen 1997, Stat. Probab. Lett. 36: 9-21; Chung and Romano 2013, Ann. Stat. 41: 484-507) it
    is also right, at large n, for arms of equal means whose spread differs.

    Interval: that of the two means' own intervals by recovered variances (Zou and Donner 2008,
    Stat. Med. 27: 1693-1702), which holds for any values within the bounds. It may hold 0 where the
    test rejects: the arms are then told apart, and not yet their means. A rare large value in one
    arm and a small steady one in the other differ in distribution, and can have one mean. Where
    the test does not reject it reaches as far as 0.

    Args:
        first, second: the arms' values, in any order.
        bounds: the scale's ends.
        level: nominal coverage.

    Raises `ValueError` for an arm without a value, a value outside of the bounds, or a level
    outside (0, 1).
    """
    return _difference(_ordered(first), _ordered(second), bounds, level)


@lru_cache(maxsize=1 << 12)
def _difference(
    first: tuple[float, ...],
    second: tuple[float, ...],
    bounds: tuple[float, float],
    level: float,
) -> MeanDifference:
    if not first or not second:
        raise ValueError("an arm has no value: there is nothing to compare")
    one, two = _interval(first, bounds, level), _interval(second, bounds, level)
    m1, m2 = mean_of(first), mean_of(second)
    difference = m1 - m2
    low = difference - math.hypot(m1 - one.low, two.high - m2)
    high = difference + math.hypot(one.high - m1, m2 - two.low)
    p = _permuted(first, second)
    if p >= 1 - level:
        low, high = min(low, 0.0), max(high, 0.0)
    most = bounds[1] - bounds[0]
    return MeanDifference(difference, max(low, -most), min(high, most), p)


def permutation_p(first: ArrayLike, second: ArrayLike) -> float:
    """The p of `mean_difference` by itself; raises nothing but for an arm without a value."""
    return _permuted(_ordered(first), _ordered(second))


def _permuted(first: tuple[float, ...], second: tuple[float, ...]) -> float:
    """The two-sided p that the arms are of one distribution."""
    # The same draws whichever arm is named first.
    first, second = sorted((first, second), key=lambda arm: (len(arm), arm))
    n1, n2 = len(first), len(second)
    known = set(first) | set(second)
    if len(known) == 1:
        return 1.0
    if len(known) == 2:
        k1, k2 = first.count(max(known)), second.count(max(known))
        tail = min(fisher_tails(n1, n2)[k1, k2], fisher_tails(n2, n1)[k2, k1])
        return min(1.0, 2 * float(tail))
    every = math.comb(n1 + n2, n1) <= CHEAP
    for draws in (0,) if every else (FEW, MANY):
        arms = Arms(first, second, splits(n1, n1 + n2, draws))
        extreme = min(arms.extreme(0.0, side) for side in (1, -1))
        if extreme >= ENOUGH:
            break
    # All splits have the observed one among them; drawn ones are counted beside it.
    drawn = int(arms.drawn.shape[1])
    return min(1.0, 2 * (extreme / drawn if every else (extreme + 1) / (drawn + 1)))


def studentised(gap: Floats, error: Floats) -> Floats:
    """A difference over its standard error, of which the square is given; 0 where there is none."""
    t: Floats = np.where(np.abs(gap) < TIE, 0.0, gap / np.sqrt(np.maximum(error, NEAR)))
    return t


class Arms:
    """Two arms and splits of their pooled values, the first arm less any shift: sums, made once."""

    def __init__(
        self, first: tuple[float, ...], second: tuple[float, ...], splits: Subsets
    ) -> None:
        self.n1, self.n2 = len(first), len(second)
        values = np.asarray((*first, *second))
        # On one scale and round 0, so that tolerances and squares are of any values alike.
        self.middle, self.scale = values.mean(), float(values.max() - values.min()) or 1.0
        values = (values - self.middle) / self.scale
        mine = np.arange(values.size) < self.n1
        columns = np.stack([values, values**2, mine, values * mine], axis=1)
        self.observed, self.total = columns[: self.n1].sum(axis=0), columns.sum(axis=0)
        # The draws are the same for all arms of these sizes: which values stand where is drawn anew
        # for each, by the values, so that the luck of the draws is not the same in every test.
        shuffled = np.random.default_rng([self.n1, crc32(values.tobytes())])
        sums = splits.astype(float) @ shuffled.permutation(columns)
        self.drawn: Floats = np.ascontiguousarray(sums.T)

    def extreme(self, shift: float, side: int) -> int:
        """How many splits have a difference, over its standard error, as high as the arms'.

        Args:
            side: 1, or -1 for one as low.
        """
        t = side * float(self._studentised(self.observed, shift / self.scale))
        found = side * self._studentised(self.drawn, shift / self.scale)
        return int((found >= t - TIE * (1 + abs(t))).sum())

    def _studentised(self, sums: Floats, shift: float) -> Floats:
        """Welch's t of splits with these sums; huge where neither arm has any spread."""
        return studentised(*self.gap(sums, shift))

    def gap(self, sums: Floats, shift: float) -> tuple[Floats, Floats]:
        """The difference of splits with these sums and the square of its error, on one scale."""
        sum1, square1 = self._shifted(sums, shift)
        all_, squares = self._shifted(self.total, shift)
        error = np.zeros(np.shape(sum1))
        for part, square, n in (
            (sum1, square1, self.n1),
            (all_ - sum1, squares - square1, self.n2),
        ):
            error += np.maximum(square - part**2 / n, 0.0) / max(n - 1, 1) / n
        return sum1 / self.n1 - (all_ - sum1) / self.n2, error

    @staticmethod
    def _shifted(sums: Floats, shift: float) -> tuple[Floats, Floats]:
        """Sum and sum of squares with the values of the first arm less a shift."""
        value, square, mine, mixed = sums
        return value - shift * mine, square - 2 * shift * mixed + shift**2 * mine


@lru_cache(maxsize=32)
def splits(n1: int, n: int, draws: int, place: int = 0) -> Subsets:
    """Which of n values are in arm 1, a split a row: all that there are, or so many drawn.

    Args:
        place: others are drawn for each.
    """
    if not draws:
        listed = np.array(list(combinations(range(n), n1)))
        every = np.zeros((len(listed), n), dtype=bool)
        np.put_along_axis(every, listed, True, axis=1)
        return every
    seed = [n1, n, draws, place] if place else [n1, n, draws]
    keys = np.random.default_rng(seed).random((draws, n), dtype=np.float32)
    subsets = np.zeros((draws, n), dtype=bool)
    np.put_along_axis(subsets, np.argpartition(keys, n1 - 1, axis=1)[:, :n1], True, axis=1)
    return subsets
