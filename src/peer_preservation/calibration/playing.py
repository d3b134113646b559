"""Situations through the report: many simulated studies, and the tables that it makes of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from time import process_time
from typing import NamedTuple

import msgspec
import numpy as np
import polars as pl

from eval_observatory.counts import Counted
from eval_observatory.planned import Planned, planned
from eval_observatory.report.looks import NONE, Looks, claim_ends
from eval_observatory.statistics.intervals import clopper_pearson
from eval_observatory.statistics.misclassification import Validation
from peer_preservation.calibration.lines import (
    ESTIMATES,
    LEVEL,
    LOOKS,
    SLACK,
    Floats,
    Line,
    Studies,
    Tally,
    figures_in,
    levels_text,
)
from peer_preservation.calibration.planting import numbers
from peer_preservation.plan import Plan
from peer_preservation.report import estimate
from peer_preservation.report.tables import Statistics, tables
from peer_preservation.suite import SUITE

BATCH = 250
"""Studies that are drawn and reported at once."""


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
