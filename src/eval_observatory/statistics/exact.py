"""Exact tests of two proportions: p-values that hold at small n and at rates of 0 and 1.

Boschloo's test is the project's default for two independent arms: exact, and side by side never
less powerful than Fisher's; two-sided, than twice Fisher's smaller one-sided p. Where both arms
show only events, or none, there is nothing to tell apart: p = 1.

The two unconditional tests are our own, because scipy 1.17's `barnard_exact` compares statistics
without a tolerance, loses tables that tie with the observed one to rounding, and so reports a p
that is too small (0.046 in place of 0.050 at 3 of 12 against 9 of 14).
"""

import math
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import gammaln

from eval_observatory.statistics._checks import check_counts

Alternative = Literal["two-sided", "less", "greater"]
Floats = NDArray[np.float64]

TIE = 1e-9
GRID = 512
TINY, ROUNDING = 1e-300, 1e-16
HALF = 0.25


def fisher(k1: int, n1: int, k2: int, n2: int, alternative: Alternative = "two-sided") -> float:
    """p of Fisher's exact test, conditional on both margins (Fisher 1935, JRSS 98: 39-82).

    "greater" asks for rate 1 > rate 2. Raises `ValueError` for impossible counts.
    """
    _check(k1, n1, k2, n2)
    if _nothing_to_tell(k1, n1, k2, n2):
        return 1.0
    from scipy import stats  # half a second of import

    table = [[k1, n1 - k1], [k2, n2 - k2]]
    return _p(stats.fisher_exact(table, alternative=alternative).pvalue)


def boschloo(k1: int, n1: int, k2: int, n2: int, alternative: Alternative = "two-sided") -> float:
    """p of Boschloo's unconditional exact test (Boschloo 1970, Stat. Neerl. 24: 1-9).

    Fisher's one-sided p is the statistic, and p the largest chance over all common rates of one as
    small as observed; two-sided is twice the smaller one-sided p, at most 1. "greater" asks for
    rate 1 > rate 2. Raises `ValueError` for impossible counts.
    """
    _check(k1, n1, k2, n2)
    if _nothing_to_tell(k1, n1, k2, n2):
        return 1.0
    if alternative == "two-sided":
        sides: tuple[Alternative, Alternative] = ("greater", "less")
        near, far = sides if k1 * n2 >= k2 * n1 else sides[::-1]
        p = boschloo(k1, n1, k2, n2, near)
        # Next to it the other side's p, of half of all tables and more, is never the smaller one.
        return 2 * p if p < HALF else min(1.0, 2 * p, 2 * boschloo(k1, n1, k2, n2, far))
    if alternative == "greater":
        return boschloo(k2, n2, k1, n1, "less")
    tails = fisher_tails(n1, n2)
    return _p(supremum(tails <= tails[k1, k2] * (1 + TIE), n1, n2))


def barnard(k1: int, n1: int, k2: int, n2: int, alternative: Alternative = "two-sided") -> float:
    """p of Barnard's unconditional exact test with the pooled Wald statistic.

    Barnard (1945), Nature 156: 177. "greater" asks for rate 1 > rate 2. Raises `ValueError` for
    impossible counts.
    """
    _check(k1, n1, k2, n2)
    if _nothing_to_tell(k1, n1, k2, n2):
        return 1.0
    sign = {"less": 1.0, "greater": -1.0, "two-sided": 0.0}[alternative]
    wald = _pooled_wald(n1, n2)
    statistic = sign * wald if sign else -np.abs(wald)
    return _p(supremum(statistic <= statistic[k1, k2] + TIE, n1, n2))


def mcnemar(only_first: int, only_second: int, alternative: Alternative = "two-sided") -> float:
    """p of the exact McNemar test for paired yes-or-no outcomes (McNemar 1947, Psychometrika 12).

    `only_first`: pairs in which only the first member shows the behaviour; `only_second`: only the
    second. Given their sum, the first count is Binomial(sum, 1/2) if the members' rates are equal.
    "greater" asks for a higher rate in first members. No discordant pair: p = 1.

    Raises `ValueError` for negative counts.
    """
    if only_first < 0 or only_second < 0:
        raise ValueError(
            f"discordant pairs = {only_first}, {only_second}: counts cannot be negative"
        )
    pairs = only_first + only_second
    if pairs == 0:
        return 1.0
    from scipy import stats

    return _p(stats.binomtest(only_first, pairs, 0.5, alternative=alternative).pvalue)


@lru_cache(maxsize=64)
def fisher_tails(n1: int, n2: int) -> Floats:
    """Fisher's one-sided p ("less") of every table: shape (n1 + 1, n2 + 1), indexed [k1, k2].

    The hypergeometric masses are summed along each line of constant k1 + k2, smallest k1 first.
    """
    k1, k2 = np.arange(n1 + 1)[:, None], np.arange(n2 + 1)[None, :]
    log_mass = log_choose(n1)[:, None] + log_choose(n2)[None, :]
    log_mass = log_mass - log_choose(n1 + n2)[k1 + k2]
    lines = np.zeros((n1 + 1, n1 + n2 + 1))
    lines[k1, k1 + k2] = np.exp(log_mass)
    tails: Floats = np.minimum(lines.cumsum(axis=0)[k1, k1 + k2], 1.0)
    tails.setflags(write=False)
    return tails


@lru_cache(maxsize=256)
def log_choose(n: int) -> Floats:
    """log of n choose k, for k from 0 to n."""
    k = np.arange(n + 1)
    log: Floats = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
    log.setflags(write=False)
    return log


def null_grid(n1: int, n2: int) -> tuple[Floats, Floats, Floats]:
    """Common rates and both arms' binomial masses there: (GRID,), (GRID, n1 + 1), (GRID, n2 + 1).

    Evenly spaced on the arcsine scale, where a binomial likelihood is equally sharp everywhere.
    """
    return _grid_rates(), _grid_masses(n1), _grid_masses(n2)


def _grid_rates() -> Floats:
    rates: Floats = np.sin(np.linspace(0, math.pi / 2, GRID)) ** 2
    return rates


@lru_cache(maxsize=32)
def _grid_masses(n: int) -> Floats:
    found = masses(n, _grid_rates()[:, None])
    found.setflags(write=False)
    return found


@lru_cache(maxsize=32)
def _grid_upper(n: int) -> Floats:
    upper = _upper(_grid_masses(n))
    upper.setflags(write=False)
    return upper


def masses(n: int, rates: Floats | float) -> Floats:
    """Binomial masses of 0 to n, along the last axis."""
    k = np.arange(n + 1)
    # Next to 0 and 1, so that there is a logarithm; the masses are those at 0 and 1 to rounding.
    yes, no = np.log(np.maximum(rates, TINY)), np.log1p(-np.minimum(rates, 1 - ROUNDING))
    log = k * (yes - no)
    log += log_choose(n)
    log += n * no
    found: Floats = np.exp(log, out=log)
    return found


def _upper(masses: Floats) -> Floats:
    """The chance of k or more for k from 0 to n + 1, along the last axis."""
    summed = masses[..., ::-1].cumsum(axis=-1)[..., ::-1]
    nothing = np.zeros((*masses.shape[:-1], 1))
    return np.concatenate([summed, nothing], axis=-1)


def _pooled_wald(n1: int, n2: int) -> Floats:
    """The pooled z of every table, indexed [k1, k2]; 0 where both arms are all or none."""
    k1, k2 = np.arange(n1 + 1)[:, None], np.arange(n2 + 1)[None, :]
    pooled = (k1 + k2) / (n1 + n2)
    spread = np.sqrt(pooled * (1 - pooled) * (1 / n1 + 1 / n2))
    z: Floats = (k1 / n1 - k2 / n2) / np.where(spread > 0, spread, 1.0)
    return z


def supremum(extreme: NDArray[np.bool_], n1: int, n2: int) -> float:
    """The largest chance of the tables marked extreme, over all rates common to both arms."""
    # One-sided regions are staircases: from some k2 on, for each k1. Their sums need no product.
    first_k2 = (~extreme).sum(axis=1)
    stairs = bool((extreme == (np.arange(n2 + 1) >= first_k2[:, None])).all())
    region = extreme.astype(float)
    _, first, second = null_grid(n1, n2)
    if stairs:
        chances = (first * _grid_upper(n2)[:, first_k2]).sum(axis=1)
    else:
        chances = ((first @ region) * second).sum(axis=1)
    best = int(chances.argmax())
    step = math.pi / 2 / (GRID - 1)

    def minus_chance(angle: float) -> float:
        rate = math.sin(angle) ** 2
        ones, twos = masses(n1, rate), masses(n2, rate)
        return -float(ones @ (_upper(twos)[first_k2] if stairs else region @ twos))

    around = (max(best - 1, 0) * step, min(best + 1, GRID - 1) * step)
    return max(float(chances[best]), -float(minimize_scalar(minus_chance, bounds=around).fun))


def _check(k1: int, n1: int, k2: int, n2: int) -> None:
    check_counts(k1, n1, "arm 1")
    check_counts(k2, n2, "arm 2")


def _nothing_to_tell(k1: int, n1: int, k2: int, n2: int) -> bool:
    return n1 == 0 or n2 == 0 or k1 + k2 in (0, n1 + n2)


def _p(value: float) -> float:
    """Rounding can leave 1 + 1e-12; a p-value is a probability."""
    return min(max(float(value), 0.0), 1.0)
