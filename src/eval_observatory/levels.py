"""Over which levels of a sampled factor rollouts are spread, and what that means for a reader."""

from __future__ import annotations

import polars as pl

from eval_observatory.report.words import factor_text
from eval_observatory.suite import Factor, Suite


def sampled_notes(trials: pl.DataFrame, suite: Suite) -> list[str]:
    """What a reader of any figure must know of the levels that rollouts were spread over."""
    told = ((factor, _levels(trials, factor)) for factor in suite.sampled)
    return [_note(factor, levels) for factor, levels in told if levels]


def _levels(trials: pl.DataFrame, factor: Factor) -> list[str]:
    """Those that trials have, in ascending order; none where they do not say."""
    there = factor.name in trials.columns
    known = trials[factor.name].drop_nulls().unique().sort().to_list() if there else []
    return [factor_text(factor, level) for level in known]


def _note(factor: Factor, levels: list[str]) -> str:
    name = factor.reading
    if len(levels) == 1:
        return (
            f"One fixed {name}, {levels[0]}, in all rollouts: what another {name} would show is "
            "not known from them."
        )
    shown = ", ".join(levels) if len(levels) <= 8 else f"{', '.join(levels[:7])}, …"
    return (
        f"Each cell's rollouts are spread over {len(levels):,} {name}s ({shown}). Intervals and p "
        f"hold for these {name}s; the table {factor.name}s has the interval for others like them, "
        f"and the chance that a further {name} turns the sign of a difference."
    )
