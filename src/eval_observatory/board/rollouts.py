"""What the rollouts of an entry are, whatever they are called: so that doubles are found.

A log can be packed anew under other ids. What a rollout is known by:

- its id in the log, which Inspect draws. The table's does not do: a suite may make it of the
  settings alone, and two honest runs of one plan have the same;
- its clock: the time from each of its events to the next, in microseconds. No two rollouts have
  the same one, and it stays when all of it is moved to another day;
- its words, all that was said and called in it, and its row in the table, of an entry without logs.
  Two rollouts of a script may have the same, so they are told, and contradict nothing.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from hashlib import blake2b
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import polars as pl

from eval_observatory.archive import DAMAGES, opened
from eval_observatory.board.entries import Folder
from eval_observatory.board.heads import Head
from eval_observatory.board.outcomes import bad, differs, good, unchecked
from eval_observatory.board.record import Check
from eval_observatory.board.scoring import KEY
from eval_observatory.errors import UserError
from eval_observatory.logs import SAMPLES
from eval_observatory.report.words import clean
from eval_observatory.table_files import TRIALS

OWN = "own rollouts"
SAME, ALIKE = ("ids", "files", "clocks"), ("words", "rows")
"""What two rollouts cannot share by chance, and what those of a script may."""

_CALLED = ("transcript_id", KEY)
LEAST_EVENTS = 6
"""Times of fewer events say too little."""


class Rollouts(msgspec.Struct, frozen=True, kw_only=True):
    """What the rollouts of an entry are known by.

    Attributes:
        ids: in the logs.
        files: the SHA-256 of the logs, wherever they lie; without any that of the table.
        clocks: of those that tell enough times.
        words: those that one rollout alone has.
        rows: those of the table that are there once, without what they are called.
        count: rollouts in the logs.
        timed: those of them that have a clock.
        doubled: rollouts that stand in the entry's logs more than once, by their clocks.
        earlier: by log, how many rollouts were begun before it was.
    """

    ids: frozenset[str] = frozenset()
    files: frozenset[str] = frozenset()
    clocks: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()
    rows: frozenset[str] = frozenset()
    count: int = 0
    timed: int = 0
    doubled: int = 0
    earlier: dict[str, int] = {}


class _Record(NamedTuple):
    log: str
    id: str
    clock: str
    words: str
    begun: str


def rollouts_of(folder: Folder, found: list[Head]) -> Rollouts:
    """What the rollouts of an entry are known by.

    Args:
        found: the heads of its logs.

    Raises:
        UserError: table or log cannot be read.
    """
    trials = folder.trials()
    named = folder.logs or [TRIALS] if trials is not None else []
    files = folder.manifest.files
    records = [one for head in found for one in _records(folder.path / head.name, head.name)]
    # A task that was retried takes rollouts over into its next log, under their ids.
    once = {one.id or str(number): one for number, one in enumerate(records)}.values()
    clocks = Counter(one.clock for one in once if one.clock)
    words = Counter(one.words for one in once)
    created = {head.name: head.created for head in found}
    earlier = Counter(one.log for one in records if _before(one.begun, created[one.log]))
    return Rollouts(
        ids=frozenset(one.id for one in records if one.id),
        files=frozenset(files[name].sha256 for name in named if name in files),
        rows=_rows(trials) if trials is not None else frozenset(),
        clocks=frozenset(clocks),
        words=frozenset(one for one, count in words.items() if count == 1),
        count=len(once),
        timed=clocks.total(),
        doubled=clocks.total() - len(clocks),
        earlier=dict(earlier),
    )


def _rows(trials: pl.DataFrame) -> frozenset[str]:
    """What each row tells, where it alone tells it."""
    flat = (
        name
        for name, kind in trials.schema.items()
        if name not in _CALLED and not kind.is_nested() and kind not in (pl.Binary, pl.Object)
    )
    columns = [pl.col(name).cast(pl.String).fill_null("") for name in flat]
    rows = Counter(trials.select(pl.concat_str(columns, separator="\x1f")).to_series())
    return frozenset(_hash(one) for one, count in rows.items() if count == 1)


def once_check(own: Rollouts) -> Check:
    """Whether each rollout stands in the entry's logs once."""
    name = "each rollout once"
    if not own.count:
        return unchecked(name, "no log is there: rollouts are known by their rows alone")
    if own.doubled:
        line = f"{own.doubled} of {own.count} rollouts are others under another id, to the instant"
        return bad(name, [line])
    if own.timed < own.count:
        line = f"{own.count - own.timed} of {own.count} rollouts do not tell their times"
        return differs(name, [line, "a copy of them could be known by its words alone"])
    return good(name, f"{own.count} rollouts, no two of them the same")


def neighbours(every: Mapping[str, Rollouts]) -> dict[str, set[str]]:
    """By id, the entries that have anything of it."""
    owners: dict[str, list[str]] = defaultdict(list)
    for id, one in every.items():
        for key in frozenset().union(*(getattr(one, kind) for kind in (*SAME, *ALIKE))):
            owners[key].append(id)
    found: dict[str, set[str]] = {id: set() for id in every}
    for several in owners.values():
        if len(several) > 1:
            for id in several:
                found[id] |= {*several} - {id}
    return found


def shared_check(own: Rollouts, others: Mapping[str, Rollouts]) -> Check | None:
    """Whether rollouts of an entry stand in others, too; None where none does.

    Args:
        others: by id, of the entries that it may not share any with.
    """
    wrong, told = [], []
    for id, other in sorted(others.items()):
        shared = {kind: len(getattr(own, kind) & getattr(other, kind)) for kind in (*SAME, *ALIKE)}
        if shared["files"]:
            wrong.append(f"a log of it, or its table, is one of {id} too")
        elif same := max(shared["ids"], shared["clocks"]):
            wrong.append(f"{same} of its rollouts are rollouts of {id} too")
        elif shared["words"]:
            of = f"{shared['words']} of {own.count} rollouts"
            told.append(f"{of} say word for word what some of {id} say")
        elif shared["rows"]:
            told.append(f"{shared['rows']} rows of its table are rows of {id}, to the last digit")
    if wrong:
        return bad(OWN, wrong)
    return differs(OWN, told) if told else None


def _records(path: Path, name: str) -> Iterator[_Record]:
    try:
        with opened(path) as archive:
            for part in dict.fromkeys(archive.namelist()):
                if part.startswith(SAMPLES):
                    yield _record(name, json.loads(archive.read(part)))
    except DAMAGES as error:
        raise UserError(f"{name}: not a log: {clean(error, 100)}") from None


def _record(name: str, sample: Mapping[str, Any]) -> _Record:
    times = [str(one.get("timestamp") or "") for one in sample.get("events") or []]
    at = [datetime.fromisoformat(one) for one in times if one]
    gaps = [round((after - before).total_seconds() * 1e6) for before, after in pairwise(at)]
    said = [_said(one) for one in sample.get("messages") or []]
    return _Record(
        log=name,
        id=str(sample.get("uuid") or ""),
        clock=_hash(gaps) if len(set(gaps)) >= LEAST_EVENTS else "",
        words=_hash(said),
        begun=str(sample.get("started_at") or (times[0] if times else "")),
    )


def _said(message: Mapping[str, Any]) -> list[Any]:
    """A message without its ids."""
    calls = [(one.get("function"), one.get("arguments")) for one in message.get("tool_calls") or []]
    content = message.get("content")
    parts = content if isinstance(content, list) else [content]
    texts = [
        (one.get("text") or one.get("reasoning")) if isinstance(one, dict) else one for one in parts
    ]
    return [message.get("role"), texts, calls]


def _before(begun: str, created: str) -> bool:
    """Whether a sample was begun before its log, by more than the second that a log tells."""
    if not begun:
        return False
    try:
        early = datetime.fromisoformat(created) - datetime.fromisoformat(begun)
    except (ValueError, TypeError):
        return True  # what is no time is no proof either
    return early.total_seconds() > 2


def _hash(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, default=str)
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


__all__ = ["OWN", "Rollouts", "neighbours", "once_check", "rollouts_of", "shared_check"]
