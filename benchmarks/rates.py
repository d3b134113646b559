"""What intervals and tests of rates keep, nominal against actual: `python -m benchmarks.rates`.

Prints the tables of docs/statistics.md. Minutes: differences of two cells are enumerated over all
tables, pooled figures simulated. *Before* are the methods that stood here until they were measured:
they are kept in this module only.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Hashable, Iterator, Sequence
from functools import lru_cache
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr
from scipy.stats import binom

from eval_observatory.statistics.agreement import cohen_kappa
from eval_observatory.statistics.contrasts import linear_contrast
from eval_observatory.statistics.differences import newcombe
from eval_observatory.statistics.intervals import clopper_pearson, wilson_at
from eval_observatory.statistics.two_rates import exact_difference

Floats = NDArray[np.float64]
LEVEL = 0.95
ALPHA = 1 - LEVEL
Z = 1.959963984540054
RATES = (0.0, 0.01, 0.03, 0.05, 0.15, 0.3, 0.5, 0.97, 1.0)
SMALL = ((5, 5), (10, 10), (20, 20), (30, 30), (5, 20), (10, 30))
LARGE = ((50, 50), (100, 100), (30, 100), (5, 300), (30, 300))
FAMILY_SIZES = (1, 9, 20)
SLACK = 1e-9


class Single(NamedTuple):
    """Differences of two cells of n1 and n2 rollouts, over all pairs of `RATES`.

    Attributes:
        worst: the smallest coverage of the interval.
        below: the share of pairs at which it is under .945.
        conflicts: tables in which the interval leaves out 0 and Boschloo does not reject, or the
            other way round.
    """

    worst: float
    below: float
    conflicts: int


class Design(NamedTuple):
    """A figure over cells: their true rates, rollouts and weights, and what binds them together.

    Attributes:
        strata: of a difference of two means, where each cell lies.
        groups: cells that share their rollouts, at several thresholds of one score.
    """

    name: str
    rates: tuple[float, ...]
    n: tuple[int, ...]
    weights: tuple[float, ...]
    strata: tuple[int, ...] | None = None
    groups: tuple[int, ...] | None = None

    @property
    def truth(self) -> float:
        """The figure's true value."""
        return math.fsum(w * p for w, p in zip(self.weights, self.rates, strict=True))

    def drawn(self, simulations: int, seed: int = 0) -> NDArray[np.int64]:
        """Simulated counts, a row each. Cells that share rollouts rise and fall together."""
        draw = np.random.default_rng([seed, len(self.n), sum(self.n)])
        groups = self.groups or tuple(range(len(self.n)))
        counts = np.empty((simulations, len(self.n)), dtype=np.int64)
        scores = {g: draw.random((simulations, n)) for g, n in zip(groups, self.n, strict=True)}
        for i, (group, rate) in enumerate(zip(groups, self.rates, strict=True)):
            counts[:, i] = (scores[group] < rate).sum(axis=1)
        return counts


class Kept(NamedTuple):
    """Shares of simulations.

    Attributes:
        covered: the interval holds the truth.
        rejected: p is at most `ALPHA` over each of `FAMILY_SIZES`: errors where the truth is 0.
        agree: the interval leaves out 0 exactly where p < `ALPHA`.
        width: the interval's, on average.
    """

    covered: float
    rejected: tuple[float, ...]
    agree: float
    width: float


Method = Callable[[Design, Sequence[int]], tuple[float, float, float]]
"""Low, high and p of a figure with these counts."""


def singles(n1: int, n2: int, before: bool = False) -> Single:
    """What the interval of a difference keeps, by enumeration."""
    shape = (n1 + 1, n2 + 1)
    low, high, p = np.empty(shape), np.empty(shape), np.empty(shape)
    for k1, k2 in product(range(n1 + 1), range(n2 + 1)):
        _, low[k1, k2], high[k1, k2], p[k1, k2] = exact_difference(k1, n1, k2, n2, LEVEL)
        if before:
            low[k1, k2], high[k1, k2] = newcombe(k1, n1, k2, n2, LEVEL)
    masses = {n: [binom.pmf(np.arange(n + 1), n, rate) for rate in RATES] for n in (n1, n2)}
    covers = []
    for (rate1, one), (rate2, two) in product(
        zip(RATES, masses[n1], strict=True), zip(RATES, masses[n2], strict=True)
    ):
        holds = (low <= rate1 - rate2 + SLACK) & (high >= rate1 - rate2 - SLACK)
        covers.append(float(one @ holds @ two))
    outside = (low > 0) | (high < 0)
    below = np.mean(np.array(covers) < 0.945)
    return Single(min(covers), float(below), int((outside != (p < ALPHA)).sum()))


def kept(design: Design, method: Method, simulations: int, seed: int = 0) -> Kept:
    """What interval and test of a figure keep over simulated studies."""
    rows, counts = np.unique(design.drawn(simulations, seed), axis=0, return_counts=True)
    found = np.array([method(design, row.tolist()) for row in rows])
    low, high, p = found.T
    holds = (low <= design.truth + SLACK) & (high >= design.truth - SLACK)
    agree = ((low > 0) | (high < 0)) == (p < ALPHA)
    return Kept(
        float(counts @ holds / simulations),
        tuple(float(counts @ (p <= ALPHA / m) / simulations) for m in FAMILY_SIZES),
        float(counts @ agree / simulations),
        float(counts @ (high - low) / simulations),
    )


def now(design: Design, counts: Sequence[int]) -> tuple[float, float, float]:
    """The method of the report."""
    arms = list(zip(counts, design.n, strict=True))
    _, low, high, p = linear_contrast(arms, design.weights, LEVEL, design.groups, design.strata)
    return low, high, p


def mover(design: Design, counts: Sequence[int]) -> tuple[float, float, float]:
    """Before, of contrasts: recovered variances on Wilson's limits, p by inverting them."""
    rates = [k / n for k, n in zip(counts, design.n, strict=True)]
    estimate = math.fsum(w * rate for w, rate in zip(design.weights, rates, strict=True))

    def reach(z: float, side: int) -> float:
        gaps: dict[Hashable, float] = {}
        groups = design.groups or range(len(counts))
        for k, n, w, group in zip(counts, design.n, design.weights, groups, strict=True):
            low, high = wilson_at(k, n, z)
            gap = high - k / n if w * side > 0 else k / n - low
            gaps[group] = gaps.get(group, 0.0) + abs(w) * gap
        return math.sqrt(sum(gap * gap for gap in gaps.values()))

    p, ends = 1.0, (0.0, 37.0)
    if abs(estimate) > SLACK:
        for _ in range(50):
            middle = sum(ends) / 2
            near = reach(middle, -1 if estimate > 0 else 1) < abs(estimate)
            ends = (middle, ends[1]) if near else (ends[0], middle)
        p = float(2 * ndtr(-ends[0]))
    return estimate - reach(Z, -1), estimate + reach(Z, 1), p


def summed(design: Design, counts: Sequence[int]) -> tuple[float, float, float]:
    """Before, of pooled rates: Clopper and Pearson's of the summed counts."""
    return *clopper_pearson(sum(counts), sum(design.n), LEVEL), 1.0


def difference(one: Sequence[float], two: Sequence[float], n: int | Sequence[int]) -> Design:
    """Cells against as many baselines, a pair in each stratum; n of each cell."""
    cells = len(one)
    each = (n,) * 2 * cells if isinstance(n, int) else tuple(n)
    named = "unequal" if len(set(each)) > 1 else str(each[0])
    told = [", ".join(f"{100 * rate:g}" for rate in dict.fromkeys(side)) for side in (one, two)]
    return Design(
        f"{cells} v {cells} cells, {told[0]} % v {told[1]} %, n {named}",
        (*one, *two),
        each,
        (1 / cells,) * cells + (-1 / cells,) * cells,
        (*range(cells), *range(cells)),
    )


def interaction(rates: Sequence[float], n: int, settings: int = 1) -> Design:
    """Both together less each alone, over settings that are alike."""
    name = f"interaction, {settings} settings, {', '.join(f'{100 * r:g}' for r in rates)} %, n {n}"
    weights = [sign / settings for sign in (1, -1, -1, 1) for _ in range(settings)]
    each = [rate for rate in rates for _ in range(settings)]
    return Design(name, tuple(each), (n,) * 4 * settings, tuple(weights))


def thresholds(rates: Sequence[float], calm: Sequence[float], n: int) -> Design:
    """Misrepresentation's headline: four settings, two of them at two thresholds of one baseline.

    Args:
        rates, calm: at the lower and at the upper threshold.
    """
    own = (rates[0], rates[0], rates[0], rates[1], rates[0], rates[1])
    base = (calm[0], calm[0], calm[0], calm[1], calm[0], calm[1])
    weights = (0.25, 0.25, 0.125, 0.125, 0.125, 0.125)
    told = f"{100 * rates[0]:g} and {100 * rates[1]:g} % v {100 * calm[0]:g} and {100 * calm[1]:g}"
    return Design(
        f"6 v 6 cells, two baselines at two thresholds, {told} %, n {n}",
        (*own, *base),
        (n,) * 12,
        (*weights, *(-w for w in weights)),
        (0, 1, 2, 2, 3, 3) * 2,
        (*range(6), 6, 7, 8, 8, 9, 9),
    )


def rate(rates: Sequence[float], n: Sequence[int]) -> Design:
    """A plain rate over cells."""
    told = ", ".join(
        f"{100 * one:g} % of {k}" for one, k in dict.fromkeys(zip(rates, n, strict=True))
    )
    cells = len(rates)
    return Design(f"rate of {cells} cells, {told}", tuple(rates), tuple(n), (1 / cells,) * cells)


def differences() -> Iterator[Design]:
    """Pooled differences: opposite ends, the middle, rare events, unlike strata, unequal n."""
    for n in (5, 10, 20, 30, 100):
        for cells in (3, 6):
            yield difference([0.97] * cells, [0.03] * cells, n)
            yield difference([0.5] * cells, [0.5] * cells, n)
        yield difference([0.05] * 3, [0.0] * 3, n)
        yield difference([0.6, 0.3, 0.05], [0.4, 0.1, 0.0], n)
        yield difference([0.97, 0.5, 0.03], [0.97, 0.5, 0.03], n)
        yield thresholds((0.97, 0.9), (0.03, 0.01), n)
        yield thresholds((0.5, 0.3), (0.5, 0.3), n)
    yield difference([0.02] * 17, [0.0] * 17, 30)
    yield difference([0.5, 0.0, 0.3], [0.0, 0.5, 0.3], 20)
    yield difference([0.5] * 3, [0.5] * 3, (10, 30, 100, 100, 30, 10))
    yield difference([0.9, 0.5, 0.1], [0.9, 0.5, 0.1], (10, 30, 100, 100, 30, 10))
    yield difference([0.97] * 3, [0.03] * 3, (10, 30, 100, 100, 30, 10))
    yield difference([0.5, 0.0, 0.3], [0.0, 0.5, 0.3], (10, 30, 100, 100, 30, 10))


def interactions() -> Iterator[Design]:
    """Differences of differences."""
    for n in (5, 10, 20, 30, 100):
        yield interaction((0.5, 0.5, 0.5, 0.5), n)
        yield interaction((0.5, 0.5, 0.5, 0.5), n, 3)
        yield interaction((0.97, 0.03, 0.03, 0.03), n)
        yield interaction((0.97, 0.5, 0.5, 0.03), n, 3)
        yield interaction((0.03, 0.0, 0.0, 0.0), n, 3)


def plain_rates() -> Iterator[Design]:
    """Pooled rates: alike, unlike, and with unequal n as a stopping rule leaves them."""
    for n in (5, 10, 30, 100):
        yield rate([0.5] * 3, [n] * 3)
        yield rate([0.02] * 17, [n] * 17)
        yield rate([0.97, 0.5, 0.03], [n] * 3)
    yield rate([0.0, 0.5], [30, 100])
    yield rate([0.0, 0.3], [20, 300])
    yield rate([0.97, 0.5], [30, 100])
    yield rate([0.01] * 6, [5, 10, 30, 30, 100, 300])
    yield rate([0.5] * 6, [5, 10, 30, 30, 100, 300])


@lru_cache(maxsize=1 << 14)
def _kappa(table: tuple[int, int, int, int]) -> tuple[float, float]:
    first = [label for label, count in zip((1, 1, 0, 0), table, strict=True) for _ in range(count)]
    second = [label for label, count in zip((1, 0, 1, 0), table, strict=True) for _ in range(count)]
    found = cohen_kappa(first, second, LEVEL)
    return found.low, found.high


def kappas(prevalence: float, n: int, simulations: int, seed: int = 0) -> tuple[float, float]:
    """How often kappa's interval holds it, and its width, where it is defined.

    A rater who finds 90 % of what is there and errs in 2 % of what is not, against the truth.
    """
    masses = np.array([0.9 * prevalence, 0.1 * prevalence, 0.02 * (1 - prevalence), 0.0])
    masses[3] = 1 - masses.sum()
    agree = masses[0] + masses[3]
    columns = masses[0] + masses[2]
    chance = prevalence * columns + (1 - prevalence) * (1 - columns)
    truth = (agree - chance) / (1 - chance)
    tables = np.random.default_rng([seed, n]).multinomial(n, masses, simulations)
    ends = np.array([_kappa(tuple(row)) for row in tables.tolist()])
    ends = ends[~np.isnan(ends[:, 0])]
    holds = (ends[:, 0] <= truth + SLACK) & (ends[:, 1] >= truth - SLACK)
    return float(holds.mean()), float((ends[:, 1] - ends[:, 0]).mean())


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def print_singles(sizes: Sequence[tuple[int, int]]) -> None:
    """The table of differences of two cells."""
    print("| n | least coverage: before | now | < 94.5 %: before | now | conflicts: before | now |")
    print("|---|---|---|---|---|---|---|")
    for n1, n2 in sizes:
        old, new = singles(n1, n2, before=True), singles(n1, n2)
        shares = (old.worst, new.worst, old.below, new.below)
        told = " | ".join(map(_percent, shares))
        print(f"| {n1} v {n2} | {told} | {old.conflicts:,} | {new.conflicts:,} |", flush=True)


def print_pooled(designs: Iterator[Design], old: Method, simulations: int) -> None:
    """A table of pooled figures."""
    sizes = ", ".join(str(m) for m in FAMILY_SIZES)
    print("\n| figure | coverage: before | now | width: before | now |", end="")
    print(f" p ≤ .05/m, m = {sizes}: before | now | agree |")
    print("|---|---|---|---|---|---|---|---|")
    for design in designs:
        was, is_ = kept(design, old, simulations), kept(design, now, simulations)
        shares = [was.covered, is_.covered, was.width, is_.width]
        told = " | ".join(map(_percent, shares))
        tests = " | ".join(", ".join(map(_percent, one.rejected)) for one in (was, is_))
        print(f"| {design.name} | {told} | {tests} | {_percent(is_.agree)} |", flush=True)


def print_rates(simulations: int) -> None:
    """The table of pooled rates."""
    print("\n| figure | coverage: before | now | width: before | now |\n|---|---|---|---|---|")
    for design in plain_rates():
        was, is_ = kept(design, summed, simulations), kept(design, now, simulations)
        shares = (was.covered, is_.covered, was.width, is_.width)
        print(f"| {design.name} | " + " | ".join(map(_percent, shares)) + " |", flush=True)


def print_kappas(simulations: int) -> None:
    """The table of kappa."""
    print("\n| items | prevalence | coverage | width |\n|---|---|---|---|")
    for n, prevalence in product((20, 50, 100), (0.05, 0.2, 0.5)):
        covered, width = kappas(prevalence, n, simulations)
        print(f"| {n} | {_percent(prevalence)} | {_percent(covered)} | {width:.2f} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--simulations", type=int, default=2_000)
    parser.add_argument("--table", action="append", help="singles, differences, …; by default all")
    given = parser.parse_args()
    n = given.simulations
    tables: dict[str, Callable[[], None]] = {
        "singles": lambda: print_singles(SMALL + LARGE),
        "differences": lambda: print_pooled(differences(), mover, n),
        "interactions": lambda: print_pooled(interactions(), mover, n),
        "rates": lambda: print_rates(n),
        "kappas": lambda: print_kappas(n),
    }
    for name in given.table or tables:
        tables[name]()


if __name__ == "__main__":
    main()
