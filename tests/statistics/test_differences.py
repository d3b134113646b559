"""Intervals of a difference: published examples, an independent implementation, coverage."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.stats import binom
from statsmodels.stats.proportion import confint_proportions_2indep

from eval_observatory.statistics.differences import (
    miettinen_nurminen,
    newcombe,
    restricted_rate,
)
from eval_observatory.statistics.intervals import Interval


@pytest.mark.parametrize(
    ("counts", "method_10", "miettinen"),
    [  # Newcombe 1998 (Stat. Med. 17: 873), table II: methods 10 and 6
        ((56, 70, 48, 80), (0.0524, 0.3339), (0.0528, 0.3382)),
        ((9, 10, 3, 10), (0.1705, 0.8090), (0.1700, 0.8406)),
        ((6, 7, 2, 7), (0.0582, 0.8062), (0.0342, 0.8534)),
        ((5, 56, 0, 29), (-0.0381, 0.1926), (-0.0326, 0.1933)),
        ((0, 10, 0, 20), (-0.1611, 0.2775), (-0.1658, 0.2844)),
        ((0, 10, 0, 10), (-0.2775, 0.2775), (-0.2879, 0.2879)),
        ((10, 10, 0, 20), (0.6791, 1.0), (0.7156, 1.0)),
        ((10, 10, 0, 10), (0.6075, 1.0), (0.6636, 1.0)),
    ],
)
def test_as_published(
    counts: tuple[int, int, int, int],
    method_10: tuple[float, float],
    miettinen: tuple[float, float],
) -> None:
    assert newcombe(*counts) == pytest.approx(method_10, abs=5.1e-5)
    assert miettinen_nurminen(*counts) == pytest.approx(miettinen, abs=5.1e-5)


@pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
@pytest.mark.parametrize("counts", [(15, 100, 97, 100), (2, 100, 31, 100), (7, 20, 5, 300)])
def test_newcombe_agrees_with_statsmodels(counts: tuple[int, int, int, int], level: float) -> None:
    expected = confint_proportions_2indep(
        *counts, method="newcomb", compare="diff", alpha=1 - level
    )
    assert newcombe(*counts, level) == pytest.approx(expected, abs=1e-9)


# No such test for Miettinen-Nurminen: statsmodels 0.15 has count0 where the paper's cubic has n0 in
# its linear term, and misses the published limits. The likelihood itself is the oracle below.
@pytest.mark.parametrize("counts", [(3, 20, 9, 30), (0, 20, 5, 30), (20, 20, 7, 30), (1, 9, 1, 9)])
@pytest.mark.parametrize("delta", [-0.6, -0.2, 0.05, 0.4])
def test_restricted_rate_maximises_the_likelihood(
    counts: tuple[int, int, int, int], delta: float
) -> None:
    k1, n1, k2, n2 = counts

    def loss(rate: float) -> float:
        return -float(binom.logpmf(k1, n1, rate + delta) + binom.logpmf(k2, n2, rate))

    low, high = max(0.0, -delta), min(1.0, 1.0 - delta)
    best = minimize_scalar(loss, bounds=(low, high), method="bounded", options={"xatol": 1e-10})
    assert restricted_rate(delta, *counts) == pytest.approx(best.x, abs=1e-5)


@pytest.mark.parametrize("interval", [newcombe, miettinen_nurminen])
@pytest.mark.parametrize("rates", [(0.05, 0.15), (0.15, 0.97), (0.02, 0.31), (0.5, 0.5)])
def test_covers_close_to_nominally(
    interval: Callable[..., Interval], rates: tuple[float, float]
) -> None:
    """Enumerated over all pairs of counts; both methods are approximate, so 93 % is asked."""
    n = 30
    truth = rates[0] - rates[1]
    counts = np.arange(n + 1)
    weights = np.outer(binom.pmf(counts, n, rates[0]), binom.pmf(counts, n, rates[1]))
    covered = 0.0
    for a, b in zip(*np.nonzero(weights > 1e-9), strict=True):
        low, high = interval(int(a), n, int(b), n)
        covered += weights[a, b] * (low <= truth <= high)
    assert covered >= 0.93


@pytest.mark.parametrize("interval", [newcombe, miettinen_nurminen])
@pytest.mark.parametrize("counts", [(3, 20, 9, 30), (0, 20, 5, 30), (20, 20, 0, 30), (0, 5, 0, 5)])
def test_swapping_the_arms_mirrors(
    interval: Callable[..., Interval], counts: tuple[int, int, int, int]
) -> None:
    k1, n1, k2, n2 = counts
    low, high = interval(k1, n1, k2, n2)
    assert low <= k1 / n1 - k2 / n2 <= high
    assert interval(k2, n2, k1, n1) == pytest.approx((-high, -low), abs=1e-9)


@pytest.mark.parametrize("interval", [newcombe, miettinen_nurminen])
@pytest.mark.parametrize("counts", [(0, 0, 3, 10), (3, 10, 0, 0)])
def test_an_empty_arm_tells_nothing(
    interval: Callable[..., Interval], counts: tuple[int, int, int, int]
) -> None:
    assert interval(*counts) == (-1.0, 1.0)


@pytest.mark.parametrize("interval", [newcombe, miettinen_nurminen])
@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((3, 2, 1, 2), "arm 1"),
        ((1, 2, -1, 2), "arm 2"),
        ((1, 2, 1, 2, 1.5), "level"),
    ],
)
def test_impossible_input_is_named(
    interval: Callable[..., Interval], arguments: tuple[Any, ...], says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        interval(*arguments)
