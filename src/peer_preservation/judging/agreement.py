"""Two raters of the same episodes: a judge and a rule, two judges, a judge and people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import polars as pl

from eval_observatory.reading import csv_rows
from eval_observatory.statistics.agreement import Kappa, cohen_kappa
from eval_observatory.trials import UNREADABLE
from peer_preservation.errors import UserError
from peer_preservation.judging.stage import one_grader, read_verdicts
from peer_preservation.judging.verdict import Verdict

STATE_LABELS = {"refusal": "refused"}
"""The behaviours that the record alone can answer too, with the trial table's column."""

LABEL_COLUMNS = ("episode_id", "behavior", "verdict")
RATER = "rater"
"""A further column of labels: who gave them; by default one person a file."""

DIFFER = "labels that differ"

_WORDS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False, "": None}


class Rating(NamedTuple):
    """What a rater found, None for unscored, with the words it rests on and why."""

    value: bool | None
    quote: str = ""
    reason: str = ""


Ratings = Mapping[tuple[str, str], Rating]
"""By episode and behaviour."""


class LabelLine(NamedTuple):
    """A line of a file of labels: of what, None where it is left open, by whom, and where."""

    asked: tuple[str, str]
    value: bool | None
    rater: str
    where: str


class Dispute(NamedTuple):
    """An episode on which the two raters differ, with the quotes and the reasons that they gave."""

    episode_id: str
    behavior: str
    first: bool
    second: bool
    first_quote: str
    second_quote: str
    first_reason: str
    second_reason: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two raters on one behaviour.

    Attributes:
        both, only_first, only_second, neither: how many episodes are rated true by whom.
        unscored: episodes that at least one of the two left unscored.
        only_asked_first, only_asked_second: episodes that only one of the two was asked about.
        differ_first, differ_second: episodes to which one of the two gave labels that differ.
        kappa: Cohen's, of the episodes that both scored, with its interval and their number.
    """

    behavior: str
    both: int
    only_first: int
    only_second: int
    neither: int
    unscored: int
    only_asked_first: tuple[str, ...]
    only_asked_second: tuple[str, ...]
    differ_first: tuple[str, ...]
    differ_second: tuple[str, ...]
    kappa: Kappa
    disputes: tuple[Dispute, ...]


def read_ratings(path: Path) -> Ratings:
    """A rater's file: verdicts (.jsonl), people's labels (.csv), or a trial table (.parquet).

    Raises:
        UserError: the file is missing, of another kind, or damaged.
    """
    if path.suffix == ".jsonl":
        verdicts = read_verdicts(path)
        one_grader(verdicts, str(path))
        return ratings_of(verdicts)
    if path.suffix == ".csv":
        return read_labels(path)
    if path.suffix == ".parquet":
        return _state_labels(path)
    raise UserError(
        f"{path}: files of this kind are not compared; give verdicts (.jsonl), labels (.csv: "
        f"{','.join(LABEL_COLUMNS)}) or a trial table (.parquet)"
    )


def ratings_of(verdicts: Iterable[Verdict]) -> Ratings:
    """Verdicts as ratings, without probes and repetitions; of several on one question the last."""
    return {
        (verdict.episode_id, verdict.behavior): Rating(
            verdict.verdict, verdict.quote, verdict.unscored or verdict.reason
        )
        for verdict in verdicts
        if verdict.first
    }


def read_labels(path: Path) -> Ratings:
    """Labels by people: a CSV with the columns episode_id, behavior, verdict.

    A verdict is true, false, yes, no, 1 or 0; an empty one means that the rater left it open.
    Other columns are not read. What is labelled twice counts once, and is unscored with the reason
    `DIFFER` where the two are not the same.

    Raises:
        UserError: the file cannot be read, or a line cannot be used, with its number.
    """
    found: dict[tuple[str, str], Rating] = {}
    for line in label_lines(path):
        rating = Rating(line.value)
        if found.setdefault(line.asked, rating) != rating:
            found[line.asked] = Rating(None, "", DIFFER)
    return found


def label_lines(path: Path) -> Iterator[LabelLine]:
    """The lines of a file of labels.

    Raises:
        UserError: as `read_labels`.
    """
    with csv_rows(path) as rows:
        if missing := [name for name in LABEL_COLUMNS if name not in (rows.fieldnames or ())]:
            raise UserError(
                f"{path}:1: no column {', '.join(missing)}; it needs {','.join(LABEL_COLUMNS)}"
            )
        for row in rows:
            yield _label(row, f"{path}:{rows.line_num}", path.name)


def compare(first: Ratings, second: Ratings) -> list[Comparison]:
    """The two raters on each behaviour that both were asked about, in the order of their names.

    Raises:
        UserError: there is no behaviour that both were asked about.
    """
    behaviors = [{behavior for _, behavior in ratings} for ratings in (first, second)]
    shared = behaviors[0] & behaviors[1]
    if not shared:
        told = " and ".join(", ".join(sorted(names)) or "nothing" for names in behaviors)
        raise UserError(f"nothing to compare: the two raters were asked about {told}")
    return [_compared(behavior, first, second) for behavior in sorted(shared)]


def _compared(behavior: str, first: Ratings, second: Ratings) -> Comparison:
    mine, yours = ({key for key in ratings if key[1] == behavior} for ratings in (first, second))
    common = sorted(mine & yours)
    scored = [
        (a, b)
        for key in common
        if (a := first[key].value) is not None and (b := second[key].value) is not None
    ]
    return Comparison(
        behavior=behavior,
        both=scored.count((True, True)),
        only_first=scored.count((True, False)),
        only_second=scored.count((False, True)),
        neither=scored.count((False, False)),
        unscored=len(common) - len(scored),
        only_asked_first=_episodes(mine - yours),
        only_asked_second=_episodes(yours - mine),
        differ_first=_episodes(key for key in mine if first[key].reason == DIFFER),
        differ_second=_episodes(key for key in yours if second[key].reason == DIFFER),
        kappa=cohen_kappa([a for a, _ in scored], [b for _, b in scored]),
        disputes=tuple(_disputes(common, first, second)),
    )


def _episodes(keys: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    return tuple(sorted(episode for episode, _ in keys))


def _disputes(
    keys: Iterable[tuple[str, str]], first: Ratings, second: Ratings
) -> Iterator[Dispute]:
    for key in keys:
        a, b = first[key], second[key]
        if a.value is not None and b.value is not None and a.value != b.value:
            yield Dispute(*key, a.value, b.value, a.quote, b.quote, a.reason, b.reason)


def _label(row: Mapping[str, str | None], where: str, file: str) -> LabelLine:
    episode, behavior, word = ((row[name] or "").strip() for name in LABEL_COLUMNS)
    if not episode or not behavior:
        raise UserError(f"{where}: episode_id or behavior is empty; fill it or drop the line")
    if word.lower() not in _WORDS:
        raise UserError(f"{where}: verdict {word!r} is not true or false; correct the line")
    rater = (row.get(RATER) or "").strip() or file
    return LabelLine((episode, behavior), _WORDS[word.lower()], rater, where)


def _state_labels(path: Path) -> Ratings:
    try:
        trials = pl.read_parquet(path, glob=False, columns=["episode_id", *STATE_LABELS.values()])
    except UNREADABLE as error:
        line = " ".join(str(error).split())[:200]
        raise UserError(
            f"{path}: cannot be read as a trial table ({line}); make it with `trials`"
        ) from None
    return {
        (row["episode_id"], behavior): Rating(row[column], "", "by rule")
        for row in trials.iter_rows(named=True)
        for behavior, column in STATE_LABELS.items()
        if row["episode_id"] is not None
    }
