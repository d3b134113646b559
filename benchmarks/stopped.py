"""How far estimates are off that a stopping rule's decision left, and what is said of it.

`python -m benchmarks.stopped` prints the table of docs/stopping.md: the simulated mean error at
pairs of rates that are not on the grid of `statistics.stopping_bias`, against the bounds that
single studies at these rates would print beside their estimates.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from eval_observatory.statistics.evalues import DifferencePath
from eval_observatory.statistics.intervals import Interval
from eval_observatory.statistics.sequential import beta_binomial, running_intersection
from eval_observatory.statistics.stopping import Rule
from eval_observatory.statistics.stopping_bias import (
    SELDOM,
    Plan,
    contrast_bias,
    rate_bias,
    rate_ends,
)
from eval_observatory.statistics.stopping_paths import ends

Floats = NDArray[np.float64]
RATES = (0.01, 0.07, 0.13, 0.27, 0.45, 0.66, 0.92)
MOST, BATCH = 100, 10
STUDIES = 25
"""Studies of each decision whose own bounds are looked at."""


class Point(NamedTuple):
    """One pair of rates, or one rate, and one decision.

    Attributes:
        share: of studies that end so.
        error: their estimate less the truth, on average.
        stated: the bound that a study prints, by the median.
        held: the share of studies whose bound is at least that error.
    """

    truth: tuple[float, ...]
    decision: str
    share: float
    error: float
    stated: float
    held: float


def contrasts(rule: Rule, studies: int, seed: int = 0) -> Iterator[Point]:
    """Differences at all pairs of `RATES`, by each decision that is not too seldom."""
    plan = Plan(rule, MOST, BATCH)
    for pair in product(RATES, repeat=2):
        draw = np.random.default_rng([seed, rule.contrasts, *(round(1000 * p) for p in pair)])
        arms = [draw.binomial(1, p, (MOST, studies)).astype(float) for p in pair]
        ended = ends(arms[0], arms[1], rule, batch=BATCH)
        for decision in ("higher", "lower", "bounded"):
            mine = np.flatnonzero(ended.decision == decision)
            if mine.size <= SELDOM * studies:
                continue
            error = float(ended.difference[mine].mean()) - (pair[0] - pair[1])
            stated = []
            for i in mine[:STUDIES]:
                one, two = (arm[: ended.rounds[i], i] for arm in arms)
                path = DifferencePath(1 - rule.alpha)
                for a, b in zip(one, two, strict=True):
                    path.add((int(a), 1, int(b), 1))
                sides = (_sequence(one, rule), _sequence(two, rule), path.interval)
                bias = contrast_bias(plan, decision, *sides)
                stated.append(abs(bias.difference or 0.0) if bias else 0.0)
            yield _point(pair, decision, mine.size / studies, error, np.array(stated))


def rates(rule: Rule, studies: int, seed: int = 0) -> Iterator[Point]:
    """Rates that are to be known, at each of `RATES`."""
    plan = Plan(rule, MOST, BATCH)
    for rate in RATES:
        events = np.random.default_rng([seed, round(1000 * rate)]).binomial(
            1, rate, (MOST, studies)
        )
        sums = events.cumsum(axis=0)[[n - 1 for n in plan.looks]]
        known, shares, rounds = rate_ends(np.diff(sums, axis=0, prepend=0), plan)
        for decision, chosen in (("known", known), ("futile", ~known)):
            mine = np.flatnonzero(chosen)
            if mine.size <= SELDOM * studies:
                continue
            error = float(shares[mine].mean()) - rate
            found = (
                rate_bias(plan, decision, _sequence(events[: rounds[i], i], rule))
                for i in mine[:STUDIES]
            )
            stated = np.array([abs(bias.arm) if bias else 0.0 for bias in found])
            yield _point((rate,), decision, mine.size / studies, error, stated)


def _sequence(outcomes: NDArray[np.float64] | NDArray[np.int64], rule: Rule) -> Interval:
    """The confidence sequence's interval after these outcomes, looked at after every batch."""
    looks = [*range(BATCH, len(outcomes), BATCH), len(outcomes)]
    sums = outcomes.cumsum()
    each = (beta_binomial(int(sums[n - 1]), n, 1 - rule.alpha) for n in looks)
    return running_intersection(each)[-1]


def _point(
    truth: tuple[float, ...], decision: str, share: float, error: float, stated: Floats
) -> Point:
    held = float((stated >= abs(error)).mean())
    return Point(truth, decision, share, error, float(np.median(stated)), held)


def kept(points: list[Point]) -> tuple[float, float]:
    """The share of points whose usual bound holds, and of all studies whose own does."""
    usual = sum(point.stated >= abs(point.error) for point in points) / len(points)
    return usual, sum(point.held for point in points) / len(points)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=2_000)
    parser.add_argument("--points", action="store_true", help="print every point, too")
    given = parser.parse_args()
    print("| claim | points | largest mean error | usual bound | bound holds: points | studies |")
    print("|---|---|---|---|---|---|")
    for name, points in (
        ("a contrast", [*contrasts(Rule(), given.studies)]),
        ("one of nine contrasts", [*contrasts(Rule(contrasts=9), given.studies)]),
        ("a rate", [*rates(Rule(), given.studies)]),
    ):
        usual, all_ = kept(points)
        most = max(abs(point.error) for point in points)
        median = float(np.median([point.stated for point in points]))
        print(
            f"| {name} | {len(points)} | {100 * most:.1f} points | {100 * median:.1f} points "
            f"| {100 * usual:.1f} % | {100 * all_:.1f} % |",
            flush=True,
        )
        for point in points if given.points else ():
            print(point)


if __name__ == "__main__":
    main()
