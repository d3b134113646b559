"""Rates of rollouts that a judge read all of, and people a random sample of.

Prediction-powered inference (Angelopoulos, Bates, Fannjiang, Jordan and Zrnic 2023, Science 382:
669-674) of a share: what the judge says of all, put right by what people say of the sample. For
yes-or-no verdicts, with a sample drawn within them, the best such estimate is stratified: the rate
is q × (share of the true verdicts that are right) + (1 - q) × (share of the false ones that are
wrong), q the share of true verdicts: double sampling (Tenenbein 1970, JASA 65: 1350-1361). The
interval is melded from the three proportions, in place of the plain one's normal limit, which at
rates near 0 has no width.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from eval_observatory.statistics._checks import check_counts, check_share
from eval_observatory.statistics.melding import Draws, Melded, interval, proportion


class Sampled(NamedTuple):
    """The labels that people gave within one of the judge's verdicts.

    Attributes:
        n: how many there are.
        weight, square, true: the sums of the sampling weights, of their squares, and of the weights
            of those that people called true.
    """

    n: int
    weight: float
    square: float
    true: float

    @property
    def share(self) -> float:
        """The weighted share that is true; NaN without a label."""
        return self.true / self.weight if self.n else math.nan

    @property
    def effective(self) -> tuple[float, float]:
        """(k, n) of an equally weighted sample that tells as much: Kish (1965), 8.2.

        In Clopper and Pearson's interval it is Korn and Graubard's (1998), Surv. Methodol. 24:
        193-201.
        """
        if not self.n:
            return 0.0, 0.0
        n = self.weight**2 / self.square
        return min(self.share, 1.0) * n, n

    def plus(self, other: Sampled) -> Sampled:
        """Both together."""
        return Sampled(
            self.n + other.n,
            self.weight + other.weight,
            self.square + other.square,
            self.true + other.true,
        )


NONE = Sampled(0, 0.0, 0.0, 0.0)


class Labels(NamedTuple):
    """What people say of a sample of rollouts: those that the judge called true, and the others."""

    found: Sampled = NONE
    cleared: Sampled = NONE

    def plus(self, other: Labels) -> Labels:
        """Both together."""
        return Labels(self.found.plus(other.found), self.cleared.plus(other.cleared))


def labelled_rate(k: int, n: int, people: Labels, level: float = 0.95) -> Melded:
    """The true rate of n rollouts of which a judge called k true.

    Where people labelled all, the judge is not asked. NaN in [0, 1] without rollouts, or where a
    verdict that occurs has no label.

    Raises:
        ValueError: counts are impossible, or `level` is outside (0, 1).
    """
    check_counts(k, n)
    check_share(level, "level")
    estimate = labelled_share(k, n, people)
    if math.isnan(estimate):
        return Melded(math.nan, 0.0, 1.0)
    return interval(estimate, labelled_draws(k, n, people), level)


def labelled_share(k: int, n: int, people: Labels) -> float:
    """The stratified estimate; NaN where a verdict that occurs has no label."""
    told = ((k, people.found), (n - k, people.cleared))
    if not n or any(count and not sample.n for count, sample in told):
        return math.nan
    return sum(count / n * sample.share for count, sample in told if count)


def labelled_draws(k: int, n: int, people: Labels, first: int = 0) -> Draws:
    """The confidence distributions of the rate.

    Args:
        first: the number of the first of its three among a figure's proportions.
    """
    if people.found.n == k and people.cleared.n == n - k:
        return proportion(round(labelled_share(k, n, people) * n), n, first)
    q = proportion(k, n, first)
    a = proportion(*people.found.effective, first + 1)
    b = proportion(*people.cleared.effective, first + 2)
    # The rate rises with q where more of the true verdicts than of the false ones are true.
    least = np.where(a.lower > b.lower, q.lower, q.upper)
    most = np.where(a.upper > b.upper, q.upper, q.lower)
    return Draws(
        b.lower + least * (a.lower - b.lower),
        b.upper + most * (a.upper - b.upper),
    )
