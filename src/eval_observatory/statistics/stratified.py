"""Two arms compared within strata: the exact conditional test."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from eval_observatory.statistics._checks import check_counts
from eval_observatory.statistics.exact import log_choose

Floats = NDArray[np.float64]
Side = Literal["two-sided", "less", "greater"]


class Stratum(NamedTuple):
    """The counts of two arms in one place of the design."""

    k1: int
    n1: int
    k2: int
    n2: int


def stratified(
    strata: Sequence[Stratum | tuple[int, int, int, int]], alternative: Side = "two-sided"
) -> float:
    """p of the exact conditional test that in no stratum the two arms' rates differ.

    Given each stratum's events, those of arm 1 are hypergeometric if its two rates are equal; the
    statistic is their sum over the strata, its distribution the convolution (Zelen 1971, Biometrika
    58: 129-137; the exact form of Cochran's, Mantel's and Haenszel's test, for one stratum
    Fisher's). The rates of the strata may differ. Two-sided is twice the smaller one-sided p, at
    most 1. "greater" asks for higher rates of arm 1. A stratum with an empty arm tells nothing.

    Raises `ValueError` for impossible counts.
    """
    for position, (k1, n1, k2, n2) in enumerate(strata, 1):
        check_counts(k1, n1, f"arm 1 of stratum {position}")
        check_counts(k2, n2, f"arm 2 of stratum {position}")
    told = [Stratum(*one) for one in strata if one[1] and one[3]]
    events = tuple(sorted((one.k1 + one.k2, one.n1, one.n2) for one in told))
    masses, least = distribution(events)
    place = sum(one.k1 for one in told) - least
    lower, upper = float(masses[: place + 1].sum()), float(masses[place:].sum())
    p = {"less": lower, "greater": upper, "two-sided": 2 * min(lower, upper)}[alternative]
    return min(1.0, p)


@lru_cache(maxsize=1 << 12)
def distribution(events: tuple[tuple[int, int, int], ...]) -> tuple[Floats, int]:
    """The masses of arm 1's summed events under no effect, and the smallest such sum.

    Args:
        events: of each stratum all events, and the sizes of its arms.
    """
    if not events:
        return np.ones(1), 0
    masses, least = distribution(events[:-1])
    own, first = _hypergeometric(*events[-1])
    return np.convolve(masses, own), least + first


@lru_cache(maxsize=1 << 12)
def _hypergeometric(events: int, n1: int, n2: int) -> tuple[Floats, int]:
    """The masses of arm 1's events given those of both, and the smallest number of them."""
    least, most = max(0, events - n2), min(events, n1)
    k = np.arange(least, most + 1)
    log = log_choose(n1)[k] + log_choose(n2)[events - k] - log_choose(n1 + n2)[events]
    masses: Floats = np.exp(log)
    return masses / masses.sum(), least
