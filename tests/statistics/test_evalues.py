"""Two arms while they run: every e-value has mean <= 1 under its hypothesis, at every look."""

import itertools
import math

import numpy as np
import pytest
from scipy.stats import binom

from eval_observatory.statistics.evalues import (
    difference_log_e,
    difference_sequence,
    two_arm_e_process,
)

PASTS = [[], [(0, 1, 1, 1)], [(1, 1, 0, 1)] * 5, [(2, 4, 0, 3), (0, 0, 5, 5)]]
SIZES = [(1, 1), (3, 3), (2, 5), (4, 0)]


def tables(n1: int, n2: int, rate1: float, rate2: float) -> list[tuple[int, int, float]]:
    return [
        (k1, k2, float(binom.pmf(k1, n1, rate1) * binom.pmf(k2, n2, rate2)))
        for k1, k2 in itertools.product(range(n1 + 1), range(n2 + 1))
    ]


@pytest.mark.parametrize("past", PASTS)
@pytest.mark.parametrize(("n1", "n2"), SIZES)
@pytest.mark.parametrize("rate", [0.0, 0.02, 0.3, 0.5, 0.9, 1.0])
def test_equal_rates_never_win_in_the_mean(
    past: list[tuple[int, int, int, int]], n1: int, n2: int, rate: float
) -> None:
    before = two_arm_e_process(past)[-1] if past else 1.0
    mean = sum(
        chance * two_arm_e_process([*past, (k1, n1, k2, n2)])[-1] / before
        for k1, k2, chance in tables(n1, n2, rate, rate)
    )
    assert mean <= 1 + 1e-9


@pytest.mark.parametrize(("n1", "n2"), SIZES)
@pytest.mark.parametrize("predicted", [(0.5, 0.5), (0.9, 0.05), (0.02, 0.3)])
@pytest.mark.parametrize("delta", [-0.9, -0.4, 0.0, 0.15, 0.8])
def test_a_true_difference_never_wins_in_the_mean(
    n1: int, n2: int, predicted: tuple[float, float], delta: float
) -> None:
    for rate2 in np.linspace(max(0.0, -delta), min(1.0, 1.0 - delta), 9):
        mean = sum(
            chance * math.exp(difference_log_e((k1, n1, k2, n2), predicted, np.array([delta]))[0])
            for k1, k2, chance in tables(n1, n2, min(1.0, float(rate2) + delta), float(rate2))
            if chance > 0
        )
        assert mean <= 1 + 1e-9


def test_no_difference_is_the_test_of_equality() -> None:
    block, predicted = (1, 3, 4, 5), (0.5, 0.5)
    log_e = difference_log_e(block, predicted, np.array([0.0]))[0]
    assert math.exp(log_e) == pytest.approx(two_arm_e_process([block])[-1])


@pytest.mark.parametrize(
    ("rates", "at_most"), [((0.15, 0.97), 8), ((0.02, 0.31), 30), ((0.05, 0.15), 200)]
)
def test_stops_early_where_the_difference_is_clear(
    rates: tuple[float, float], at_most: int
) -> None:
    rng = np.random.default_rng(3)
    stops = []
    for _ in range(100):
        first, second = rng.random(400) < rates[0], rng.random(400) < rates[1]
        blocks = [(int(a), 1, int(b), 1) for a, b in zip(first, second, strict=True)]
        e = two_arm_e_process(blocks)
        stops.append(next((i for i, value in enumerate(e, 1) if value >= 20), 400))
    assert np.median(stops) <= at_most


@pytest.mark.parametrize("rates", [(0.05, 0.05), (0.3, 0.6), (0.0, 1.0), (1.0, 0.0)])
def test_the_sequence_holds_the_difference_at_all_looks(rates: tuple[float, float]) -> None:
    rng = np.random.default_rng(5)
    missed = 0
    for _ in range(20):
        first, second = rng.random(100) < rates[0], rng.random(100) < rates[1]
        blocks = [(int(a), 1, int(b), 1) for a, b in zip(first, second, strict=True)]
        sequence = difference_sequence(blocks, 0.9, grid=100)
        truth = rates[0] - rates[1]
        missed += any(not low <= truth + 1e-12 <= high + 1e-9 for low, high in sequence)
    assert missed / 20 <= 0.1


def test_the_sequence_leaves_out_zero_when_the_test_rejects() -> None:
    blocks = [(0, 1, 1, 1)] * 12
    rejected = [e >= 20 for e in two_arm_e_process(blocks)]
    left_out = [high < 0 for _, high in difference_sequence(blocks)]
    assert any(rejected)
    # One grid step outwards: the sequence may follow a look or two later, never earlier.
    assert left_out.index(True) >= rejected.index(True)
    assert left_out.index(True) - rejected.index(True) <= 2


def test_long_runs_do_not_overflow() -> None:
    assert math.isfinite(two_arm_e_process([(0, 1, 1, 1)] * 3000)[-1])


@pytest.mark.parametrize(
    ("block", "prior", "says"),
    [((2, 1, 0, 1), 0.18, "arm 1 of block 1"), ((0, 1, 0, 1), 0.0, "prior")],
)
def test_impossible_input_is_named(
    block: tuple[int, int, int, int], prior: float, says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        two_arm_e_process([(0, 1, 0, 1), block], prior)
