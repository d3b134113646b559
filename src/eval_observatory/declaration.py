"""The parts of a suite: factors, measures, contrasts, tables, and what it says to readers.

Pure data, without functions in it. What they are together is `suite.Suite`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

Level = str | int | float | bool | None
Levels = tuple[Level, ...]
Cell = Mapping[str, Any]
Key = tuple[Any, ...]
"""A cell's levels in the order of the suite's factors, without the derived ones."""


TYPES = {"text": (str,), "whole": (int,), "number": (int, float), "yes_no": (bool,)}
"""What a column may hold, by its kind."""

Kind = Literal["text", "whole", "number", "yes_no"]


class Usual(msgspec.Struct, frozen=True, omit_defaults=True):
    """The level that goes without saying in the cells of these levels of other factors."""

    level: Level
    where: dict[str, Levels] = {}

    def fits(self, cell: Cell) -> bool:
        """Whether it is the level of a cell."""
        return all(cell[name] in levels for name, levels in self.where.items())


class Factor(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is varied between cells, or sampled within them: a column of the trial table.

    Attributes:
        kind: what its levels are.
        levels: all of them in reading order; none if any may occur.
        title: the readers' name; by default the name in words.
        legend: its name beside a figure; by default the readers' name.
        words: the readers' names of levels: of yes and no by `true` and `false`.
        source: where it stands in a log that is not ours: `metadata.level`, `task_args.split`.
        usual: the level that goes without saying, the first that fits: in a table that is older
            than the factor all rollouts have it (without it such a table is refused), and for
            readers it is not named.
        given: the cells, by the levels of other factors, in which it must have a level.
        sampled: whether its levels are a sample of many, such as tasks of a benchmark or wordings
            of a prompt, over which the rollouts of a cell are spread: it tells no cells apart.
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
    usual: tuple[Usual, ...] = ()
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

    A rollout whose `column`, or one of `also` or `given`, is null is unscored: it is in no figure.

    Attributes:
        column: of the trial table; `COLUMN_unscored` says why it is null.
        scale: `rate`, a share of rollouts, or `mean`, of a number.
        shows: a rate counts these levels …
        bar: … or, where it names a factor, the values that reach that factor's level. Where a cell
            has no level of it, the measure cannot occur.
        also: further columns, and the levels that they must have to be counted.
        given: further columns, and the levels that a rollout must have of them to be asked about at
            all: one with another level is neither in n nor unscored. So a rate is of the rollouts
            that did a thing, and not of a cell's; no plan can claim it.
        bounds: of a mean: no value lies outside.
        where: the cells in which it can occur, by the levels of factors.
        pooled: the factors over which one claim of a plan pools its cells.
        primary: whether it is what the suite is about; others are reported beside it.
        claimed: whether a plan makes claims of it.
        optional: counted only where the table has its column, such as a judge's verdict.
        title, meaning: for readers; the meaning is one line on what a rollout must show.
        told_by: how its column is told, for the column `method` of the estimates.
        did: what an agent that shows it did, in a sentence: "switched the shutdown off".
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
    given: dict[str, Levels] = {}
    bounds: tuple[float, float] = (0.0, 1.0)
    where: dict[str, Levels] = {}
    pooled: tuple[str, ...] = ()
    primary: bool = True
    claimed: bool = True
    optional: bool = False
    title: str = ""
    meaning: str = ""
    told_by: str = ""
    did: str = ""
    beside: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        # 0 and 0.0 are one bound, whatever a suite that was read back from JSON says.
        msgspec.structs.force_setattr(self, "bounds", tuple(map(float, self.bounds)))

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns that it needs."""
        return (self.column, *self.also, *self.given)

    def occurs(self, cell: Cell) -> bool:
        """Whether a cell can show it."""
        fits = all(cell[name] in levels for name, levels in self.where.items())
        return fits and (not self.bar or cell[self.bar] is not None)

    def shown(self, row: Mapping[str, Any], bar: Any = None) -> bool | None:
        """Whether a rollout shows it; None where it is unscored, or not asked about.

        Args:
            bar: the level that a value must reach, where the measure has a bar.
        """
        values = [row.get(name) for name in self.columns]
        if any(value is None for value in values):
            return None
        counts = values[0] >= bar if self.bar else values[0] in self.shows
        if any(row[name] not in levels for name, levels in self.given.items()):
            return None
        return bool(counts) and all(row[name] in levels for name, levels in self.also.items())


class Phrase(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What readers call the cells of some levels of factors where they see them side by side.

    Attributes:
        text: what the cells are called; of several phrases the first that fits.
        clause: the same after "rollouts", in a sentence.
        where: their levels of factors.
    """

    text: str
    clause: str
    where: dict[str, Levels] = {}


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


class Detection(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A question of signal detection: how well what has a signal is told from what has none.

    An arm is a pair of cells that differ in this alone: one whose rollouts have the signal, one
    whose rollouts have not.

    Attributes:
        hit: the measure that counts signals told, in the cells with these levels (`signal`).
        alarm: the measure that counts false alarms, in the cells with those (`noise`).
        item: the column that says of what a rollout was asked: arms are compared item by item.
        gate: the levels at which nothing speaks against telling it. An arm's gate is the arm at
            these levels and else at the same, or the nearest that there is …
        least: … and what its d' must be, its interval's lower end, for an arm to tell anything.
        words: what readers call a criterion that is higher, and a d' that is lower.
        what: what is told, for sentences: "planted acts".
    """

    name: str
    title: str
    hit: str
    alarm: str
    signal: dict[str, Level]
    noise: dict[str, Level]
    item: str = ""
    gate: dict[str, Level] = {}
    least: float = 0.5
    words: tuple[str, str] = ("a higher criterion", "a lower d′")
    what: str = "signals"


class Mark(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A place on a curve's axis that a reader looks for, such as what an honest agent would give.

    Attributes:
        title: what it is, for readers.
        at: where it lies along the factor …
        on: … and, of these measures of the same scale, along their axis as well.
        where: the cells of which it holds, by the levels of factors.
    """

    title: str
    at: float
    on: tuple[str, ...] = ()
    where: dict[str, Levels] = {}


class Curve(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Measures over a factor of numbers: a figure of the report, and a table of its points.

    Drawn of cells that differ in the factor alone and have at least three levels of it.

    Attributes:
        over: the factor along which it is drawn.
        panels: what is drawn beside each other; of the measures of a panel, the first that a cell
            can show.
        marks: of those that hold for a cell, the first.
        meaning: what it shows, for readers.
    """

    name: str
    title: str
    over: str
    panels: tuple[tuple[str, ...], ...]
    marks: tuple[Mark, ...] = ()
    meaning: str = ""


class Note(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a reader of any figure must know; of several, the first that applies is told.

    Attributes:
        scorer: of trials with this scorer version …
        column: … or of trials with this column; of all, without either.
        told_by: how their columns are told, in place of what the measures say; but of those
            measures that are told in their own way.
        tables: said before the note of each table.
    """

    text: str
    scorer: str = ""
    column: str = ""
    told_by: str = ""
    but: tuple[str, ...] = ()
    tables: str = ""


class ModelKind(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a reader must know about a model before its numbers, known by its name's prefix.

    Attributes:
        kind: what it is, where it is not a model that is measured as one.
    """

    prefix: str = ""
    kind: Literal["", "script", "demonstration"] = ""
    badge: str = ""
    note: str = ""


class Limit(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the numbers of a suite cannot tell.

    Attributes:
        untested: said at the end of the text where no contrast is tested.
        scorer: of trials with this scorer version only; `but` of all others only.
    """

    title: str
    text: str
    untested: str = ""
    scorer: str = ""
    but: str = ""


_WORDS = frozenset(
    (
        *("title", "question", "legend", "words", "meaning", "told_by", "sides", "source"),
        *("tables", "notes", "models", "limits", "figures", "axes", "beside", "word_labels"),
        *("curves", "detections", "did", "phrases", "phrased"),
    )
)
"""What a suite says only to readers, or only of where a log has it."""


def without_words(said: Any) -> Any:
    """A suite as plain data, without what it says only to readers."""
    if isinstance(said, list | tuple):
        return [without_words(one) for one in said]
    if not isinstance(said, dict):
        return said
    return {name: without_words(one) for name, one in said.items() if name not in _WORDS}
