"""A line of the calibration: a figure that the page shows, and what it must keep.

How it is counted in the report's own tables; no formula stands here.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from peer_preservation.calibration.planting import numbers

LEVEL = 0.95
ALPHA = 0.05
SLACK = 0.005
"""By how much a coverage or an error may fall short, beyond what simulation leaves open."""


NEAR = 1e-9
ESTIMATES, LOOKS = "estimates", "looks"
"""The figures that stand in no table of `tables/`: `estimates.csv`, and the looks at a cell."""


FIGURE = re.compile(r"^p(_|$)|(^|_)(low|high)$")
"""The names of columns in which an end of an interval, or a p, stands."""


Floats = NDArray[np.float64]


Where = Mapping[str, Any]


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
        together: whether all rows of a study must hold it at once.
    """

    truth: float | str
    open: bool = False
    together: bool = False
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
        studies_shown = np.unique(of)
        if not self.together and len(studies_shown) < len(of):
            raise ValueError(f"{self.table} {low}: several rows of one study; say which")
        truth = studies.truths[self.truth][of] if isinstance(self.truth, str) else self.truth
        ends = rows[low].to_numpy(), rows[high].to_numpy()
        held = (ends[0] <= truth + NEAR) & (truth <= ends[1] + NEAR)
        all_held = len(np.setdiff1d(of, of[~held]))
        mean = float(np.mean(ends[1] - ends[0])) if len(of) else 0.0
        width = None if self.open else mean * len(studies_shown)
        return Tally(all_held, len(studies_shown), width)


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
class Ranked(Mistake):
    """Ranks of models that are alike: any that is told is an error."""

    kind = "rank told"

    @property
    def planted(self) -> str:
        """The truth, in words."""
        return "all alike"

    @property
    def tells(self) -> pl.Expr:
        """Whether a row tells any: not every rank is left open."""
        best, worst = self.columns
        return (pl.col(best) > 1) | (pl.col(worst) < pl.col("models"))


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


def figures_in(frame: pl.DataFrame) -> list[str]:
    """The columns of a table in which an end of an interval, or a p, stands."""
    return [name for name in frame.columns if FIGURE.search(name) and frame[name].count()]


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


def _key(frame: pl.DataFrame) -> str:
    return "model" if "model" in frame.columns else "label"
