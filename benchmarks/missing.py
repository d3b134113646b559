"""What worst-case intervals cover where outcomes miss for a reason: `python -m benchmarks.missing`.

Prints the table of docs/statistics.md. Minutes: thousands of simulated figures a line.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from eval_observatory.contrasts import Term, pooled
from eval_observatory.counts import Arm
from eval_observatory.statistics.intervals import Interval
from eval_observatory.statistics.means import mean_difference, mean_interval
from eval_observatory.statistics.missing import mean_extremes, worst, worst_difference

Floats = NDArray[np.float64]
LEVEL = 0.95
SLACK = 1e-9


class Hiding(NamedTuple):
    """How often an outcome is missing where it shows the behaviour, and where it does not.

    Of a mean: where the value is in the upper half of its scale, and in the lower.
    """

    shown: float = 0.0
    not_shown: float = 0.0


NONE = Hiding()
HIDING = (
    (Hiding(0.4, 0.0), NONE),
    (Hiding(0.0, 0.4), Hiding(0.4, 0.0)),
    (Hiding(0.05, 0.0), Hiding(0.0, 0.05)),
)
"""Of the cells that are added, and of those that are taken away."""


class Design(NamedTuple):
    """A figure over cells: their true rates and weights, and where in the design each lies."""

    name: str
    rates: tuple[float, ...]
    weights: tuple[float, ...]
    points: tuple[int, ...]

    @property
    def truth(self) -> float:
        """The figure's true value."""
        return math.fsum(w * p for w, p in zip(self.weights, self.rates, strict=True))


class Kept(NamedTuple):
    """Shares of simulations in which the interval holds the truth, and mean widths.

    Attributes:
        scored, narrow: of the scored outcomes alone.
        worst, wide: of the worst case.
    """

    scored: float
    worst: float
    narrow: float
    wide: float


def rate(*rates: float) -> Design:
    """The mean of cells' rates."""
    m = len(rates)
    return Design(f"rate of {_shares(rates)}", rates, (1 / m,) * m, tuple(range(m)))


def difference(one: Sequence[float], other: Sequence[float]) -> Design:
    """The mean of cells less that of their baselines."""
    m = len(one)
    weights = (*(1 / m,) * m, *(-1 / m,) * m)
    points = (*range(m), *range(m))
    return Design(f"{_shares(one)} less {_shares(other)}", (*one, *other), weights, points)


def interaction(*rates: float, settings: int = 1) -> Design:
    """Both together, the first alone, the second alone, neither; in each of the settings."""
    weights = tuple(sign / settings for sign in (1, -1, -1, 1)) * settings
    points = tuple(i for i in range(settings) for _ in rates)
    name = f"interaction of {_shares(rates)}, {settings} settings"
    return Design(name, rates * settings, weights, points)


def _shares(rates: Sequence[float]) -> str:
    return ", ".join(f"{rate:.0%}" for rate in rates)


DESIGNS = (
    rate(0.3),
    rate(0.5, 0.03, 0.97),
    difference([0.3], [0.3]),
    difference([0.97], [0.03]),
    difference([0.5] * 3, [0.5] * 3),
    difference([0.97] * 3, [0.03] * 3),
    difference([0.6, 0.3, 0.05], [0.4, 0.1, 0.0]),
    difference([0.97] * 6, [0.03] * 6),
    interaction(0.5, 0.5, 0.5, 0.5),
    interaction(0.97, 0.5, 0.5, 0.03, settings=3),
)


def of_rates(
    design: Design, n: int, hides: tuple[Hiding, Hiding], simulations: int, seed: int = 0
) -> Kept:
    """What the intervals of a figure of rates keep; a cell without a scored outcome holds all."""
    draw = np.random.default_rng([seed, n, len(design.rates)])
    arms = []
    for p, weight in zip(design.rates, design.weights, strict=True):
        hide = hides[weight < 0]
        shown = draw.binomial(n, p, simulations)
        lost = draw.binomial(shown, hide.shown), draw.binomial(n - shown, hide.not_shown)
        arms.append((shown - lost[0], lost[0] + lost[1]))
    found = np.array([_figure(design, n, arms, i) for i in range(simulations)])
    return _kept(found, design.truth)


def _figure(
    design: Design, n: int, arms: Sequence[tuple[NDArray[np.int64], NDArray[np.int64]]], i: int
) -> tuple[float, float, float, float]:
    terms = [
        Term(weight, (), Arm(int(k[i]), n - int(lost[i]), int(lost[i])), j, point)
        for j, ((k, lost), weight, point) in enumerate(
            zip(arms, design.weights, design.points, strict=True)
        )
    ]
    if any(not term.arm.n for term in terms):
        return -1.0, 1.0, -1.0, 1.0
    found = pooled(terms, LEVEL, settings=1, of=1, missing=())
    return found.low, found.high, found.worst["worst_low"], found.worst["worst_high"]


VALUES: tuple[tuple[str, float, Callable[[np.random.Generator, int], Floats]], ...] = (
    ("skewed, Beta(.3, 2)", 0.3 / 2.3, lambda draw, n: draw.beta(0.3, 2, n)),
    ("near one end, Beta(8, .5)", 8 / 8.5, lambda draw, n: draw.beta(8, 0.5, n)),
)


def of_means(
    kind: int, n: int, hides: tuple[Hiding, Hiding], simulations: int, seed: int = 0
) -> tuple[Kept, Kept]:
    """The same of a mean on 0 to 1, and of the difference of two of one distribution."""
    _, truth, values = VALUES[kind]
    draw = np.random.default_rng([seed, n, kind])
    one, both = [], []
    for _ in range(simulations):
        told = [_told(draw, values(draw, n), hide) for hide in hides]
        own = mean_interval(told[0][0], level=LEVEL)
        around = mean_extremes(*told[0], (0.0, 1.0), LEVEL)
        one.append((*own, float(around.low), float(around.high)))
        if not all(scored for scored, _ in told):
            both.append((-1.0, 1.0, -1.0, 1.0))
            continue
        _, low, high, _ = mean_difference(told[0][0], told[1][0], level=LEVEL)

        def limit(part: Sequence[int], upper: bool, told: list[Told] = told) -> float:
            arms = zip(told, part, strict=True)
            ends = [mean_extremes(scored, m, (0.0, 1.0), LEVEL) for (scored, _), m in arms]
            return float(worst_difference(*ends)[upper])

        around_both = worst(Interval(low, high), [lost for _, lost in told], limit)
        both.append((low, high, around_both.low, around_both.high))
    return _kept(np.array(one), truth), _kept(np.array(both), 0.0)


Told = tuple[list[float], int]
"""The values that are scored, and how many are not."""


def _told(draw: np.random.Generator, values: Floats, hide: Hiding) -> Told:
    lost = draw.random(values.size) < np.where(values > 0.5, hide.shown, hide.not_shown)
    return sorted(values[~lost].tolist()), int(lost.sum())


def _kept(found: Floats, truth: float) -> Kept:
    low, high, least, most = found.T
    held = (low <= truth + SLACK) & (high >= truth - SLACK)
    worst_held = (least <= truth + SLACK) & (most >= truth - SLACK)
    shares = (held.mean(), worst_held.mean(), (high - low).mean(), (most - least).mean())
    return Kept(*map(float, shares))


def lines(simulations: int, sizes: Sequence[int]) -> Iterator[tuple[str, int, str, Kept]]:
    """Every figure with its n, what hides its outcomes, and what its intervals keep."""
    for hides in HIDING:
        told = "; ".join(f"{one.shown:.0%}, {one.not_shown:.0%}" for one in hides)
        for n in sizes:
            for design in DESIGNS:
                yield design.name, n, told, of_rates(design, n, hides, simulations)
            for kind, (name, *_) in enumerate(VALUES):
                one, both = of_means(kind, n, hides, simulations)
                yield f"mean, {name}", n, told, one
                yield f"difference of means, {name}", n, told, both


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--simulations", type=int, default=2_000)
    parser.add_argument("--n", type=int, nargs="+", default=(10,))
    given = parser.parse_args()
    head = "figure | n | missing of shown, of not shown: cells; baselines"
    print(f"| {head} | scored alone | worst case | width: scored | worst |")
    print("|---|---|---|---|---|---|---|")
    for name, n, told, kept in lines(given.simulations, given.n):
        shares = " | ".join(f"{100 * share:.1f} %" for share in kept)
        print(f"| {name} | {n} | {told} | {shares} |", flush=True)


if __name__ == "__main__":
    main()
