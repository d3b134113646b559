"""What rank intervals and simultaneous intervals keep: `python -m benchmarks.ranks`.

Prints the table of docs/statistics.md, "Models side by side".
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from eval_observatory.counts import Arm
from eval_observatory.ranking import pairwise
from eval_observatory.statistics.contrasts import linear_contrast
from eval_observatory.statistics.intervals import clopper_pearson
from eval_observatory.statistics.ranks import rank_intervals, surely_higher

LEVEL = 0.95


class Kept(NamedTuple):
    """Over all studies: how often all models' ranks, and all models' rates, lie in their intervals.

    Attributes:
        width: the mean number of ranks that an interval leaves open, beyond the one.
        wrong: how often any two models are told in the wrong order, or told where they tie.
    """

    ranks: float
    rates: float
    width: float
    wrong: float


def spread(models: int, kind: str) -> NDArray[np.float64]:
    """True rates of models: all alike, in two groups, evenly from 0 to 100 %, or close together."""
    if kind == "0 to 100 %":
        return np.linspace(0, 1, models)
    if kind == "halves 5 and 50 %":
        return np.where(np.arange(models) < models / 2, 0.05, 0.5)
    if kind == "40 to 60 %":
        return np.linspace(0.4, 0.6, models)
    return np.full(models, float(kind.removesuffix(" %")) / 100)


KINDS = ("0 %", "5 %", "50 %", "100 %", "halves 5 and 50 %", "40 to 60 %", "0 to 100 %")


def kept(rates: NDArray[np.float64], n: int, cells: int, studies: int, seed: int = 0) -> Kept:
    """Of models with these true rates, each in so many cells of n rollouts."""
    draw = np.random.default_rng([seed, len(rates), n, cells])
    truth = 1 + (rates[:, None] < rates[None] - 1e-12).sum(axis=1)
    higher = rates[:, None] > rates[None] + 1e-12
    level = 1 - (1 - LEVEL) / len(rates)
    ranks = covered = wrong = width = 0.0
    for _ in range(studies):
        k = draw.binomial(n, np.repeat(rates[:, None], cells, axis=1))
        told = surely_higher(_pairs(k, n), LEVEL)
        found = rank_intervals(told)
        ranks += all(r.best <= t <= r.worst for r, t in zip(found, truth, strict=True))
        width += float(np.mean([r.worst - r.best for r in found]))
        wrong += bool((told & ~higher).any())
        ends = [_interval(tuple(sorted(map(int, one))), n, level) for one in k]
        covered += all(
            low - 1e-12 <= p <= high + 1e-12 for (low, high), p in zip(ends, rates, strict=True)
        )
    return Kept(ranks / studies, covered / studies, width / studies, wrong / studies)


def _pairs(k: NDArray[np.int64], n: int) -> NDArray[np.float64]:
    """The p of all pairs; of one cell each out of a table."""
    if k.shape[1] > 1:
        return pairwise([[Arm(int(one), n, 0) for one in cells] for cells in k])
    table, one = _table(n), k[:, 0]
    found: NDArray[np.float64] = table[one[:, None], one[None]]
    return found


@lru_cache(maxsize=8)
def _table(n: int) -> NDArray[np.float64]:
    """p[i, j] that the first of two models with i and j of n is no higher."""
    made = np.ones((n + 1, n + 1))
    for i in range(n + 1):
        for j in range(i):
            made[i, j] = pairwise([[Arm(i, n, 0)], [Arm(j, n, 0)]])[0, 1]
    return made


@lru_cache(maxsize=1 << 16)
def _interval(k: Sequence[int], n: int, level: float) -> tuple[float, float]:
    if len(k) == 1:
        low, high = clopper_pearson(k[0], n, level)
        return low, high
    found = linear_contrast([(one, n) for one in k], [1 / len(k)] * len(k), level)
    return found.low, found.high


def lines(studies: int) -> Iterator[str]:
    """One line for each number of models, of cells, of rollouts, and way in which rates lie."""
    yield "| models | cells | n | rates | all ranks hold | all rates hold | ranks open | wrong |"
    yield "|---|---|---|---|---|---|---|---|"
    designs = [(m, 1, n) for m in (2, 5, 20, 40) for n in (10, 30, 100)]
    designs += [(2, 3, 10), (2, 3, 100), (5, 3, 10), (5, 3, 30)]
    for models, cells, n in designs:
        for kind in KINDS:
            found = kept(spread(models, kind), n, cells, studies)
            yield (
                f"| {models} | {cells} | {n} | {kind} | {found.ranks:.1%} | {found.rates:.1%} | "
                f"{found.width:.1f} | {found.wrong:.1%} |"
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=2000)
    for line in lines(parser.parse_args().studies):
        print(line, flush=True)


if __name__ == "__main__":
    main()
