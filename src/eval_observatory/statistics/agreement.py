"""Agreement of two raters: a scorer and a person, two judges, two scorer versions."""

import math
from collections import Counter
from collections.abc import Hashable, Sequence
from typing import NamedTuple

import numpy as np

from eval_observatory.statistics._checks import check_share
from eval_observatory.statistics.intervals import clopper_pearson

TRIED, TINY = 101, 1e-12
AGREEMENTS = 0.8
"""The part of the error that the agreement's limits have; the rest is the raters'."""


class Kappa(NamedTuple):
    """Cohen's kappa, its interval, the plain share of agreement, and the number of rated items.

    `value`, `low` and `high` are NaN where kappa is undefined: no items, or both raters gave one
    and the same label throughout; the limits also for more than two labels.
    """

    value: float
    low: float
    high: float
    agreement: float
    n: int


def cohen_kappa(
    first: Sequence[Hashable], second: Sequence[Hashable], level: float = 0.95
) -> Kappa:
    """Chance-corrected agreement of two raters' labels of the same items, in the same order.

    Cohen (1960), Educ. Psychol. Meas. 20: 37-46. The interval, of two labels only, is that of all
    values that go with the share of agreement and both raters' rates within their Clopper-Pearson
    limits, all three at once with chance `level`. So it holds for any raters and any n, and is
    wide where a label is rare: the large-sample interval of Fleiss, Cohen and Everitt (1969),
    Psychol. Bull. 72: 323-327, covers 31 to 71 % at n = 20.

    Raises `ValueError` for sequences of different length or a level outside (0, 1).
    """
    check_share(level, "level")
    n = len(first)
    if n != len(second):
        raise ValueError(f"{n} labels against {len(second)}: two raters must rate the same items")
    if n == 0:
        return Kappa(math.nan, math.nan, math.nan, math.nan, 0)
    rows, columns = Counter(first), Counter(second)
    agreeing = sum(a == b for a, b in zip(first, second, strict=True))
    observed = agreeing / n
    expected = sum(rows[label] * columns[label] for label in rows) / n**2
    if expected == 1.0:
        return Kappa(math.nan, math.nan, math.nan, observed, n)
    kappa = (observed - expected) / (1 - expected)
    labels = list(dict.fromkeys([*rows, *columns]))
    if len(labels) > 2:
        return Kappa(kappa, math.nan, math.nan, observed, n)
    one, two = rows[labels[0]], columns[labels[0]]
    return Kappa(kappa, *_limits(agreeing, one, two, n, 1 - level), observed, n)


def _limits(agreeing: int, one: int, two: int, n: int, alpha: float) -> tuple[float, float]:
    """The least and the largest kappa that go with these counts of agreement and of one label."""
    least, most = clopper_pearson(agreeing, n, 1 - AGREEMENTS * alpha)
    each = 1 - (1 - AGREEMENTS) / 2 * alpha
    ends = (clopper_pearson(k, n, each) for k in (one, two))
    first, second = (np.linspace(*limits, TRIED) for limits in ends)
    first = first[:, None]
    # Every disagreement has the label from one rater, and not from the other.
    disagreed = np.minimum(1 - least, np.minimum(first + second, 2 - first - second))
    apart = np.maximum(1 - most, np.abs(first - second))
    chance = np.maximum(first * (1 - second) + second * (1 - first), TINY)
    return float((1 - disagreed / chance).min()), float((1 - apart / chance).max())
