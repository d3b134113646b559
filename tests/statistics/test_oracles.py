"""Our statistics agree with scipy's and statsmodels' wherever these have the method."""

import pytest
from benchmarks.oracles import ORACLES, Oracle


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
@pytest.mark.parametrize("one", ORACLES, ids=lambda one: str(one.method))
def test_agrees_with_its_oracle(one: Oracle) -> None:
    cases, apart = one.apart()
    assert cases
    assert apart <= one.tolerance
