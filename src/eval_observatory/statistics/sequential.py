"""Intervals of one rate that hold at every look: confidence sequences.

A confidence sequence covers the true rate at all sample sizes at once with chance >= level, so one
may look after every rollout and stop for any reason. The fixed-n intervals of `intervals` may not
be used so. The price is width: about one and a half of a Clopper-Pearson interval's at n = 100.
"""

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import betaln, xlog1py, xlogy

from eval_observatory.statistics._checks import check_counts, check_share
from eval_observatory.statistics.intervals import Interval

Floats = NDArray[np.float64]

NEAR = 1e-15
HALVINGS = 40


def beta_binomial(k: int, n: int, level: float = 0.95, prior: float = 0.5) -> Interval:
    """The confidence sequence's interval after n rollouts with k events.

    All rates p whose mixture likelihood ratio B(a + k, a + n - k) / (B(a, a) p^k (1 - p)^(n - k))
    is below 1/(1 - level), a = `prior`: by Ville's inequality the truth is ever left out with
    chance <= 1 - level. Robbins (1970), Ann. Math. Stat. 41: 1397-1409; for the Beta mixture
    Howard, Ramdas, McAuliffe and Sekhon (2021), Ann. Stat. 49: 1055-1080. Depends on the order of
    outcomes not at all. n = 0: (0, 1).

    Args:
        k: events so far.
        n: scored rollouts so far.
        level: chance with which all looks together hold the truth.
        prior: the symmetric Beta's parameter; fixed before the first rollout.

    Raises `ValueError` for impossible counts, a level outside (0, 1) or a prior <= 0.
    """
    check_counts(k, n)
    check_share(level, "level")
    if not prior > 0:
        raise ValueError(f"prior = {prior}: must be positive")
    if n == 0:
        return Interval(0.0, 1.0)
    limit = -math.log1p(-level)
    mixture = float(betaln(prior + k, prior + n - k) - betaln(prior, prior))

    def excess(p: float) -> float:
        loss = (k * math.log(p) if k else 0.0) + ((n - k) * math.log1p(-p) if k < n else 0.0)
        return mixture - loss - limit

    low, high, top = 0.0, 1.0, min(max(k / n, NEAR), 1 - NEAR)
    if k > 0 and excess(NEAR) > 0:
        low = float(brentq(excess, NEAR, top, xtol=1e-13))
    if k < n and excess(1 - NEAR) > 0:
        high = float(brentq(excess, top, 1 - NEAR, xtol=1e-13))
    return Interval(low, high)


def beta_binomial_ends(n: int, level: float = 0.95, prior: float = 0.5) -> tuple[Floats, Floats]:
    """The limits of `beta_binomial` for every k from 0 to n, by halving, to a thousandth of 1e-9.

    Args and errors as there; n > 0.
    """
    check_share(level, "level")
    k = np.arange(n + 1)
    limit = -math.log1p(-level)
    excess = betaln(prior + k, prior + n - k) - betaln(prior, prior) - limit
    ends = []
    for outer in (np.zeros(n + 1), np.ones(n + 1)):
        out, inside = outer, k / n
        for _ in range(HALVINGS):
            middle = (out + inside) / 2
            beyond = excess - xlogy(k, middle) - xlog1py(n - k, -middle) > 0
            out, inside = np.where(beyond, middle, out), np.where(beyond, inside, middle)
        ends.append(out)
    return ends[0], ends[1]


def beta_binomial_sequence(
    outcomes: Iterable[bool], level: float = 0.95, prior: float = 0.5
) -> list[Interval]:
    """`beta_binomial` after each outcome, each interval cut to those before it.

    Raises `ValueError` as `beta_binomial`.
    """
    k, found = 0, []
    for n, outcome in enumerate(outcomes, 1):
        k += bool(outcome)
        found.append(beta_binomial(k, n, level, prior))
    return running_intersection(found)


def running_intersection(intervals: Iterable[Interval]) -> list[Interval]:
    """Each interval cut to all before it: still a confidence sequence, and never wider again.

    Where an intersection is empty (chance <= 1 - level) the last non-empty one stays.
    """
    low, high, cut = -math.inf, math.inf, []
    for interval in intervals:
        newer = Interval(max(low, interval.low), min(high, interval.high))
        if newer.low <= newer.high:
            low, high = newer
        cut.append(Interval(low, high))
    return cut
