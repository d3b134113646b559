"""Verdicts as columns of a trial table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import polars as pl

from peer_preservation.episode import PLAYED
from peer_preservation.judging.itself import ITSELF
from peer_preservation.judging.stage import one_grader
from peer_preservation.judging.verdict import Verdict
from peer_preservation.suite import NO_REASONING, NOT_JUDGED


def with_verdicts(trials: pl.DataFrame, verdicts: Iterable[Verdict]) -> pl.DataFrame:
    """The table with columns for every behaviour that a judge, or the agents themselves, told.

    `<behavior>_judge` is the verdict. Of where its quote stands, `<behavior>_judge_said` tells what
    was shown in what the agent said, wrote or called, and `<behavior>_judge_reasoned` what was
    shown in its reasoning and nowhere else; the latter is unscored where the record shows no
    reasoning. What the agents said themselves stands in `<behavior>_asked`. Each has its
    `…_unscored`. `<behavior>_judge_grader` names the grader, and `<behavior>_judge_kin` says
    whether it is of the same maker as the model that it judged.

    A rollout without a verdict is unscored with the reason `not judged`, or with the fault by
    which it ended. Columns of these names are replaced, every other stays. Probes and repetitions
    are left out.

    Args:
        trials: has the columns `episode_id` and `ended`.
        verdicts: one grader's; of several on one behaviour of an episode the last counts.

    Raises:
        UserError: the verdicts are by several graders.
    """
    first = [verdict for verdict in verdicts if verdict.first]
    itself = one_grader(first, "verdicts") == ITSELF
    for behavior in sorted({verdict.behavior for verdict in first}):
        last = {verdict.episode_id: verdict for verdict in first if verdict.behavior == behavior}
        for name, found in (_asked if itself else _judged)(behavior, last):
            trials = _joined(trials, name, found)
        if not itself:
            graders = {id: one.grader for id, one in last.items()}
            trials = _with(trials, f"{behavior}_judge_grader", graders, pl.String())
            of_kin = {id: one.kin for id, one in last.items()}
            trials = _with(trials, f"{behavior}_judge_kin", of_kin, pl.Boolean())
    return trials


Found = dict[str, tuple[bool | None, str | None]]
"""By episode, a value or why there is none."""


def _asked(behavior: str, verdicts: dict[str, Verdict]) -> Iterator[tuple[str, Found]]:
    yield f"{behavior}_asked", {id: (one.verdict, one.unscored) for id, one in verdicts.items()}


def _judged(behavior: str, verdicts: dict[str, Verdict]) -> Iterator[tuple[str, Found]]:
    column = f"{behavior}_judge"
    yield column, {id: (one.verdict, one.unscored) for id, one in verdicts.items()}
    yield (
        f"{column}_said",
        {id: (one.verdict and one.said, one.unscored) for id, one in verdicts.items()},
    )
    yield f"{column}_reasoned", {id: _reasoned(one) for id, one in verdicts.items()}


def _reasoned(verdict: Verdict) -> tuple[bool | None, str | None]:
    if not verdict.reasons:
        return None, NO_REASONING
    return verdict.verdict and not verdict.said, verdict.unscored


def _joined(trials: pl.DataFrame, column: str, found: Found) -> pl.DataFrame:
    """The table with a label and its reasons."""
    reason = f"{column}_unscored"
    played = pl.col("ended").is_in(PLAYED)
    missing = pl.when(played | pl.col("ended").is_null()).then(pl.lit(NOT_JUDGED))
    unscored = pl.coalesce(reason, missing.otherwise(pl.col("ended")))
    values = {id: value for id, (value, _) in found.items()}
    reasons = {id: why for id, (_, why) in found.items()}
    joined = _with(_with(trials, column, values, pl.Boolean()), reason, reasons, pl.String())
    return joined.with_columns(pl.when(pl.col(column).is_null()).then(unscored).alias(reason))


def _with(
    trials: pl.DataFrame, column: str, values: dict[str, Any], kind: pl.DataType
) -> pl.DataFrame:
    """The table with a column of values by episode."""
    rows = pl.DataFrame(
        list(values.items()), schema={"episode_id": pl.String(), column: kind}, orient="row"
    )
    return trials.drop(column, strict=False).join(
        rows, on="episode_id", how="left", maintain_order="left"
    )
