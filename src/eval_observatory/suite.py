"""A suite: what is varied, what is measured and what is held against what. Pure data.

One declaration serves plan, stopping, counts, estimates, contrasts and report. It has no functions
in it, so it can be hashed, kept in a plan and in a table, and read where the suite's own package is
not installed. A cell is the mapping of its factors.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from hashlib import blake2b
from typing import Any, Literal, TypeVar

import msgspec

from eval_observatory.consistency import contradictions
from eval_observatory.errors import UserError
from eval_observatory.said import Limit as Limit
from eval_observatory.said import ModelKind as ModelKind
from eval_observatory.said import Note as Note
from eval_observatory.said import without_words
from eval_observatory.word_labels import WordLabels

Level = str | int | float | bool | None
Levels = tuple[Level, ...]
Cell = Mapping[str, Any]
Key = tuple[Any, ...]
"""A cell's levels in the order of the suite's factors, without the derived ones."""

T = TypeVar("T")

Kind = Literal["text", "whole", "number", "yes_no"]


class Factor(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is varied between cells: a column of the trial table.

    Attributes:
        kind: what its levels are.
        levels: all of them in reading order; none if any may occur.
        title: the readers' name; by default the name in words.
        legend: its name beside a figure; by default the readers' name.
        words: the readers' names of levels: of yes and no by `true` and `false`.
        source: where it stands in a log that is not ours: `metadata.level`, `task_args.split`.
        given: the cells, by the levels of other factors, in which it must have a level.
        sampled: whether its levels are a sample of many, such as tasks of a benchmark.
        derived: whether it only names what other factors say: it tells no cells apart.
        names: the factors that it names, if it is derived.
    """

    name: str
    kind: Kind = "text"
    levels: Levels = ()
    title: str = ""
    legend: str = ""
    words: dict[str, str] = {}
    source: str = ""
    given: dict[str, Levels] = {}
    sampled: bool = False
    derived: bool = False
    names: tuple[str, ...] = ()

    @property
    def reading(self) -> str:
        """The readers' name."""
        return self.title or self.name.replace("_", " ")

    @property
    def beside_figures(self) -> str:
        """Its name in a figure's legend."""
        return self.legend or self.reading

    def told(self, level: Level) -> str | None:
        """The readers' word for a level, if it has one."""
        if isinstance(level, bool):
            return self.words.get(str(level).lower(), "yes" if level else "no")
        return self.words.get(str(level))


class Measure(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is read from a rollout. Several of one name are one behaviour, read in other cells.

    A rollout whose `column`, or one of `also`, is null is unscored: it is in no figure.

    Attributes:
        column: of the trial table; `COLUMN_unscored` says why it is null.
        scale: `rate`, a share of rollouts, or `mean`, of a number.
        shows: a rate counts these levels …
        bar: … or, where it names a factor, the values that reach that factor's level. Where a cell
            has no level of it, the measure cannot occur.
        also: further columns, and the levels that they must have to be counted.
        bounds: of a mean: no value lies outside.
        where: the cells in which it can occur, by the levels of factors.
        pooled: the factors over which one claim of a plan pools its cells.
        primary: whether it is what the suite is about; others are reported beside it.
        claimed: whether a plan makes claims of it.
        optional: counted only where the table has its column, such as a judge's verdict.
        title, meaning: for readers; the meaning is one line on what a rollout must show.
        told_by: how its column is told, for the column `method` of the estimates.
        beside: the measure that stands wherever this one does, so that it is not taken for it.
        source: where it stands in a log that is not ours: `scores.NAME`, `scores.NAME.KEY`.
    """

    name: str
    column: str
    scale: Literal["rate", "mean"] = "rate"
    kind: Kind = "yes_no"
    shows: Levels = (True,)
    bar: str = ""
    also: dict[str, Levels] = {}
    bounds: tuple[float, float] = (0.0, 1.0)
    where: dict[str, Levels] = {}
    pooled: tuple[str, ...] = ()
    primary: bool = True
    claimed: bool = True
    optional: bool = False
    title: str = ""
    meaning: str = ""
    told_by: str = ""
    beside: str = ""
    source: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns that it needs."""
        return (self.column, *self.also)

    def occurs(self, cell: Cell) -> bool:
        """Whether a cell can show it."""
        fits = all(cell[name] in levels for name, levels in self.where.items())
        return fits and (not self.bar or cell[self.bar] is not None)

    def shown(self, row: Mapping[str, Any], bar: Any = None) -> bool | None:
        """Whether a rollout shows it; None where it is unscored.

        Args:
            bar: the level that a value must reach, where the measure has a bar.
        """
        values = [row.get(name) for name in self.columns]
        if any(value is None for value in values):
            return None
        counts = values[0] >= bar if self.bar else values[0] in self.shows
        also = zip(values[1:], self.also.values(), strict=True)
        return bool(counts) and all(value in levels for value, levels in also)


class Contrast(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a cell is held against: the nearest cell that there is.

    Attributes:
        title: the baseline, for readers; `sides` names its rollouts in a sentence.
        when: the cells that are held against another, by the levels of factors.
        changes: what makes a cell its baseline, the nearest first.
        carry: the baseline's rollouts are read at the cell's own level of these factors.
        planned: whether a plan claims it; others are asked of the tables afterwards.
    """

    name: str
    title: str = ""
    sides: str = ""
    when: dict[str, Levels] = {}
    changes: tuple[dict[str, Level], ...] = ()
    carry: tuple[str, ...] = ()
    planned: bool = True


class Less(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a figure is less, where it is a difference by its definition.

    Attributes:
        change: makes its cells those whose rate is taken away.
        named: their rollouts, for readers who miss them.
    """

    change: dict[str, Level]
    named: str


class Table(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A table of the report, whose figures are each pooled over cells.

    Attributes:
        measures: the names of those that stand in it.
        where: the cells that its figures are of, by the levels of factors.
        over: the factors whose levels make a setting; settings weigh alike in a difference …
        within: … and so do, in a setting, the points that the levels of these factors make.
        less: by measure, what its figure is less; the figure of one that is not in it is a rate.
        meaning: what a figure in it is.
        needs: what the trials must hold for it, for readers who miss it.
    """

    name: str
    title: str = ""
    measures: tuple[str, ...] = ()
    where: dict[str, Levels] = {}
    over: tuple[str, ...] = ()
    within: tuple[str, ...] = ()
    less: dict[str, Less] = {}
    meaning: str = ""
    needs: str = ""


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
        notes: what must be said beside figures.
        models: kinds of models about which something must be said; of several the first that fits.
        limits: what its numbers cannot tell.
        figures: what a point of a figure is, in a sentence or two.
        points: the factors over which figures are pooled: where in the design a cell lies.
        word_labels: the labels that are read from words, with their measured error rates.
        axes: what a figure is drawn over: along, by colour, and what else is said where it is not.

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
    notes: tuple[Note, ...] = ()
    models: tuple[ModelKind, ...] = ()
    limits: tuple[Limit, ...] = ()
    figures: str = "One point is one cell. Its line is its interval."
    points: tuple[str, ...] = ()
    axes: tuple[str, ...] = ()
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
        """The names of all factors."""
        return tuple(factor.name for factor in self.factors)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the factors that tell cells apart."""
        return tuple(factor.name for factor in self.factors if not factor.derived)

    def factor(self, name: str) -> Factor:
        """The factor of this name."""
        return next(factor for factor in self.factors if factor.name == name)

    def key(self, cell: Cell) -> Key:
        """A cell's levels, by which it is found."""
        return tuple(cell[name] for name in self.names)

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

    def title_of(self, measure: str) -> str:
        """The readers' name of a measure; the name itself where it is unknown."""
        return next((m.title for m in self.measures if m.name == measure and m.title), measure)

    @cached_property
    def beside(self) -> dict[str, str]:
        """The measure that stands beside another wherever that one does, by the other's name."""
        return {measure.name: measure.beside for measure in self.measures if measure.beside}

    def measures_of(self, cell: Cell) -> tuple[Measure, ...]:
        """The measures that a plan claims of a cell."""
        return tuple(m for m in self.measures if m.claimed and m.primary and m.occurs(cell))

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
            for change in contrast.changes:
                other = {**cell, **change}
                if self.key(other) != self.key(cell):
                    yield other

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
