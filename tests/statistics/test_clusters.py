"""Figures over a sample of levels: against sums by hand, and coverage where levels differ."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import warnings
from collections.abc import Iterator
from itertools import product

import numpy as np
import pytest
from benchmarks.wordings import (
    cell_of,
    difference_over_wordings,
    over_wordings,
    played,
)
from scipy import stats
from scipy.special import expit

from eval_observatory.statistics.clusters import (
    Clusters,
    Tally,
    components,
    logit_sd,
    on_the_logit,
    prediction,
    sampled_difference,
    sampled_mean,
    sampled_rate,
)
from eval_observatory.statistics.intervals import Interval, clopper_pearson
from peer_preservation.calibration.worded import centre


def rates(shown: list[int], of: list[int]) -> Clusters:
    pairs = zip(shown, of, strict=True)
    return Clusters({place: Tally(n, k, k) for place, (k, n) in enumerate(pairs)})


def values(*levels: list[float]) -> Clusters:
    return Clusters(
        {
            place: Tally(len(level), sum(level), sum(one**2 for one in level))
            for place, level in enumerate(levels)
        }
    )


def test_a_mean_over_levels_of_one_size_is_students_of_their_means() -> None:
    cell = values([1.0, 2.0], [4.0, 6.0], [2.0, 2.0], [9.0, 8.0])
    means = [1.5, 5.0, 2.0, 8.5]
    wanted = stats.t.interval(0.95, 3, np.mean(means), stats.sem(means))
    assert sampled_mean(cell) == pytest.approx(wanted)


def test_components_are_those_of_the_analysis_of_variance() -> None:
    levels = [[1.0, 2.0, 4.0], [4.0, 6.0, 5.0], [9.0, 7.0, 8.0]]
    found = components(values(*levels))
    assert found
    f, _ = stats.f_oneway(*levels)
    within = np.mean([np.var(one, ddof=1) for one in levels])
    assert found.within**2 == pytest.approx(within)
    assert found.between**2 == pytest.approx((f * within - within) / 3)
    low = within * (f / stats.f.ppf(0.975, 2, 6) - 1) / 3
    assert found.low**2 == pytest.approx(low)
    assert found.share == pytest.approx(found.between**2 / (found.between**2 + within))


def test_equal_levels_are_worth_what_estimating_it_leaves() -> None:
    cell = rates([3, 3, 3, 3, 3, 3], [10] * 6)
    assert sampled_rate(cell) == pytest.approx(clopper_pearson(18, 60))
    apart = sampled_rate(rates([0, 0, 0, 6, 6, 6], [10] * 6))
    assert apart
    assert apart.low < 0.05
    assert apart.high > 0.6


def test_what_a_wording_does_to_both_cells_does_nothing_to_their_difference() -> None:
    one, two = rates([1, 2, 3, 4, 5, 6], [10] * 6), rates([3, 4, 5, 6, 7, 8], [10] * 6)
    ends = [sampled_rate(cell) for cell in (one, two)]
    assert ends[0]
    assert ends[1]
    alike = sampled_difference(one, two, ends[0], ends[1])
    other = rates([8, 7, 6, 5, 4, 3], [10] * 6)
    against = sampled_difference(one, other, ends[0], ends[1])
    assert alike.high - alike.low < 0.3 * (against.high - against.low)


def test_a_further_level_turns_the_sign_as_often_as_levels_cross() -> None:
    none = rates([0] * 6, [10] * 6)
    far, near = rates([8, 9, 8, 9, 8, 9], [10] * 6), rates([0, 0, 0, 1, 4, 9], [10] * 6)
    told = [prediction(cell, none, Interval(0.0, 1.0)) for cell in (far, near)]
    assert told[0]
    assert told[1]
    assert told[0].turns < 0.05 < told[1].turns < 0.5
    assert told[1].low < -0.3


@pytest.mark.parametrize("k", [1, 2, 3])
def test_two_levels_as_far_apart_as_can_be_have_no_upper_end_or_one(k: int) -> None:
    cell = Clusters({"w1": Tally(30, k, k), "w2": Tally(30, 30 - k, 30 - k)})
    (found,) = on_the_logit([cell])
    assert found is not None
    assert 0 < found.low < found.high


def test_a_level_that_is_most_of_a_cell_makes_it_uneven() -> None:
    assert Clusters({"w1": Tally(20, 1, 1), "w2": Tally(40, 1, 1)}).even
    assert not Clusters({"w1": Tally(20, 1, 1), "w2": Tally(41, 1, 1)}).even


def test_spread_on_the_logit_returns_what_made_it() -> None:
    nodes, weights = np.polynomial.hermite_e.hermegauss(101)
    shares = weights / weights.sum()
    for at, sd in product((-3.0, -1.0, 0.0, 2.0), (0.25, 0.5, 1.0, 2.0)):
        shown = expit(at + sd * nodes)
        mean = shares @ shown
        spread = math.sqrt(shares @ shown**2 - mean**2)
        assert logit_sd(np.array([mean]), np.array([spread]))[0] == pytest.approx(sd, abs=0.01)


def odd() -> Iterator[Clusters]:
    yield rates([1], [4])
    yield rates([0] * 6, [5] * 6)
    yield rates([5] * 6, [5] * 6)
    yield rates([0, 5], [5, 5])
    yield rates([0, 1, 1, 0], [1] * 4)
    yield rates([0, 1], [1, 1])
    yield rates([3, 400], [5, 1_000])
    yield values([2.0, 2.0], [2.0, 2.0])


@pytest.mark.parametrize("cell", list(odd()))
def test_odd_cells_give_an_answer_or_none(cell: Clusters) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ends = (sampled_rate(cell) if cell.mean <= 1 else None) or sampled_mean(cell)
        told, spread = components(cell), on_the_logit([cell]) if cell.mean <= 1 else [None]
        further = prediction(cell, cell, Interval(-1, 1))
    assert (ends is None) == (cell.m < 2)
    for found in (ends, told, spread[0], further):
        assert found is None or not any(map(math.isnan, found))


@pytest.mark.parametrize("wrong", [0.0, 1.0, 95.0])
def test_a_level_outside_of_0_and_1_is_refused(wrong: float) -> None:
    cell = rates([1, 2], [5, 5])
    for ask in (sampled_rate, sampled_mean, components):
        with pytest.raises(ValueError, match="level = "):
            ask(cell, wrong)


@pytest.mark.parametrize(
    ("spread", "rate", "n"), [(1.0, 0.1, 300), (1.0, 0.5, 30), (0.5, 0.05, 100)]
)
def test_intervals_hold_where_wordings_differ(spread: float, rate: float, n: int) -> None:
    draw, at = np.random.default_rng(5), centre(rate, spread)
    held, naive, of = 0, 0, 600
    for _ in range(of):
        cell = cell_of(expit(at + spread * draw.standard_normal(6)), n, draw)
        ends, given = over_wordings(cell), clopper_pearson(round(cell.mean * n), n)
        held += ends.low <= rate <= ends.high
        naive += given.low <= rate <= given.high
    assert held / of > 0.93  # 0.95 less 2.3 standard errors of 600
    assert naive <= held


def test_two_equal_cells_whose_wordings_differ_are_not_told_apart() -> None:
    draw, at = np.random.default_rng(6), centre(0.5, 1.0)
    apart, naive, of = 0, 0, 400
    for _ in range(of):
        moved = draw.standard_normal((2, 6))
        one, two = (cell_of(expit(at + row), 100, draw) for row in moved)
        ends, given = difference_over_wordings(one, two)
        apart += not ends.low <= 0 <= ends.high
        naive += not given.low <= 0 <= given.high
    assert apart / of < 0.07
    assert naive / of > 0.25


@pytest.mark.parametrize("planted", [0.0, 0.5, 1.0])
def test_what_an_organism_is_planted_to_do_with_wordings_comes_back(planted: float) -> None:
    told = [played(planted, 0.4, taste, 240) for taste in range(8)]
    low, high = (np.array([row[f"logit_sd_{end}"] for row in told]) for end in ("low", "high"))
    assert ((low <= planted) & (planted <= high)).sum() >= 7
    assert abs(np.median([row["logit_sd"] for row in told]) - planted) < 0.3


SEEDED = """
from eval_observatory.statistics.clusters import Clusters, Tally, prediction, sampled_mean
from eval_observatory.statistics.clusters import sampled_difference
one, two = (
    Clusters({f"w{i}": Tally(17, k / 7, k * k / 49) for i, k in enumerate(ks)})
    for ks in ((31, 5, 77, 13, 40, 2, 9), (3, 50, 7, 22, 61, 18, 29))
)
ends = [sampled_mean(cell, 0.95) for cell in (one, two)]
around = sampled_difference(one, two, *ends)
print(around, prediction(one, two, around))
"""


def test_no_digit_hangs_on_how_strings_are_hashed() -> None:
    told = {
        subprocess.run(
            [sys.executable, "-c", SEEDED],
            env={**os.environ, "PYTHONHASHSEED": str(seed)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in range(4)
    }
    assert len(told) == 1, told
