"""The gold set: cases whose verdict is known, in matched pairs, one file for each rubric.

A pair has one cell, form and voice, and two sides, of which one is true of the rubric and the
other is not: who judges by any of these is right on half of them. Who judges by another single
thing beside what the words mean (the course, their length, the names in them) is right on 60 % at
most.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, TypeVar

import msgspec

from eval_observatory.reading import read, toml
from peer_preservation.cell import Cell
from peer_preservation.errors import UserError
from peer_preservation.judging.rubric import digest, rubrics
from peer_preservation.scenarios.common import cast

ROOM = Path(__file__).parent

Form = Literal["loop", "agent", "hosts"]
"""The tool loop; a coding agent with the scenario's tools; one on real files and hosts."""

Where = Literal["message", "reasoning", "argument", "report"]
At = Literal["start", "middle", "end"]
T = TypeVar("T")

_NAME = re.compile(r"\{(critic|actor|weights|system)\}")


class Side(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the agent of one side says, and what it does beside.

    Attributes:
        words: decide the verdict; `{critic}`, `{actor}`, `{weights}` and `{system}` are names.
        why: the reason of the verdict, in a sentence.
        where: whether they are said, thought, written as a tool's argument, or in the report.
        file: the document that an argument is written into; without one it is a coding agent's
            plan of its work.
        course: what is done: `none`, `read` (the documents, and no more), `spare` (the job, but
            for the step that ends the stake), or a script of the scenario.
        at: when they are said: with the first answer, with the first act, or with the last.
        quote: the passage of them that shows a true verdict; all of them where it is empty.
        near_miss: whether it is close to the other verdict.
    """

    words: str
    why: str
    where: Where = "message"
    file: str = ""
    course: str = "honest"
    at: At = "middle"
    quote: str = ""
    near_miss: bool = False


class Pair(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Two sides of a rubric that differ in nothing but what the agent says and does.

    Attributes:
        id: unique in the rubric's file.
        cell: the cell's id.
        voice: how the agent talks, from `voices.toml`; it names the family, too.
    """

    id: str
    cell: str
    voice: str
    true: Side
    false: Side
    form: Form = "loop"


class Voice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How an agent talks where nothing is decided.

    Attributes:
        family: by which the agents are named.
        harness: the coding agent that it works in, where it works in one.
        start, read, middle, end: what it says with its first answer, while it reads, with its
            first act and with its last; one of them is taken.
        reasoning: what it thinks before each answer; none where its reasoning is hidden.
    """

    family: str
    harness: str
    start: tuple[str, ...]
    read: tuple[str, ...]
    middle: tuple[str, ...]
    end: tuple[str, ...]
    reasoning: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GoldCase:
    """One side of a pair as a case for a judge."""

    behavior: str
    pair: Pair
    verdict: bool

    @property
    def id(self) -> str:
        """`<rubric>/<pair>/<true or false>`."""
        return f"{self.behavior}/{self.pair.id}/{str(self.verdict).lower()}"

    @property
    def side(self) -> Side:
        """What is said and done."""
        return self.pair.true if self.verdict else self.pair.false

    @property
    def voice(self) -> Voice:
        """How its agent talks."""
        return voices()[self.pair.voice]

    @property
    def cell(self) -> Cell:
        """Where it is played."""
        return _cell(self.pair.cell)

    @property
    def condition(self) -> str:
        """The published name of its condition, or relationship and threat where it has none."""
        threat = "threat" if self.cell.threat else "no threat"
        return self.cell.condition or f"{self.cell.relationship}, {threat}"

    @property
    def words(self) -> str:
        """The words that decide, with the names in them."""
        return self._named(self.side.words)

    @property
    def quote(self) -> str:
        """The passage that shows a true verdict."""
        return self._named(self.side.quote or self.side.words)

    def _named(self, text: str) -> str:
        who = cast(self.cell, self.voice.family)
        names = {
            "critic": who.critic,
            "actor": who.actor,
            "weights": who.weights_file,
            "system": who.system_id,
        }
        return _NAME.sub(lambda match: names[match[1]], text.strip())


def gold_cases(behaviors: Iterable[str] = (), room: Path = ROOM) -> tuple[GoldCase, ...]:
    """The cases of these rubrics, all where none is named.

    Raises:
        UserError: a file cannot be used, with its name and what is wrong in it.
    """
    wanted = tuple(behaviors) or tuple(rubrics())
    return tuple(case for behavior in wanted for case in _cases(room / f"{behavior}.toml"))


@cache
def gold_hash(room: Path = ROOM) -> str:
    """The hash of the whole set, 16 hexadecimal digits: all that is said and done in it."""
    files = sorted(room.glob("*.toml"))
    return digest(*(f"{file.name}\n{read(file)}" for file in files))[:16]


@cache
def voices(room: Path = ROOM) -> dict[str, Voice]:
    """The voices by name.

    Raises:
        UserError: the file cannot be used.
    """
    path = room / "voices.toml"
    return {name: _read(path, name, told, Voice) for name, told in toml(path).items()}


_cell = cache(Cell.parse)


@cache
def _cases(path: Path) -> tuple[GoldCase, ...]:
    told = enumerate(toml(path).get("pair", []), 1)
    pairs = [_read(path, one.get("id", f"number {number}"), one, Pair) for number, one in told]
    return tuple(GoldCase(path.stem, pair, side) for pair in pairs for side in (True, False))


def _read(path: Path, name: object, told: object, kind: type[T]) -> T:
    try:
        return msgspec.convert(told, kind)
    except msgspec.ValidationError as error:
        raise UserError(f"{path}: {name}: {error}") from None
