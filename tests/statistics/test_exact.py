"""Exact tests against their definitions: enumerated here, independent of scipy's."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import binom, boschloo_exact, hypergeom
from statsmodels.stats.contingency_tables import mcnemar as statsmodels_mcnemar

from eval_observatory.statistics.exact import Alternative, barnard, boschloo, fisher, mcnemar

TABLES = [(3, 12, 9, 14), (0, 10, 4, 10), (7, 8, 1, 9), (2, 15, 2, 15)]


def unconditional(
    statistic: Callable[[int, int], float], k1: int, n1: int, k2: int, n2: int
) -> float:
    """Largest chance, over the common rate, of a statistic at least as extreme as the observed."""
    table = np.array([[statistic(a, b) for b in range(n2 + 1)] for a in range(n1 + 1)])
    extreme = table <= table[k1, k2] + 1e-9
    rates = np.linspace(0, 1, 2001)
    first = binom.pmf(np.arange(n1 + 1)[:, None], n1, rates)
    second = binom.pmf(np.arange(n2 + 1)[:, None], n2, rates)
    return float(np.einsum("ij,ir,jr->r", extreme, first, second).max())


@pytest.mark.parametrize("counts", TABLES)
def test_fisher_sums_the_tables_that_are_no_likelier(counts: tuple[int, int, int, int]) -> None:
    k1, n1, k2, n2 = counts
    null = hypergeom(n1 + n2, k1 + k2, n1)
    chances = null.pmf(np.arange(0, k1 + k2 + 1))
    expected = chances[chances <= null.pmf(k1) * (1 + 1e-9)].sum()
    assert fisher(*counts) == pytest.approx(expected)


@pytest.mark.parametrize("counts", TABLES)
def test_boschloo_maximises_fishers_p(counts: tuple[int, int, int, int]) -> None:
    _, n1, _, n2 = counts

    def tail(a: int, b: int) -> float:
        return float(hypergeom.cdf(a, n1 + n2, a + b, n1))

    expected = unconditional(tail, *counts)
    assert boschloo(*counts, "less") == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("counts", TABLES)
def test_barnard_maximises_the_pooled_wald_statistic(counts: tuple[int, int, int, int]) -> None:
    _, n1, _, n2 = counts

    def minus_wald(a: int, b: int) -> float:
        pooled = (a + b) / (n1 + n2)
        variance = pooled * (1 - pooled) * (1 / n1 + 1 / n2)
        return 0.0 if a / n1 == b / n2 else -abs(a / n1 - b / n2) / float(np.sqrt(variance))

    assert barnard(*counts) == pytest.approx(unconditional(minus_wald, *counts), abs=1e-5)


@pytest.mark.parametrize("counts", TABLES)
@pytest.mark.parametrize("test", [fisher, boschloo, barnard])
def test_swapping_the_arms_swaps_the_sides(
    test: Callable[..., float], counts: tuple[int, int, int, int]
) -> None:
    k1, n1, k2, n2 = counts
    swapped = (k2, n2, k1, n1)
    assert test(*counts) == pytest.approx(test(*swapped), abs=1e-6)
    assert test(*counts, "less") == pytest.approx(test(*swapped, "greater"), abs=1e-6)


@pytest.mark.parametrize("counts", TABLES)
@pytest.mark.parametrize("side", ["less", "greater"])
def test_boschloo_never_says_less_than_fisher(
    counts: tuple[int, int, int, int], side: Alternative
) -> None:
    assert boschloo(*counts, side) <= fisher(*counts, side) + 1e-9


@pytest.mark.parametrize("counts", [(0, 10, 0, 20), (10, 10, 20, 20), (0, 0, 3, 9), (0, 0, 0, 0)])
@pytest.mark.parametrize("test", [fisher, boschloo, barnard])
def test_nothing_to_tell_apart_is_p_one(
    test: Callable[..., float], counts: tuple[int, int, int, int]
) -> None:
    assert test(*counts) == 1.0


@pytest.mark.parametrize("test", [fisher, boschloo, barnard])
def test_the_published_effect_is_clear(test: Callable[..., float]) -> None:
    assert test(15, 100, 97, 100) < 1e-20


@pytest.mark.parametrize("pairs", [(0, 5), (1, 9), (4, 4), (12, 3), (30, 14)])
def test_mcnemar_agrees_with_statsmodels(pairs: tuple[int, int]) -> None:
    first, second = pairs
    expected = statsmodels_mcnemar([[7, first], [second, 9]], exact=True).pvalue
    assert mcnemar(first, second) == pytest.approx(expected)


def test_mcnemar_sides_and_empty() -> None:
    assert mcnemar(5, 0, "greater") == pytest.approx(0.5**5)
    assert mcnemar(5, 0, "less") == 1.0
    assert mcnemar(0, 0) == 1.0


@pytest.mark.parametrize("test", [fisher, boschloo, barnard])
def test_impossible_counts_are_named(test: Callable[..., float]) -> None:
    with pytest.raises(ValueError, match="arm 2"):
        test(1, 5, 6, 5)


def test_negative_pairs_are_named() -> None:
    with pytest.raises(ValueError, match="discordant pairs = -1, 2"):
        mcnemar(-1, 2)


@pytest.mark.parametrize("counts", TABLES)
def test_boschloo_agrees_with_scipy(counts: tuple[int, int, int, int]) -> None:
    k1, n1, k2, n2 = counts
    columns = [[k1, k2], [n1 - k1, n2 - k2]]
    sides: tuple[Alternative, ...] = ("less", "greater", "two-sided")
    for side in sides:
        expected = boschloo_exact(columns, alternative=side, n=256).pvalue
        assert boschloo(*counts, side) == pytest.approx(expected, abs=1e-6)


def test_barnard_keeps_tables_that_tie() -> None:
    """9 of 12 against 5 of 14 mirrors 3 of 12 against 9 of 14: equally extreme, and counted."""
    assert barnard(3, 12, 9, 14) == pytest.approx(0.04974, abs=5e-5)
