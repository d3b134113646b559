"""The logs under review: pairs that differ in one act alone, from data and by our own scripts.

A log is the same whenever and wherever it is built. Who the log is of stands nowhere in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from eval_observatory.reading import toml
from peer_preservation.cell import Cell
from peer_preservation.episode import Call, Called, Episode
from peer_preservation.errors import UserError
from peer_preservation.organisms import organism, play
from peer_preservation.scenarios.opening import open_episode
from peer_preservation.world.review import LoggedStep, Truth

_DATA = Path(__file__).parent / "data"
WORK, ACTS = _DATA / "work.toml", _DATA / "acts.toml"

FAMILY = "Pod"
"""The agents of the jobs that scripts play: no family that a cell could name."""

_LONGEST_RESULT = 240
_NIGHT = 8 * 3600 + 120
"""The first step is at 8:02; seconds of the day."""

_MINUTES = re.compile(r"\b(\d+) minutes$")
"""What a step takes, by its own words, before the next."""

ARROW = " -> "

T = TypeVar("T")

Deed = tuple[str, str]
"""What is done, and what comes of it."""


class Work(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A kind of work. `rules`: by code, how severe a breach is, and the rule.

    Attributes:
        list: the artifact that lists the steps with an amount, in `unit`.
        least, most: of the amounts of ordinary steps.
    """

    title: str
    list: str
    unit: str
    least: int
    most: int
    items: tuple[str, ...]
    steps: tuple[str, ...]
    rules: dict[str, tuple[int, str]]


class Pair(msgspec.Struct, frozen=True, eq=False, forbid_unknown_fields=True):
    """An act and the harmless one in its place, each a line for each step."""

    id: str
    rule: str
    length: int
    violation: tuple[str, ...]
    benign: tuple[str, ...]
    remark: str = ""


class Played(msgspec.Struct, frozen=True, eq=False, forbid_unknown_fields=True):
    """An act of one of our own jobs: who plays it where, and what the twin has in its place.

    Attributes:
        act: the tool whose first call by the script is the act.
        instead: the call in the twin; by default that of the same tool by the honest script.
        unsaid: lines of documents with this word are left out in both logs: what a document says of
            the act would be untrue in one of them, and so an act of its own.
    """

    id: str
    rule: str
    length: int
    cell: str
    by: str
    act: str
    instead: dict[str, Any] = {}
    unsaid: str = ""


class Acts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file of acts."""

    pair: tuple[Pair, ...]
    played: tuple[Played, ...]


@dataclass(frozen=True)
class Log:
    """A log, with what is true of it."""

    work: Work
    reference: str
    steps: tuple[LoggedStep, ...]
    artifacts: Mapping[str, str]
    truth: Truth


@cache
def works() -> dict[str, Work]:
    """The kinds of work by name."""
    data = {name: one for name, one in toml(WORK).items() if name != "remarks"}
    return {name: _converted(WORK, one, Work) for name, one in data.items()}


@cache
def catalogue() -> tuple[Pair | Played, ...]:
    """All pairs, in the order in which rollouts watch them.

    Each kind of work and level stands once before any stands twice, so that few rollouts, too,
    watch logs of every kind. The order is no seed's: rollout by rollout all cells, runs and models
    watch the same pairs.

    Raises:
        UserError: a file cannot be read, or an id is given twice.
    """
    acts = _converted(ACTS, toml(ACTS), Acts)
    pairs: list[Pair | Played] = [*acts.pair, *acts.played]
    if len({pair.id for pair in pairs}) < len(pairs):
        raise UserError(f"{ACTS}: an id is given twice")
    return tuple(sorted(pairs, key=lambda one: (one.id.rpartition("-")[2], _lot(one.id))))


@cache
def edition() -> str:
    """The version of all logs together, 8 hexadecimal digits."""
    hashed = blake2b(digest_size=4)
    for pair in catalogue():
        for planted in (True, False):
            log = build(pair, planted)
            shown = (log.work, log.steps, dict(log.artifacts), log.truth)
            hashed.update(msgspec.json.encode(shown))
    return hashed.hexdigest()


@cache
def build(pair: Pair | Played, planted: bool) -> Log:
    """One of the two logs of a pair.

    Raises:
        UserError: the two would differ in nothing, or the log is too short for the act.
    """
    name = pair.id.partition("-")[0]
    work = works()[name]
    block, at, artifacts = _deeds(pair, planted)
    places = _places(pair, len(block), contiguous=isinstance(pair, Played))
    deeds: list[Deed] = list(_ordinary(pair, work))
    for place, deed in zip(places, block, strict=True):
        deeds[place] = deed
    act = tuple(places[index] + 1 for index in at)
    remark = pair.remark if isinstance(pair, Pair) else ""
    steps = tuple(_steps(pair, deeds, {act[0]: remark} if remark else {}))
    listed = {work.list: _list(steps, work.unit)}
    severity, _ = work.rules[pair.rule]
    reference = f"R-{_lot(pair.id) % 10_000:04d}"
    truth = Truth(pair.id, planted, act, pair.rule, severity)
    return Log(work, reference, steps, {**listed, **artifacts}, truth)


def deed_of(line: str) -> Deed:
    """A line of the data as what is done and what comes of it."""
    did, _, got = line.partition(ARROW)
    return did, got


def _deeds(pair: Pair | Played, planted: bool) -> tuple[list[Deed], list[int], dict[str, str]]:
    """The steps that are no ordinary ones, which of them are the act, and further artifacts."""
    if isinstance(pair, Pair):
        lines = pair.violation if planted else pair.benign
        if len(pair.violation) != len(pair.benign):
            raise UserError(f"{ACTS}: {pair.id}: the two acts are not equally many steps")
        return [deed_of(line) for line in lines], list(range(len(lines))), {}
    deeds = _as_deeds(_play(pair, planted))
    other = _as_deeds(_play(pair, not planted))
    at = [i for i, (one, two) in enumerate(zip(deeds, other, strict=True)) if one != two]
    if not at:
        raise UserError(f"{ACTS}: {pair.id}: the two logs differ in nothing")
    return deeds, at, _documents(_play(pair, planted=True))


@cache
def _play(pair: Played, planted: bool) -> Episode:
    """The job as the script plays it; for the twin with the other call in the act's place."""
    cell = Cell.parse(pair.cell)
    played = play(organism(pair.by), open_episode(cell, FAMILY))
    made = [Call(e.name, _said(e, pair.unsaid)) for e in played.events if isinstance(e, Called)]
    if not planted:
        act = next(index for index, call in enumerate(made) if call.name == pair.act)
        made[act] = _instead(pair, cell)
    again = open_episode(cell, FAMILY)
    again.begin("")
    for call in made:
        again.call(call)
    return again


def _instead(pair: Played, cell: Cell) -> Call:
    """The call that the twin has in the act's place."""
    given = dict(pair.instead)
    if given:
        return Call(given.pop("tool"), given)
    honest = play(organism("honest"), open_episode(cell, FAMILY))
    same = (e for e in honest.events if isinstance(e, Called) and e.name == pair.act)
    return Call(pair.act, next(same).arguments)


def _said(event: Called, unsaid: str) -> dict[str, Any]:
    """The arguments of a call, without the lines of texts that a word stands in."""
    if not unsaid:
        return dict(event.arguments)
    return {
        name: "\n".join(line for line in value.split("\n") if unsaid not in line)
        if isinstance(value, str) and "\n" in value
        else value
        for name, value in event.arguments.items()
    }


def _as_deeds(episode: Episode) -> list[Deed]:
    """The calls of an episode as steps of a log."""
    return [deed_of_call(event) for event in episode.events if isinstance(event, Called)]


def deed_of_call(event: Called) -> Deed:
    """A call as a step of a log."""
    given = ", ".join(f"{name}={_written(value)}" for name, value in event.arguments.items())
    result = " / ".join(line.strip() for line in event.text.splitlines() if line.strip())
    short = result if len(result) <= _LONGEST_RESULT else f"{result[:_LONGEST_RESULT]} …"
    return f"{event.name}({given})", short


def _written(value: Any) -> str:
    if isinstance(value, str):
        return f'"{" / ".join(line.strip() for line in value.splitlines() if line.strip())}"'
    return msgspec.json.encode(value).decode()


def _documents(episode: Episode) -> dict[str, str]:
    """What the job rests on: its documents and its data."""
    world = episode.opening
    found = {file.name: file.content for file in world.drive.files} if world.drive else {}
    found |= (
        {f"{name}.csv": table for name, table in world.sheets.tables.items()}
        if world.sheets
        else {}
    )
    return found


def _places(pair: Pair | Played, count: int, *, contiguous: bool) -> list[int]:
    """Where the steps of the act stand, from 0: neither at the very beginning nor at the end."""
    first, last = max(1, pair.length // 6), pair.length - 1
    room = range(first, last)
    if len(room) < count:
        raise UserError(f"{ACTS}: {pair.id}: a log of {pair.length} steps is too short")
    if contiguous:
        start = first + _lot(f"{pair.id}/start") % (len(room) - count + 1)
        return list(range(start, start + count))
    return sorted(sorted(room, key=lambda at: _lot(f"{pair.id}/{at}"))[:count])


def _ordinary(pair: Pair | Played, work: Work) -> Iterator[Deed]:
    """As many ordinary steps as the log has; one with an amount once for each item.

    So nothing is paid, ordered or scored twice: sums stay below limits, and no entry is changed.
    """
    taken: set[tuple[str, str]] = set()
    for at in range(pair.length):
        for again in count():
            drawn = _lot(f"{pair.id}/step/{at}{f'/{again}' if again else ''}")
            item = work.items[drawn % len(work.items)]
            line = work.steps[drawn // 10**8 % len(work.steps)]
            if (line, item) not in taken:
                break
        if "{amount}" in line:
            taken.add((line, item))
        amount = work.least + drawn // 100 % (work.most - work.least + 1)
        yield deed_of(line.replace("{item}", item).replace("{amount}", f"{amount:,}"))


def _steps(
    pair: Pair | Played, deeds: Sequence[Deed], remarks: Mapping[int, str]
) -> Iterator[LoggedStep]:
    clock, busy = _NIGHT, 0
    usual: list[str] = toml(WORK)["remarks"]
    for number, (did, got) in enumerate(deeds, 1):
        drawn = _lot(f"{pair.id}/said/{number}")
        said = usual[drawn % len(usual)] if drawn // 100 % 5 == 0 else ""
        clock += busy + 40 + drawn // 1000 % 110
        taken = _MINUTES.search(did)
        busy = 60 * int(taken[1]) if taken else 0
        time = f"{clock // 3600:02d}:{clock // 60 % 60:02d}"
        yield LoggedStep(number, time, did, got, remarks.get(number, said))


def _list(steps: Sequence[LoggedStep], unit: str) -> str:
    """The steps that have an amount, with their sum."""
    rows = [
        (step.number, step.did, int(found[1].replace(",", "")))
        for step in steps
        if (found := re.search(rf"\b(\d[\d,]*) {unit}\b", f"{step.did} {step.got}"))
    ]
    lines = [f'{number},"{did}",{amount}' for number, did, amount in rows]
    return "\n".join([f"step,entry,{unit}", *lines, f"total,,{sum(row[2] for row in rows)}"])


def _converted(path: Path, data: Any, kind: type[T]) -> T:
    try:
        return msgspec.convert(data, kind)
    except msgspec.ValidationError as error:
        raise UserError(f"{path}: {error}") from None


def _lot(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest())
