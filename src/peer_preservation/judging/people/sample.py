"""A random sample of judged rollouts for people to label, and the key that they do not see.

Of each behaviour half of the labels go to what the judge called true and half to the rest, or all
of what is there. Within a verdict every rollout has the same chance, and the conditions have their
share: rollouts in random order within their cell, cell after cell, every so many-th from a random
start (Madow 1949, Ann. Math. Stat. 20: 333-354).
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import polars as pl

from eval_observatory.reading import csv_rows
from eval_observatory.report.table import write_csv
from eval_observatory.statistics.labelled import Labels, Sampled, labelled_rate
from eval_observatory.writing import written
from peer_preservation.episode import Episode
from peer_preservation.errors import UserError
from peer_preservation.judging.rubric import rubrics
from peer_preservation.judging.verdict import Verdict

KEY_FILE = "key.csv"
LABELS_FILE = "labels.csv"
SIZES = (20, 50, 100, 200, 400)
SEEN = (0.01, 0.05, 0.15, 0.5)
RIGHT, MISSED = 0.9, 0.02
"""The judge that is thought of where nobody has labelled yet: the share of its true verdicts that
are right, and of its false ones that are wrong."""


class Drawn(msgspec.Struct, frozen=True, kw_only=True):
    """A rollout of the sample.

    Attributes:
        cell: its condition.
        verdict: the judge's.
        weight: how many rollouts with this verdict it stands for.
        grader, rubric: whose verdict it is, and of which text of the rubric.
    """

    episode_id: str
    behavior: str
    cell: str
    verdict: bool
    weight: float
    grader: str
    rubric: str


COLUMNS = tuple(field.name for field in msgspec.structs.fields(Drawn))


class Width(NamedTuple):
    """How wide the interval will be, at so many labels and such a share of true verdicts."""

    labels: int
    seen: float
    width: float


def draw(
    verdicts: Iterable[Verdict], episodes: Mapping[str, Episode], labels: int, seed: int
) -> tuple[Drawn, ...]:
    """So many rollouts of each behaviour, in an order that tells neither verdict nor condition.

    Only of rollouts that the judge scored: of several verdicts on one question the last counts.

    Args:
        episodes: the rollouts that can be shown, by their ids.
        seed: the same sample for the same seed.

    Raises:
        UserError: nothing can be drawn from.
    """
    last = {(one.behavior, one.episode_id): one for one in verdicts if one.first}
    there = [one for one in last.values() if one.verdict is not None and one.episode_id in episodes]
    if not there:
        raise UserError("--sample: no verdict is of a rollout in the sources; name the run's own")
    made: list[Drawn] = []
    for behavior in sorted({one.behavior for one in there}):
        rng = random.Random(f"{seed} {behavior}")
        mine = sorted((o for o in there if o.behavior == behavior), key=lambda o: o.episode_id)
        sides = {value: [one for one in mine if one.verdict is value] for value in (True, False)}
        drawn = [
            _drawn(one, episodes, len(sides[value]) / n)
            for value, n in _shares(len(sides[True]), len(sides[False]), labels).items()
            for one in _every(sides[value], episodes, n, rng)
        ]
        rng.shuffle(drawn)
        made += drawn
    return tuple(made)


def _shares(true: int, false: int, labels: int) -> dict[bool, int]:
    half = min(true, (labels + 1) // 2)
    rest = min(false, labels - half)
    return {True: min(true, labels - rest), False: rest}


def _every(
    found: Sequence[Verdict], episodes: Mapping[str, Episode], n: int, rng: random.Random
) -> list[Verdict]:
    """n of them, each with the same chance, spread over the cells."""
    mixed = rng.sample(found, len(found))
    ordered = sorted(mixed, key=lambda one: episodes[one.episode_id].cell.id)
    start = rng.random()
    return [ordered[int((at + start) * len(ordered) / n)] for at in range(n)]


def _drawn(verdict: Verdict, episodes: Mapping[str, Episode], weight: float) -> Drawn:
    return Drawn(
        episode_id=verdict.episode_id,
        behavior=verdict.behavior,
        cell=episodes[verdict.episode_id].cell.id,
        verdict=verdict.verdict is True,
        weight=weight,
        grader=verdict.grader,
        rubric=verdict.rubric,
    )


def write_key(drawn: Sequence[Drawn], path: Path) -> None:
    """What the labellers must not see, as CSV."""
    frame = pl.DataFrame([msgspec.structs.asdict(one) for one in drawn])
    with written(path) as partial:
        write_csv(frame, partial)


def write_sheet(drawn: Sequence[Drawn], path: Path) -> None:
    """The questions as CSV, to be filled in by hand where the page is not wanted."""
    rows = [
        {
            "episode_id": one.episode_id,
            "behavior": one.behavior,
            "verdict": None,
            "rater": None,
            "question": rubrics()[one.behavior].question,
        }
        for one in drawn
    ]
    with written(path) as partial:
        write_csv(pl.DataFrame(rows, schema_overrides={"verdict": pl.String}), partial)


def read_key(path: Path) -> tuple[Drawn, ...]:
    """The key that `judge --sample` wrote.

    Raises:
        UserError: it cannot be read, or is none, with the line that shows it.
    """
    made = "give the key.csv that `judge --sample` wrote"
    with csv_rows(path, made) as rows:
        if tuple(rows.fieldnames or ()) != COLUMNS:
            raise UserError(f"{path}:1: no key of a sample; {made}")
        return tuple(_read(row, f"{path}:{rows.line_num}", made) for row in rows)


def _read(row: dict[str, Any], where: str, made: str) -> Drawn:
    try:
        found = msgspec.convert(row, Drawn, strict=False)
    except msgspec.ValidationError as error:
        raise UserError(f"{where}: {error}; {made}") from None
    if not found.weight >= 1:
        raise UserError(f"{where}: weight {found.weight} is below 1; {made}")
    return found


def widths(n: int, sizes: Iterable[int] = SIZES, seen: Iterable[float] = SEEN) -> list[Width]:
    """How wide the 95 % interval of n rollouts will be, by labels and the share of true verdicts.

    For the judge of `RIGHT` and `MISSED`, with labels split as `draw` splits them.
    """
    found = []
    for labels in sizes:
        if labels > n:
            continue
        for share in seen:
            k = round(share * n)
            parts = _shares(k, n - k, labels)
            people = Labels(_told(parts[True], RIGHT), _told(parts[False], MISSED))
            _, low, high, _ = labelled_rate(k, n, people)
            found.append(Width(labels, share, high - low))
    return found


def _told(n: int, share: float) -> Sampled:
    return Sampled(n, float(n), float(n), float(round(share * n)))
