"""Bounds for unscored rollouts."""

import pytest

from eval_observatory.statistics.intervals import clopper_pearson
from eval_observatory.statistics.missing import missing_bounds


@pytest.mark.parametrize(("k", "n", "unscored"), [(3, 10, 2), (0, 5, 5), (0, 0, 4), (7, 7, 1)])
def test_every_way_to_fill_in_lies_inside(k: int, n: int, unscored: int) -> None:
    bounds = missing_bounds(k, n, unscored)
    for hidden in range(unscored + 1):
        low, high = clopper_pearson(k + hidden, n + unscored)
        assert bounds.none <= (k + hidden) / (n + unscored) <= bounds.all
        assert bounds.interval.low <= low
        assert high <= bounds.interval.high


def test_nothing_missing_is_the_plain_estimate() -> None:
    assert missing_bounds(3, 10, 0) == (0.3, 0.3, clopper_pearson(3, 10))


def test_nothing_observed_is_everything_possible() -> None:
    assert missing_bounds(0, 0, 0) == (0.0, 1.0, (0.0, 1.0))


def test_impossible_counts_are_named() -> None:
    with pytest.raises(ValueError, match="n = -1 in the unscored"):
        missing_bounds(1, 2, -1)
