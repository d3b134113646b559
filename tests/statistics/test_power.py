"""Exact power: the definition, enumerated."""

import itertools
import math

import pytest
from benchmarks.rates import difference, interaction, kept, now
from scipy.stats import binom

from eval_observatory.statistics.exact import Alternative, boschloo, fisher
from eval_observatory.statistics.power import (
    Test,
    interaction_power,
    pooled_power,
    power,
    rollouts_for_zero,
    sample_size,
    smallest_effect,
)

P = {"boschloo": boschloo, "fisher": fisher}


@pytest.mark.parametrize("test", ["boschloo", "fisher"])
@pytest.mark.parametrize("side", ["less", "greater", "two-sided"])
@pytest.mark.parametrize(("n1", "n2"), [(9, 9), (7, 12)])
def test_power_is_the_chance_of_a_table_that_is_rejected(
    test: Test, side: Alternative, n1: int, n2: int
) -> None:
    expected = 0.0
    for k1, k2 in itertools.product(range(n1 + 1), range(n2 + 1)):
        if side == "two-sided":
            p = 2 * min(P[test](k1, n1, k2, n2, s) for s in ("less", "greater"))
        else:
            p = P[test](k1, n1, k2, n2, side)
        if p <= 0.05:
            expected += binom.pmf(k1, n1, 0.2) * binom.pmf(k2, n2, 0.8)
    assert power(0.2, n1, 0.8, n2, test=test, alternative=side) == pytest.approx(expected)


@pytest.mark.parametrize("rate", [0.0, 0.01, 0.05, 0.3, 0.5, 1.0])
@pytest.mark.parametrize(("n1", "n2"), [(20, 20), (100, 100), (30, 90)])
def test_a_true_hypothesis_is_rejected_at_most_at_alpha(rate: float, n1: int, n2: int) -> None:
    assert power(rate, n1, rate, n2) <= 0.05 + 1e-9


def test_boschloo_is_never_weaker_than_fisher() -> None:
    for n in (6, 20, 60):
        assert power(0.1, n, 0.4, n) >= power(0.1, n, 0.4, n, test="fisher")


@pytest.mark.parametrize(
    ("rate1", "rate2", "n"), [(0.15, 0.97, 6), (0.02, 0.31, 25), (0.05, 0.0, 134)]
)
def test_sample_size_is_the_smallest_that_reaches_the_target(
    rate1: float, rate2: float, n: int
) -> None:
    assert sample_size(rate1, rate2) == sample_size(rate2, rate1) == n
    assert power(rate1, n, rate2, n) >= 0.8
    assert all(power(rate1, m, rate2, m) < 0.8 for m in range(1, n))


@pytest.mark.parametrize(("limit", "n"), [(0.05, 72), (0.0362167, 100), (0.01, 368)])
def test_rollouts_for_zero(limit: float, n: int) -> None:
    assert rollouts_for_zero(limit) == n


@pytest.mark.parametrize(
    ("arguments", "says"),
    [((0.1, 0.1), "no sample size"), ((0.1, 1.2), "rate2 = 1.2"), ((0.5, 0.501), "do not reach")],
)
def test_impossible_wishes_are_named(arguments: tuple[float, float], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        sample_size(*arguments, most=50)


def test_an_empty_arm_has_no_power() -> None:
    with pytest.raises(ValueError, match="n1 = 0"):
        power(0.1, 0, 0.5, 10)


def test_the_power_of_pooled_cells_is_that_of_the_reports_test() -> None:
    strata, n, alpha = 3, 50, 0.05 / 9
    design = difference([0.05] * strata, [0.0] * strata, n)
    found = kept(design, now, 500).rejected[1]
    promised = pooled_power(0.05, 0.0, n, strata, alpha)
    assert promised == pytest.approx(found, abs=0.08)
    # What was promised of the summed counts.
    assert power(0.05, strata * n, 0.0, strata * n, alpha) > promised + 0.1


def test_the_power_of_an_interaction_is_that_of_the_reports_test() -> None:
    found = kept(interaction((0.6, 0.1, 0.1, 0.1), 30), now, 500).rejected[0]
    assert interaction_power(0.6, 0.1, 30, 1) == pytest.approx(found, abs=0.07)
    assert interaction_power(0.1, 0.1, 30, 1) <= 0.06


def test_the_smallest_effect_has_the_power_and_nothing_smaller_has() -> None:
    def reached(rate: float) -> float:
        return power(rate, 30, 0.05, 30)

    found = smallest_effect(reached, 0.05)
    assert reached(0.05 + found) >= 0.8 > reached(0.05 + found - 0.002)
    assert math.isnan(smallest_effect(lambda _: 0.7, 0.05))


def test_nothing_to_draw_is_refused() -> None:
    with pytest.raises(ValueError, match="cells = 0"):
        pooled_power(0.1, 0.0, 10, 0)
