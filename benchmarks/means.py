"""What the interval and the test of means keep: `python -m benchmarks.means`.

Prints the tables of docs/statistics-of-means.md. Minutes: thousands of simulated cells a line.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from eval_observatory.statistics.means import mean_difference, mean_interval

Floats = NDArray[np.float64]
LEVEL = 0.95
SIZES = (4, 8, 16, 40, 160)


class Data(NamedTuple):
    """A distribution on [0, 1], with its mean."""

    name: str
    mean: float
    draw: Callable[[np.random.Generator, int], Floats]


class Kept(NamedTuple):
    """Shares of simulated pairs of cells, and mean widths as shares of the scale.

    Attributes:
        covered, width: of one mean's interval.
        t_covered, t_width: of Student's.
        difference: how often the interval of the difference holds the true one.
        rejected: how often p <= 0.05.
        agree: how often p < 0.05 wherever the interval leaves out 0.
    """

    covered: float
    width: float
    t_covered: float
    t_width: float
    difference: float
    rejected: float
    agree: float


def _constant(_: np.random.Generator, n: int) -> Floats:
    return np.full(n, 0.7)


DATA = (
    Data("constant .7", 0.7, _constant),
    Data("two-point 0 or 1, 5 %", 0.05, lambda rng, n: (rng.random(n) < 0.05).astype(float)),
    Data("two-point 0 or 1, 50 %", 0.5, lambda rng, n: (rng.random(n) < 0.5).astype(float)),
    Data("skewed, Beta(.3, 2)", 0.3 / 2.3, lambda rng, n: rng.beta(0.3, 2, n)),
    Data("uniform", 0.5, lambda rng, n: rng.random(n)),
)


def kept(one: Data, two: Data, n1: int, n2: int, simulations: int, seed: int = 0) -> Kept:
    """What interval and test keep over simulated pairs of cells."""
    rng = np.random.default_rng([seed, n1, n2])
    rows = [_row(one, two, one.draw(rng, n1), two.draw(rng, n2)) for _ in range(simulations)]
    return Kept(*(float(value) for value in np.mean(rows, axis=0)))


def _row(one: Data, two: Data, x: Floats, y: Floats) -> list[float]:
    interval = mean_interval(x, level=LEVEL)
    student = _student(x)
    found = mean_difference(x, y, level=LEVEL)
    return [
        _holds(*interval, one.mean),
        interval.high - interval.low,
        _holds(*student, one.mean),
        student[1] - student[0],
        _holds(found.low, found.high, one.mean - two.mean),
        found.p <= 1 - LEVEL,
        found.p < 1 - LEVEL or found.low <= 0 <= found.high,
    ]


def _holds(low: float, high: float, truth: float) -> bool:
    return low - 1e-9 <= truth <= high + 1e-9


def _student(x: Floats) -> tuple[float, float]:
    reach = float(stdtrit(x.size - 1, (1 + LEVEL) / 2) * x.std(ddof=1)) / math.sqrt(x.size)
    return float(x.mean()) - reach, float(x.mean()) + reach


def same(simulations: int, sizes: Iterable[int] = SIZES) -> Iterator[tuple[Data, int, Kept]]:
    """Two cells of one distribution."""
    for data in DATA:
        for n in sizes:
            yield data, n, kept(data, data, n, n, simulations)


def shifted(simulations: int) -> Iterator[tuple[str, Kept]]:
    """Cells of different distributions: scores near .7, some of them raised."""

    def near(name: str, by: float, *, share: float = 1.0) -> Data:
        def draw(rng: np.random.Generator, n: int) -> Floats:
            scores = np.clip(rng.normal(0.7, 0.05, n), 0.5, 0.8)
            return scores + by * (rng.random(n) < share)

        return Data(name, 0.7 + by * share, draw)

    honest = near("honest", 0.0)
    for points in (2, 5, 10):
        raised = near(f"all by {points} of 100", points / 100)
        for n in (16, 40, 160):
            yield f"{raised.name}, n = {n}", kept(raised, honest, n, n, simulations)
    some = near("one in four by 20 of 100", 0.2, share=0.25)
    for n in (16, 40, 160):
        yield f"{some.name}, n = {n}", kept(some, honest, n, n, simulations)


def unequal(simulations: int) -> Iterator[tuple[str, Kept]]:
    """Equal means, unequal spread: what the test does not ask."""
    wide = DATA[2]
    calm = Data("near .5", 0.5, lambda rng, n: np.clip(rng.normal(0.5, 0.05, n), 0.3, 0.7))
    for n1, n2 in ((16, 16), (40, 40), (16, 40), (40, 160), (160, 40)):
        yield f"n = {n1} wide, {n2} near .5", kept(wide, calm, n1, n2, simulations)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--simulations", type=int, default=10_000)
    simulations = parser.parse_args().simulations
    print(
        "| data | n | coverage | width | t: coverage | t: width | difference | p <= .05 | agree |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for data, n, found in same(simulations):
        print(f"| {data.name} | {n} | " + " | ".join(map(_percent, found)) + " |", flush=True)
    for table in (shifted, unequal):
        print("\n| cells | difference | p <= .05 | agree |\n|---|---|---|---|")
        for name, found in table(simulations):
            shares = (found.difference, found.rejected, found.agree)
            print(f"| {name} | " + " | ".join(map(_percent, shares)) + " |", flush=True)


if __name__ == "__main__":
    main()
