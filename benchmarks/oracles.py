"""Our statistics beside those of scipy and statsmodels, wherever they have the method.

`python -m benchmarks.oracles` prints the table of docs/statistics.md, and
`tests/statistics/test_oracles.py` holds every line to its tolerance.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterator
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from scipy import stats
from statsmodels.regression.linear_model import OLS
from statsmodels.regression.mixed_linear_model import MixedLM
from statsmodels.stats.contingency_tables import StratifiedTable
from statsmodels.stats.contingency_tables import mcnemar as sm_mcnemar
from statsmodels.stats.inter_rater import cohens_kappa
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import (
    confint_proportions_2indep,
    proportion_confint,
    tost_proportions_2indep,
)

from eval_observatory.statistics.agreement import cohen_kappa
from eval_observatory.statistics.clusters import Clusters, Tally, components, sampled_mean
from eval_observatory.statistics.differences import newcombe
from eval_observatory.statistics.equivalence import equivalence
from eval_observatory.statistics.exact import boschloo, fisher_tails, mcnemar
from eval_observatory.statistics.intervals import clopper_pearson, wilson
from eval_observatory.statistics.means import permutation_p
from eval_observatory.statistics.multiplicity import holm
from eval_observatory.statistics.stratified import stratified
from eval_observatory.statistics.two_rates import exact_difference

Pair = tuple[Any, Any]
LEVELS = (0.9, 0.95, 0.99)
TABLES = ((3, 10, 0, 10), (7, 20, 5, 30), (0, 30, 6, 30), (97, 100, 3, 100), (1, 5, 4, 5))


class Oracle(NamedTuple):
    """A method with what it is held against.

    Attributes:
        pairs: our figures and theirs, each a number or several.
        tolerance: the largest difference that is none: rounding, or where theirs is a
            large-sample method, what is left of it in the samples that are compared.
        large: whether it is such a method.
    """

    method: str
    oracle: str
    pairs: Callable[[], Iterator[Pair]]
    tolerance: float
    large: bool = False

    def apart(self) -> tuple[int, float]:
        """How many cases there are, and the largest difference between us and them."""
        gaps = [np.abs(np.subtract(*map(np.asarray, pair))).max() for pair in self.pairs()]
        return len(gaps), float(max(gaps))


def _one_rate(ours: Callable[..., Any], method: str) -> Callable[[], Iterator[Pair]]:
    def pairs() -> Iterator[Pair]:
        for n, level in product((1, 2, 5, 20, 100, 300), LEVELS):
            for k in range(n + 1):
                yield ours(k, n, level), proportion_confint(k, n, 1 - level, method)

    return pairs


def _newcombe() -> Iterator[Pair]:
    for counts, level in product(TABLES, LEVELS):
        theirs = confint_proportions_2indep(*counts, method="newcomb", alpha=1 - level)
        yield newcombe(*counts, level), theirs


def _fisher() -> Iterator[Pair]:
    for n1, n2 in ((1, 1), (5, 9), (20, 20), (30, 100)):
        k1, k2 = np.arange(n1 + 1)[:, None], np.arange(n2 + 1)[None, :]
        yield fisher_tails(n1, n2), stats.hypergeom.cdf(k1, n1 + n2, k1 + k2, n1)


def _boschloo() -> Iterator[Pair]:
    sides: tuple[Any, ...] = ("less", "greater")
    for (k1, n1, k2, n2), side in product(TABLES, sides):
        table = [[k1, k2], [n1 - k1, n2 - k2]]
        theirs = stats.boschloo_exact(table, alternative=side, n=256).pvalue
        yield boschloo(k1, n1, k2, n2, side), theirs


def _mcnemar() -> Iterator[Pair]:
    for first, second in product((0, 1, 4, 15), (1, 2, 9, 30)):
        yield mcnemar(first, second), sm_mcnemar([[7, first], [second, 9]], exact=True).pvalue


def _holm() -> Iterator[Pair]:
    draw = np.random.default_rng(0)
    for m in (1, 2, 5, 20, 1000):
        p = np.round(draw.random(m) ** 3, 3)
        yield holm(p.tolist()), multipletests(p, method="holm")[1]


def _kappa() -> Iterator[Pair]:
    for table in ([[20, 5], [10, 15]], [[3, 1], [0, 40]], [[9, 2, 1], [0, 7, 3], [1, 1, 8]]):
        counts = np.array(table)
        first, second = (np.repeat(at.ravel(), counts.ravel()) for at in np.indices(counts.shape))
        ours = cohen_kappa(first.tolist(), second.tolist())
        yield ours.value, cohens_kappa(np.array(table)).kappa


def _one_stratum() -> Iterator[Pair]:
    sides: tuple[Any, ...] = ("less", "greater")
    for counts, side in product(TABLES, sides):
        k1, n1, k2, n2 = counts
        theirs = stats.fisher_exact([[k1, n1 - k1], [k2, n2 - k2]], side).pvalue
        yield stratified([counts], side), theirs


def _strata() -> Iterator[Pair]:
    draw = np.random.default_rng(1)
    for _ in range(20):
        rates = draw.uniform(0.1, 0.9, 4)
        drawn = ((int(draw.binomial(400, p)), int(draw.binomial(300, p))) for p in rates)
        strata = [(k1, 400, k2, 300) for k1, k2 in drawn]
        tables = [np.array([[k1, n1 - k1], [k2, n2 - k2]]) for k1, n1, k2, n2 in strata]
        yield stratified(strata), StratifiedTable(tables).test_null_odds(correction=True).pvalue


LARGE = ((300, 1000, 250, 1000), (150, 900, 160, 1100), (500, 1000, 520, 1000))


def _differences() -> Iterator[Pair]:
    for counts in LARGE:
        ours = exact_difference(*counts)
        yield (ours.low, ours.high), confint_proportions_2indep(*counts, method="agresti-caffo")


def _equivalence() -> Iterator[Pair]:
    for counts, margin in product(LARGE, (0.02, 0.04, 0.06, 0.08, 0.12)):
        p = tost_proportions_2indep(*counts, -margin, margin, method="agresti-caffo").pvalue
        yield float(equivalence(*counts, margin).equivalent), float(p <= 0.05)


def _levels(sizes: tuple[int, ...]) -> tuple[list[list[float]], Clusters]:
    draw = np.random.default_rng(len(sizes))
    levels = [
        draw.normal(at, 1, n).tolist() for at, n in zip(draw.normal(0, 1, 9), sizes, strict=False)
    ]
    told: dict[Hashable, Tally] = {
        i: Tally(len(v), sum(v), sum(x * x for x in v)) for i, v in enumerate(levels)
    }
    return levels, Clusters(told)


def _t() -> Iterator[Pair]:
    for level in LEVELS:
        levels, cell = _levels((5,) * 6)
        means = [math.fsum(one) / len(one) for one in levels]
        theirs = stats.t.interval(level, len(means) - 1, np.mean(means), stats.sem(means))
        yield tuple(sampled_mean(cell, level) or ()), theirs


def _clustered() -> Iterator[Pair]:
    for sizes, level in product(((3, 9, 4, 12, 5, 7), (20, 1, 8)), LEVELS):
        levels, cell = _levels(sizes)
        y = np.concatenate([np.array(one) for one in levels])
        groups = np.repeat(np.arange(len(sizes)), sizes)
        fit = OLS(y, np.ones(y.size)).fit(
            cov_type="cluster", cov_kwds={"groups": groups}, use_t=True
        )
        yield tuple(sampled_mean(cell, level) or ()), fit.conf_int(1 - level)[0]


def _components() -> Iterator[Pair]:
    levels, cell = _levels((8,) * 7)
    y, groups = np.concatenate([np.array(one) for one in levels]), np.repeat(np.arange(7), 8)
    fit = MixedLM(y, np.ones(y.size), groups).fit(reml=True)
    found = components(cell)
    assert found is not None
    yield (found.between**2, found.within**2), (float(fit.cov_re[0, 0]), float(fit.scale))


def _permutation() -> Iterator[Pair]:
    def welch(one: Any, two: Any, axis: int = -1) -> Any:
        spread = one.var(axis=axis, ddof=1) / one.shape[axis]
        spread = spread + two.var(axis=axis, ddof=1) / two.shape[axis]
        return (one.mean(axis=axis) - two.mean(axis=axis)) / np.sqrt(spread)

    draw = np.random.default_rng(2)
    for shift in (0.0, 0.2, 0.5):
        first, second = draw.random(5), draw.random(6) * (1 - shift)
        arms = (first, second)
        theirs = stats.permutation_test(arms, welch, vectorized=True, n_resamples=np.inf)
        yield permutation_p(first, second), theirs.pvalue


STATSMODELS, SCIPY = "statsmodels", "scipy"
ORACLES = (
    Oracle(
        "Clopper and Pearson", f"{STATSMODELS}, beta", _one_rate(clopper_pearson, "beta"), 1e-12
    ),
    Oracle("Wilson", STATSMODELS, _one_rate(wilson, "wilson"), 1e-12),
    Oracle("Newcombe, method 10", STATSMODELS, _newcombe, 1e-12),
    Oracle("Fisher's tails, all tables", f"{SCIPY}, hypergeom", _fisher, 1e-10),
    Oracle("Boschloo, one-sided", SCIPY, _boschloo, 1e-6),
    Oracle("McNemar, exact", STATSMODELS, _mcnemar, 1e-12),
    Oracle("Holm", STATSMODELS, _holm, 1e-12),
    Oracle("Cohen's kappa", STATSMODELS, _kappa, 1e-12),
    Oracle("Zelen, one stratum", f"{SCIPY}, fisher_exact", _one_stratum, 1e-10),
    Oracle("Zelen, several strata", f"{STATSMODELS}, CMH", _strata, 0.02, large=True),
    Oracle(
        "difference of two rates", f"{STATSMODELS}, Agresti–Caffo", _differences, 2e-3, large=True
    ),
    Oracle("equivalence (TOST), decisions", STATSMODELS, _equivalence, 0.0, large=True),
    Oracle("permutation test of means, all splits", SCIPY, _permutation, 1e-12),
    Oracle("mean over levels, of one size: t", SCIPY, _t, 1e-10),
    Oracle("mean over levels: cluster-robust, t", f"{STATSMODELS}, OLS", _clustered, 1e-10),
    Oracle("variance components", f"{STATSMODELS}, MixedLM, REML", _components, 1e-3),
)

NO_COUNTERPART = (
    "intervals of pooled figures and interactions by tail inversion",
    "the exact interval of a difference (Berger and Boos) at small n",
    "Barnard's test (scipy's loses tables that tie) and Miettinen and Nurminen's limits "
    "(statsmodels' cubic has another term)",
    "betting intervals of means",
    "e-processes, confidence sequences and the stopping rule",
    "e-Holm and e-BH",
    "kappa's interval (statsmodels' large-sample one covers 31 to 71 % at n = 20)",
    "rates behind a judge's verdicts",
    "worst cases and tipping points",
    "power of Boschloo's and of pooled tests",
)
"""What neither library has: held against definitions, enumeration and simulation instead."""


def main() -> None:
    print("| method | held against | cases | largest difference |\n|---|---|---|---|")
    for one in ORACLES:
        cases, apart = one.apart()
        note = " (large samples)" if one.large else ""
        print(f"| {one.method} | {one.oracle}{note} | {cases:,} | {apart:.0e} |")
    print(f"\nNeither library has: {'; '.join(NO_COUNTERPART)}.")


if __name__ == "__main__":
    main()
