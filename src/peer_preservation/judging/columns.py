"""Verdicts as columns of a trial table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
import polars as pl

from eval_observatory.judged import LABEL, SEEN, VALIDATION, WEIGHT
from peer_preservation.episode import PLAYED
from peer_preservation.errors import UserError
from peer_preservation.judging.itself import ITSELF
from peer_preservation.judging.known import known_of
from peer_preservation.judging.people.labels import NOBODY, People
from peer_preservation.judging.stage import one_grader
from peer_preservation.judging.verdict import Verdict
from peer_preservation.suite import NO_REASONING, NOT_JUDGED, RECORDS

if TYPE_CHECKING:
    from peer_preservation.judging.validation import Validation


def with_verdicts(
    trials: pl.DataFrame,
    verdicts: Iterable[Verdict],
    validations: Sequence[Validation] = (),
    people: People = NOBODY,
) -> pl.DataFrame:
    """The table with columns for every behaviour that a judge, or the agents themselves, told.

    `<behavior>_judge` is the verdict. Of where its quote stands, `<behavior>_judge_said` tells what
    was shown in what the agent said, wrote or called, and `<behavior>_judge_reasoned` what was
    shown in its reasoning and nowhere else; the latter is unscored where the record shows no
    reasoning. What the agents said themselves stands in `<behavior>_asked`. Each has its
    `…_unscored`. `<behavior>_judge_grader` names the grader, and `<behavior>_judge_kin` says
    whether it is of the same maker as the model that it judged, `<behavior>_judge_seen` whether
    the record shows reasoning. What is known of the errors of
    whoever told stands beside verdicts and answers (`eval_observatory.judged`).

    A rollout without a verdict is unscored with the reason `not judged`, or with the fault by
    which it ended. Columns of these names are replaced, every other stays. Probes and repetitions
    are left out.

    Args:
        trials: has the columns `episode_id` and `ended`.
        verdicts: one grader's; of several on one behaviour of an episode the last counts.
        validations: of graders, this one's among them or not.
        people: what people said of a random sample of the rollouts.

    Raises:
        UserError: the verdicts are by several graders, a behaviour is validated but not for this
            grader, rubric and settings, or the sample was drawn from other verdicts.
    """
    first = [verdict for verdict in verdicts if verdict.first]
    itself = one_grader(first, "verdicts") == ITSELF
    for behavior in sorted({verdict.behavior for verdict in first}):
        last = {verdict.episode_id: verdict for verdict in first if verdict.behavior == behavior}
        for name, found in (_asked if itself else _judged)(behavior, last):
            trials = _joined(trials, name, found)
        column = f"{behavior}_{'asked' if itself else 'judge'}"
        known = msgspec.json.encode(known_of(column, [*last.values()], validations)).decode()
        said = pl.lit(known).alias(f"{column}{VALIDATION}")
        trials = trials.drop(f"{column}{VALIDATION}", strict=False).with_columns(said)
        if not itself:
            trials = _with_people(trials, column, last, people)
            graders = {id: one.grader for id, one in last.items()}
            trials = _with(trials, f"{behavior}_judge_grader", graders, pl.String())
            of_kin = {id: one.kin for id, one in last.items()}
            trials = _with(trials, f"{behavior}_judge_kin", of_kin, pl.Boolean())
            records = {id: RECORDS[one.reasons] for id, one in last.items()}
            trials = _with(trials, f"{column}{SEEN}", records, pl.String())
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


def _with_people(
    trials: pl.DataFrame, column: str, verdicts: dict[str, Verdict], people: People
) -> pl.DataFrame:
    """The table with what people said of these verdicts, and how many rollouts each stands for."""
    labels: dict[str, bool | None] = {}
    weights: dict[str, float] = {}
    for (episode, behavior), label in people.labels.items():
        verdict, drawn = verdicts.get(episode), people.sample[episode, behavior]
        if verdict is None or verdict.behavior != behavior:
            continue
        of = (verdict.verdict, verdict.grader, verdict.rubric)
        if of != (drawn.verdict, drawn.grader, drawn.rubric):
            raise UserError(
                f"--labels: episode {episode} was drawn by another verdict on {behavior} than "
                "--verdicts has; give the verdicts that the sample was drawn from"
            )
        labels[episode], weights[episode] = label, drawn.weight
    if not labels:
        return trials.drop(f"{column}{LABEL}", f"{column}{WEIGHT}", strict=False)
    trials = _with(trials, f"{column}{LABEL}", labels, pl.Boolean())
    return _with(trials, f"{column}{WEIGHT}", weights, pl.Float64())


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
