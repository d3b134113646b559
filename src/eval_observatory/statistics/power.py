"""Power, sample size and smallest detectable effect of the tests of rates that a report uses.

Of one cell against one by enumeration, of pooled cells by simulation, always the same draws.
"""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from eval_observatory.statistics._checks import check_rate, check_share
from eval_observatory.statistics.contrasts import differs, interacts
from eval_observatory.statistics.exact import TIE, Alternative, fisher_tails, supremum
from eval_observatory.statistics.stratified import Stratum

Test = Literal["boschloo", "fisher"]
SAW_TOOTH, DEEP = 8, 0.03
DRAWS, FINE = 2_000, 1e-3


def power(
    rate1: float,
    n1: int,
    rate2: float,
    n2: int,
    alpha: float = 0.05,
    *,
    test: Test = "boschloo",
    alternative: Alternative = "two-sided",
) -> float:
    """The chance that the exact test rejects equality, given both true rates.

    The sum of the binomial probabilities of all tables that the test rejects; two-sided tests spend
    alpha/2 on each side ("fisher" is then twice the smaller one-sided p).

    Args:
        rate1: arm 1's true rate, a share.
        n1: arm 1's scored rollouts, at least 1.
        rate2: arm 2's true rate.
        n2: arm 2's scored rollouts.
        alpha: the test's level.
        test: Boschloo's unconditional test or Fisher's.
        alternative: "greater" tests for rate 1 > rate 2.

    Raises `ValueError` for rates or alpha out of range or an arm without rollouts.
    """
    check_rate(rate1, "rate1")
    check_rate(rate2, "rate2")
    check_share(alpha, "alpha")
    from scipy.stats import binom  # half a second of import

    if n1 < 1 or n2 < 1:
        raise ValueError(f"n1 = {n1}, n2 = {n2}: every arm needs at least one rollout")
    rejected = _rejected(n1, n2, alpha, test, alternative)
    first = binom.pmf(np.arange(n1 + 1), n1, rate1)
    second = binom.pmf(np.arange(n2 + 1), n2, rate2)
    return min(1.0, float(first @ rejected @ second))


def sample_size(
    rate1: float,
    rate2: float,
    target: float = 0.8,
    alpha: float = 0.05,
    *,
    test: Test = "boschloo",
    alternative: Alternative = "two-sided",
    most: int = 2000,
) -> int:
    """The smallest number of scored rollouts per arm at which `power` reaches `target`.

    Exact power rises in saw teeth: a bisection finds where it crosses the target, and the sizes
    below are tried until `SAW_TOOTH` of them in a row fall short by more than `DEEP`.

    Raises `ValueError` for equal rates, values out of range, or when `most` per arm do not suffice.
    """
    check_share(target, "target")
    if rate1 == rate2:
        raise ValueError(f"rate1 = rate2 = {rate1}: no sample size tells equal rates apart")

    def at(n: int) -> float:
        return power(rate1, n, rate2, n, alpha, test=test, alternative=alternative)

    high = min(max(4, 2 * _normal_size(rate1, rate2, target, alpha)), most)
    while at(high) < target:
        if high == most:
            raise ValueError(
                f"{most} rollouts per arm do not reach a power of {target} at {rate1} against "
                f"{rate2}; ask for less, or raise `most`"
            )
        high = min(2 * high, most)
    low = 0
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if at(middle) >= target else (middle, high)
    smallest, deep = high, 0
    for n in range(high - 1, 0, -1):
        reached = at(n)
        if reached >= target:
            smallest = n
        deep = deep + 1 if reached < target - DEEP else 0
        if deep == SAW_TOOTH:
            break
    return smallest


def pooled_power(
    rate1: float, rate2: float, n: int, cells: int, alpha: float = 0.05, draws: int = DRAWS
) -> float:
    """The chance that the mean of several cells is told from that of as many others.

    By the test of a report: `linear_contrast` with a stratum for each pair of cells, two-sided.
    Simulated, with a standard error of at most half of 1 / sqrt(draws).

    Args:
        rate1: the rate of each cell of arm 1.
        rate2: of each of arm 2.
        n: scored rollouts of each cell.
        cells: how many cells an arm has.

    Raises `ValueError` for rates or alpha out of range, or nothing to draw.
    """
    _check_drawn((rate1, rate2), n, cells, alpha, draws)
    return _told((rate1, rate2), n, cells, draws, lambda drawn: _differ(drawn, n, alpha))


def interaction_power(
    rate: float, others: float, n: int, cells: int, alpha: float = 0.05, draws: int = DRAWS
) -> float:
    """The chance that an interaction is told from 0, over several settings of four cells.

    Simulated, as `pooled_power`.

    Args:
        rate: of the cells with both.
        others: the rate of the other three.
        n: scored rollouts of each cell.
        cells: how many settings there are.

    Raises `ValueError` as `pooled_power`.
    """
    _check_drawn((rate, others), n, cells, alpha, draws)

    def told(drawn: Drawn) -> bool:
        return interacts([[(k, n) for k in one] for one in drawn], alpha)

    return _told((rate, others, others, others), n, cells, draws, told)


Drawn = tuple[tuple[int, ...], ...]
"""Of each setting the events of its arms."""


def _differ(drawn: Drawn, n: int, alpha: float) -> bool:
    return differs([Stratum(k1, n, k2, n) for k1, k2 in drawn], alpha)


def _told(
    rates: Sequence[float], n: int, cells: int, draws: int, test: Callable[[Drawn], bool]
) -> float:
    """The share of simulated studies in which a test of arms with these rates rejects."""
    # The same uniform draws at every rate, so that more of an effect is never less power by luck.
    uniform = np.random.default_rng([n, cells]).random((draws, len(rates), cells, n))
    counts = (uniform < np.array(rates)[None, :, None, None]).sum(axis=3)
    # Settings are alike: only which counts there are matters.
    drawn = Counter(tuple(sorted(zip(*row, strict=True))) for row in counts.tolist())
    return sum(times for one, times in drawn.items() if test(one)) / draws


def _check_drawn(rates: tuple[float, float], n: int, cells: int, alpha: float, draws: int) -> None:
    for rate in rates:
        check_rate(rate, "rate")
    check_share(alpha, "alpha")
    if min(n, cells, draws) < 1:
        raise ValueError(f"n = {n}, cells = {cells}, draws = {draws}: give at least one")


def smallest_effect(reached: Callable[[float], float], rate2: float, target: float = 0.8) -> float:
    """The smallest difference above `rate2` that a test finds with the power `target`.

    Args:
        reached: the test's power at a rate of arm 1.

    Returns:
        The difference to a tenth of a point; NaN where even a rate of 1 is not found so often.
    """
    if reached(1.0) < target:
        return math.nan
    low, high = rate2, 1.0
    while high - low > FINE:
        middle = (low + high) / 2
        low, high = (low, middle) if reached(middle) >= target else (middle, high)
    return high - rate2


def rollouts_for_zero(limit: float, level: float = 0.95) -> int:
    """How many scored rollouts without one event put Clopper-Pearson's upper limit at `limit`.

    n = ceil(log((1 - level)/2) / log(1 - limit)): 0 of 72 leaves open no more than 5 %.

    Raises `ValueError` for a limit or level outside (0, 1).
    """
    check_share(limit, "limit")
    check_share(level, "level")
    return math.ceil(math.log((1 - level) / 2) / math.log1p(-limit))


@lru_cache(maxsize=32)
def _rejected(
    n1: int, n2: int, alpha: float, test: Test, alternative: Alternative
) -> NDArray[np.float64]:
    """1 where the test rejects, else 0; shape (n1 + 1, n2 + 1), indexed [k1, k2]."""
    share = alpha / 2 if alternative == "two-sided" else alpha
    region = np.zeros((n1 + 1, n2 + 1), dtype=bool)
    if alternative != "greater":
        region |= _lower_region(n1, n2, share, test)
    if alternative != "less":
        region |= _lower_region(n2, n1, share, test).T
    return region.astype(float)


def _lower_region(n1: int, n2: int, alpha: float, test: Test) -> NDArray[np.bool_]:
    """Tables rejected for rate 1 < rate 2: the largest nested region of size alpha at most."""
    tails = fisher_tails(n1, n2)
    if test == "fisher":
        return _at_most(tails, alpha)
    cuts = np.unique(tails)
    # Boschloo's region holds Fisher's: start where Fisher's p reaches alpha.
    low, high = int(np.searchsorted(cuts, alpha, side="right")) - 1, len(cuts) - 1
    while low < high:
        middle = (low + high + 1) // 2
        fits = supremum(_at_most(tails, cuts[middle]), n1, n2) <= alpha
        low, high = (middle, high) if fits else (low, middle - 1)
    return _at_most(tails, cuts[low] if low >= 0 else -1.0)


def _at_most(tails: NDArray[np.float64], cut: float) -> NDArray[np.bool_]:
    region: NDArray[np.bool_] = tails <= cut + abs(cut) * TIE
    return region


def _normal_size(rate1: float, rate2: float, target: float, alpha: float) -> int:
    """A first guess per arm (Fleiss 1981, Statistical Methods for Rates and Proportions, 3.2)."""
    spread = rate1 * (1 - rate1) + rate2 * (1 - rate2) + 0.02
    reach = float(ndtri(1 - alpha / 2) + ndtri(max(target, 0.5)))
    return math.ceil(reach**2 * spread / (rate1 - rate2) ** 2)


def mean_power(effect: float, n1: int, n2: int, alpha: float = 0.05) -> float:
    """The chance that the permutation test of two means rejects equality, nearly.

    That of a t test: on normal values of one spread the permutation test has the same from a dozen
    rollouts on (Hoeffding 1952, Ann. Math. Stat. 23: 169-192).

    Args:
        effect: the true difference, in standard deviations of the values.
        n1, n2: the arms' scored rollouts, at least 2.
        alpha: the test's two-sided level.

    Raises `ValueError` for alpha out of range or an arm with fewer than 2 rollouts.
    """
    check_share(alpha, "alpha")
    from scipy.stats import nct, t

    if n1 < 2 or n2 < 2:
        raise ValueError(f"n1 = {n1}, n2 = {n2}: every arm needs at least two rollouts")
    freedom, apart = n1 + n2 - 2, abs(effect) * math.sqrt(n1 * n2 / (n1 + n2))
    limit = t.isf(alpha / 2, freedom)
    return float(nct.sf(limit, freedom, apart) + nct.cdf(-limit, freedom, apart))


def smallest_mean_effect(n1: int, n2: int, alpha: float = 0.05, power: float = 0.8) -> float:
    """The smallest difference of means, in standard deviations, that is found with this power.

    Infinite where an arm has fewer than 2 rollouts.

    Raises `ValueError` for alpha or power out of range.
    """
    check_share(power, "power")
    if min(n1, n2) < 2:
        return math.inf
    low, high = 0.0, 1.0
    while mean_power(high, n1, n2, alpha) < power:
        low, high = high, 2 * high
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (middle, high) if mean_power(middle, n1, n2, alpha) < power else (low, middle)
    return high
