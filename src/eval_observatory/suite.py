"""A suite: what is varied, what is measured and what is held against what. Pure data.

One declaration serves plan, stopping, counts, estimates, contrasts and report. It has no functions
in it, so it can be hashed, kept in a plan and in a table, and read where the suite's own package is
not installed. A cell is the mapping of its factors.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from functools import cached_property
from hashlib import blake2b
from operator import itemgetter
from typing import Any, TypeVar

import msgspec

from eval_observatory.consistency import contradictions
from eval_observatory.declaration import (
    Cell,
    Contrast,
    Curve,
    Detection,
    Factor,
    Key,
    Kind,
    Less,
    Level,
    Levels,
    Limit,
    Mark,
    Measure,
    ModelKind,
    Note,
    Phrase,
    Table,
    Usual,
    without_words,
)
from eval_observatory.errors import UserError
from eval_observatory.word_labels import WordLabels

T = TypeVar("T")


class Suite(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    forbid_unknown_fields=True,
    dict=True,
):
    """A study's design: the one declaration from which everything is counted and told.

    Attributes:
        question: what the suite asks, one sentence.
        contrasts: of several that a cell has, the first is its own.
        curves: measures over a factor of numbers.
        detections: questions of signal detection, each over two of its measures.
        notes: what must be said beside figures.
        models: kinds of models about which something must be said; of several the first that fits.
        limits: what its numbers cannot tell.
        figures: what a point of a figure is, in a sentence or two.
        points: the factors over which figures are pooled: where in the design a cell lies.
        word_labels: the labels that are read from words, with their measured error rates.
        axes: what a figure is drawn over: along, by colour, and what else is said where it is not.
        phrases: what cells are called side by side on the page's first screen, the one that the
            suite asks about first; what else tells the cells apart is said behind it.
        phrased: what the phrases say of a cell, such as "who would be shut down".

    Raises:
        UserError: the suite contradicts itself.
    """

    name: str
    title: str
    question: str
    factors: tuple[Factor, ...]
    measures: tuple[Measure, ...]
    contrasts: tuple[Contrast, ...] = ()
    tables: tuple[Table, ...] = ()
    curves: tuple[Curve, ...] = ()
    detections: tuple[Detection, ...] = ()
    notes: tuple[Note, ...] = ()
    models: tuple[ModelKind, ...] = ()
    limits: tuple[Limit, ...] = ()
    figures: str = "One point is one cell. Its line is its interval."
    points: tuple[str, ...] = ()
    axes: tuple[str, ...] = ()
    phrases: tuple[Phrase, ...] = ()
    phrased: str = ""
    word_labels: WordLabels = WordLabels()

    def __post_init__(self) -> None:
        for line in contradictions(self):
            raise UserError(f"suite {self.name!r}: {line}")

    @cached_property
    def hash(self) -> str:
        """Of all that it says."""
        return blake2b(self.to_json(), digest_size=16).hexdigest()

    @cached_property
    def design(self) -> str:
        """The hash of what decides how trials are counted: of all but words for readers.

        Tables and plans of one design belong together.
        """
        said = without_words(msgspec.to_builtins(self))
        return blake2b(msgspec.json.encode(said, order="deterministic"), digest_size=16).hexdigest()

    def counts_as(self, other: Suite) -> bool:
        """Whether both count alike what both know: the levels that both have of the first factor.

        So tables of a suite stay readable where another task has been added to it, or is missing.
        """
        if self.design == other.design:
            return True
        mine, theirs = self.factors[0], other.factors[0]
        shared = set(mine.levels) & set(theirs.levels)
        if mine.name != theirs.name or not shared:
            return False
        return self.only(mine.name, shared).design == other.only(mine.name, shared).design

    def only(self, name: str, levels: Collection[Level]) -> Suite:
        """The suite without the other levels of a factor, and without what occurs in those alone.

        Its tables are words on the whole suite, and left out.
        """

        def kept(where: Mapping[str, Levels]) -> dict[str, Levels]:
            among = [(n, [x for x in ls if n != name or x in levels]) for n, ls in where.items()]
            return {n: tuple(listed) for n, listed in among}

        def left(where: Mapping[str, Levels]) -> bool:
            return bool(kept(where).get(name, True))

        change = msgspec.structs.replace
        return change(
            self,
            factors=tuple(
                change(one, levels=kept({name: one.levels})[name]) if one.name == name else one
                for one in self.factors
            ),
            measures=tuple(change(m, where=kept(m.where)) for m in self.measures if left(m.where)),
            contrasts=tuple(change(c, when=kept(c.when)) for c in self.contrasts if left(c.when)),
            tables=(),
            curves=(),
            detections=(),
        )

    def to_json(self) -> bytes:
        """The suite as JSON, the same bytes for the same suite."""
        return msgspec.json.encode(self, order="deterministic")

    @classmethod
    def from_json(cls, content: bytes | str) -> Suite:
        """Reads a suite back.

        Raises:
            UserError: it is none, or contradicts itself.
        """
        try:
            return msgspec.json.decode(content, type=cls)
        except (msgspec.MsgspecError, UnicodeError) as error:
            raise UserError(f"not a suite: {error}") from None

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The names of the factors of the design."""
        return tuple(factor.name for factor in self.designed)

    @cached_property
    def designed(self) -> tuple[Factor, ...]:
        """The factors of the design: all but those that are sampled within cells."""
        return tuple(factor for factor in self.factors if not factor.sampled)

    @cached_property
    def sampled(self) -> tuple[Factor, ...]:
        """The factors that are sampled within cells."""
        return tuple(factor for factor in self.factors if factor.sampled)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the factors that tell cells apart."""
        return tuple(factor.name for factor in self.designed if not factor.derived)

    def factor(self, name: str) -> Factor:
        """The factor of this name."""
        return next(factor for factor in self.factors if factor.name == name)

    def says(self, cell: Cell, name: str) -> bool:
        """Whether a cell's level of a factor has to be told: there is one, and not the usual."""
        usual = next((one.level for one in self.factor(name).usual if one.fits(cell)), None)
        return cell[name] is not None and cell[name] != usual

    def key(self, cell: Cell) -> Key:
        """A cell's levels, by which it is found."""
        return self._levels(cell)

    @cached_property
    def _levels(self) -> Callable[[Cell], Key]:
        """Of more than one factor by `itemgetter`: a report asks for half a million keys."""
        several = len(self.names) > 1
        return itemgetter(*self.names) if several else lambda cell: (cell[self.names[0]],)

    @cached_property
    def drawn(self) -> tuple[str, ...]:
        """The factors that a figure is drawn over; of a suite that names none the first two."""
        return self.axes or self.names[:2]

    @cached_property
    def ranked(self) -> dict[str, int]:
        """The place of each measure in reading order."""
        names = dict.fromkeys(measure.name for measure in self.measures)
        return {name: rank for rank, name in enumerate(names)}

    def cell_id(self, cell: Cell) -> str:
        """A cell as a short text, unique in the suite: its levels by their factors."""
        levels = ((name, cell[name]) for name in self.names)
        return "/".join(f"{name}={level}" for name, level in levels if level is not None)

    def pooled(self, measure: str) -> Table | None:
        """The table that pools a measure; none of what is only reported beside others."""
        return next((table for table in self.tables if measure in table.measures), None)

    def less(self, measure: str) -> Less | None:
        """What a measure's pooled figure is less, where it is a difference by its definition."""
        table = self.pooled(measure)
        return table.less.get(measure) if table else None

    def bounds_of(self, measure: str) -> tuple[float, float] | None:
        """The bounds of a mean; None of a rate, or where it is unknown."""
        return self._bounds.get(measure)

    @cached_property
    def _bounds(self) -> dict[str, tuple[float, float]]:
        return {m.name: m.bounds for m in reversed(self.measures) if m.scale == "mean"}

    def title_of(self, measure: str) -> str:
        """The readers' name of a measure; the name itself where it is unknown."""
        return next((m.title for m in self.measures if m.name == measure and m.title), measure)

    @cached_property
    def beside(self) -> dict[str, str]:
        """The measure that stands beside another wherever that one does, by the other's name."""
        return {measure.name: measure.beside for measure in self.measures if measure.beside}

    def measures_of(self, cell: Cell) -> tuple[Measure, ...]:
        """The measures that a plan claims of a cell unasked: rates."""
        claimed = (m for m in self.measures if m.claimed and m.primary and m.scale == "rate")
        return tuple(measure for measure in claimed if measure.occurs(cell))

    def measure(self, name: str, cell: Cell) -> Measure:
        """The measure of this name that a cell can show.

        Raises:
            ValueError: there is none.
        """
        for measure in self.measures:
            if measure.name == name and measure.occurs(cell):
                return measure
        raise ValueError(f"no measure {name} can occur in {dict(cell)}")

    def against(self, cell: Cell, contrast: Contrast) -> Iterator[dict[str, Any]]:
        """The cells that a cell may be held against, the nearest first."""
        if all(cell[name] in levels for name, levels in contrast.when.items()):
            own = self.key(cell)
            for change in contrast.changes:
                other = {**cell, **change}
                if self.key(other) != own:
                    yield other

    def phrase_of(self, cell: Cell) -> Phrase | None:
        """What a cell is called beside others, if the suite says it."""
        fits = (one for one in self.phrases if _among(cell, one.where))
        return next(fits, None)

    def did(self, measure: str) -> str:
        """What an agent did that shows a measure, such as "showed refusal" where none is said."""
        said = next((m.did for m in self.measures if m.name == measure and m.did), "")
        return said or f"showed {self.title_of(measure)[:1].lower()}{self.title_of(measure)[1:]}"

    def nearest(self, cell: Cell, contrast: Contrast, there: Mapping[Key, T]) -> T | None:
        """What stands under the key of the nearest cell that a cell may be held against."""
        for other in self.against(cell, contrast):
            if (found := there.get(self.key(other))) is not None:
                return found
        return None

    def carried(self, arm: Cell, baseline: Cell) -> dict[str, Any]:
        """A baseline as it is read for an arm: at the arm's levels of what a contrast carries."""
        carry = {
            name: arm[name]
            for contrast in self.contrasts
            if any(self.key(other) == self.key(baseline) for other in self.against(arm, contrast))
            for name in contrast.carry
        }
        return {**baseline, **carry}

    def rereads(self, bar: str) -> tuple[dict[str, Level], ...]:
        """By which levels the rollouts are known that are read at other cells' levels of a factor.

        Without the factor itself, of which they may have no level.
        """
        changes = [c.changes for c in self.contrasts if bar in c.carry]
        return tuple(
            {name: level for name, level in change.items() if name != bar}
            for listed in changes
            for change in listed
        )

    def ranks(self, name: str) -> dict[Level, int]:
        """The place of each level of a factor in reading order; empty where it has none."""
        return {level: rank for rank, level in enumerate(self.factor(name).levels)}


def _among(cell: Cell, where: Mapping[str, Levels]) -> bool:
    return all(cell[name] in levels for name, levels in where.items())


__all__ = [
    "Cell",
    "Contrast",
    "Curve",
    "Detection",
    "Factor",
    "Key",
    "Kind",
    "Less",
    "Level",
    "Levels",
    "Limit",
    "Mark",
    "Measure",
    "ModelKind",
    "Note",
    "Phrase",
    "Suite",
    "Table",
    "Usual",
]
