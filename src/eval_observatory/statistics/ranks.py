"""Where each of several stands among them: rank intervals, from all pairs at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from eval_observatory.statistics._checks import check_share


class Rank(NamedTuple):
    """The ranks that are left open; 1 is the highest figure's."""

    best: int
    worst: int


def surely_higher(p: NDArray[np.float64], level: float = 0.95) -> NDArray[np.bool_]:
    """Which figure is told to be higher than which, all pairs together.

    p[i, j] is the one-sided p of the hypothesis that figure i is no higher than figure j. All
    m (m - 1) of them, both directions of each pair, are one family, corrected by Holm (1979): the
    chance of any wrong direction is at most 1 - level, whatever the dependence, ties included.

    Args:
        p: m x m, its diagonal is passed over.

    Returns:
        m x m: whether figure i is told to be higher than figure j.

    Raises `ValueError` for a p outside [0, 1] or NaN, no square, or a level outside (0, 1).
    """
    check_share(level, "level")
    m = len(p)
    if p.shape != (m, m):
        raise ValueError(f"p of {p.shape}: give one for each pair in both directions")
    apart = ~np.eye(m, dtype=bool)
    tests = p[apart]
    if not ((tests >= 0) & (tests <= 1)).all():
        raise ValueError("a p lies outside 0 and 1")
    order = np.argsort(tests, kind="stable")
    holds = tests[order] <= (1 - level) / np.arange(len(tests), 0, -1)
    count = len(tests) if holds.all() else int(np.argmin(holds))
    told = np.zeros(len(tests), dtype=bool)
    told[order[:count]] = True
    higher = np.zeros((m, m), dtype=bool)
    higher[apart] = told
    return higher


def rank_intervals(higher: NDArray[np.bool_] | Sequence[Sequence[bool]]) -> list[Rank]:
    """The rank interval of each figure: from those told to be higher to those told to be lower.

    A figure's rank is one more than how many are higher, so that ties share the best. All intervals
    hold together wherever no direction is told wrongly (Mogstad, Romano, Shaikh and Wilhelm 2024,
    Rev. Econ. Stud. 91: 476-518, section 3): with `surely_higher` in `level` at least.
    """
    told = np.asarray(higher, dtype=bool)
    m = len(told)
    above, below = told.sum(axis=0), told.sum(axis=1)
    return [Rank(1 + int(up), m - int(down)) for up, down in zip(above, below, strict=True)]
