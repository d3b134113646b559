"""Contrasts: the interval and the p of a threat × relationship interaction."""

import math

import pytest

from eval_observatory.statistics.contrasts import interaction, linear_contrast
from eval_observatory.statistics.intervals import clopper_pearson
from eval_observatory.statistics.stratified import stratified

FourArms = tuple[tuple[int, int], tuple[int, int], tuple[int, int], tuple[int, int]]

TABLES: list[FourArms] = [
    ((60, 100), (10, 100), (8, 100), (2, 100)),
    ((5, 20), (9, 30), (0, 25), (25, 25)),
    ((0, 10), (10, 10), (3, 10), (4, 10)),
]


@pytest.mark.parametrize(("k", "n"), [(0, 10), (1, 10), (5, 10), (3, 100), (97, 100), (40, 40)])
@pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
def test_one_arm_has_clopper_pearsons_interval(k: int, n: int, level: float) -> None:
    found = linear_contrast([(k, n)], [1.0], level)
    assert (found.low, found.high) == pytest.approx(clopper_pearson(k, n, level), abs=5e-3)


def test_arms_of_one_rate_are_as_if_they_were_one() -> None:
    found = linear_contrast([(2, 20)] * 6, [1 / 6] * 6)
    assert (found.low, found.high) == pytest.approx(clopper_pearson(12, 120), abs=1e-3)


def test_arms_of_unlike_rates_tell_more_than_their_sum() -> None:
    found = linear_contrast([(0, 30), (15, 30), (30, 30)], [1 / 3] * 3)
    whole = clopper_pearson(45, 90)
    assert found.high - found.low < 0.8 * (whole.high - whole.low)


def test_arms_of_one_group_count_as_so_many_rollouts() -> None:
    arms, weights = [(6, 20), (2, 20), (1, 20), (1, 20)], [0.5, 0.5, -0.5, -0.5]
    shared = linear_contrast(arms, weights, groups=[0, 1, 2, 2])
    one = linear_contrast([(6, 20), (2, 20), (1, 20)], [0.5, 0.5, -1.0])
    assert shared[:3] == pytest.approx(one[:3])


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


def test_a_stratified_test_that_does_not_reject_keeps_0_in_the_interval() -> None:
    arms = [(2, 50), (2, 50), (1, 50), (0, 50), (0, 50), (0, 50)]
    weights = [1 / 3] * 3 + [-1 / 3] * 3
    free = linear_contrast(arms, weights)
    bound = linear_contrast(arms, weights, strata=[0, 1, 2] * 2)
    exact = stratified([(2, 50, 0, 50), (2, 50, 0, 50), (1, 50, 0, 50)])
    assert free.p < 0.05 < exact == bound.p
    assert free.low > 0 == bound.low
    assert free.high == bound.high


@pytest.mark.parametrize("k", [0, 10])
def test_no_difference_anywhere_is_p_one(k: int) -> None:
    found = interaction((k, 10), (k, 10), (k, 10), (k, 10))
    assert (found.estimate, found.p) == (0.0, 1.0)
    assert found.low <= 0 < found.high


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


def test_arms_without_an_event_do_not_break_the_search() -> None:
    arms = [(5, 9), (4, 6), (0, 3), (4, 9), (0, 9), (0, 10)]
    weights, strata = [1 / 3] * 3 + [-1 / 3] * 3, [0, 1, 2, 0, 1, 2]
    found = linear_contrast(arms, weights, 0.95, None, strata)
    assert found.low <= 0 < found.high
    assert 0.05 < found.p < 1
