"""All that a report says, in numbers and then in words: the trials are asked once, here.

Tables, figures, sentences and page read what comes out, and ask nothing of the trials again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import polars as pl

from eval_observatory.counts import Counted
from eval_observatory.detection import Detected, detected
from eval_observatory.estimates import estimate
from eval_observatory.plan import ALPHA
from eval_observatory.planned import Planned, planned
from eval_observatory.report.beside import Beside
from eval_observatory.report.looks import Looks, claim_ends, read_looks
from eval_observatory.report.scales import Scale, scales_of
from eval_observatory.report.stopped import with_bias, with_errors
from eval_observatory.report.words import worded
from eval_observatory.suite import Limit, Suite


@dataclass(frozen=True, kw_only=True)
class Analysis:
    """What trials say.

    Attributes:
        counted: the counts of their cells.
        estimates: each cell's rate, and its difference to what it is held against.
        scales: that of each measure.
        reasons: why rollouts are unscored.
        looks: those of a stopping rule.
        plan: what was planned, and what came of it; None without a plan.
        level: nominal coverage of each interval.
        detected: what came of questions of signal detection.
        limits: what the trials cannot tell.
    """

    counted: Counted
    estimates: pl.DataFrame
    scales: Mapping[str, Scale]
    reasons: pl.DataFrame
    looks: Looks
    plan: Planned | None
    level: float
    detected: tuple[Detected, ...]
    limits: tuple[Limit, ...]

    @property
    def alpha(self) -> float:
        """The error of a family of tests: the plan's, if there is one."""
        return self.plan.alpha if self.plan else ALPHA


def analyse(trials: pl.DataFrame | Counted, suite: Suite, level: float, beside: Beside) -> Analysis:
    """Counts, what was planned, estimates: one after the other, each from what went before.

    Raises:
        UserError: the table cannot be counted (see `check_trials`), or a look is none of it.
        ValueError: `level` is outside (0, 1).
    """
    counted = Counted.of(trials, suite)
    limits = _limits(counted.trials, suite)
    read = read_looks(beside.looks, counted.trials, suite, beside.sources)
    looks = with_errors(read, counted)
    plan = None
    if beside.plans:
        ends = claim_ends(looks)
        plan = planned(beside.plans, counted, suite, level, ends=ends, sources=beside.sources)
    estimates = estimate(counted, suite, level, plan=plan)
    return Analysis(
        counted=counted,
        estimates=with_bias(estimates, counted, looks, level),
        scales=scales_of(suite),
        reasons=counted.reasons,
        looks=looks,
        plan=plan,
        level=level,
        detected=detected(counted, level),
        limits=limits,
    )


def _limits(trials: pl.DataFrame, suite: Suite) -> tuple[Limit, ...]:
    """What these trials cannot tell."""
    versions = set(trials["scorer_version"])
    return tuple(
        limit
        for limit in suite.limits
        if (not limit.scorer or limit.scorer in versions) and limit.but not in versions
    )


def in_words(found: Analysis, suite: Suite) -> Analysis:
    """What trials say with its names in words, once for all that show it (`words.worded`)."""
    plan = found.plan
    return replace(
        found,
        estimates=worded(found.estimates, suite),
        reasons=worded(found.reasons, suite),
        plan=plan and replace(plan, data=worded(plan.data, suite)),
    )
