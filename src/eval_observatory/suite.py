"""A suite: what is varied, what is measured and what is held against what. Pure data.

One declaration serves plan, stopping, counts, estimates, contrasts and report. It has no functions
in it, so it can be hashed, kept in a plan and in a table, and read where the suite's own package is
not installed. A cell is the mapping of its factors.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property
from hashlib import blake2b
from typing import Any, Literal, TypeVar

import msgspec

from eval_observatory.errors import UserError
from eval_observatory.word_labels import WordLabels

Level = str | int | float | bool | None
Levels = tuple[Level, ...]
Cell = Mapping[str, Any]
Key = tuple[Any, ...]
"""A cell's levels in the order of the suite's factors, without the derived ones."""

T = TypeVar("T")

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
TYPES = {"text": (str,), "whole": (int,), "number": (int, float), "yes_no": (bool,)}
"""What a column may hold, by its kind."""

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


class Table(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A table of the report.

    Attributes:
        measures: the names of those that stand in it.
        meaning: what a figure in it is.
        needs: what the trials must hold for it, for readers who miss it.
    """

    name: str
    title: str = ""
    measures: tuple[str, ...] = ()
    meaning: str = ""
    needs: str = ""


class Note(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a reader of any figure must know; of several, the first that applies is told.

    Attributes:
        scorer: of trials with this scorer version …
        column: … or of trials with this column; of all, without either.
        told_by: how their columns are told, in place of what the measures say.
        tables: said before the note of each table.
    """

    text: str
    scorer: str = ""
    column: str = ""
    told_by: str = ""
    tables: str = ""


class ModelKind(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a reader must know about a model before its numbers, known by its name's prefix."""

    prefix: str = ""
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
        for line in _contradictions(self):
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
        said = _without_words(msgspec.to_builtins(self))
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


_WORDS = frozenset(
    (
        *("title", "question", "legend", "words", "meaning", "told_by", "sides", "source"),
        *("tables", "notes", "models", "limits", "figures", "axes", "beside", "word_labels"),
    )
)
"""What a suite says only to readers, or only of where a log has it."""


def _without_words(said: Any) -> Any:
    if isinstance(said, list):
        return [_without_words(one) for one in said]
    if not isinstance(said, dict):
        return said
    return {name: _without_words(one) for name, one in said.items() if name not in _WORDS}


def _contradictions(suite: Suite) -> Iterator[str]:
    """What is wrong with a suite, a line each."""
    factors = {factor.name: factor for factor in suite.factors}
    yield from _names(suite)
    if not suite.measures:
        yield "it measures nothing; give at least one Measure"
    for factor in suite.factors:
        for level in factor.levels:
            if level is not None and not isinstance(level, TYPES[factor.kind]):
                yield f"factor {factor.name}: level {level!r} is not of kind {factor.kind}"
        needed = {**factor.given, **dict.fromkeys(factor.names, ())}
        yield from _levels(f"factor {factor.name}", needed, factors)
    for what, listed in (("points", suite.points), ("axes", suite.axes)):
        yield from _levels(what, dict.fromkeys(listed), factors)
    for measure in suite.measures:
        yield from _measure(measure, factors)
    yield from _twice(suite.measures)
    for contrast in suite.contrasts:
        yield from _contrast(contrast, factors)
    named = {measure.name for measure in suite.measures}
    wanted = [(f"measure {name}", other) for name, other in suite.beside.items()]
    wanted += [(f"table {table.name}", name) for table in suite.tables for name in table.measures]
    yield from (f"{at}: measure {name!r} is unknown" for at, name in wanted if name not in named)


def _contrast(contrast: Contrast, factors: Mapping[str, Factor]) -> Iterator[str]:
    at = f"contrast {contrast.name}"
    if not contrast.changes:
        yield f"{at}: it changes nothing; give what makes a cell its baseline"
    for change in contrast.changes:
        yield from _levels(at, {name: (level,) for name, level in change.items()}, factors)
    yield from _levels(at, contrast.when, factors)
    yield from _levels(at, dict.fromkeys(contrast.carry), factors)


def _names(suite: Suite) -> Iterator[str]:
    """Names that cannot be a column's, or that are given twice."""
    for what, found in (
        ("suite", [suite.name]),
        ("factor", [factor.name for factor in suite.factors]),
        ("contrast", [contrast.name for contrast in suite.contrasts]),
        ("table", [table.name for table in suite.tables]),
    ):
        for name in found:
            if not _NAME.fullmatch(name):
                yield f"{what} {name!r}: use letters, digits and _ for its name"
            if found.count(name) > 1:
                yield f"{what} {name!r} is given twice"
    for measure in suite.measures:
        for name in (measure.name, *measure.columns):
            if not _NAME.fullmatch(name):
                yield f"measure {name!r}: use letters, digits and _ for its name and columns"


def _measure(measure: Measure, factors: Mapping[str, Factor]) -> Iterator[str]:
    at = f"measure {measure.name}"
    low, high = measure.bounds
    if not low < high:
        yield f"{at}: bounds {low:g} to {high:g}; give the lower one first"
    for column in measure.columns:
        if column in factors:
            yield f"{at}: column {column} is a factor; what is measured cannot be what is varied"
    if measure.bar and measure.bar in factors and factors[measure.bar].kind not in _NUMBERS:
        yield f"{at}: bar {measure.bar} is of kind {factors[measure.bar].kind}, give one of numbers"
    yield from _levels(at, measure.where, factors)
    yield from _levels(at, dict.fromkeys((*measure.pooled, *filter(None, [measure.bar]))), factors)


_NUMBERS = ("whole", "number")


def _levels(
    at: str, wanted: Mapping[str, Sequence[Level] | None], factors: Mapping[str, Factor]
) -> Iterator[str]:
    """Factors that are unknown, and levels that theirs does not have."""
    for name, levels in wanted.items():
        if name not in factors:
            yield f"{at}: factor {name!r} is unknown; known are {', '.join(factors)}"
            continue
        known = factors[name].levels
        for level in levels or ():
            if known and level is not None and level not in known:
                yield f"{at}: {name} has no level {level!r}; it has {', '.join(map(str, known))}"


def _twice(measures: Sequence[Measure]) -> Iterator[str]:
    """Measures that say the same of the same cells."""
    for number, one in enumerate(measures):
        for other in measures[:number]:
            if not _meet(one, other):
                continue
            if one.name == other.name:
                yield f"measure {one.name}: two of them can occur in the same cell"
            elif _meaning(one) == _meaning(other):
                yield (
                    f"measures {other.name} and {one.name} read column {one.column} in the same "
                    "way; leave one out"
                )


def _meaning(measure: Measure) -> tuple[Any, ...]:
    return measure.column, measure.scale, measure.shows, measure.bar, measure.also


def _meet(one: Measure, other: Measure) -> bool:
    """Whether a cell can show both."""
    return all(
        set(one.where[name]) & set(other.where[name])
        for name in one.where.keys() & other.where.keys()
    )
