"""Counts of a judge's verdicts to the true rates behind them, as far as its errors are known.

Where people labelled enough of a cell's own rollouts, they take over; else the judge's validation.
Verdicts of a judge that nobody validated stand as they are.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from eval_observatory.counts import Arm
from eval_observatory.judged import MISFIT, NOT_VALIDATED, Judged
from eval_observatory.statistics.labelled import labelled_draws, labelled_rate, labelled_share
from eval_observatory.statistics.melding import Melded, interval
from eval_observatory.statistics.misclassification import (
    FIRST,
    Validation,
    corrected_contrast,
    corrected_rate,
    fits,
    rate_draws,
    rogan_gladen,
    weighted,
)

ENOUGH = 5
"""Labels of each verdict of a cell, or all of its rollouts, from which on people take over.

Of a judge that nobody validated they do from the first one on.
"""

ROUNDING = 1e-9


def corrected_rate_of(arm: Arm, level: float) -> Melded | None:
    """The rate behind a cell's verdicts; None where they stand as they are, or of no judge."""
    judge = _judge(arm)
    if by_people(arm):
        return labelled_rate(arm.k, arm.n, _known(arm).people, level)
    return corrected_rate(arm.k, arm.n, judge, level) if judge else None


def corrected_sum(arms: Sequence[Arm], weights: Sequence[float], level: float) -> Melded | None:
    """The weighted sum of the rates behind verdicts; None where they stand as they are.

    By people where all cells have enough labels, else by the validation that they share; of two
    cells each is by what it has. What is corrected is not held against what is not: NaN. So is a
    weighted mean, as yet: weights must add up to 0.
    """
    if not any(by_people(arm) or _judge(arm) for arm in arms):
        return None
    judge, people = _judge(arms[0]), [by_people(arm) for arm in arms]
    least, most = (sum(w for w in weights if w * sign > 0) for sign in (-1, 1))
    if abs(least + most) < ROUNDING:
        if all(people) or (judge and len(arms) == 2 and any(people)):
            return _independent(arms, weights, level)
        if judge:
            return corrected_contrast([arm[:2] for arm in arms], weights, judge, level)
    return Melded(math.nan, least, most, 1.0)


def by_people(arm: Arm) -> bool:
    """Whether people labelled enough of each verdict of a cell."""
    judge, (found, cleared), _ = _known(arm)
    enough = ENOUGH if judge else 1
    told = ((arm.k, found.n), (arm.n - arm.k, cleared.n))
    return arm.n > 0 and all(n >= min(count, enough) for count, n in told)


def method_of(arm: Arm) -> str | None:
    """How the rate behind a cell's verdicts is found; None where they stand as they are."""
    if by_people(arm):
        return "prediction-powered, melded"
    return "rogan_gladen, melded" if _judge(arm) else None


def validation_of(arms: Iterable[Arm]) -> str | None:
    """What is known of the judge whose verdicts cells count; None where none was asked."""
    told = (_told(arm) for arm in arms if arm.judged is not None)
    return "; ".join(dict.fromkeys(told)) or None


def known(figure: float) -> float | None:
    """A figure; None where nothing is known of it."""
    return None if math.isnan(figure) else figure


def _independent(arms: Sequence[Arm], weights: Sequence[float], level: float) -> Melded:
    terms, estimate = [], 0.0
    cells = sorted(zip(arms, weights, strict=True), key=lambda cell: (cell[0][:2], abs(cell[1])))
    for at, (arm, weight) in enumerate(cells):
        people, judge, first = _known(arm).people, _judge(arm), FIRST + 3 * at
        if by_people(arm):
            terms.append((weight, labelled_draws(arm.k, arm.n, people, first)))
            estimate += weight * labelled_share(arm.k, arm.n, people)
        elif judge:
            terms.append((weight, rate_draws(arm.k, arm.n, judge, first)))
            estimate += weight * rogan_gladen(arm.k / arm.n, judge)
    return interval(estimate, weighted(terms), level)


def _known(arm: Arm) -> Judged:
    return arm.judged or Judged()


def _judge(arm: Arm) -> Validation | None:
    return _known(arm).validation


def _told(arm: Arm) -> str:
    judge, people, _ = _known(arm)
    if by_people(arm):
        return f"people labelled {people.found.n + people.cleared.n:,} of {arm.n:,}"
    if not judge:
        return NOT_VALIDATED
    return judge.words if fits(arm.k, arm.n, judge) else f"{judge.words}; {MISFIT}"
