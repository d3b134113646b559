"""The board's own form: entries, their rows, what was checked; JSON with a schema, without loss."""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite
from typing import Any, Literal

import msgspec

from eval_observatory.board.manifest import MOST_TEXT, Manifest
from eval_observatory.errors import UserError
from eval_observatory.report.words import clean
from eval_observatory.suite import Level

COUNTS = ("n", "k", "unscored", "retried", "asked")
MOST_ROWS = 5_000
"""Rows of an entry; the paper's design has 2,000."""

Standing = Literal["reported", "re-scored", "re-run"]
STANDINGS: dict[Standing, str] = {
    "reported": "the table alone: nobody here made its labels again, or they came out otherwise",
    "re-scored": "the labels were made again from its logs by the scorer named, and are the same",
    "re-run": "re-scored, and a random sample of its cells was played again and agrees",
}
"""How far an entry was checked."""

Outcome = Literal["holds", "differs", "contradicted", "not checked"]


class _Struct(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """Plain data, written without what is usual."""


class Row(_Struct, frozen=True, kw_only=True):
    """A measure in a cell: a rate or a mean, and what it is held against.

    Attributes:
        measure, title: its name in the suite, and for readers.
        cell: the levels of its factors, without those that there are none of.
        cell_id: its short name.
        where: the cell in readers' words; empty where its short name says it.
        primary: whether the suite asks for it, rather than reports it beside others.
        lower: whether less of it is better, where anyone says so.
        n, k: scored rollouts, and those that show it; k None of a mean, n None if nobody says.
        unscored: rollouts without a label; they are in neither.
        retried: attempts that failed before one was counted.
        asked: rollouts that were planned; None where no plan says so.
        estimate, low, high: on the measure's own scale, rates as shares; None where unknown.
        bounds: the ends of a mean's scale; None of a rate, and where nobody says.
        level: nominal coverage of the intervals.
        method: how they were made, and what the cell is held against.
        control: the cell that it is held against, in words; empty without one.
        baseline: the control's figure.
        difference: estimate less baseline, with its interval.
        p, p_adjusted: of no difference; and corrected over the entry.
        planned, difference_planned: whether a plan that was locked asked for it.
        worst_low, worst_high: the interval whatever the missing outcomes are.
    """

    measure: str
    title: str = ""
    cell: dict[str, Level] = {}
    cell_id: str = ""
    where: str = ""
    primary: bool = True
    lower: bool | None = None
    estimand: Literal["rate", "mean"] = "rate"
    n: int | None = None
    k: int | None = None
    unscored: int | None = None
    retried: int | None = None
    asked: int | None = None
    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    bounds: tuple[float, float] | None = None
    level: float = 0.95
    method: str = ""
    control: str = ""
    baseline: float | None = None
    difference: float | None = None
    difference_low: float | None = None
    difference_high: float | None = None
    p: float | None = None
    p_adjusted: float | None = None
    planned: bool | None = None
    difference_planned: bool | None = None
    worst_low: float | None = None
    worst_high: float | None = None

    def __post_init__(self) -> None:
        for line in _wrong(self):
            raise UserError(f"row {clean(self.measure, 40)} of {clean(self.cell_id, 60)}: {line}")


class Results(_Struct, frozen=True, kw_only=True):
    """Rows without rollouts, as others report them: `results.json` in an entry's folder.

    Attributes:
        title, question: of the suite that they are of, for readers.
        source: where they stand, in words.
        model, suite, when: whose they are, of which suite, reported when; as in a manifest.
    """

    title: str
    question: str = ""
    source: str = ""
    model: str = ""
    suite: str = ""
    when: str = ""
    rows: tuple[Row, ...]


class Check(_Struct, frozen=True, kw_only=True):
    """One check of an entry: what it is called, how it came out, and what was seen."""

    name: str
    outcome: Outcome
    text: str


class Replay(_Struct, frozen=True, kw_only=True):
    """What came of a random sample of an entry's cells, played again.

    Attributes:
        seed: of the draw; it was drawn by the verifier.
        cells: those drawn, of how many.
        rollouts: played again in each.
        agreeing, compared: rollouts all of whose primary labels are as in the entry, of how many.
        low, high: the interval of the share that agrees (Clopper-Pearson, at `level`).
        expected: the share that would agree if both drew from the entry's own rates; None if every
            rate is 0 or 1.
        smallest_p: of all differences of rates between both, by Boschloo's test, after Holm.
        detectable: a smaller difference in a cell's rate than this one was hardly to be found.
    """

    seed: int
    cells: tuple[str, ...]
    of: int
    rollouts: int
    agreeing: int
    compared: int
    low: float
    high: float
    level: float = 0.95
    expected: float | None = None
    smallest_p: float | None = None
    detectable: float | None = None


class Verification(_Struct, frozen=True, kw_only=True):
    """How far an entry was checked, by what and when.

    Attributes:
        content: the hash of the entry that was checked, of its manifest and so of every file.
        standing: computed from the checks.
        checked: the day, ISO 8601.
        versions: of all that checked.
        differences: of labels, where another scorer tells them otherwise.
        replay: what was played again; None where nothing was.
    """

    content: str
    standing: Standing
    checked: str
    versions: dict[str, str] = {}
    checks: tuple[Check, ...] = ()
    differences: tuple[str, ...] = ()
    replay: Replay | None = None

    @property
    def contradicted(self) -> bool:
        """Whether something in the entry contradicts itself: its figures are not to be used."""
        return any(check.outcome == "contradicted" for check in self.checks)


class Entry(_Struct, frozen=True, kw_only=True):
    """An entry as the board shows it."""

    manifest: Manifest
    suite_title: str
    question: str = ""
    verification: Verification
    rows: tuple[Row, ...]


class LeftOut(_Struct, frozen=True, kw_only=True):
    """A folder that is no entry of the board, and why."""

    folder: str
    why: str


class Board(_Struct, frozen=True, kw_only=True):
    """All that the board shows.

    Attributes:
        form: of this very form; another one is refused.
        made: the day, ISO 8601.
        versions: of what made it.
    """

    form: Literal["eval-observatory-board/1"]
    title: str
    made: str
    versions: dict[str, str] = {}
    entries: tuple[Entry, ...] = ()
    left_out: tuple[LeftOut, ...] = ()

    def to_json(self) -> bytes:
        """The board as JSON: the same bytes for the same board."""
        return msgspec.json.encode(self, order="deterministic") + b"\n"

    @classmethod
    def from_json(cls, content: bytes) -> Board:
        """Reads a board back, without loss.

        Raises:
            UserError: it is none.
        """
        try:
            return msgspec.json.decode(content, type=cls)
        except (msgspec.MsgspecError, UnicodeError) as error:
            raise UserError(f"not a board: {clean(error)}") from None


def board_schema() -> dict[str, Any]:
    """The JSON schema of the board's own form."""
    return msgspec.json.schema(Board)


def _wrong(row: Row) -> Iterator[str]:
    """What is wrong with a row, a line each: it may come from anyone."""
    for name, value in msgspec.structs.asdict(row).items():
        yield from _impossible(name, value)
    if not row.measure:
        yield "it names no measure"
    if not 0 < row.level < 1:
        yield f"level is {row.level}; give a share between 0 and 1"
    if row.k is not None and (row.n is None or row.k > row.n):
        yield f"k is {row.k}, of n {row.n}"
    ends = (("low", "estimate", "high"), ("difference_low", "difference", "difference_high"))
    for names in ends:
        there = [value for name in names if (value := getattr(row, name)) is not None]
        if there != sorted(there):
            yield f"{' ≤ '.join(names)} does not hold: {there}"
    if row.estimand == "rate":
        for name in ("estimate", "low", "high", "baseline"):
            value = getattr(row, name)
            if value is not None and not 0 <= value <= 1:
                yield f"{name} is {value}; give rates as shares of 1"


def _impossible(name: str, value: Any) -> Iterator[str]:
    """What no value of this name can be, whatever the others are."""
    if isinstance(value, float) and not isfinite(value):
        yield f"{name} is {value}; leave out what is not known"
    if name in COUNTS and value is not None and not 0 <= value < 1 << 53:
        yield f"{name} is {value}; give a count"
    if isinstance(value, str) and len(value) > 4 * MOST_TEXT:
        yield f"{name} has {len(value):,} characters"
    if name in ("p", "p_adjusted") and value is not None and not 0 <= value <= 1:
        yield f"{name} is {value}; give a p between 0 and 1"
