"""Means at every look: what is promised holds for skewed, two-point and constant values."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from eval_observatory.statistics.sequential_means import (
    MeanContrastPath,
    MeanPath,
    sign_log_e,
    smallest_shift,
)
from eval_observatory.statistics.stopping import Rule

Floats = NDArray[np.float64]
Draw = Callable[[np.random.Generator, tuple[int, int]], Floats]
SCORES = (0.0, 100.0)

DISTRIBUTIONS: dict[str, Draw] = {
    "constant": lambda draw, size: np.full(size, 70.0) + 0 * draw.random(size),
    "two-point": lambda draw, size: np.where(draw.random(size) < 0.05, 100.0, 0.0),
    "skewed": lambda draw, size: 100 * draw.beta(0.3, 2, size),
    "scores": lambda draw, size: np.clip(draw.normal(70, 5, size), 0, 100),
}


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_arms_of_one_distribution_are_seldom_ever_called_different(name: str) -> None:
    draw = np.random.default_rng(4)
    one, other = (DISTRIBUTIONS[name](draw, (200, 1_500)) for _ in range(2))
    ever = sign_log_e(one - other).max(axis=0)
    for level in (0.05, 0.01):
        share = (ever >= math.log(1 / level)).mean()
        assert share <= level + 3 * math.sqrt(level / 1_500)


def test_the_martingale_is_worth_one_on_average() -> None:
    signs = np.array(np.meshgrid(*[[1, -1]] * 6)).reshape(6, -1)
    sizes = np.array([3.0, 0.0, 1.0, 1.0, 40.0, 0.1])[:, None]
    assert np.exp(sign_log_e(signs * sizes)).mean(axis=1) == pytest.approx(1.0)


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_a_mean_is_held_at_all_looks(name: str) -> None:
    draw = np.random.default_rng(5)
    every = DISTRIBUTIONS[name](draw, (60, 150))
    truth = DISTRIBUTIONS[name](draw, (1_000, 200)).mean()
    held = 0
    for values in every.T:
        path = MeanPath(Rule(), SCORES)
        looks = [path.look(list(values[:n]), None) for n in range(10, 61, 10)]
        assert all(b.high - b.low <= a.high - a.low for a, b in pairwise(looks))
        held += looks[-1].low <= truth <= looks[-1].high
    assert held >= 0.95 * 150 - 3


def test_a_mean_is_known_and_not_before() -> None:
    path = MeanPath(Rule(width=0.1), SCORES)
    assert path.look([70.0] * 10, 90).decision is None
    assert path.look([70.0] * 30, 70).decision == "known"


def test_a_mean_that_cannot_be_known_is_given_up() -> None:
    assert MeanPath(Rule(width=0.01), SCORES).look([70.0] * 10, 5).decision == "futile"


def test_missing_values_keep_a_mean_from_being_known() -> None:
    values = [70.0] * 40
    assert MeanPath(Rule(width=0.1), SCORES).look(values, None).decision == "known"
    look = MeanPath(Rule(width=0.1), SCORES).look(values, None, missing=10)
    assert look.decision is None
    assert look.low <= 56.0
    assert look.high >= 76.0


@pytest.mark.parametrize(("sign", "word"), [(1, "higher"), (-1, "lower")])
def test_a_small_difference_on_a_long_scale_is_called(sign: int, word: str) -> None:
    draw = np.random.default_rng(6)
    rounds = list(sign * draw.normal(5, 6, 40))
    look = MeanContrastPath(Rule(), (-100.0, 100.0)).look(rounds, 0)
    assert look.decision == word
    near, far = sorted((look.low, look.high), key=abs)
    assert 0 < sign * near < 5 < sign * far


def test_a_difference_is_no_smaller_than_what_it_is_told_from() -> None:
    rounds = [4.0, 6.0, 5.0, 7.0, 3.0, 5.0, 6.0, 4.0, 5.0, 5.0]
    shift = smallest_shift(rounds, math.log(20))
    shifted = np.asarray(rounds) - shift
    assert sign_log_e(shifted)[-1] <= math.log(20) < sign_log_e(shifted + 0.1)[-1]


def test_a_family_asks_for_more() -> None:
    rounds = [5.0] * 6
    assert MeanContrastPath(Rule(), SCORES).look(rounds, 0).decision == "futile"
    assert MeanContrastPath(Rule(), SCORES).look([5.0] * 9, 0).decision == "higher"
    assert MeanContrastPath(Rule(contrasts=50), SCORES).look([5.0] * 9, 0).decision == "futile"


def test_what_is_missing_is_read_both_ways() -> None:
    path = MeanContrastPath(Rule(), SCORES)
    least, most = [5.0] * 12 + [-70.0] * 3, [5.0] * 12 + [40.0] * 3
    look = path.look(least, 0, most)
    assert look.decision == "futile"
    assert look.low < 0 < look.high


def test_equal_arms_are_bounded_at_last() -> None:
    path = MeanContrastPath(Rule(width=0.1), SCORES)
    assert path.look([0.0] * 10, 200).decision is None
    assert path.look([0.0] * 150, 50).decision == "bounded"


def test_nothing_played_settles_nothing() -> None:
    assert MeanContrastPath(Rule(), SCORES).look([], 10).decision is None
    assert MeanContrastPath(Rule(), SCORES).look([], 0).decision == "futile"


def test_a_path_is_the_same_in_one_look_as_in_many() -> None:
    draw = np.random.default_rng(7)
    rounds = list(draw.normal(2, 6, 60))
    once = MeanContrastPath(Rule(), SCORES).look(rounds, None)
    path = MeanContrastPath(Rule(), SCORES)
    looks = [path.look(rounds[n : n + 10], None) for n in range(0, 60, 10)]
    assert looks[-1].decision == once.decision
    assert looks[-1].low >= once.low - 1e-9
