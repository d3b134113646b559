"""Figures over a sample of levels, such as wordings of a prompt or tasks of a benchmark.

The rollouts of a cell are spread over m levels of a sampled factor, and those of one level are
alike. An interval that takes them for independent holds for these levels; the ones here hold for
the levels that these are a sample of. Few levels cost much: with six, t of five degrees of freedom
stands in place of 1.96, and no arithmetic gives back what was not sampled.

How well they hold, for six levels: docs/wordings.md.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.special import betaincinv, expit, fdtri, gammaincinv, stdtr, stdtrit

from eval_observatory.statistics._checks import check_share
from eval_observatory.statistics.intervals import Interval

Floats = npt.NDArray[np.float64]


class Tally(NamedTuple):
    """The scored rollouts of one level: how many, the sum of their values, and of the squares."""

    n: int
    total: float
    squares: float


@dataclass(frozen=True, eq=False)
class Clusters:
    """The scored rollouts of one cell by the level that each had; a rate's values are 0 and 1.

    It is equal to itself alone, so that what is made of it can be kept.

    Attributes:
        tallies: by level; those without a scored rollout are left out.
    """

    tallies: Mapping[Hashable, Tally]

    @property
    def m(self) -> int:
        """The number of levels."""
        return len(self.tallies)

    @property
    def even(self) -> bool:
        """Whether no level has more than twice another's rollouts.

        Else the mean of all rollouts is mostly one level's, and no interval here covers that of
        levels like these (69 % at 5, 5, 5, 5, 5 and 75 rollouts and a spread of 1 on the logit).
        """
        counts = [one.n for one in self.tallies.values()]
        return max(counts) <= 2 * min(counts)

    @cached_property
    def n(self) -> int:
        """The number of rollouts."""
        return sum(one.n for one in self.tallies.values())

    @cached_property
    def mean(self) -> float:
        """The mean of all rollouts, a rate of 0 and 1."""
        return sum(one.total for one in self.tallies.values()) / self.n

    @cached_property
    def residuals(self) -> dict[Hashable, float]:
        """By level its share in the mean's error: (total - n mean) / N."""
        return {
            level: (one.total - one.n * self.mean) / self.n for level, one in self.tallies.items()
        }

    @cached_property
    def variance(self) -> float:
        """Of the mean, over levels: m/(m-1) times the sum of the squared residuals; m > 1.

        Linearisation for a ratio of totals (Cochran 1977, Sampling Techniques, 6.4), which for
        levels of equal size is the variance of their mean.
        """
        return self.m / (self.m - 1) * sum(one**2 for one in self.residuals.values())

    @cached_property
    def within(self) -> float | None:
        """The variance within levels, mean square of N - m degrees; None where there are none."""
        if self.n <= self.m:
            return None
        apart = sum(one.squares - one.total**2 / one.n for one in self.tallies.values())
        return max(apart, 0.0) / (self.n - self.m)


class Components(NamedTuple):
    """Variance components as standard deviations, on the scale of the values.

    Attributes:
        between, within: of levels, and of rollouts of one level.
        low, high: the interval of `between`.
        share: of `between` in the variance of a rollout, the intraclass correlation.
    """

    between: float
    low: float
    high: float
    within: float
    share: float


class Prediction(NamedTuple):
    """What a further level is to be expected to show of a difference.

    Attributes:
        low, high: the interval in which its own difference lies.
        turns: the chance that its difference has the other sign.
    """

    low: float
    high: float
    turns: float


def sampled_rate(cell: Clusters, level: float = 0.95) -> Interval | None:
    """An interval of the rate over levels like these; None of fewer than two.

    Clopper and Pearson's for the number of rollouts that would tell as much if they were
    independent: n over the design effect, and over the price of estimating it from m levels, at
    most n (Korn and Graubard 1998, Survey Methodology 24: 193-201). Each end is then taken once
    more with the spread between levels that a rate at that end has, where it is larger: it grows
    with p (1 - p). Without this step six levels of a standard deviation of 1 on the logit are
    covered in 94.0 %.

    Raises:
        ValueError: `level` is outside (0, 1).
    """
    check_share(level, "level")
    if cell.m < 2:
        return None
    n, p = cell.n, cell.mean
    price = (stdtrit(cell.m - 1, (1 + level) / 2) / stdtrit(n - 1, (1 + level) / 2)) ** 2
    binomial = p * (1 - p) / n
    effect = cell.variance / binomial if binomial > 0 else 0.0

    def end(upper: bool, at: float) -> float:
        grown = max(at * (1 - at) / (p * (1 - p)), 1.0) if binomial > 0 else 1.0
        deff = 1 + (effect - 1) * grown if effect > 1 else effect
        return _clopper_pearson(p, n / max(deff * price, 1.0), level, upper=upper)

    return Interval(end(False, end(False, p)), end(True, end(True, p)))


def sampled_mean(cell: Clusters, level: float = 0.95) -> Interval | None:
    """An interval of a mean over levels like these, t of m - 1 degrees; None of fewer than two.

    Raises:
        ValueError: `level` is outside (0, 1).
    """
    check_share(level, "level")
    if cell.m < 2:
        return None
    half = float(stdtrit(cell.m - 1, (1 + level) / 2)) * cell.variance**0.5
    return Interval(cell.mean - half, cell.mean + half)


def sampled_difference(
    cell: Clusters, other: Clusters, ends: Interval, other_ends: Interval
) -> Interval:
    """An interval of the difference of two cells' figures over levels like these.

    The variances recovered from the two cells' own intervals, with the correlation of the cells
    over the levels that both have (Zou 2007, Psychological Methods 12: 399-413): what a wording
    does to both cells alike does nothing to their difference.

    Args:
        ends, other_ends: the cells' own intervals over levels.
    """
    r, d = _correlation(cell, other), cell.mean - other.mean
    below, above = cell.mean - ends.low, ends.high - cell.mean
    other_below, other_above = other.mean - other_ends.low, other_ends.high - other.mean
    low = below**2 + other_above**2 - 2 * r * below * other_above
    high = above**2 + other_below**2 - 2 * r * above * other_below
    return Interval(d - max(low, 0.0) ** 0.5, d + max(high, 0.0) ** 0.5)


def components(cell: Clusters, level: float = 0.95) -> Components | None:
    """How far levels are apart, by a one-way analysis of variance.

    The interval is Thomas and Hultquist's for unequal sizes (1978, Annals of Statistics 6:
    582-587), made for values that are normal. Of rates it holds 85 to 99 %, and is only what their
    interval on the logit is made from.

    Returns:
        None of fewer than two levels, where no level has two rollouts, or where all values of each
        level are equal and nothing tells the scale.

    Raises:
        ValueError: `level` is outside (0, 1).
    """
    check_share(level, "level")
    if cell.m < 2 or not cell.within:
        return None
    sizes = np.array([one.n for one in cell.tallies.values()], dtype=float)
    means = np.array([one.total for one in cell.tallies.values()]) / sizes
    usual = (cell.n - float((sizes**2).sum()) / cell.n) / (cell.m - 1)
    mean_square = float((sizes * (means - cell.mean) ** 2).sum()) / (cell.m - 1)
    between = max(mean_square - cell.within, 0.0) / usual
    harmonic = cell.m / float((1 / sizes).sum())
    ratio = harmonic * float(means.var(ddof=1)) / cell.within
    degrees = (cell.m - 1, cell.n - cell.m)
    # Levels nearer than chance brings them tell no more than that nothing is between them.
    low, high = (
        cell.within * max(f / float(fdtri(*degrees, q)) - 1, 0.0) / harmonic
        for f, q in ((ratio, (1 + level) / 2), (max(ratio, 1.0), (1 - level) / 2))
    )
    return Components(
        between**0.5,
        low**0.5,
        high**0.5,
        cell.within**0.5,
        between / (between + cell.within),
    )


def prediction(
    cell: Clusters, other: Clusters, ends: Interval, level: float = 0.95
) -> Prediction | None:
    """What a further level would show of the difference of two cells.

    Its own difference lies about the mean one with the variance between levels, known only as well
    as `ends` say: t of m - 1 degrees (after Higgins, Thompson and Spiegelhalter 2009, JRSS A 172:
    137-159, for a further study of a meta-analysis). Theirs takes the part of chance out of that
    variance, and with six levels holds 85 to 95 %; here it stays in: interval and chance of another
    sign are cautious where a level has few rollouts.

    Args:
        ends: the interval of the difference over levels, which holds it.

    Returns:
        None where fewer than two levels are in both cells.

    Raises:
        ValueError: `level` is outside (0, 1).
    """
    check_share(level, "level")
    both = [one for one in cell.tallies if one in other.tallies]
    if len(both) < 2:
        return None
    pairs = ((cell.tallies[one], other.tallies[one]) for one in both)
    apart = np.array([one.total / one.n - two.total / two.n for one, two in pairs])
    d, degrees, spread = cell.mean - other.mean, len(both) - 1, float(apart.var(ddof=1))
    t = float(stdtrit(degrees, (1 + level) / 2))
    below, above = ((side / t) ** 2 + spread for side in (d - ends.low, ends.high - d))
    towards = below if d > 0 else above
    turns = float(stdtr(degrees, -abs(d) / towards**0.5)) if towards > 0 else 0.0
    return Prediction(d - t * below**0.5, d + t * above**0.5, turns)


def on_the_logit(cells: Sequence[Clusters], level: float = 0.95) -> list[Interval | None]:
    """The interval of the standard deviation between levels' rates on the logit, 0 and up.

    The levels' logits are taken for normal. Where a level has on average three rollouts of
    variance 1, n p (1 - p), it is the one in which levels' logits are as far apart as such logits
    are (Q-profile, Viechtbauer 2007, Statistics in Medicine 26: 37-52); else that of `components`,
    of which the upper end is infinite where no spread of logits gives it.

    Returns:
        For each cell, None where `components` has none.
    """
    told = [components(cell, level) for cell in cells]
    rates = np.array([cell.mean for cell in cells])
    sides = [np.array([one.low if one else 0.0 for one in told])]
    sides += [np.array([one.high if one else 0.0 for one in told])]
    low, high = (logit_sd(rates, side) for side in sides)
    found: list[Interval | None] = []
    for place, (cell, one) in enumerate(zip(cells, told, strict=True)):
        if one is None:
            found.append(None)
        elif cell.n / cell.m * cell.mean * (1 - cell.mean) >= ENOUGH:
            found.append(_q_profile(cell, level))
        else:
            ends = (x if np.isfinite(x) else math.inf for x in (low[place], high[place]))
            found.append(Interval(*map(float, ends)))
    return found


FARTHEST = 1e4
"""The variance of logits beyond which none is looked for."""

ENOUGH = 3.0
"""The variance of a level's count, on average, from which its logit is nearly normal."""


def _q_profile(cell: Clusters, level: float) -> Interval:
    logits, noise = [], []
    for one in cell.tallies.values():
        shown, not_shown = one.total + 0.5, one.n - one.total + 0.5
        logits.append(math.log(shown / not_shown))
        noise.append(1 / shown + 1 / not_shown)

    def apart(variance: float) -> float:
        weights = [1 / (one + variance) for one in noise]
        middle = sum(w * y for w, y in zip(weights, logits, strict=True)) / sum(weights)
        return sum(w * (y - middle) ** 2 for w, y in zip(weights, logits, strict=True))

    def end(q: float) -> float:
        wanted = 2 * float(gammaincinv((cell.m - 1) / 2, q))  # of chi-squared
        if apart(0.0) <= wanted:
            return 0.0
        if apart(FARTHEST) > wanted:
            return math.inf  # as where one level always shows it and another never does
        return math.sqrt(float(brentq(lambda variance: apart(variance) - wanted, 0.0, FARTHEST)))

    # Logits nearer than chance brings them tell no more than that nothing is between them.
    return Interval(end((1 + level) / 2), max(end((1 - level) / 2), _floor(noise, cell.m, level)))


def _floor(noise: Sequence[float], m: int, level: float) -> float:
    """The upper end of levels that are as far apart as chance brings them, and no farther."""
    ratio = (m - 1) / (2 * float(gammaincinv((m - 1) / 2, (1 - level) / 2)))
    return math.sqrt(max(ratio - 1, 0.0) * len(noise) / sum(1 / one for one in noise))


def logit_sd(rate: Floats, between: Floats) -> Floats:
    """The standard deviation on the logit of levels' rates, from that of the rates themselves.

    The levels' logits are taken for normal. NaN where no such spread gives the variance, or either
    is NaN.

    Args:
        rate, between: the mean of the rates and their standard deviation, 0-1, arrays of one shape.
    """
    sds, means, spreads = _logit_table()
    by_sd = np.stack(
        [np.interp(rate, means[i], spreads[i], left=0.0, right=0.0) for i in range(len(sds))]
    )
    found = np.full(rate.shape, np.nan)
    for place in np.ndindex(rate.shape):
        column = by_sd[(slice(None), *place)]
        if column[-1] >= between[place]:
            found[place] = np.interp(between[place], column, sds)
    return found


def _clopper_pearson(p: float, n: float, level: float, *, upper: bool) -> float:
    """One end for a share p of n trials, which need not be whole."""
    k, tail = p * n, (1 - level) / 2
    if upper:
        return float(betaincinv(k + 1, n - k, 1 - tail)) if p < 1 else 1.0
    return float(betaincinv(k, n - k + 1, tail)) if p > 0 else 0.0


def _correlation(cell: Clusters, other: Clusters) -> float:
    one, two = cell.residuals, other.residuals
    both = sum(one[level] * two[level] for level in one if level in two)
    size = sum(a**2 for a in one.values()) * sum(b**2 for b in two.values())
    return both / size**0.5 if size > 0 else 0.0


@cache
def _logit_table() -> tuple[Floats, Floats, Floats]:
    """By sd on the logit and by centre: the mean and the sd of the rates, by Gauss and Hermite."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(41)
    weights = weights / weights.sum()
    sds, centres = np.linspace(0, 6, 121), np.linspace(-16, 16, 321)
    rates = expit(centres[None, :, None] + sds[:, None, None] * nodes)
    means = rates @ weights
    return sds, means, np.sqrt(np.maximum((rates**2) @ weights - means**2, 0))
