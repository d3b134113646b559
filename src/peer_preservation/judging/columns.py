"""Verdicts as columns of a trial table."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from peer_preservation.episode import PLAYED
from peer_preservation.judging.itself import ITSELF
from peer_preservation.judging.stage import one_grader
from peer_preservation.judging.verdict import Verdict

NOT_JUDGED = "not judged"


def with_verdicts(trials: pl.DataFrame, verdicts: Iterable[Verdict]) -> pl.DataFrame:
    """The table with `<behavior>_judge` and `<behavior>_judge_unscored` for every behaviour asked.

    What the agents said themselves stands in `<behavior>_asked` and `<behavior>_asked_unscored`.

    A rollout without a verdict is unscored with the reason `not judged`, or with the fault by
    which it ended. Columns of these names are replaced, every other stays. The probe's verdicts
    are left out.

    Args:
        trials: has the columns `episode_id` and `ended`.
        verdicts: one grader's; of several on one behaviour of an episode the last counts.

    Raises:
        UserError: the verdicts are by several graders.
    """
    asked = [verdict for verdict in verdicts if not verdict.renamed]
    told_by = "asked" if one_grader(asked, "verdicts") == ITSELF else "judge"
    played = pl.col("ended").is_in(PLAYED)
    missing = pl.when(played | pl.col("ended").is_null()).then(pl.lit(NOT_JUDGED))
    for behavior in sorted({verdict.behavior for verdict in asked}):
        value, reason = f"{behavior}_{told_by}", f"{behavior}_{told_by}_unscored"
        last = {verdict.episode_id: verdict for verdict in asked if verdict.behavior == behavior}
        found = pl.DataFrame(
            [(key, verdict.verdict, verdict.unscored) for key, verdict in last.items()],
            schema={"episode_id": pl.String, value: pl.Boolean, reason: pl.String},
            orient="row",
        )
        unscored = pl.coalesce(reason, missing.otherwise(pl.col("ended")))
        trials = (
            trials.drop(value, reason, strict=False)
            .join(found, on="episode_id", how="left", maintain_order="left")
            .with_columns(pl.when(pl.col(value).is_null()).then(unscored).alias(reason))
        )
    return trials
