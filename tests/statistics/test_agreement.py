"""Cohen's kappa and its interval."""

import math
from typing import Any

import pytest
from benchmarks.rates import kappas
from statsmodels.stats.inter_rater import cohens_kappa

from eval_observatory.statistics.agreement import cohen_kappa


def raters(table: list[list[int]]) -> tuple[list[int], list[int]]:
    """Two label sequences whose cross table is `table`."""
    pairs = [
        (row, column)
        for row, counts in enumerate(table)
        for column, count in enumerate(counts)
        for _ in range(count)
    ]
    return [a for a, _ in pairs], [b for _, b in pairs]


@pytest.mark.parametrize(
    "table",
    [
        [[20, 5], [10, 15]],
        [[45, 15], [25, 15]],
        [[3, 20], [20, 3]],
        [[44, 5, 1], [7, 20, 3], [9, 5, 6]],
    ],
)
def test_agrees_with_statsmodels(table: list[list[int]]) -> None:
    theirs = cohens_kappa(table)
    ours = cohen_kappa(*raters(table))
    assert ours.value == pytest.approx(theirs.kappa, abs=1e-12)
    assert ours.n == sum(map(sum, table))


@pytest.mark.parametrize(
    ("first", "second", "value", "agreement"),
    [
        ([True, False, True], [True, False, True], 1.0, 1.0),
        ([True, False], [False, True], -1.0, 0.0),
        (["A", "B", "C"], ["A", "B", "B"], 0.5, 2 / 3),
        ([True, True, False], [True, True, True], 0.0, 2 / 3),
    ],
)
def test_by_hand(first: list[Any], second: list[Any], value: float, agreement: float) -> None:
    kappa = cohen_kappa(first, second)
    assert kappa.value == pytest.approx(value)
    assert kappa.agreement == pytest.approx(agreement)


@pytest.mark.parametrize(
    ("labels", "agreement"), [([], math.nan), ([True] * 5, 1.0)], ids=["nothing", "one label"]
)
def test_undefined_is_nan_and_not_perfect(labels: list[Any], agreement: float) -> None:
    kappa = cohen_kappa(labels, labels)
    assert math.isnan(kappa.value)
    assert kappa.agreement == pytest.approx(agreement, nan_ok=True)


@pytest.mark.parametrize(("prevalence", "large_sample"), [(0.05, 0.31), (0.2, 0.51), (0.5, 0.71)])
def test_the_interval_holds_where_the_large_sample_one_does_not(
    prevalence: float, large_sample: float
) -> None:
    covered, width = kappas(prevalence, 20, 500)
    assert covered >= 0.945 > large_sample + 0.2
    assert width < 2


def test_more_than_two_labels_have_no_interval() -> None:
    found = cohen_kappa(["A", "B", "C"], ["A", "B", "B"])
    assert (math.isnan(found.low), math.isnan(found.high)) == (True, True)


def test_raters_of_different_items_are_refused() -> None:
    with pytest.raises(ValueError, match="2 labels against 1"):
        cohen_kappa([1, 0], [1])
