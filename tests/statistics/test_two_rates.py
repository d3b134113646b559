"""The interval of a difference: exact, and never against the test that stands beside it."""

import math
import warnings
from itertools import product

import numpy as np
import pytest
from benchmarks.rates import singles
from scipy.stats import binom, boschloo_exact

from eval_observatory.statistics.differences import newcombe
from eval_observatory.statistics.exact import boschloo
from eval_observatory.statistics.two_rates import exact_difference

ALPHA = 1 - 0.95


def outside(low: float, high: float) -> bool:
    return low > 0 or high < 0


@pytest.mark.parametrize(("n1", "n2"), [(5, 5), (10, 10), (5, 20), (20, 20)])
def test_holds_its_level_and_agrees_with_the_test_in_every_table(n1: int, n2: int) -> None:
    now, before = singles(n1, n2), singles(n1, n2, before=True)
    assert now.worst >= 0.95
    assert now.conflicts == 0
    # What this can tell: Newcombe's does neither.
    assert before.worst < 0.93
    assert n1 < 20 or before.conflicts


def test_never_contradicts_the_test_in_larger_tables() -> None:
    draw = np.random.default_rng(0)
    for n1, n2 in ((30, 30), (100, 97), (300, 40)):
        for rates in draw.beta(0.4, 0.6, (40, 2)):
            k1, k2 = int(draw.binomial(n1, rates[0])), int(draw.binomial(n2, rates[1]))
            found = exact_difference(k1, n1, k2, n2)
            assert found.p == boschloo(k1, n1, k2, n2)
            assert outside(found.low, found.high) == (found.p < ALPHA)
            assert -1 <= found.low <= found.difference <= found.high <= 1


def test_covers_at_opposite_ends_where_newcombes_does_not() -> None:
    n, truth = 30, 0.97 - 0.03
    masses = [binom.pmf(np.arange(n + 1), n, rate) for rate in (0.97, 0.03)]
    covered = {"now": 0.0, "newcombe": 0.0}
    for k1, k2 in product(range(20, n + 1), range(11)):
        weight = float(masses[0][k1] * masses[1][k2])
        low, high = exact_difference(k1, n, k2, n)[1:3]
        covered["now"] += weight * (low <= truth <= high)
        low, high = newcombe(k1, n, k2, n)
        covered["newcombe"] += weight * (low <= truth <= high)
    assert covered["now"] >= 0.95
    assert covered["newcombe"] < 0.91


@pytest.mark.parametrize(
    "counts", [(9, 10, 3, 10), (5, 56, 0, 29), (0, 20, 5, 30), (30, 30, 2, 30)]
)
def test_arms_exchanged_change_the_sign(counts: tuple[int, int, int, int]) -> None:
    k1, n1, k2, n2 = counts
    one, two = exact_difference(*counts), exact_difference(k2, n2, k1, n1)
    assert (one.low, one.high) == pytest.approx((-two.high, -two.low), abs=1e-12)


@pytest.mark.parametrize("counts", [(9, 10, 3, 10), (6, 100, 0, 100)])
def test_levels_are_nested_and_the_p_is_scipys(counts: tuple[int, int, int, int]) -> None:
    narrow, wide = (exact_difference(*counts, level) for level in (0.8, 0.99))
    assert wide.low < narrow.low < narrow.high < wide.high
    k1, n1, k2, n2 = counts
    columns = [[k1, k2], [n1 - k1, n2 - k2]]
    assert narrow.p == pytest.approx(2 * boschloo_exact(columns, "greater", n=256).pvalue, abs=1e-6)


def test_arms_of_none_and_of_one() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nothing = exact_difference(0, 0, 3, 9)
        assert math.isnan(nothing.difference)
        assert nothing[1:] == (-1.0, 1.0, 1.0)
        assert exact_difference(1, 1, 0, 1)[1:3] == pytest.approx((-0.69, 1.0), abs=0.05)
        assert exact_difference(9, 9, 9, 9).p == 1.0
    with pytest.raises(ValueError, match="arm 2"):
        exact_difference(1, 2, 3, 2)
