"""Confidence sequences: the truth is left out at any look with chance <= 1 - level."""

import itertools
import math
from collections.abc import Callable

import numpy as np
import pytest

from eval_observatory.statistics.intervals import Interval, clopper_pearson
from eval_observatory.statistics.sequential import (
    beta_binomial,
    beta_binomial_sequence,
    running_intersection,
)


def chance_ever_left_out(rate: float, looks: int, level: float) -> float:
    """Exact, by following the chance of every count over time; a path ends once it misses."""
    alive = np.array([1.0])
    missed = 0.0
    for n in range(1, looks + 1):
        following = np.zeros(n + 1)
        following[:-1] += alive * (1 - rate)
        following[1:] += alive * rate
        for k in np.flatnonzero(following > 1e-12):
            low, high = beta_binomial(int(k), n, level)
            if not low <= rate <= high:
                missed += following[k]
                following[k] = 0.0
        alive = following
    return missed


@pytest.mark.parametrize("level", [0.8, 0.95])
@pytest.mark.parametrize("rate", [0.0, 0.01, 0.05, 0.5, 0.97, 1.0])
def test_beta_binomial_holds_at_all_looks_together(rate: float, level: float) -> None:
    assert chance_ever_left_out(rate, 120, level) <= 1 - level


def test_the_fixed_interval_does_not() -> None:
    """What sequences are for: Clopper-Pearson at every look misses far more often than 5 %."""
    rng = np.random.default_rng(1)
    paths = rng.random((300, 100)) < 0.5
    missed = 0
    for path in paths:
        counts = np.cumsum(path)
        missed += any(
            not low <= 0.5 <= high
            for n in range(1, 101)
            for low, high in [clopper_pearson(int(counts[n - 1]), n)]
        )
    assert missed / 300 > 0.1


@pytest.mark.parametrize(("k", "n"), [(0, 1), (0, 100), (3, 100), (50, 100), (100, 100)])
def test_limits_are_where_the_likelihood_ratio_is_one_in_alpha(k: int, n: int) -> None:
    low, high = beta_binomial(k, n)
    assert low <= k / n <= high
    for p in {low, high} - {0.0, 1.0}:
        log_beta = math.lgamma(k + 0.5) + math.lgamma(n - k + 0.5) - math.lgamma(n + 1.0)
        likelihood = (k and k * math.log(p)) + ((n - k) and (n - k) * math.log(1 - p))
        ratio = math.exp(log_beta - math.log(math.pi) - likelihood)
        assert ratio == pytest.approx(20, rel=1e-6)


@pytest.mark.parametrize(("k", "n"), [(0, 20), (5, 100), (50, 100), (299, 300)])
def test_wider_than_the_fixed_interval(k: int, n: int) -> None:
    fixed, sequence = clopper_pearson(k, n), beta_binomial(k, n)
    assert sequence.low <= fixed.low
    assert fixed.high <= sequence.high


def test_sequence_cuts_each_interval_to_those_before() -> None:
    outcomes = [True] * 8 + [False] * 40
    cut = beta_binomial_sequence(outcomes)
    assert len(cut) == 48
    for before, after in itertools.pairwise(cut):
        assert before.low <= after.low <= after.high <= before.high


def test_an_empty_intersection_keeps_the_last() -> None:
    given = [Interval(0.1, 0.4), Interval(0.5, 0.9), Interval(0.2, 0.8)]
    assert running_intersection(given) == [(0.1, 0.4), (0.1, 0.4), (0.2, 0.4)]


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: beta_binomial(3, 2), "greater than n"),
        (lambda: beta_binomial(1, 2, 1.0), "level"),
        (lambda: beta_binomial(1, 2, prior=0), "prior"),
    ],
)
def test_impossible_input_is_named(call: Callable[[], object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        call()


def test_nothing_seen_nothing_known() -> None:
    assert beta_binomial(0, 0) == (0.0, 1.0)
