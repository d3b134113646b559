"""Signal detection: figures by hand, exact coverage, what is planted comes back as itself."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from scipy.stats import binom, norm

from eval_observatory.statistics.detection import (
    Responses,
    criterion,
    criterion_change,
    criterion_p,
    probits,
    sensitivity,
    sensitivity_change,
    sensitivity_p,
)


def z(k: int, n: int) -> float:
    return float(norm.ppf((k + 0.5) / (n + 1)))


@pytest.mark.parametrize(
    "one", [Responses(20, 25, 10, 25), Responses(0, 9, 9, 9), Responses(5, 5, 0, 7)]
)
def test_points_are_those_of_the_corrected_shares(one: Responses) -> None:
    hit, alarm = z(one.hits, one.signals), z(one.alarms, one.noises)
    assert sensitivity(one).value == pytest.approx(hit - alarm)
    assert criterion(one).value == pytest.approx(-(hit + alarm) / 2)


def test_a_share_of_all_or_none_bounds_nothing_on_its_side() -> None:
    found = sensitivity(Responses(30, 30, 3, 30))
    assert found.high == math.inf
    assert math.isfinite(found.low)
    assert criterion(Responses(30, 30, 3, 30)).low == -math.inf


def test_no_items_tell_nothing() -> None:
    assert sensitivity(Responses(0, 0, 0, 0))[1:] == (-math.inf, math.inf)


@pytest.mark.parametrize("n", [8, 21])
@pytest.mark.parametrize(("hit", "alarm"), [*product((0.3, 0.5, 0.84, 0.97), (0.02, 0.16, 0.5))])
def test_intervals_hold_the_truth_at_least_as_often_as_they_say(
    n: int, hit: float, alarm: float
) -> None:
    d, c = norm.ppf(hit) - norm.ppf(alarm), -(norm.ppf(hit) + norm.ppf(alarm)) / 2
    held = {"d": 0.0, "c": 0.0}
    for k1, k2 in product(range(n + 1), repeat=2):
        mass = float(binom.pmf(k1, n, hit) * binom.pmf(k2, n, alarm))
        if mass < 1e-9:
            continue
        one = Responses(k1, n, k2, n)
        held["d"] += mass * (sensitivity(one).low <= d <= sensitivity(one).high)
        held["c"] += mass * (criterion(one).low <= c <= criterion(one).high)
    assert min(held.values()) >= 0.95


SEEDS, N = 1000, 66


@pytest.mark.parametrize(("shift", "loss"), [(0.0, 0.0), (0.3, 0.0), (0.6, 0.0), (0.0, 0.8)])
def test_a_planted_shift_and_a_planted_loss_come_back_as_themselves(
    shift: float, loss: float
) -> None:
    rng = np.random.default_rng(20)
    d, less = 2.0, 2.0 - loss
    rates = [norm.cdf(1), norm.cdf(-1), norm.cdf(less / 2 - shift), norm.cdf(-less / 2 - shift)]
    counts = np.stack([rng.binomial(N, rate, SEEDS) for rate in rates], axis=1)
    shifts, changes = [], []
    for hits, alarms, hits_there, alarms_there in counts.tolist():
        pair = Responses(hits_there, N, alarms_there, N), Responses(hits, N, alarms, N)
        shifts.append(criterion_change(*pair))
        changes.append(sensitivity_change(*pair))
    assert np.mean([one.low <= shift <= one.high for one in shifts]) >= 0.95
    assert np.mean([one.low <= less - d <= one.high for one in changes]) >= 0.95
    assert np.median([one.value for one in shifts]) == pytest.approx(shift, abs=0.06)
    assert np.median([one.value for one in changes]) == pytest.approx(less - d, abs=0.12)
    told = [np.mean([one.low > 0 or one.high < 0 for one in both]) for both in (shifts, changes)]
    if shift:
        assert told[0] > 0.25
        assert told[1] <= 0.05
    if loss:
        assert told[1] > 0.25
        assert told[0] <= 0.05


@pytest.mark.parametrize(
    "counts", [(41, 2, 55, 11), (50, 9, 55, 11), (66, 0, 60, 3), (30, 30, 31, 30)]
)
def test_p_and_interval_agree(counts: tuple[int, int, int, int]) -> None:
    one, other = Responses(counts[0], N, counts[1], N), Responses(counts[2], N, counts[3], N)
    for p_of, change in ((criterion_p, criterion_change), (sensitivity_p, sensitivity_change)):
        p = p_of(one, other)
        assert 0 <= p <= 1
        for level in (0.5, 0.8, 0.9, 0.95, 0.99):
            found = change(one, other, level)
            assert (found.low > 0 or found.high < 0) == (p < 1 - level)


def test_arms_that_are_alike_differ_in_nothing() -> None:
    one = Responses(40, 66, 9, 66)
    assert criterion_change(one, one).value == 0
    assert criterion_p(one, one) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: sensitivity(Responses(3, 2, 0, 1)), "k = 3 in part 1 is greater than n = 2"),
        (lambda: criterion(Responses(1, 2, -1, 1)), "k = -1 in part 2"),
        (lambda: probits([(1.0, 1, 2)], 1.0), "must lie strictly between 0 and 1"),
    ],
)
def test_impossible_counts_are_refused(call, says: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=says):
        call()
