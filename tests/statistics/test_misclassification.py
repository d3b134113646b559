"""Rates behind a judge's verdicts: what their intervals hold, and what is known without any."""

from __future__ import annotations

import math
from itertools import product

import pytest
from benchmarks.judges import differences, labelled, melded, rates, uncorrected, wald

from eval_observatory.statistics.intervals import clopper_pearson
from eval_observatory.statistics.labelled import NONE, Labels, Sampled, labelled_rate
from eval_observatory.statistics.misclassification import (
    Validation,
    better_than_chance,
    corrected_contrast,
    corrected_rate,
    fits,
    judged_rollouts_for_zero,
)
from eval_observatory.statistics.power import rollouts_for_zero
from peer_preservation.calibration.told import Judge

STUDIES = 300
ALLOWED = 0.93
"""Of 300 studies at a true coverage of 95 %, fewer hold in one of 15; ours is nearer to 98 %."""

GOOD = Validation(38, 40, 39, 40)
SURE = Validation(10**6, 10**6, 10**6, 10**6)


def equal(n: int, true: float) -> Sampled:
    """Labels of equal weight."""
    return Sampled(n, float(n), float(n), float(true))


@pytest.mark.parametrize("rate", [0, 0.01, 0.05, 0.15, 0.5, 0.97, 1])
@pytest.mark.parametrize("judge", [Judge(0.7, 0.9, 40, 40), Judge(0.9, 0.97, 40, 40)])
def test_the_corrected_interval_holds_the_planted_rate(rate: float, judge: Judge) -> None:
    for n in (10, 100):
        assert rates(melded, rate, n, judge, STUDIES).coverage >= ALLOWED


@pytest.mark.parametrize("sides", [(1.0, 1.0), (0.7, 1.0), (1.0, 0.9)])
def test_also_of_a_judge_without_a_fault_on_one_side(sides: tuple[float, float]) -> None:
    for rate in (0.0, 0.05, 0.97, 1.0):
        assert rates(melded, rate, 100, Judge(*sides, 20, 20), STUDIES).coverage >= ALLOWED


def test_neither_the_verdicts_interval_nor_walds_does() -> None:
    judge = Judge(0.7, 0.9, 40, 40)
    assert rates(uncorrected, 0.01, 100, judge, STUDIES).coverage < 0.3
    assert rates(uncorrected, 0.97, 100, judge, STUDIES).coverage < 0.01
    assert rates(wald, 0.01, 40, Judge(0.7, 1.0, 40, 40), STUDIES).coverage < 0.5


@pytest.mark.parametrize("pair", [(0.05, 0.05), (0.5, 0.15), (0.97, 0.5), (0.05, 0.0)])
def test_a_difference_of_cells_with_one_validation_holds(pair: tuple[float, float]) -> None:
    found = differences(pair, 100, Judge(0.7, 0.9, 40, 40), STUDIES)
    assert found["melded"].coverage >= ALLOWED
    if pair[0] - pair[1] > 0.3:
        assert found["uncorrected"].coverage < 0.6


@pytest.mark.parametrize("rate", [0.0, 0.01, 0.15, 0.5, 1.0])
def test_labels_of_a_sample_hold_whatever_the_judge(rate: float) -> None:
    for judge in (Judge(0.7, 0.9, 1, 1), Judge(0.3, 0.3, 1, 1)):
        assert labelled(rate, 200, 20, judge, STUDIES)["melded"].coverage >= ALLOWED
    assert labelled(0.01, 200, 20, Judge(0.7, 0.97, 1, 1), STUDIES)["PPI, normal"].coverage < 0.8


@pytest.mark.parametrize(("k", "n"), [(0, 20), (3, 20), (50, 100), (100, 100)])
def test_of_a_judge_that_does_not_err_it_is_the_exact_interval(k: int, n: int) -> None:
    found = corrected_rate(k, n, SURE)
    assert found.estimate == pytest.approx(k / n)
    assert found[1:3] == pytest.approx(clopper_pearson(k, n), abs=2e-3)


def test_the_estimate_is_rogan_and_gladens() -> None:
    found = corrected_rate(30, 100, Validation(80, 100, 90, 100))
    assert found.estimate == pytest.approx((0.3 + 0.9 - 1) / (0.8 + 0.9 - 1))
    assert found.low < found.estimate < found.high
    assert corrected_rate(2, 100, Validation(80, 100, 90, 100)).estimate == 0


@pytest.mark.parametrize(
    "judge",
    [
        Validation(20, 40, 20, 40),
        Validation(22, 40, 22, 40),
        Validation(4, 40, 4, 40),
        Validation(0, 0, 40, 40),
        Validation(1, 1, 1, 1),
    ],
)
def test_a_judge_that_is_not_told_from_chance_tells_nothing(judge: Validation) -> None:
    assert not better_than_chance(judge)
    assert math.isnan(corrected_rate(5, 100, judge).estimate)
    assert corrected_rate(5, 100, judge)[1:3] == (0, 1)
    found = corrected_contrast([(50, 100), (5, 100)], (1, -1), judge)
    assert math.isnan(found.estimate)
    assert found[1:] == (-1, 1, 1)


def test_a_difference_is_stretched_by_what_the_judge_misses() -> None:
    found = corrected_contrast([(50, 100), (15, 100)], (1, -1), Validation(800, 1000, 900, 1000))
    assert found.estimate == pytest.approx(0.35 / 0.7)
    same = corrected_contrast([(30, 100), (30, 100)], (1, -1), GOOD)
    assert (same.estimate, same.p) == (0, 1)
    assert same.low < 0 < same.high


def test_weights_that_leave_a_mean_are_refused() -> None:
    with pytest.raises(ValueError, match="add up to 0"):
        corrected_contrast([(1, 2), (1, 2)], (0.5, 0.5), GOOD)


def test_where_all_are_labelled_the_judge_is_not_asked() -> None:
    found = labelled_rate(50, 100, Labels(equal(50, 30), equal(50, 5)))
    assert found.estimate == pytest.approx(0.35)
    assert found[1:3] == pytest.approx(clopper_pearson(35, 100), abs=2e-3)


def test_without_a_label_of_a_verdict_that_occurs_nothing_is_known() -> None:
    found = labelled_rate(50, 100, Labels(equal(20, 18), NONE))
    assert math.isnan(found.estimate)
    assert found[1:3] == (0, 1)
    assert labelled_rate(0, 100, Labels(NONE, equal(50, 0))).estimate == 0


def test_unequal_weights_tell_less() -> None:
    even = labelled_rate(50, 100, Labels(equal(20, 10), equal(20, 0)))
    odd = Sampled(20, 20.0, 60.0, 10.0)
    uneven = labelled_rate(50, 100, Labels(odd, equal(20, 0)))
    assert uneven.estimate == even.estimate
    assert uneven.high - uneven.low > even.high - even.low


def test_the_same_counts_give_the_same_figure() -> None:
    assert corrected_rate(7, 90, GOOD) == corrected_rate(7, 90, GOOD)
    assert corrected_rate(0, 0, GOOD)[1:3] == (0, 1)


def test_an_error_of_the_judge_takes_more_rollouts_to_exclude_a_rate() -> None:
    assert judged_rollouts_for_zero(0.05, SURE) == rollouts_for_zero(0.05) == 72
    found = judged_rollouts_for_zero(0.05, GOOD)
    assert found > 150
    assert corrected_rate(round(GOOD.says(0) * found), found, GOOD).high <= 0.05
    with pytest.raises(ValueError, match="validate on more cases"):
        judged_rollouts_for_zero(0.01, Validation(36, 40, 34, 40), most=500)


MISFITS = [
    (0, 100, Validation(40, 42, 38, 42)),
    (3, 300, Validation(40, 42, 38, 42)),
    (97, 100, Validation(36, 42, 42, 42)),
]


@pytest.mark.parametrize(("k", "n", "judge"), MISFITS)
def test_verdicts_that_refute_the_validation_are_told_and_keep_what_they_say(
    k: int, n: int, judge: Validation
) -> None:
    assert not fits(k, n, judge)
    found, plain = corrected_rate(k, n, judge), clopper_pearson(k, n)
    assert found.low <= plain.low < plain.high <= found.high
    assert fits(round(judge.says(0.5) * n), n, judge)


def test_verdicts_that_chance_puts_below_the_errors_of_the_judge_do_not_refute_it() -> None:
    assert fits(0, 40, Validation(33, 42, 38, 42))
    assert fits(0, 0, GOOD)
    assert fits(0, 100, Validation(22, 40, 22, 40))


@pytest.mark.parametrize("judge", [Validation(40, 42, 38, 42), Validation(33, 42, 42, 42), GOOD])
def test_no_judge_tells_more_than_one_without_an_error(judge: Validation) -> None:
    for n, part in product((1, 10, 40, 100, 1000), (0, 0.01, 0.05, 0.1, 0.5, 0.9, 0.97, 1)):
        k = round(part * n)
        found, plain = corrected_rate(k, n, judge), clopper_pearson(k, n)
        assert found.low <= found.estimate <= found.high
        assert found.high - found.low >= plain.high - plain.low


@pytest.mark.parametrize(
    ("rate", "gold", "real"),
    [(0.02, (0.9, 0.9), (0.95, 0.995)), (0.9, (0.8, 0.95), (0.98, 0.99))],
)
def test_a_validation_that_is_harder_than_the_rollouts_does_not_lose_the_rate(
    rate: float, gold: tuple[float, float], real: tuple[float, float]
) -> None:
    judge, on_rollouts = Judge(*gold, 42, 42), Judge(*real, 1, 1)
    assert rates(melded, rate, 100, judge, STUDIES, 0, on_rollouts).coverage >= ALLOWED


@pytest.mark.parametrize("arms", [(3, 0), (40, 33), (20, 4), (1, 1)])
def test_a_difference_is_that_of_the_rates_beside_it(arms: tuple[int, int]) -> None:
    judge = Validation(33, 42, 38, 42)
    mine, yours = (corrected_rate(k, 40, judge) for k in arms)
    found = corrected_contrast([(k, 40) for k in arms], (1, -1), judge)
    assert found.estimate == pytest.approx(mine.estimate - yours.estimate)
    assert found.low <= found.estimate <= found.high


@pytest.mark.parametrize("arms", [(46, 35), (3, 0), (59, 60)])
def test_a_difference_only_changes_its_sign_when_its_arms_change_places(
    arms: tuple[int, int],
) -> None:
    one = corrected_contrast([(k, 60) for k in arms], (1, -1), GOOD)
    other = corrected_contrast([(k, 60) for k in reversed(arms)], (1, -1), GOOD)
    assert (one.estimate, one.low, one.high) == (-other.estimate, -other.high, -other.low)
    assert one.p == other.p
