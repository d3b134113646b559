"""What is known of the errors of a judge whose verdicts a trial table counts.

Three columns beside a judge's own tell what is known of its errors: `COLUMN_validation`, the same
in every row, what it said of cases whose truth is known, as a `WordLabel` in JSON; `COLUMN_label`,
what people said of a random sample; `COLUMN_weight`, how many rollouts each of the sample stands
for. A fourth, `COLUMN_seen`, names what of the agent it could see.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec
import polars as pl

from eval_observatory.errors import UserError
from eval_observatory.statistics.labelled import Labels, Sampled
from eval_observatory.statistics.misclassification import Validation
from eval_observatory.suite import Measure, Suite
from eval_observatory.word_labels import WordLabel

VALIDATION, LABEL, WEIGHT, SEEN = "_validation", "_label", "_weight", "_seen"
SUFFIXES = (VALIDATION, LABEL, WEIGHT, SEEN)
NOT_VALIDATED = "not validated"
MISFIT = "the verdicts do not fit the validation"
"""Stands last in what is told of a judge whose errors on a cell's rollouts must be others."""


class Judged(NamedTuple):
    """What is known of the errors of the judge whose verdicts a cell counts.

    Attributes:
        validation: None of a judge that nobody validated.
        people: what people said of a random sample of the cell's own rollouts.
        seen: what of the agent the judge could see in the cell's rollouts, each way once.
    """

    validation: Validation | None = None
    people: Labels = Labels()
    seen: frozenset[str] = frozenset()

    def plus(self, other: Judged) -> Judged:
        """Of both cells together, which have one judge."""
        return Judged(self.validation, self.people.plus(other.people), self.seen | other.seen)


def judge_of(measure: Measure, suite: Suite) -> WordLabel | None:
    """What a suite knows of the judge that a measure is read from; None of any other measure.

    A measure that needs several columns, or counts other than yes, is no rate of verdicts.
    """
    plain = measure.scale == "rate" and measure.shows == (True,)
    plain &= not measure.bar and not measure.also
    label = suite.word_labels.of(measure.column, measure.shows) if plain else None
    return label if label and label.method != "rule" else None


def validation_of(label: WordLabel) -> Validation | None:
    """The counts of a judge's validation; what it left unscored there is in neither.

    None where it scored nothing that is true, or nothing that is not.
    """
    if not (label.present and label.absent and label.present.scored and label.absent.scored):
        return None
    return Validation(
        label.present.right, label.present.scored, label.absent.right, label.absent.scored
    )


def known_of(label: WordLabel) -> str:
    """What is known of the errors of a judge, over all that it told."""
    judge = validation_of(label)
    people = f"people labelled {label.people:,} of its verdicts" if label.people else ""
    return "; ".join(filter(None, [judge.words if judge else "", people])) or NOT_VALIDATED


def with_judges(suite: Suite, trials: pl.DataFrame, where: str = "trials") -> Suite:
    """The suite with what a trial table says of its judges, in place of what it says itself.

    Raises:
        UserError: the verdicts of one column are by several judges, or what is said of one cannot
            be read.
    """
    said: dict[str, WordLabel] = {}
    for name in trials.columns:
        column = name.removesuffix(VALIDATION)
        if column != name and column in trials.columns:
            known = trials.filter(pl.col(column).is_not_null())[name].unique().to_list()
            if len(known) > 1:
                raise UserError(
                    f"{where}: the verdicts of {column} are by {len(known)} judges, or validated "
                    "differently; report them apart, or add them anew with one judge"
                )
            for text in known:
                if text is not None:
                    said[column] = _read(text, column, where)
    kept = [label for label in suite.word_labels.labels if label.name not in said]
    found = tuple(with_people(label, trials) for label in (*kept, *said.values()))
    labels = msgspec.structs.replace(suite.word_labels, labels=found)
    return msgspec.structs.replace(suite, word_labels=labels)


def with_people(label: WordLabel, trials: pl.DataFrame) -> WordLabel:
    """A label with how many of its values in a trial table people labelled too."""
    said = f"{label.name}{LABEL}"
    if not {label.name, said} <= set(trials.columns):
        return label
    both = trials.select((pl.col(label.name).is_not_null() & pl.col(said).is_not_null()).sum())
    return msgspec.structs.replace(label, people=both.item())


def sampled(measure: Measure, trials: pl.DataFrame) -> list[pl.Expr]:
    """The sums of `Sampled` over rollouts: of those that the judge called true, and the others.

    Empty without labels. Raises `UserError` where they are of no use.
    """
    column, label, weight = (f"{measure.column}{suffix}" for suffix in ("", LABEL, WEIGHT))
    if not {label, weight} <= set(trials.columns):
        return []
    if trials[label].dtype not in (pl.Boolean, pl.Null) or not trials[weight].dtype.is_numeric():
        raise UserError(
            f"trials: {label} must be yes or no and {weight} a number; make the table again"
        )
    made = []
    for side, verdict in zip(Labels._fields, (True, False), strict=True):
        counts = pl.col(column) == verdict
        held = pl.when(counts & pl.col(label).is_not_null()).then(pl.col(weight))
        made += [
            held.count().alias(f"{side}_n"),
            held.sum().cast(pl.Float64).alias(f"{side}_weight"),
            (held**2).sum().cast(pl.Float64).alias(f"{side}_square"),
            held.filter(pl.col(label)).sum().cast(pl.Float64).alias(f"{side}_true"),
        ]
    return made


def labels_of(row: Mapping[str, Any]) -> Labels:
    """A row of the sums that `sampled` makes."""
    sides = ([row[f"{side}_{name}"] for name in Sampled._fields] for side in Labels._fields)
    return Labels(*(Sampled(*sums) for sums in sides))


def _read(text: str, column: str, where: str) -> WordLabel:
    try:
        return msgspec.json.decode(text, type=WordLabel)
    except (msgspec.MsgspecError, TypeError) as error:
        raise UserError(f"{where}: {column}{VALIDATION} cannot be read ({error})") from None
