"""Rank intervals: from pairs that are told to the ranks that are left open."""

import numpy as np
import pytest
from benchmarks.ranks import kept, spread
from numpy.typing import NDArray

from eval_observatory.statistics.ranks import Rank, rank_intervals, surely_higher

Floats = NDArray[np.float64]


def pairs(*told: tuple[int, int], m: int, p: float = 1e-6) -> Floats:
    made = np.ones((m, m))
    for i, j in told:
        made[i, j] = p
    return made


def test_by_hand() -> None:
    """The first above both others, which are in no order."""
    higher = surely_higher(pairs((0, 1), (0, 2), m=3))
    assert rank_intervals(higher) == [Rank(1, 1), Rank(2, 3), Rank(2, 3)]
    assert rank_intervals(surely_higher(pairs(m=3))) == [Rank(1, 3)] * 3
    assert rank_intervals(surely_higher(pairs(m=1))) == [Rank(1, 1)]


@pytest.mark.parametrize(("p", "told"), [(0.05 / 6, True), (0.05 / 6 + 1e-9, False)])
def test_all_directions_of_all_pairs_share_the_error(p: float, told: bool) -> None:
    assert surely_higher(pairs((0, 1), m=3, p=p))[0, 1] == told


def test_what_is_told_leaves_more_for_the_rest() -> None:
    made = pairs((0, 1), m=3)
    made[0, 2] = 0.05 / 5
    assert surely_higher(made)[0].tolist() == [False, True, True]


@pytest.mark.parametrize("p", [np.ones((2, 3)), np.full((2, 2), np.nan), np.full((2, 2), 1.5)])
def test_what_is_no_p_of_pairs_is_refused(p: Floats) -> None:
    with pytest.raises(ValueError, match=r"pair|outside"):
        surely_higher(p)


@pytest.mark.parametrize("models", [2, 5, 20])
@pytest.mark.parametrize("kind", ["50 %", "halves 5 and 50 %", "0 to 100 %"])
def test_all_ranks_and_all_rates_hold_together(models: int, kind: str) -> None:
    found = kept(spread(models, kind), n=10, cells=1, studies=400)
    assert min(found.ranks, found.rates) >= 0.95 - 3 * (0.05 * 0.95 / 400) ** 0.5
    assert found.wrong <= 0.05 + 3 * (0.05 * 0.95 / 400) ** 0.5
