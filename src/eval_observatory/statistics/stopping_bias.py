"""How far an estimate is off, on average, that was taken when a stopping rule decided.

A rule that stops where the data look decided stops, of all paths, on those that happened to look
so: the share of events at its decision is not the rate, on average (for sequential tests Whitehead
1986, Biometrika 73: 573-581; for trials that are stopped early Bassler et al. 2010, JAMA 303:
1180-1187). The error cannot be taken out, since it hangs on the unknown rates, but it can be
bounded: the rule is simulated at rates on a grid, and of those that the confidence sequence leaves
possible the largest mean error is taken, among the paths that end in the same decision.

All as if every rollout were scored, and as if the cells that an arm pools had one rate.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from eval_observatory.statistics.intervals import Interval
from eval_observatory.statistics.sequential import beta_binomial_ends
from eval_observatory.statistics.stopping import Rule
from eval_observatory.statistics.stopping_paths import SEED, ends

Floats = NDArray[np.float64]

RATES = np.array(
    (0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98, 1)
)
"""Rates of an arm that are simulated, each with each; of a claim of one rate it is every point."""

POINTS = np.linspace(0, 1, 101)
PATHS, RATE_PATHS = 160, 1_000
"""How often each pair of rates is simulated, and each rate by itself."""

BEYOND = 2.0
"""Standard errors of the simulation that are added to a mean error, away from 0."""

SELDOM = 0.025
"""Where the rule decides so in fewer cases, the rates are none that such a decision speaks for."""


class Plan(NamedTuple):
    """How a claim is looked at: the rule, rounds at most, rounds between looks, cells of an arm."""

    rule: Rule
    most: int
    batch: int
    size: int = 1

    @property
    def looks(self) -> tuple[int, ...]:
        """The rounds after which it is looked at."""
        return (*range(self.batch, self.most, self.batch), self.most)


class Bias(NamedTuple):
    """The largest mean errors, with their signs; of a rate only that of the arm.

    Attributes:
        difference: of arm less baseline.
        arm, baseline: of the two arms' shares.
    """

    arm: float
    difference: float | None = None
    baseline: float | None = None


class _Errors(NamedTuple):
    """By truth: the share of paths that end in a decision, and their mean errors; NaN of none."""

    share: Floats
    arm: Floats
    difference: Floats
    baseline: Floats


def rate_bias(plan: Plan, decision: str, within: Interval) -> Bias | None:
    """The largest mean error of a share when its claim ended as `decision`: known or futile.

    Args:
        within: the confidence sequence's interval of the rate.

    Returns:
        None where the rule never ends so at rates within, or for another decision.
    """
    found = _rates(plan).get(decision)
    if found is None:
        return None
    error = _largest(found[0], found[1], _near(POINTS, within))
    return None if error is None else Bias(error)


def contrast_bias(
    plan: Plan, decision: str, arm: Interval, baseline: Interval, difference: Interval
) -> Bias | None:
    """The largest mean errors when a contrast ended as `decision`: higher, lower or bounded.

    Args:
        arm, baseline, difference: the confidence sequences' intervals of the two arms' rates, and
            of arm less baseline.

    Returns:
        None where the rule never ends so at rates within, or for another decision.
    """
    found = _pairs(plan).get(decision)
    if found is None:
        return None
    low, high = _cells(RATES)
    # The pairs next to one that is possible, by the middles between neighbours on the grid.
    least, most = low[:, None] - high[None, :], high[:, None] - low[None, :]
    possible = _near(RATES, arm)[:, None] & _near(RATES, baseline)[None, :]
    possible &= (least <= difference.high) & (most >= difference.low)
    one, apart, two = (_largest(found.share, each, possible) for each in found[1:])
    return None if one is None else Bias(one, apart, two)


def _largest(share: Floats, error: Floats, possible: NDArray[np.bool_]) -> float | None:
    """The error that is farthest from 0, where the decision is not too seldom."""
    for least in (SELDOM, 0.0):
        told = error[possible & (share > least)]
        if told.size:
            return float(told[np.abs(told).argmax()])
    return None


def _near(points: Floats, within: Interval) -> NDArray[np.bool_]:
    """The points that are next to a value within."""
    low, high = _cells(points)
    found: NDArray[np.bool_] = (low <= within.high) & (high >= within.low)
    return found


def _cells(points: Floats) -> tuple[Floats, Floats]:
    """From where to where each point is the next one."""
    middles = (points[1:] + points[:-1]) / 2
    return np.concatenate([[0.0], middles]), np.concatenate([middles, [1.0]])


@lru_cache(maxsize=64)
def _pairs(plan: Plan) -> dict[str, _Errors]:
    """By decision, the mean errors at every pair of `RATES`, indexed [arm 1, arm 2]."""
    rule, most, batch, size = plan
    above = np.tril_indices(RATES.size)
    truths = RATES[np.stack(above)]  # arm 1 has the higher rate; the other pairs are its mirror
    draw = np.random.default_rng([SEED, most, size, rule.contrasts])
    drawn = np.repeat(truths, PATHS, axis=1)
    first, second = (draw.binomial(size, p, (most, p.size)).astype(float) for p in drawn)
    ended = ends(first, second, rule, batch=batch, size=size)
    one, two = ended.shares - drawn
    made = {}
    for decision, mirrored in (("higher", "lower"), ("lower", "higher"), ("bounded", "bounded")):
        tables = []
        for straight, turned in ((one, two), (one - two, two - one), (two, one)):
            share, error = (np.full((RATES.size,) * 2, np.nan) for _ in range(2))
            # The diagonal is its own mirror: the pairs as they are come last.
            for place, name, off in ((above[::-1], mirrored, turned), (above, decision, straight)):
                share[place], error[place] = _means(ended.decision == name, off, PATHS)
            tables.append(error)
        made[decision] = _Errors(share, *tables)
    return made


@lru_cache(maxsize=64)
def _rates(plan: Plan) -> dict[str, tuple[Floats, Floats]]:
    """By decision, the share of paths and their mean error at each of `POINTS`."""
    truths = np.repeat(POINTS, RATE_PATHS)
    rollouts = plan.size * np.diff(plan.looks, prepend=0)
    draw = np.random.default_rng([SEED, plan.most, plan.size])
    known, shares, _ = rate_ends(draw.binomial(rollouts[:, None], truths), plan)
    chosen = (("known", known), ("futile", ~known))
    return {decision: _means(mine, shares - truths, RATE_PATHS) for decision, mine in chosen}


def _means(chosen: NDArray[np.bool_], off: Floats, paths: int) -> tuple[Floats, Floats]:
    """Of each truth the share of chosen paths, and their mean error; NaN of none.

    `BEYOND` standard errors of the simulation farther out than it found.
    """
    mine, errors = chosen.reshape(-1, paths), off.reshape(-1, paths)
    count = mine.sum(axis=1)
    there = np.maximum(count, 1)
    mean = (mine * errors).sum(axis=1) / there
    spread = (mine * errors**2).sum(axis=1) / there - mean**2
    noise = np.sqrt(np.maximum(spread, 0.0) / there)
    outer = mean + np.copysign(BEYOND * noise, mean)
    return count / paths, np.where(count > 0, outer, np.nan)


def rate_ends(
    events: NDArray[np.int64], plan: Plan
) -> tuple[NDArray[np.bool_], Floats, NDArray[np.int64]]:
    """Whether each of many rates ends as known (else as futile), its share then, and its rounds.

    `stopping.RatePath` in arrays, path by path the same, with nothing missing.

    Args:
        events: between each two looks, shaped (looks, paths).
    """
    total, level = plan.most * plan.size, 1 - plan.rule.alpha
    at_most, wide = beta_binomial_ends(total, level), 2 * plan.rule.width
    count = events.shape[1]
    low, high, left = np.zeros(count), np.ones(count), np.arange(count)
    known, shares, rounds = np.zeros(count, bool), np.zeros(count), np.full(count, plan.most)
    for look, sums in zip(plan.looks, events.cumsum(axis=0), strict=True):
        k, n = sums[left], look * plan.size
        low, high = _cut((low, high), beta_binomial_ends(n, level), k)
        narrow = high - low <= wide
        futile = ~narrow
        for rate in (low, high):
            ahead = _cut((low, high), at_most, k + np.rint(rate * (total - n)).astype(int))
            futile &= ahead[1] - ahead[0] > wide
        done = narrow | futile
        known[left[narrow]] = True
        shares[left[done]], rounds[left[done]] = k[done] / n, look
        low, high, left = low[~done], high[~done], left[~done]
        if not left.size:
            break
    return known, shares, rounds


def _cut(
    before: tuple[Floats, Floats], limits: tuple[Floats, Floats], k: NDArray[np.int64]
) -> tuple[Floats, Floats]:
    """What is left of intervals; what would be nothing stays as it was."""
    low, high = np.maximum(before[0], limits[0][k]), np.minimum(before[1], limits[1][k])
    empty = low > high
    return np.where(empty, before[0], low), np.where(empty, before[1], high)
