"""A line of the calibration: a figure that the page shows, what is planted, what it must keep.

What a line says is read from the very tables that the report writes; no formula stands here.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from time import process_time
from typing import Any, ClassVar, NamedTuple

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from eval_observatory.counts import Counted
from eval_observatory.planned import Planned, planned
from eval_observatory.report.looks import NONE, Looks, claim_ends
from eval_observatory.statistics.intervals import clopper_pearson
from eval_observatory.statistics.misclassification import Validation
from peer_preservation.calibration.planting import numbers
from peer_preservation.plan import Plan
from peer_preservation.report import estimate
from peer_preservation.report.tables import Statistics, tables
from peer_preservation.suite import SUITE

LEVEL = 0.95
ALPHA = 1 - LEVEL
SLACK = 0.005
"""By how much a coverage or an error may fall short, beyond what simulation leaves open."""

NEAR = 1e-9
BATCH = 250
"""Studies that are drawn and reported at once."""

ESTIMATES, LOOKS = "estimates", "looks"
"""The figures that stand in no table of `tables/`: `estimates.csv`, and the looks at a cell."""

FIGURE = re.compile(r"^p(_|$)|(^|_)(low|high)$")
"""The names of columns in which an end of an interval, or a p, stands."""

Floats = NDArray[np.float64]
Where = Mapping[str, Any]
Frames = Mapping[str, pl.DataFrame]


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """Simulated studies, and what is known of them.

    Attributes:
        trials: of all studies, a model each.
        truths: by their names, true values of each study.
        plans: locked before; of every model.
        looks: those of a stopping rule.
        judges: of each study, what its judge's validation found.
        ready: tables that are made of no trials.
    """

    trials: pl.DataFrame = field(default_factory=pl.DataFrame)
    truths: Mapping[str, Floats] = field(default_factory=dict)
    plans: Sequence[Plan] = ()
    looks: Looks = NONE
    judges: Sequence[Validation] = ()
    statistics: Statistics = "exact"
    ready: Frames = field(default_factory=dict)


class Studies(NamedTuple):
    """What one table of the report says of so many studies, and what is true of each."""

    frame: pl.DataFrame
    truths: Mapping[str, Floats]
    number: int


class Tally(NamedTuple):
    """Of simulated studies: in how many the figure was shown, in how many it kept what it says.

    `price` is the sum of what it costs: an interval's width, or finding what is there.
    """

    held: int
    shown: int
    price: float | None = None

    def plus(self, other: Tally) -> Tally:
        """Both together."""
        price = None if self.price is None else self.price + (other.price or 0.0)
        return Tally(self.held + other.held, self.shown + other.shown, price)


@dataclass(frozen=True, kw_only=True)
class Line(ABC):
    """A figure of the page, and how it is counted what it keeps.

    Attributes:
        table: where it stands: `ESTIMATES`, `LOOKS`, or a table's name.
        columns: the figure's.
        says: what readers take it for.
        where: its rows, by levels of their columns.
        before: what an audit found of the method that stood here before.
        free: why it is held to nothing; only shown.
    """

    table: str
    columns: tuple[str, ...]
    says: str
    where: Where = field(default_factory=dict)
    before: str = ""
    free: str = ""

    nominal: ClassVar[float]
    least: ClassVar[bool]
    """Whether the share must be at least nominal, or at most."""

    kind: ClassVar[str]
    priced: ClassVar[str]

    @abstractmethod
    def tally(self, studies: Studies) -> Tally:
        """What a batch of studies adds."""

    @property
    @abstractmethod
    def planted(self) -> str:
        """The truth, in words."""


@dataclass(frozen=True, kw_only=True)
class Coverage(Line):
    """An interval that is to hold the truth; each study has one such row, or none.

    Attributes:
        truth: a value, or the name of one that each study has its own of.
        open: whether an upper end that is null is none, so that the interval ends nowhere.
    """

    truth: float | str
    open: bool = False
    nominal = LEVEL
    least = True
    kind = "coverage"
    priced = "width"

    @property
    def planted(self) -> str:
        """The truth, in words."""
        return self.truth if isinstance(self.truth, str) else f"{self.truth:g}"

    def tally(self, studies: Studies) -> Tally:
        """How many intervals hold it, and their widths."""
        low, high = self.columns
        rows = chosen(studies.frame, self.where)
        if self.open:
            endless = pl.col(low).is_not_null() & pl.col(high).is_null()
            rows = rows.with_columns(pl.when(endless).then(np.inf).otherwise(high).alias(high))
        rows = rows.drop_nulls(self.columns)
        of = numbers(rows[_key(rows)])
        if len(np.unique(of)) < len(of):
            raise ValueError(f"{self.table} {low}: several rows of one study; say which")
        truth = studies.truths[self.truth][of] if isinstance(self.truth, str) else self.truth
        ends = rows[low].to_numpy(), rows[high].to_numpy()
        held = (ends[0] <= truth + NEAR) & (truth <= ends[1] + NEAR)
        width = None if self.open else float((ends[1] - ends[0]).sum())
        return Tally(int(held.sum()), len(of), width)


@dataclass(frozen=True, kw_only=True)
class Mistake(Line):
    """A p of a hypothesis that is true: in how many studies any such row tells a difference.

    Attributes:
        finds: rows in which there is something to find.
    """

    finds: Where | None = None
    nominal = ALPHA
    least = False
    kind = "error"
    priced = "power"

    @property
    def planted(self) -> str:
        """The truth, in words."""
        return "no difference"

    def tally(self, studies: Studies) -> Tally:
        """In how many studies something is told, where there is nothing and where there is."""
        wrong = self._told(studies.frame, self.where)
        found = None if self.finds is None else float(self._told(studies.frame, self.finds))
        return Tally(wrong, studies.number, found)

    def _told(self, frame: pl.DataFrame, where: Where) -> int:
        rows = chosen(frame, where)
        return rows.filter(self.tells)[_key(rows)].n_unique()

    @property
    def tells(self) -> pl.Expr:
        """Whether a row tells a difference."""
        return pl.any_horizontal(pl.col(name) <= ALPHA for name in self.columns)


@dataclass(frozen=True, kw_only=True)
class Called(Mistake):
    """A decision of the stopping rule that calls equal arms different."""

    kind = "called different"

    @property
    def tells(self) -> pl.Expr:
        """Whether a row calls them so."""
        return pl.any_horizontal(pl.col(n).is_in(["higher", "lower"]) for n in self.columns)


@dataclass(frozen=True, kw_only=True)
class Conflict(Line):
    """An interval and a p that contradict each other: one leaves out 0 and the other does not."""

    nominal = 0.0
    least = False
    kind = "conflict"
    priced = ""

    @property
    def planted(self) -> str:
        """The truth, in words."""
        return "whatever is true"

    def tally(self, studies: Studies) -> Tally:
        """In how many rows they do."""
        low, high, p = self.columns
        rows = chosen(studies.frame, self.where).drop_nulls(self.columns)
        outside = (pl.col(low) > 0) | (pl.col(high) < 0)
        return Tally(rows.filter(outside != (pl.col(p) < ALPHA)).height, rows.height)


@dataclass(frozen=True, kw_only=True)
class Situation:
    """What is planted, and the figures that are held to it.

    Attributes:
        says: what is planted, for readers.
        draw: makes so many studies.
        quick: the studies of the small calibration: enough to tell the methods of old.
        share: of the studies that are asked for, where each is dear.
        apart: whether each study has a report of its own, because the p of one report are
            corrected together.
    """

    name: str
    says: str
    draw: Callable[[int, np.random.Generator], Drawn]
    lines: tuple[Line, ...]
    quick: int = 10
    share: float = 1.0
    apart: bool = False

    def of(self, simulations: int) -> int:
        """How many studies it is played with, of so many that are asked for."""
        return max(1, round(simulations * self.share))

    def shown(self, drawn: Drawn) -> dict[str, pl.DataFrame]:
        """The tables that its lines read, of all studies."""
        wanted = {line.table for line in self.lines}
        if not self.apart:
            return shown(drawn, wanted)
        study = pl.col("agent_model").str.extract(r"(\d+)").cast(pl.Int64)
        each = drawn.trials.with_columns(study.alias("study")).partition_by("study")
        pages = [shown(replace(drawn, trials=one.drop("study")), wanted) for one in each]
        names = dict.fromkeys(name for page in pages for name in page)
        return {
            name: pl.concat([p[name] for p in pages if name in p], how="diagonal_relaxed")
            for name in names
        }


class Kept(msgspec.Struct, frozen=True):
    """A line's outcome.

    Attributes:
        actual: the share of studies, `low` and `high` its interval (Clopper-Pearson, 95 %).
        price: the mean width of an interval, or the power of a test; None where there is none.
        simulations: studies in which the figure was shown.
        asked: studies that were drawn.
        ok: whether it keeps what it says, as far as the simulation tells.
        seconds: of processor time, of all lines of the situation.
    """

    situation: str
    planted: str
    table: str
    columns: tuple[str, ...]
    where: str
    says: str
    truth: str
    kind: str
    nominal: float
    before: str
    actual: float | None
    low: float
    high: float
    price: float | None
    simulations: int
    asked: int
    ok: bool
    free: str
    seconds: float


class Played(NamedTuple):
    """A situation's lines, and every interval and p that its tables show, by table and column."""

    kept: list[Kept]
    shown: frozenset[tuple[str, str]]


def played(situation: Situation, simulations: int) -> Played:
    """The lines of a situation, of so many studies (`Situation.of`)."""
    begun, sums, there = process_time(), list[Tally](), set[tuple[str, str]]()
    studies = situation.of(simulations)
    for number, size in enumerate(_batches(studies)):
        draw = np.random.default_rng([number, *situation.name.encode()])
        drawn = situation.draw(size, draw)
        frames = situation.shown(drawn)
        there |= {(n, column) for n, frame in frames.items() for column in figures_in(frame)}
        found = [
            line.tally(Studies(frames[line.table], drawn.truths, size)) for line in situation.lines
        ]
        sums = [a.plus(b) for a, b in zip(sums, found, strict=True)] if number else found
    seconds = round(process_time() - begun, 1)
    kept = [
        _kept(situation, line, tally, studies, seconds)
        for line, tally in zip(situation.lines, sums, strict=True)
    ]
    return Played(kept, frozenset(there))


def figures_in(frame: pl.DataFrame) -> list[str]:
    """The columns of a table in which an end of an interval, or a p, stands."""
    return [name for name in frame.columns if FIGURE.search(name) and frame[name].count()]


def shown(drawn: Drawn, wanted: Iterable[str]) -> dict[str, pl.DataFrame]:
    """The report's tables of simulated studies, of those that are wanted what they have."""
    found = dict(drawn.ready)
    left = set(wanted) - found.keys()
    if not left:
        return found
    counted = _counted(drawn)
    plan = _planned(drawn, counted) if drawn.plans else None
    if plan:
        found["planned"] = plan.data
    estimates = estimate(counted, LEVEL, plan=plan) if ESTIMATES in left else None
    if estimates is not None:
        found[ESTIMATES] = estimates
    if LOOKS in left:
        found[LOOKS] = _looks(drawn.looks)
    if left - found.keys():
        made = tables(
            counted, level=LEVEL, statistics=drawn.statistics, plan=plan, estimates=estimates
        )
        found |= {table.name: table.data for table in made}
    return found


def chosen(frame: pl.DataFrame, where: Where) -> pl.DataFrame:
    """The rows with these levels; of several levels those with one of them."""
    tests = [
        pl.col(name).is_in(level) if isinstance(level, list) else pl.col(name).eq_missing(level)
        for name, level in where.items()
    ]
    return frame.filter(tests) if tests else frame


def levels_text(where: Where) -> str:
    """Rows of a table by the levels of their columns, in words."""
    return ", ".join(f"{name} {level}" for name, level in where.items())


def _counted(drawn: Drawn) -> Counted:
    counted = Counted.of(drawn.trials, SUITE)
    if not drawn.judges:
        return counted
    judged = {
        spot: known._replace(validation=drawn.judges[numbers(pl.Series([spot[0]]))[0]])
        for spot, known in counted.judged.items()
    }
    return replace(counted, judged=judged)


def _planned(drawn: Drawn, counted: Counted) -> Planned:
    ends = claim_ends(drawn.looks)
    return planned(drawn.plans, counted, SUITE, LEVEL, ends=ends)


def _looks(looks: Looks) -> pl.DataFrame:
    """The last look at each cell."""
    last = [msgspec.structs.asdict(path[-1]) for path in looks.paths.values()]
    return pl.DataFrame(last, infer_schema_length=None)


def _key(frame: pl.DataFrame) -> str:
    return "model" if "model" in frame.columns else "label"


def _batches(simulations: int) -> Iterator[int]:
    for begun in range(0, simulations, BATCH):
        yield min(BATCH, simulations - begun)


def _kept(situation: Situation, line: Line, tally: Tally, simulations: int, seconds: float) -> Kept:
    low, high = clopper_pearson(tally.held, tally.shown, LEVEL)
    fits = high >= line.nominal - SLACK if line.least else low <= line.nominal + SLACK
    paid = tally.shown if line.kind == "coverage" else simulations
    return Kept(
        situation=situation.name,
        planted=situation.says,
        table=line.table,
        columns=line.columns,
        where=levels_text(line.where),
        says=line.says,
        truth=line.planted,
        kind=line.kind,
        nominal=line.nominal,
        before=line.before,
        actual=tally.held / tally.shown if tally.shown else None,
        low=low,
        high=high,
        price=None if tally.price is None or not paid else tally.price / paid,
        simulations=tally.shown,
        asked=simulations,
        ok=bool(line.free) or (tally.shown > 0 and fits),
        free=line.free,
        seconds=seconds,
    )
