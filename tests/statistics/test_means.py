"""Means on a bounded scale: what their interval keeps, what their test errs, that the two agree."""

import itertools
import warnings
from collections.abc import Callable

import numpy as np
import pytest
from benchmarks.means import DATA, kept, same
from scipy import stats

from eval_observatory.statistics.exact import fisher
from eval_observatory.statistics.means import mean_difference, mean_interval, permutation_p
from eval_observatory.statistics.missing import missing_mean_bounds
from eval_observatory.statistics.sequential import beta_binomial

SMALL = (4, 16, 40)


@pytest.mark.parametrize(("k", "n"), [(0, 4), (4, 4), (3, 10), (2, 100), (50, 100), (700, 1500)])
@pytest.mark.parametrize("bounds", [(0.0, 1.0), (-100.0, 100.0)])
def test_of_yes_and_no_it_is_the_confidence_sequence_of_a_rate(
    k: int, n: int, bounds: tuple[float, float]
) -> None:
    low, high = bounds
    found = mean_interval([high] * k + [low] * (n - k), bounds)
    shares = beta_binomial(k, n)
    assert [(end - low) / (high - low) for end in found] == pytest.approx(shares, abs=1e-9)


def test_it_holds_at_all_looks_together() -> None:
    """Enumerated over all paths of nine values of three kinds; a low level, to leave some out."""
    values, chances = (0.0, 0.4, 1.0), (0.5, 0.3, 0.2)
    truth, level, missed = 0.32, 0.6, 0.0
    known = {
        counts: mean_interval(np.repeat(values, counts), level=level)
        for counts in itertools.product(range(10), repeat=3)
        if sum(counts) <= 9
    }
    for path in itertools.product(range(3), repeat=9):
        counts = np.cumsum(np.eye(3, dtype=int)[list(path)], axis=0)
        looks = (known[tuple(int(c) for c in look)] for look in counts)
        if any(not low <= truth <= high for low, high in looks):
            missed += float(np.prod([chances[i] for i in path]))
    assert 0.02 < missed <= 1 - level


@pytest.mark.parametrize("n", [4, 16, 40])
def test_equal_values_leave_room_for_others(n: int) -> None:
    """A t interval of equal values is a point."""
    low, high = mean_interval([70.0] * n, (0, 100))
    assert low < 70 - 100 / n < 70 < 70 + 30 / n < high


def test_neither_order_nor_scale_matters() -> None:
    values = np.random.default_rng(3).uniform(10, 90, 30)
    once = mean_interval(values, (0, 100))
    assert once == mean_interval(values[::-1], (0, 100))
    moved = mean_interval(values / 50 - 1, (-1, 1))
    assert [50 * (end + 1) for end in moved] == pytest.approx(once)


def test_nothing_and_one_value_are_answered_without_a_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert mean_interval([], (-5, 5)) == (-5, 5)
        low, high = mean_interval([70], (0, 100))
        assert 0 < low < 70 < high <= 100
        found = mean_difference([70], [80], (0, 100))
        assert found.p == 1
        assert found.low < -10 < 0 < found.high
        with pytest.raises(ValueError, match="no value"):
            mean_difference([], [80], (0, 100))


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: mean_interval([0.5, 1.5]), "value 1.5"),
        (lambda: mean_interval([-0.5, 0.5]), "value -0.5"),
        (lambda: mean_interval([float("nan"), 0.5]), "value nan"),
        (lambda: mean_interval([0.5], level=1.0), "level"),
        (lambda: missing_mean_bounds(2.0, 3, 1, (0, 1)), "mean = 2"),
        (lambda: missing_mean_bounds(None, 3, 1, (0, 1)), "mean = None"),
        (lambda: missing_mean_bounds(0.5, 3, -1, (0, 1)), "unscored"),
    ],
)
def test_impossible_input_is_named(call: Callable[[], object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        call()


def test_two_values_are_fishers_test() -> None:
    """Doubled, as all two-sided p of ours are."""
    first, second = [60.0] * 3 + [90.0] * 9, [60.0] * 11 + [90.0] * 3
    sides = [fisher(9, 12, 3, 14, side) for side in ("less", "greater")]
    assert permutation_p(first, second) == pytest.approx(2 * min(sides))


def test_small_arms_are_permuted_exactly() -> None:
    """Held against scipy's own, of all splits, with the same statistic."""
    rng = np.random.default_rng(5)
    for n1, n2 in ((4, 4), (3, 6), (7, 5)):
        first, second = rng.normal(0.6, 0.1, n1), rng.normal(0.4, 0.2, n2)

        def welch(x: np.ndarray, y: np.ndarray, axis: int) -> np.ndarray:
            error = x.var(axis=axis, ddof=1) / x.shape[axis]
            error = error + y.var(axis=axis, ddof=1) / y.shape[axis]
            return np.asarray((x.mean(axis=axis) - y.mean(axis=axis)) / np.sqrt(error))

        theirs = stats.permutation_test((first, second), welch, vectorized=True, n_resamples=np.inf)
        assert permutation_p(first, second) == pytest.approx(theirs.pvalue)


def test_drawn_splits_agree_with_all() -> None:
    rng = np.random.default_rng(2)
    first, second = rng.uniform(0, 1, 60), rng.uniform(0.35, 1, 50)
    welch = stats.ttest_ind(first, second, equal_var=False).pvalue
    assert 0.01 < welch < 0.05
    assert permutation_p(first, second) == pytest.approx(welch, abs=0.005)
    assert permutation_p(first, second) == permutation_p(first[::-1], second)
    assert permutation_p(first, first + 2) == pytest.approx(2 / 10_000)


@pytest.mark.parametrize("n", SMALL)
def test_no_interval_leaves_out_zero_where_the_test_does_not_reject(n: int) -> None:
    rng, held = np.random.default_rng([4, n]), 0
    for _ in range(60):
        first, second = rng.normal(0.55, 0.05, n), rng.normal(0.5, 0.05, n)
        found = mean_difference(first, second)
        held += found.low <= 0.05 <= found.high
        assert found.low <= found.difference <= found.high
        assert found.p < 0.05 or found.low <= 0 <= found.high
        mirrored = (-found.difference, -found.high, -found.low, found.p)
        assert mean_difference(second, first) == pytest.approx(mirrored)
    assert held >= 54


def test_arms_can_be_told_apart_before_their_means_are() -> None:
    """Sixteen equal scores an arm, ten points apart: a rare other score could make up for it."""
    found = mean_difference([80] * 16, [70] * 16, (0, 100))
    assert found.p < 0.001
    assert found.low < 0 < 10 < found.high
    many = mean_difference([80] * 160, [70] * 160, (0, 100))
    assert 0 < many.low < 10 < many.high


def test_the_interval_holds_for_a_rare_large_value_against_a_steady_small_one() -> None:
    """Both means are 5. By the test's shift it held in 31 % of 300 such studies."""
    rng, held = np.random.default_rng(7), 0
    for _ in range(200):
        rare, steady = 100.0 * (rng.random(10) < 0.05), rng.normal(5, 1, 100)
        found = mean_difference(rare, steady, (0, 100))
        held += found.low <= 0 <= found.high
    assert held >= 190


@pytest.mark.parametrize("unscored", [0, 3])
def test_every_way_to_fill_in_lies_inside(unscored: int) -> None:
    values = [20.0, 40.0, 90.0]
    least, most = missing_mean_bounds(50.0, 3, unscored, (0, 100))
    for hidden in itertools.product((0, 35, 100), repeat=unscored):
        assert least - 1e-9 <= np.mean([*values, *hidden]) <= most + 1e-9
    assert (least, most) == ((50.0, 50.0) if not unscored else (25.0, 75.0))
    assert missing_mean_bounds(None, 0, 4, (-1, 1)) == (-1, 1)


def test_coverage_and_errors_on_constant_skewed_and_two_point_data() -> None:
    """A smaller table of docs/statistics-of-means.md; margins of three standard errors of 300."""
    for data, n, found in same(300, (4, 16)):
        assert found.covered >= 0.945, (data.name, n)
        assert found.rejected <= 0.05 + 3 * 0.0126, (data.name, n)
        assert found.agree == 1, (data.name, n)


def test_unequal_spread_is_not_taken_for_a_difference() -> None:
    """Without the standard error, of arms of 40 and 160 a third would be."""
    found = kept(DATA[2], DATA[0]._replace(mean=0.5, draw=_calm), 40, 160, 200)
    assert found.rejected <= 0.12


def _calm(rng: np.random.Generator, n: int) -> np.ndarray:
    return np.clip(rng.normal(0.5, 0.05, n), 0.3, 0.7)
