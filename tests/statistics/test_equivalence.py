"""Equivalence and non-inferiority, by enumeration at the margin."""

from itertools import product

import numpy as np
import pytest
from scipy.stats import binom

from eval_observatory.statistics.equivalence import equivalence
from eval_observatory.statistics.two_rates import exact_difference


def test_nothing_of_many_is_equivalent_and_of_few_is_not() -> None:
    assert equivalence(0, 60, 0, 60, 0.1).equivalent
    assert not equivalence(0, 10, 0, 10, 0.1).equivalent
    one = equivalence(1, 80, 12, 80, 0.1)
    assert (one.not_higher, one.not_lower, one.equivalent) == (True, False, False)
    assert (one.low, one.high) == exact_difference(1, 80, 12, 80, 0.9)[1:3]


@pytest.mark.parametrize("rates", [(0.3, 0.1), (0.25, 0.05), (0.97, 0.77)])
def test_rates_that_differ_by_the_margin_are_seldom_called_equivalent(
    rates: tuple[float, float],
) -> None:
    n, margin = 40, 0.2
    masses = [binom.pmf(np.arange(n + 1), n, rate) for rate in rates]
    wrong = sum(
        float(masses[0][k1] * masses[1][k2])
        for k1, k2 in product(range(n + 1), repeat=2)
        if masses[0][k1] * masses[1][k2] > 1e-6 and equivalence(k1, n, k2, n, margin).not_higher
    )
    assert 0.01 < wrong <= 0.05


def test_without_rollouts_nothing_is_equivalent() -> None:
    assert equivalence(0, 0, 1, 9, 0.5)[3:] == (False, False, False)
    with pytest.raises(ValueError, match="margin"):
        equivalence(1, 9, 1, 9, 0.0)
