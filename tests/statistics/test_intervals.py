"""Clopper-Pearson and Wilson: what they promise, and that they are what the references say."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import binom
from statsmodels.stats.proportion import proportion_confint

from eval_observatory.statistics.intervals import (
    Interval,
    clopper_pearson,
    clopper_pearson_many,
    wilson,
)

PAIRS = [(k, n) for n in (1, 2, 3, 20, 100, 317) for k in range(n + 1)]
COUNTS = [(0, 1), (1, 1), (0, 20), (1, 20), (19, 20), (20, 20), (3, 100), (150, 300), (299, 300)]


@pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
@pytest.mark.parametrize(("k", "n"), COUNTS)
@pytest.mark.parametrize(
    ("ours", "method"), [(clopper_pearson, "beta"), (wilson, "wilson")], ids=["exact", "wilson"]
)
def test_agrees_with_statsmodels(
    ours: Callable[..., Interval], method: str, k: int, n: int, level: float
) -> None:
    expected = proportion_confint(k, n, alpha=1 - level, method=method)
    assert ours(k, n, level) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    [  # Newcombe 1998 (Stat. Med. 17: 857), table I, method 5: published to four digits
        (81, 263, 0.2527, 0.3676),
        (15, 148, 0.0578, 0.1617),
        (0, 20, 0.0000, 0.1684),
        (1, 29, 0.0009, 0.1776),
    ],
)
def test_clopper_pearson_as_published(k: int, n: int, low: float, high: float) -> None:
    assert clopper_pearson(k, n) == pytest.approx((low, high), abs=5.1e-5)


@pytest.mark.parametrize("n", [20, 100, 300])
@pytest.mark.parametrize("rate", [0.0, 0.01, 0.03, 0.05, 0.15, 0.5, 0.97, 1.0])
def test_the_default_covers_at_least_nominally(rate: float, n: int) -> None:
    """Enumerated over every possible count, not simulated."""
    counts = np.arange(n + 1)
    low, high = clopper_pearson_many(counts, np.full(n + 1, n))
    covered = binom.pmf(counts, n, rate)[(low <= rate) & (rate <= high)].sum()
    assert covered >= 0.95


def test_the_default_has_width_and_holds_the_rate() -> None:
    for k, n in PAIRS:
        low, high = clopper_pearson(k, n)
        assert 0.0 <= low <= k / n <= high <= 1.0
        assert low < high


def test_turning_the_question_round_mirrors_the_interval() -> None:
    for k, n in PAIRS:
        low, high = clopper_pearson(k, n)
        assert clopper_pearson(n - k, n) == pytest.approx((1 - high, 1 - low), abs=1e-9)


@pytest.mark.parametrize("interval", [clopper_pearson, wilson])
def test_nothing_seen_nothing_known(interval: Callable[..., Interval]) -> None:
    assert interval(0, 0) == Interval(0.0, 1.0)


def test_columns_and_scalars_agree() -> None:
    k, n = np.array(COUNTS).T
    low, high = clopper_pearson_many(k, n, 0.9)
    assert list(zip(low, high, strict=True)) == [clopper_pearson(a, b, 0.9) for a, b in COUNTS]


@pytest.mark.parametrize("interval", [clopper_pearson, wilson])
@pytest.mark.parametrize(
    ("k", "n", "level", "says"),
    [
        (-1, 10, 0.95, "k = -1"),
        (11, 10, 0.95, "greater than n = 10"),
        (0, -1, 0.95, "n = -1"),
        (1, 10, 0.0, "level = 0.0"),
        (1, 10, 1.0, "level = 1.0"),
        (1, 10, 95, "level = 95"),
    ],
)
def test_impossible_input_is_named(
    interval: Callable[..., Interval], k: int, n: int, level: float, says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        interval(k, n, level)


@pytest.mark.parametrize(("k", "n"), [([1, 3], [2, 2]), ([0, -1], [2, 2]), ([float("nan")], [2])])
def test_impossible_columns_are_named(k: list[float], n: list[int]) -> None:
    with pytest.raises(ValueError, match="position"):
        clopper_pearson_many(k, n)
