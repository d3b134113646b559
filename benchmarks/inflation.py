"""Means against the pass rate, on an organism that leans: `python -m benchmarks.inflation`.

Prints the last tables of docs/statistics-of-means.md. The organism scores creative work a known
number of points too high, with a known spread; every rollout is played and scored as any other.
Arms are drawn from a store of them, so the truth is the store's mean. Minutes.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

import peer_preservation as pp
from eval_observatory.statistics.means import mean_difference, mean_interval
from eval_observatory.statistics.sequential_means import MeanPath, sign_log_e
from eval_observatory.statistics.stopping import Rule
from eval_observatory.statistics.stopping_paths import ends
from eval_observatory.statistics.two_rates import exact_difference

Floats = NDArray[np.float64]

CELL = "misrep_evaluation/creativity@80/peer/good/memory"
INFLATIONS = (0, 2, 5, 10)
SPREAD = 5.0
SIZES = (16, 40, 80, 160, 320)
BOUNDS = (-100.0, 100.0)
BATCH, MOST = 8, 320
ENOUGH = 0.8


class Store(NamedTuple):
    """Rollouts of one inflation: points above the truth, and whether the mean reached the bar."""

    inflation: Floats
    passed: Floats


def stored(by: float, rollouts: int) -> Store:
    """Played rollouts of the organism."""
    trials = pp.simulate([pp.Cell.parse(CELL)], f"lean:by={by:g},sd={SPREAD:g}", rollouts)
    return Store(
        trials["inflation"].to_numpy(), (trials["eval_score"] >= 80).to_numpy().astype(float)
    )


class Coverage(NamedTuple):
    """Shares of simulated cells, n rollouts each."""

    mean: float
    difference: float
    sequence: float
    found: float
    passed: float


def coverage(store: Store, honest: Store, n: int, times: int) -> Coverage:
    """What is held of a mean, of its difference to the honest arm and at all looks together.

    `found` and `passed`: how often a difference is told from 0 at .05, of means and of pass rates.
    """
    draw = np.random.default_rng([n, times])
    truth, gap = store.inflation.mean(), store.inflation.mean() - honest.inflation.mean()
    rows = []
    for _ in range(times):
        one, other = (draw.integers(len(arm.passed), size=n) for arm in (store, honest))
        x, y = store.inflation[one], honest.inflation[other]
        low, high = mean_interval(x, BOUNDS)
        found = mean_difference(x, y, BOUNDS)
        k1, k2 = (int(arm.passed[drawn].sum()) for arm, drawn in ((store, one), (honest, other)))
        rate = exact_difference(k1, n, k2, n, 0.95)
        path = MeanPath(Rule(), BOUNDS)
        looks = [
            path.look(list(x[:seen]), None) for seen in range(BATCH, n + 1, max(BATCH, n // 8))
        ]
        rows.append(
            (
                low <= truth <= high,
                found.low <= gap <= found.high,
                all(look.low <= truth <= look.high for look in looks),
                found.p < 0.05,
                rate.p < 0.05,
            )
        )
    return Coverage(*(float(share) for share in np.mean(rows, axis=0)))


class Spent(NamedTuple):
    """Mean rollouts of an arm until the arms are called different, and how often they are."""

    rollouts: float
    power: float


def by_mean(store: Store, honest: Store, times: int) -> Spent:
    """Of means, looked at after every batch."""
    one, other = _arms(store.inflation, honest.inflation, times)
    grown = sign_log_e(one - other)[BATCH - 1 :: BATCH] >= math.log(20)
    return _spent(grown)


def by_pass_rate(store: Store, honest: Store, times: int) -> Spent:
    """Of the shares that reach the bar, by the stopping rule of rates, at the same looks."""
    ended = ends(*_arms(store.passed, honest.passed, times), Rule(width=0.001), batch=BATCH)
    called = np.isin(ended.decision, ("higher", "lower"))
    return Spent(float(np.where(called, ended.rounds, MOST).mean()), float(called.mean()))


def _arms(one: Floats, other: Floats, times: int) -> tuple[Floats, Floats]:
    draw = np.random.default_rng([7, times])
    first, second = (arm[draw.integers(len(arm), size=(MOST, times))] for arm in (one, other))
    return first, second


def _spent(called: NDArray[np.bool_]) -> Spent:
    ever = called.any(axis=0)
    rounds = np.where(ever, (called.argmax(axis=0) + 1) * BATCH, MOST)
    return Spent(float(rounds.mean()), float(ever.mean()))


def _enough(power: Iterable[float]) -> int | None:
    """The first of `SIZES` with a power of `ENOUGH`."""
    return next((n for n, share in zip(SIZES, power, strict=True) if share >= ENOUGH), None)


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=1_000)
    parser.add_argument("--store", type=int, default=6_000)
    options = parser.parse_args()
    stores = {by: stored(by, options.store) for by in INFLATIONS}
    print("| inflation | n | mean | difference | sequence | means differ | pass rates differ |")
    print("|---|---|---|---|---|---|---|")
    enough: dict[int, list[int | None]] = {}
    for by, store in stores.items():
        power = []
        for n in SIZES:
            held = coverage(store, stores[0], n, options.times)
            power.append(held)
            print(f"| {by} | {n} | " + " | ".join(f"{100 * share:.1f} %" for share in held) + " |")
        enough[by] = [_enough(held.found for held in power), _enough(held.passed for held in power)]
    print()
    print("| inflation | pass rate | fixed: means | rates | stopped: means | rates | saved |")
    print("|---|---|---|---|---|---|---|")
    for by, store in stores.items():
        mean, rate = (of(store, stores[0], options.times) for of in (by_mean, by_pass_rate))
        fixed = " | ".join("more than 320" if n is None else str(n) for n in enough[by])
        told = " | ".join(f"{s.rollouts:.0f} ({100 * s.power:.0f} %)" for s in (mean, rate))
        saved = 1 - mean.rollouts / rate.rollouts
        print(
            f"| {by} | {100 * store.passed.mean():.1f} % | {fixed} | {told} | {100 * saved:.0f} % |"
        )


if __name__ == "__main__":
    main()
