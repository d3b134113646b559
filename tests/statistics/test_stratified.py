"""The exact conditional test within strata, against enumeration, Fisher and statsmodels."""

import numpy as np
import pytest
from scipy.stats import hypergeom
from statsmodels.stats.contingency_tables import StratifiedTable

from eval_observatory.statistics.exact import fisher
from eval_observatory.statistics.stratified import stratified


@pytest.mark.parametrize("counts", [(3, 10, 0, 10), (7, 20, 5, 30), (0, 5, 5, 5)])
@pytest.mark.parametrize("side", ["less", "greater"])
def test_one_stratum_is_fishers_test(counts: tuple[int, int, int, int], side: str) -> None:
    assert stratified([counts], side) == pytest.approx(fisher(*counts, side))  # type: ignore[arg-type]


def test_two_strata_by_enumeration() -> None:
    strata = [(4, 10, 1, 12), (3, 8, 2, 9)]
    masses = [hypergeom(n1 + n2, k1 + k2, n1).pmf for k1, n1, k2, n2 in strata]
    sums = [(i + j, masses[0](i) * masses[1](j)) for i in range(6) for j in range(6)]
    assert stratified(strata, "greater") == pytest.approx(sum(m for s, m in sums if s >= 7))
    assert stratified(strata, "less") == pytest.approx(sum(m for s, m in sums if s <= 7))


def test_many_events_are_as_cochran_mantel_and_haenszel_say() -> None:
    strata = [(60, 200, 40, 200), (30, 200, 26, 200), (110, 200, 90, 200)]
    tables = [np.array([[k1, n1 - k1], [k2, n2 - k2]]) for k1, n1, k2, n2 in strata]
    theirs = StratifiedTable(tables).test_null_odds(correction=True).pvalue
    assert stratified(strata) == pytest.approx(theirs, rel=0.05)


def test_a_stratum_with_an_empty_arm_tells_nothing() -> None:
    one = (4, 10, 1, 12)
    assert stratified([one, (0, 0, 3, 9)]) == stratified([one])
    assert stratified([]) == 1.0
    with pytest.raises(ValueError, match="arm 1 of stratum 2"):
        stratified([one, (3, 2, 0, 1)])
