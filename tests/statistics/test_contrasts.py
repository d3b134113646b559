"""Contrasts: the interval and the p of a threat × relationship interaction."""

import itertools
import math

import numpy as np
import pytest
from scipy.stats import binom

from eval_observatory.statistics.contrasts import interaction, linear_contrast
from eval_observatory.statistics.differences import newcombe

FourArms = tuple[tuple[int, int], tuple[int, int], tuple[int, int], tuple[int, int]]

TABLES: list[FourArms] = [
    ((60, 100), (10, 100), (8, 100), (2, 100)),
    ((5, 20), (9, 30), (0, 25), (25, 25)),
    ((0, 10), (10, 10), (3, 10), (4, 10)),
]


@pytest.mark.parametrize("counts", [(56, 70, 48, 80), (0, 10, 0, 20), (5, 56, 0, 29)])
@pytest.mark.parametrize("level", [0.8, 0.95])
def test_two_arms_are_newcombes_interval(counts: tuple[int, ...], level: float) -> None:
    k1, n1, k2, n2 = counts
    contrast = linear_contrast([(k1, n1), (k2, n2)], [1, -1], level)
    assert (contrast.low, contrast.high) == pytest.approx(newcombe(k1, n1, k2, n2, level))


@pytest.mark.parametrize("arms", TABLES)
def test_interaction_is_the_difference_of_differences(arms: FourArms) -> None:
    a, b, c, d = (k / n for k, n in arms)
    found = interaction(*arms)
    assert found.estimate == pytest.approx((a - b) - (c - d))
    assert found.low <= found.estimate <= found.high


@pytest.mark.parametrize("arms", TABLES)
def test_p_and_interval_say_the_same(arms: FourArms) -> None:
    p = interaction(*arms).p
    for level, left_out in [(1 - p * 1.001, True), (1 - p * 0.999, False)]:
        if 0 < level < 1:
            low, high = interaction(*arms, level)[1:3]
            assert (low > 0 or high < 0) is left_out


@pytest.mark.parametrize(
    "rates", [(0.6, 0.1, 0.1, 0.05), (0.05, 0.05, 0.05, 0.05), (0.9, 0.5, 0.5, 0.1)]
)
def test_covers_close_to_nominally(rates: tuple[float, ...]) -> None:
    """Enumerated over all tables of four arms of eight rollouts."""
    n, truth = 8, rates[0] - rates[1] - rates[2] + rates[3]
    masses = [binom.pmf(np.arange(n + 1), n, rate) for rate in rates]
    covered = 0.0
    for counts in itertools.product(range(n + 1), repeat=4):
        weight = math.prod(mass[k] for mass, k in zip(masses, counts, strict=True))
        if weight > 1e-7:
            _, low, high, _ = linear_contrast([(k, n) for k in counts], [1, -1, -1, 1])
            covered += weight * (low <= truth <= high)
    assert covered >= 0.93


@pytest.mark.parametrize("k", [0, 10])
def test_no_difference_anywhere_is_p_one(k: int) -> None:
    found = interaction((k, 10), (k, 10), (k, 10), (k, 10))
    assert (found.estimate, found.p) == (0.0, 1.0)
    assert found.low < 0 < found.high


def test_an_empty_arm_tells_nothing() -> None:
    found = interaction((1, 10), (0, 0), (1, 10), (1, 10))
    assert math.isnan(found.estimate)
    assert found[1:] == (-2.0, 2.0, 1.0)


def test_huge_effects_keep_a_p() -> None:
    assert 0 < linear_contrast([(10**6, 10**6), (0, 10**6)], [1, -1]).p < 1e-200


@pytest.mark.parametrize(
    ("arms", "weights", "says"),
    [([(1, 2)], [1, -1], "1 arms and 2 weights"), ([(1, 2), (3, 2)], [1, -1], "arm 2")],
)
def test_impossible_input_is_named(
    arms: list[tuple[int, int]], weights: list[float], says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        linear_contrast(arms, weights)
