"""Two arms' means compared within strata, such as the cells of a design: test and interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from eval_observatory.statistics.means import (
    ENOUGH,
    FEW,
    MANY,
    TIE,
    Arms,
    Floats,
    MeanDifference,
    mean_difference,
    mean_interval,
    mean_of,
    splits,
    studentised,
)

Values = tuple[float, ...]


def stratified_mean_difference(
    strata: Sequence[tuple[ArrayLike, ArrayLike]],
    bounds: tuple[float, float] = (0.0, 1.0),
    level: float = 0.95,
) -> MeanDifference:
    """The mean over strata of (mean of arm 1 less mean of arm 2), strata weighing alike.

    Of one stratum `means.mean_difference`. Of several p is that of a permutation test within them:
    the mean difference over its standard error, against that of splits drawn anew in each stratum,
    the observed one counted among them. Valid at any n if in each stratum the arms are of one
    distribution, which may be another in each. The interval is that of all the means' own by
    recovered variances; as of one stratum, it may hold 0 where the test rejects.

    Args:
        strata: of each the values of both arms, in any order.
        bounds: the scale's ends.
        level: nominal coverage.

    Raises `ValueError` for no stratum, an arm without a value, a value outside of the bounds, or a
    level outside (0, 1).
    """
    told = tuple((_ordered(one), _ordered(other)) for one, other in strata)
    if not told or not all(one and other for one, other in told):
        raise ValueError("an arm has no value: there is nothing to compare")
    if len(told) == 1:
        return mean_difference(*told[0], bounds, level)
    return _difference(told, bounds, level)


def _ordered(values: ArrayLike) -> Values:
    return tuple(np.sort(np.asarray(values, dtype=float)).tolist())


@lru_cache(maxsize=1 << 10)
def _difference(
    strata: tuple[tuple[Values, Values], ...], bounds: tuple[float, float], level: float
) -> MeanDifference:
    many = len(strata)
    difference = math.fsum(mean_of(one) - mean_of(other) for one, other in strata) / many
    down, up = 0.0, 0.0
    for one, other in strata:
        first, second = (mean_interval(arm, bounds, level) for arm in (one, other))
        m1, m2 = mean_of(one), mean_of(other)
        down = math.hypot(down, m1 - first.low, second.high - m2)
        up = math.hypot(up, first.high - m1, m2 - second.low)
    low, high = difference - down / many, difference + up / many
    p = _permuted(strata)
    if p >= 1 - level:
        low, high = min(low, 0.0), max(high, 0.0)
    most = bounds[1] - bounds[0]
    return MeanDifference(difference, max(low, -most), min(high, most), p)


def _permuted(strata: tuple[tuple[Values, Values], ...]) -> float:
    if all(one[0] == other[-1] and one[-1] == other[0] for one, other in strata):
        return 1.0
    for draws in (FEW, MANY):
        drawn = _Strata(strata, draws)
        extreme = min(drawn.extreme(0.0, side) for side in (1, -1))
        if extreme >= ENOUGH:
            break
    return min(1.0, 2 * (extreme + 1) / (draws + 1))


class _Strata:
    """Splits of every stratum, each drawn by itself."""

    def __init__(self, strata: Sequence[tuple[Values, Values]], draws: int) -> None:
        self.arms = [
            Arms(one, other, splits(len(one), len(one) + len(other), draws, place))
            for place, (one, other) in enumerate(strata, 1)
        ]

    def extreme(self, shift: float, side: int) -> int:
        """How many splits have a difference, over its standard error, as high as the arms'.

        Args:
            shift: what is taken from all first arms before.
            side: 1, or -1 for one as low.
        """
        t = side * float(self._t(shift, observed=True))
        found = side * self._t(shift, observed=False)
        return int((found >= t - TIE * (1 + abs(t))).sum())

    def _t(self, shift: float, *, observed: bool) -> Floats:
        most = max(arm.scale for arm in self.arms)
        gaps, errors = np.zeros(()), np.zeros(())
        for arm in self.arms:
            gap, error = arm.gap(arm.observed if observed else arm.drawn, shift / arm.scale)
            gaps = gaps + gap * (arm.scale / most)
            errors = errors + error * (arm.scale / most) ** 2
        return studentised(gaps, errors)
