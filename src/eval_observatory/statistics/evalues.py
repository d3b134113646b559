"""Two arms compared while they run: e-processes and confidence sequences of a difference.

An e-process of a true hypothesis exceeds 1/alpha at any time with chance <= alpha. So the cells of
a comparison may be watched after every block of rollouts, and stopped or continued at will.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import xlogy

from eval_observatory.statistics._checks import check_counts, check_share
from eval_observatory.statistics.intervals import Interval
from eval_observatory.statistics.sequential import running_intersection

Floats = NDArray[np.float64]

PRIOR = 0.18


Counts = tuple[Floats | int, int, Floats | int, int]
Rates = tuple[Floats | float, Floats | float]


class Block(NamedTuple):
    """What came in between two looks: k of n scored rollouts in each arm; an arm may be empty."""

    k1: int
    n1: int
    k2: int
    n2: int


def two_arm_e_process(
    blocks: Sequence[Block | tuple[int, int, int, int]], prior: float = PRIOR
) -> list[float]:
    """The e-value of "both rates are equal" after each block; reject once it is >= 1/alpha.

    Turner, Ly and Grünwald (2024), J. Stat. Plan. Inference 230: 106116 (arXiv 2106.02693): each
    block's likelihood under predicted rates, over that under one common rate, their mean weighted
    by the block's sizes. The prediction is the posterior mean of the blocks before, from a
    symmetric Beta(`prior`, `prior`); 0.18 is the authors' choice. 1/e is a p-value at any time.

    Args:
        blocks: (k1, n1, k2, n2) in order. Small blocks learn faster: one rollout per arm is best.
        prior: fixed before the first block.

    Raises `ValueError` for impossible counts or a prior <= 0.
    """
    log_e, values = 0.0, []
    for block, rates in zip(blocks, _predictions(blocks, prior), strict=True):
        log_e += float(equal_log_e(block, rates))
        values.append(math.exp(min(log_e, 700.0)))
    return values


def difference_sequence(
    blocks: Sequence[Block | tuple[int, int, int, int]],
    level: float = 0.95,
    *,
    grid: int = 400,
    prior: float = PRIOR,
) -> list[Interval]:
    """A confidence sequence of rate 1 - rate 2, after each block.

    The differences whose e-process is below 1/(1 - level). For each, a block's likelihood under the
    predicted rates is set against that at the pair of rates with this difference which is nearest
    to them (in Kullback-Leibler divergence): Turner and Grünwald (2023), Stat. Probab. Lett. 198:
    109835 (arXiv 2203.09785). Limits are one grid step outwards, cut to the intervals before.

    Args:
        blocks: (k1, n1, k2, n2) in order.
        level: chance with which all looks together hold the true difference.
        grid: number of candidate differences on [-1, 1].
        prior: as in `two_arm_e_process`.

    Raises `ValueError` for impossible counts, a prior <= 0 or a level outside (0, 1).
    """
    path = DifferencePath(level, grid=grid, prior=prior)
    return [path.add(block) for block in blocks]


class DifferencePath:
    """`difference_sequence`, one block at a time.

    Attributes:
        interval: the confidence sequence so far, (-1, 1) before the first block.
        blocks: what came in so far.
        deltas: the candidate differences.
    """

    def __init__(self, level: float = 0.95, *, grid: int = 400, prior: float = PRIOR) -> None:
        """Raises `ValueError` as `difference_sequence`."""
        check_share(level, "level")
        self.interval = Interval(-1.0, 1.0)
        self.blocks: list[Block] = []
        self._prior = prior
        self._limit = -math.log1p(-level)
        self.deltas = np.linspace(-1, 1, grid + 1)
        self._log_e = np.zeros(grid + 1)
        self._alive = np.ones(grid + 1, dtype=bool)
        self._seen = Block(0, 0, 0, 0)

    def add(self, block: Block | tuple[int, int, int, int]) -> Interval:
        """The interval with one more block. Raises `ValueError` as `difference_sequence`."""
        block = Block(*block)
        rates = _predicted(self._seen, block, self._prior, len(self.blocks))
        self._log_e = self._log_e + difference_log_e(block, rates, self.deltas)
        self._alive = self._alive & (self._log_e < self._limit)
        self._seen = Block(*(a + b for a, b in zip(self._seen, block, strict=True)))
        self.blocks.append(block)
        left = np.flatnonzero(self._alive)
        if left.size:
            low, high = max(left[0] - 1, 0), min(left[-1] + 1, self.deltas.size - 1)
            found = Interval(float(self.deltas[low]), float(self.deltas[high]))
            self.interval = running_intersection([self.interval, found])[-1]
        return self.interval

    def copy(self) -> DifferencePath:
        """A path that goes on from here without touching this one."""
        other = copy.copy(self)
        other.blocks = list(self.blocks)
        return other


def equal_log_e(block: Counts, rates: Rates) -> Floats:
    """The log e-value of one block against equal rates; `rates` are those predicted before it.

    The counts k and the rates may be arrays, for as many paths; the sizes n are common to all.
    """
    _, n1, _, n2 = block
    common = (n1 * rates[0] + n2 * rates[1]) / (n1 + n2) if n1 + n2 else 0.5
    return _log_likelihood(block, *rates) - _log_likelihood(block, common, common)


def difference_log_e(block: Counts, rates: Rates, deltas: Floats) -> Floats:
    """The log e-value of one block against each difference in `deltas` in [-1, 1], shaped so.

    `rates` are those predicted before the block. Infinite where the difference is impossible. The
    counts k and the rates may be arrays that broadcast against `deltas`.
    """
    k1, n1, k2, n2 = block
    nearest = _nearest(n1, n2, rates, deltas)
    first, second = nearest + deltas, nearest
    null = xlogy(k1, first) + xlogy(n1 - k1, 1 - first)
    null = null + xlogy(k2, second) + xlogy(n2 - k2, 1 - second)
    log_e: Floats = _log_likelihood(block, *rates) - null
    return log_e


def _nearest(n1: int, n2: int, rates: Rates, deltas: Floats) -> Floats:
    """Arm 2's rate of the pair (rate + delta, rate) nearest to `rates`.

    It is the constrained maximum of a likelihood with n times the rates as counts: the closed form
    of `differences.restricted_rate`, over an array.
    """
    total = n1 + n2
    if not total:
        middle: Floats = (np.maximum(0.0, -deltas) + np.minimum(1.0, 1.0 - deltas)) / 2
        return middle
    k1, k2 = n1 * rates[0], n2 * rates[1]
    l2 = (n1 + 2 * n2) * deltas - total - k1 - k2
    l1 = (n2 * deltas - total - 2 * k2) * deltas + k1 + k2
    l0 = k2 * deltas * (1 - deltas)
    third = l2 / (3 * total)
    q = third**3 - l1 * l2 / (6 * total**2) + l0 / (2 * total)
    p = np.copysign(np.sqrt(np.maximum(third**2 - l1 / (3 * total), 0.0)), q)
    ratio = np.divide(q, p**3, out=np.zeros_like(q), where=p != 0)
    angle = (math.pi + np.arccos(np.clip(ratio, -1.0, 1.0))) / 3
    root = 2 * p * np.cos(angle) - third
    nearest: Floats = np.clip(root, np.maximum(0.0, -deltas), np.minimum(1.0, 1.0 - deltas))
    return nearest


def _predictions(
    blocks: Sequence[Block | tuple[int, int, int, int]], prior: float
) -> list[tuple[float, float]]:
    """Both arms' posterior mean rates before each block."""
    seen, rates = Block(0, 0, 0, 0), []
    for position, block in enumerate(blocks):
        rates.append(_predicted(seen, Block(*block), prior, position))
        seen = Block(*(a + b for a, b in zip(seen, block, strict=True)))
    return rates


def _predicted(seen: Block, block: Block, prior: float, position: int) -> tuple[float, float]:
    """Both arms' posterior mean rates before a block, which is checked."""
    if not prior > 0:
        raise ValueError(f"prior = {prior}: must be positive")
    check_counts(block.k1, block.n1, f"arm 1 of block {position}")
    check_counts(block.k2, block.n2, f"arm 2 of block {position}")
    return (
        (seen.k1 + prior) / (seen.n1 + 2 * prior),
        (seen.k2 + prior) / (seen.n2 + 2 * prior),
    )


def _log_likelihood(block: Counts, rate1: Floats | float, rate2: Floats | float) -> Floats:
    """Of the block's outcomes in one order: the binomial factors cancel in every ratio."""
    k1, n1, k2, n2 = block
    first = xlogy(k1, rate1) + xlogy(n1 - k1, 1 - rate1)
    log: Floats = first + xlogy(k2, rate2) + xlogy(n2 - k2, 1 - rate2)
    return log
