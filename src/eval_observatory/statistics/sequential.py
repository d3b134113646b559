"""Intervals of one rate that hold at every look: confidence sequences.

A confidence sequence covers the true rate at all sample sizes at once with chance >= level, so one
may look after every rollout and stop for any reason. The fixed-n intervals of `intervals` may not
be used so. The price is width: about one and a half of a Clopper-Pearson interval's at n = 100.
"""

import math
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import betaln

from eval_observatory.statistics._checks import check_counts, check_share
from eval_observatory.statistics.intervals import Interval

Floats = NDArray[np.float64]

NEAR = 1e-15


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


def hedged_capital(
    values: Sequence[float], level: float = 0.95, *, grid: int = 1000, truncation: float = 0.5
) -> list[Interval]:
    """The betting confidence sequence of a mean of values in [0, 1], after each value.

    The hedged capital process of Waudby-Smith and Ramdas (2024), JRSS B 86: 1-27, theorem 3, with
    predictable plug-in bets: a candidate mean m is left out once max(K+, K-)/2 >= 1/(1 - level),
    K+ and K- the capital of bets that the mean is above and below m. For shares and scores as well
    as yes-or-no outcomes; order counts, so give values as they came. Limits are those of the
    surviving candidates, one grid step outwards, and cut to the intervals before.

    Args:
        values: observations in [0, 1], in order.
        level: chance with which all looks together hold the truth.
        grid: number of candidate means.
        truncation: the largest share of the capital that is ever at risk, in (0, 1).

    Raises `ValueError` for a value outside [0, 1], or a level or truncation outside (0, 1).
    """
    check_share(level, "level")
    check_share(truncation, "truncation")
    x = np.asarray(values, dtype=float)
    bad = np.flatnonzero(~((x >= 0) & (x <= 1)))
    if bad.size:
        raise ValueError(f"value {x[bad[0]]:g} at position {bad[0]}: must lie between 0 and 1")
    means = np.linspace(0, 1, grid + 1)
    bets = predictable_bets(x, 1 - level)
    log_up, log_down = np.zeros(grid + 1), np.zeros(grid + 1)
    alive = np.ones(grid + 1, dtype=bool)
    limit = math.log(2 / (1 - level))
    found = []
    for value, bet in zip(x, bets, strict=True):
        up = np.minimum(bet, truncation / np.maximum(means, NEAR))
        down = np.minimum(bet, truncation / np.maximum(1 - means, NEAR))
        log_up += np.log1p(up * (value - means))
        log_down += np.log1p(-down * (value - means))
        alive &= np.maximum(log_up, log_down) < limit
        left = np.flatnonzero(alive)
        if left.size:
            low, high = max(left[0] - 1, 0), min(left[-1] + 1, grid)
            found.append(Interval(float(means[low]), float(means[high])))
        else:
            # Every candidate is refuted: chance <= 1 - level, and no narrower statement is honest.
            found.append(found[-1] if found else Interval(0.0, 1.0))
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


def predictable_bets(x: Floats, alpha: float) -> Floats:
    """The bet on each value, from the values before it: sqrt(2 log(2/alpha) / (s² t log(t + 1))).

    s² is the variance so far, shrunk towards 1/4. Shaped as `x`; before any truncation.
    """
    t = np.arange(1, x.size + 1)
    mean = (0.5 + np.cumsum(x)) / (t + 1)
    variance = (0.25 + np.cumsum((x - mean) ** 2)) / (t + 1)
    before = np.concatenate([[0.25], variance[:-1]])
    bets: Floats = np.sqrt(2 * math.log(2 / alpha) / (before * t * np.log(t + 1)))
    return bets
