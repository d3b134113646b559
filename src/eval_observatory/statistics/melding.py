"""Melding: an interval of a figure that is made of several independent proportions.

Fay, Proschan and Brittain (2015), Biometrics 71: 146-156. Each proportion has two confidence
distributions, Clopper and Pearson's lower and upper limits at a uniform level. A lower limit of a
figure is a quantile of it over lower ones of what raises it and upper ones of what lowers it.
Bayer, Fay and Graubard (2023), Stat. Med. 42: 1822-1867, use it for prevalence by an imperfect
assay. The levels are a fixed Sobol sequence, so that a figure is the same whenever it is made.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv

Floats = NDArray[np.float64]

POWER_OF_TWO = 12
DRAWS = 1 << POWER_OF_TWO
MOST_PROPORTIONS = 256


class Melded(NamedTuple):
    """A figure; of one that nothing is known of, `estimate` is NaN.

    Attributes:
        low, high: the interval.
        p: two-sided, that the figure is 0; never below 2 / `DRAWS`.
    """

    estimate: float
    low: float
    high: float
    p: float = math.nan


class Draws(NamedTuple):
    """The lower and the upper confidence distribution of a figure, shape (`DRAWS`,) each."""

    lower: Floats
    upper: Floats


@lru_cache(maxsize=1)
def _levels() -> Floats:
    """Uniform levels of independent proportions, shape (`MOST_PROPORTIONS`, `DRAWS`)."""
    from scipy.stats import qmc  # half a second of import

    points = qmc.Sobol(MOST_PROPORTIONS, scramble=False).random_base2(POWER_OF_TWO)
    return np.ascontiguousarray(points.T) + 0.5 / DRAWS


@lru_cache(maxsize=1024)
def proportion(k: float, n: float, number: int) -> Draws:
    """The confidence distributions of a proportion: k events in n trials, 0 in 0 tells nothing.

    Args:
        k, n: counts, also effective ones of a weighted sample, which need not be whole.
        number: which of a figure's proportions; those of one number move together.
    """
    levels, misses = _levels()[number], n - k
    nothing, all_of_it = np.zeros(DRAWS), np.ones(DRAWS)
    return Draws(
        betaincinv(k, misses + 1, levels) if k > 0 else nothing,
        betaincinv(k + 1, misses, levels) if misses > 0 else all_of_it,
    )


def interval(estimate: float, draws: Draws, level: float) -> Melded:
    """The figure with its interval at `level`, which holds the estimate, and its p."""
    tail = math.ceil(DRAWS * (1 - level) / 2) - 1
    low = float(np.partition(draws.lower, tail)[tail])
    high = float(np.partition(draws.upper, DRAWS - 1 - tail)[DRAWS - 1 - tail])
    beyond = min(int((draws.lower <= 0).sum()), int((draws.upper >= 0).sum()))
    p = min(1.0, 2 * max(beyond, 1) / DRAWS)
    return Melded(estimate, min(low, estimate), max(high, estimate), p)
