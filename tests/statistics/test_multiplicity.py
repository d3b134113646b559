"""Families of p-values and of e-values."""

import itertools
from collections.abc import Callable

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from eval_observatory.statistics.multiplicity import e_bh, e_holm, holm

RNG = np.random.default_rng(0)
FAMILIES = [RNG.uniform(0, 1, size).round(2).tolist() for size in (1, 2, 5, 30, 271)]


@pytest.mark.parametrize(
    ("p_values", "adjusted"),
    [
        ([], []),
        ([0.04], [0.04]),
        ([0.01, 0.04, 0.03], [0.03, 0.06, 0.06]),
        ([0.5, 0.5], [1.0, 1.0]),
        ([0.02, 0.001, 0.02], [0.04, 0.003, 0.04]),
    ],
)
def test_by_hand(p_values: list[float], adjusted: list[float]) -> None:
    assert holm(p_values) == pytest.approx(adjusted)


@pytest.mark.parametrize("p_values", FAMILIES, ids=len)
def test_agrees_with_statsmodels(p_values: list[float]) -> None:
    expected = multipletests(p_values, method="holm")[1]
    assert holm(p_values) == pytest.approx(expected.tolist())


@pytest.mark.parametrize("p_values", FAMILIES, ids=len)
def test_never_smaller_than_the_raw_p_and_in_its_order(p_values: list[float]) -> None:
    adjusted = holm(p_values)
    pairs = sorted(zip(p_values, adjusted, strict=True))
    assert all(after >= before for before, after in pairs)
    assert [after for _, after in pairs] == sorted(adjusted)


@pytest.mark.parametrize("bad", [-0.1, 1.1, float("nan")])
def test_what_is_no_p_is_named(bad: float) -> None:
    with pytest.raises(ValueError, match="position 1"):
        holm([0.1, bad])


E_FAMILIES = [
    [30.0],
    [50.0, 0.1, 21.0],
    [100.0, 100.0, 100.0, 0.0],
    [3.0, 3.0, 1.0, 0.5, 80.0, 200.0],
    RNG.lognormal(1, 2, 9).tolist(),
]


@pytest.mark.parametrize("e_values", E_FAMILIES)
def test_e_holm_is_the_closure_of_the_mean(e_values: list[float]) -> None:
    """By brute force: the smallest mean over every subset that holds the hypothesis."""
    places = range(len(e_values))
    subsets = [s for size in places for s in itertools.combinations(places, size + 1)]
    expected = [
        min(sum(e_values[j] for j in s) / len(s) for s in subsets if i in s) for i in places
    ]
    assert e_holm(e_values) == pytest.approx(expected)


@pytest.mark.parametrize("e_values", E_FAMILIES)
def test_e_holm_rejects_all_that_holm_would_on_one_over_e(e_values: list[float]) -> None:
    by_p = holm([min(1.0, 1 / e) if e else 1.0 for e in e_values])
    assert all(e >= 20 for e, p in zip(e_holm(e_values), by_p, strict=True) if p <= 0.05)


@pytest.mark.parametrize(
    ("e_values", "rejected"),
    [
        ([], []),
        ([19.0], [False]),
        ([20.0], [True]),
        ([40.0, 1.0], [True, False]),
        ([20.0, 20.0], [True, True]),
        ([39.0, 19.0], [False, False]),
        ([1.0, 25.0, 0.0, 41.0], [False, False, False, False]),
        ([1.0, 41.0, 0.0, 41.0], [False, True, False, True]),
    ],
)
def test_e_bh_by_hand(e_values: list[float], rejected: list[bool]) -> None:
    assert e_bh(e_values) == rejected


@pytest.mark.parametrize("procedure", [e_bh, e_holm])
@pytest.mark.parametrize("bad", [-1.0, float("nan")])
def test_what_is_no_e_value_is_named(procedure: Callable[..., object], bad: float) -> None:
    with pytest.raises(ValueError, match="position 1"):
        procedure([3.0, bad])
