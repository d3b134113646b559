"""Rates from verdicts of a judge that errs, by its sensitivity and specificity.

A share q of verdicts is true, at a true rate r: q = r × sensitivity + (1 - r) × (1 - specificity).
Rogan and Gladen (1978), Am. J. Epidemiol. 107: 71-76, solve it for r. All three are proportions of
independent samples, and the interval is melded from them (`statistics.melding`): unlike Wald's it
keeps its level at rates of 0 and 1 and where no case of the validation was wrong.

Cases of a validation can be harder than rollouts are. A share of verdicts outside of
[1 - specificity, sensitivity], which no rate makes, is a sign of it: what a judge without an error
would tell is then held too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from eval_observatory.statistics._checks import check_counts, check_share
from eval_observatory.statistics.intervals import clopper_pearson
from eval_observatory.statistics.melding import Draws, Floats, Melded, interval, proportion

SENSITIVITY, SPECIFICITY = 0, 1
"""Their numbers among a figure's proportions; those of verdicts come after."""

FIRST = 2


class Validation(NamedTuple):
    """What a judge said of cases whose truth is known; what it left unscored is in no count.

    Attributes:
        true_found: of `true_n` that are true it called as many true: the sensitivity.
        false_cleared: of `false_n` that are not it called as many false: the specificity.
    """

    true_found: int
    true_n: int
    false_cleared: int
    false_n: int

    @property
    def words(self) -> str:
        """Both, as people write them."""
        return (
            f"sensitivity {self.true_found} of {self.true_n}, "
            f"specificity {self.false_cleared} of {self.false_n}"
        )

    def says(self, rate: float) -> float:
        """The share of verdicts that such a judge would call true at a true rate."""
        missed = 1 - self.false_cleared / self.false_n
        return rate * self.true_found / self.true_n + (1 - rate) * missed

    def makes(self, k: int, n: int) -> bool:
        """Whether there is a rate at which such a judge is expected to call k of n true."""
        least, most = sorted((self.says(0.0), self.says(1.0)))
        return least <= k / n <= most


def corrected_rate(k: int, n: int, judge: Validation, level: float = 0.95) -> Melded:
    """The true rate, of which a judge called k of n rollouts true.

    Of a judge that is not told from chance at `level`, and of no rollouts, nothing is known: NaN in
    [0, 1]. The interval is never narrower than Clopper and Pearson's of the verdicts, that of a
    judge without an error, and holds this one where it would be.

    Raises:
        ValueError: counts are impossible, or `level` is outside (0, 1).
    """
    _check([(k, n)], judge, level)
    if n == 0 or not better_than_chance(judge, level):
        return Melded(math.nan, 0.0, 1.0)
    found = interval(rogan_gladen(k / n, judge), rate_draws(k, n, judge), level)
    low, high = clopper_pearson(k, n, level)
    if judge.makes(k, n) and found.high - found.low >= high - low:
        return found
    return found._replace(low=min(found.low, low), high=max(found.high, high))


def fits(k: int, n: int, judge: Validation, level: float = 0.95) -> bool:
    """Whether verdicts leave a rate that such a judge could have made them of, at `level`.

    Else k of n is below 1 - specificity, or above the sensitivity, beyond what both leave open.

    Raises:
        ValueError: counts are impossible, or `level` is outside (0, 1).
    """
    _check([(k, n)], judge, level)
    if n == 0 or not better_than_chance(judge, level):
        return True
    _, low, high, _ = interval(rogan_gladen(k / n, judge), _solved_draws(k, n, judge), level)
    return low < high


def corrected_contrast(
    arms: Sequence[tuple[int, int]],
    weights: Sequence[float],
    judge: Validation,
    level: float = 0.95,
) -> Melded:
    """The contrast sum(weight × true rate) of cells with the verdicts of one judge.

    With weights that add up to 0 its interval is that of the verdicts, over sensitivity +
    specificity - 1: an error that the arms share stretches a difference, and cannot make one. The
    estimate is that of the arms' own ones, and the interval holds it; where no rate makes the
    verdicts of an arm it holds that of the verdicts too. `p` is of the verdicts melded, for arms
    that no exact test holds against each other. Arms in another order give the same.

    Args:
        arms: (k, n) of each cell, k of n rollouts that the judge called true.

    Raises:
        ValueError: counts are impossible, weights do not add up to 0, or `level` is outside (0, 1).
    """
    _check(arms, judge, level)
    if len(arms) != len(weights) or abs(sum(weights)) > 1e-9:
        raise ValueError(f"{len(arms)} arms, weights {list(weights)}: they must add up to 0")
    most = sum(weight for weight in weights if weight > 0)
    if not all(n for _, n in arms) or not better_than_chance(judge, level):
        return Melded(math.nan, -most, most, 1.0)
    # Levels go with the counts of an arm: another order of arms then turns the signs alone.
    cells = sorted(zip(arms, weights, strict=True), key=lambda cell: (cell[0], abs(cell[1])))
    told = weighted([(w, proportion(k, n, FIRST + at)) for at, ((k, n), w) in enumerate(cells)])
    least, full = _strength(judge)
    lower = np.where(told.lower < 0, _over(told.lower, least), _over(told.lower, full))
    upper = np.where(told.upper > 0, _over(told.upper, least), _over(told.upper, full))
    if not all(judge.makes(k, n) for k, n in arms):
        lower, upper = np.minimum(lower, told.lower), np.maximum(upper, told.upper)
    draws = Draws(np.clip(lower, -most, most), np.clip(upper, -most, most))
    return interval(sum(w * rogan_gladen(k / n, judge) for (k, n), w in cells), draws, level)


def judged_rollouts_for_zero(
    limit: float, judge: Validation, level: float = 0.95, *, most: int = 20_000
) -> int:
    """How many rollouts put the upper limit at `limit`, where the judge calls as many true as it
    calls false cases true.

    What a judge leaves `power.rollouts_for_zero` of. A validation bounds what any number of
    rollouts can tell: its own uncertainty stays.

    Raises:
        ValueError: `limit` is outside (0, 1), or `most` rollouts are not enough.
    """
    check_share(limit, "limit")

    def told(n: int) -> bool:
        return corrected_rate(round(judge.says(0.0) * n), n, judge, level).high <= limit

    high = next((2**i for i in range(most.bit_length()) if told(2**i)), None)
    if high is None:
        raise ValueError(f"{most} rollouts do not put the limit at {limit}: validate on more cases")
    return next(n for n in range(high // 2, high + 1) if told(n))


def rogan_gladen(share: float, judge: Validation) -> float:
    """The true rate at which a share of verdicts is true, within [0, 1]."""
    cleared = judge.false_cleared / judge.false_n
    return min(max((share + cleared - 1) / youden(judge), 0.0), 1.0)


def youden(judge: Validation) -> float:
    """Sensitivity + specificity - 1, 0 of a judge that is no better than chance."""
    return judge.true_found / judge.true_n + judge.false_cleared / judge.false_n - 1


def better_than_chance(judge: Validation, level: float = 0.95) -> bool:
    """Whether a validation tells a judge from one that answers without a look, at `level`."""
    if not judge.true_n or not judge.false_n:
        return False
    least, _ = _strength(judge)
    return float((least <= 0).mean()) <= (1 - level) / 2


def rate_draws(k: int, n: int, judge: Validation, first: int = FIRST) -> Draws:
    """The confidence distributions of the true rate, and of the verdicts' where no rate makes them.

    Args:
        first: the verdicts' number among a figure's proportions.
    """
    found = _solved_draws(k, n, judge, first)
    if judge.makes(k, n):
        return found
    told = proportion(k, n, first)
    return Draws(np.minimum(found.lower, told.lower), np.maximum(found.upper, told.upper))


def weighted(terms: Sequence[tuple[float, Draws]]) -> Draws:
    """The confidence distributions of the weighted sum of independent figures."""
    return Draws(
        np.sum([w * (one.lower if w > 0 else one.upper) for w, one in terms], axis=0),
        np.sum([w * (one.upper if w > 0 else one.lower) for w, one in terms], axis=0),
    )


def _solved_draws(k: int, n: int, judge: Validation, first: int = FIRST) -> Draws:
    told, (se, sp) = proportion(k, n, first), _rates(judge)
    return Draws(
        _solved(told.lower, se.upper, sp.lower, 0.0), _solved(told.upper, se.lower, sp.upper, 1.0)
    )


def _rates(judge: Validation) -> tuple[Draws, Draws]:
    return (
        proportion(judge.true_found, judge.true_n, SENSITIVITY),
        proportion(judge.false_cleared, judge.false_n, SPECIFICITY),
    )


def _strength(judge: Validation) -> tuple[Floats, Floats]:
    """Sensitivity + specificity - 1: the lower and the upper confidence distribution."""
    se, sp = _rates(judge)
    return se.lower + sp.lower - 1, se.upper + sp.upper - 1


def _solved(told: Floats, se: Floats, sp: Floats, unknown: float) -> Floats:
    """Rogan and Gladen's rate; `unknown` where such a judge would be no better than chance."""
    strength = se + sp - 1
    known = np.clip((told + sp - 1) / np.where(strength > 0, strength, 1.0), 0.0, 1.0)
    return np.where(strength > 0, known, unknown)


def _over(value: Floats, strength: Floats) -> Floats:
    """A difference of verdicts over the judge's strength; without any it is unbounded."""
    apart = np.where(strength > 0, strength, 1.0)
    return np.where(strength > 0, value / apart, np.copysign(np.inf, value))


def _check(arms: Sequence[tuple[int, int]], judge: Validation, level: float) -> None:
    for k, n in arms:
        check_counts(k, n)
    check_counts(judge.true_found, judge.true_n, "the true cases")
    check_counts(judge.false_cleared, judge.false_n, "the false cases")
    check_share(level, "level")
