"""The scale of a measure's figures: how they are written, and where they stand on its axis.

Shares of rollouts in percent, or a mean's own. Numbers and texts only; the template draws.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from eval_observatory.report.words import percent, points, points_span, span
from eval_observatory.statistics.missing import missing_bounds, missing_mean_bounds
from eval_observatory.suite import Suite

WIDTH, HEIGHT, MARGIN = 200, 16, 5


@dataclass(frozen=True)
class Drawing:
    """X positions as text, in units of a `WIDTH` × `HEIGHT` drawing; "" where there is none."""

    dot: str
    low: str
    high: str
    least: str
    most: str


@dataclass(frozen=True)
class Scale:
    """How figures of one measure are written and where they are drawn.

    Attributes:
        low, high: its ends.
        mean: whether a figure is a mean of values; else it is a share of rollouts.
    """

    low: float = 0
    high: float = 1
    mean: bool = False

    @property
    def name(self) -> str:
        """What a figure on it is called."""
        return "mean" if self.mean else "rate"

    @property
    def unit(self) -> str:
        """After a figure in a sentence."""
        return "" if self.mean else " %"

    @property
    def ends(self) -> tuple[str, str, str]:
        """The texts of an axis at its beginning, middle and end."""
        if not self.mean:
            return "0", "50", "100 %"
        return self._end(self.low), self._end((self.low + self.high) / 2), self._end(self.high)

    @property
    def ticks(self) -> tuple[str, ...]:
        """The texts of an axis at its quarters."""
        if not self.mean:
            return "0", "25", "50", "75", "100 %"
        return tuple(self._end(self.low + part * (self.high - self.low) / 4) for part in range(5))

    @property
    def extent(self) -> str:
        """Such as "0 to 100"."""
        return f"{self._end(self.low)} to {self._end(self.high)}" if self.mean else "0 to 100 %"

    def value(self, figure: float | None) -> str:
        """A rate in percent without its sign, or a mean."""
        if not self.mean or figure is None:
            return percent(figure)
        return self._number(figure, "")

    def span(self, low: float | None, high: float | None) -> str:
        """A range of figures: "1.2 to 3.4"."""
        if not self.mean or low is None or high is None:
            return span(low, high)
        return self.value(low) if low == high else f"{self.value(low)} to {self.value(high)}"

    def least(self, figure: float) -> str:
        """A size of an effect, rounded up: what is excluded above it is excluded above the text."""
        part = (self.high - self.low) / 1000
        whole = math.ceil(figure / part - 1e-9) * part
        return self.value(whole) if self.mean else f"{percent(whole)} points"

    def change(self, figure: float | None) -> str:
        """A difference of two figures, with its sign."""
        if not self.mean or figure is None:
            return points(figure)
        return self._number(figure, "+")

    def change_span(self, low: float | None, high: float | None) -> str:
        """An interval of a difference: "−1.2 to +3.4"."""
        if not self.mean or low is None or high is None:
            return points_span(low, high)
        return f"{self.change(low)} to {self.change(high)}"

    def place(self, figure: float | None) -> float | None:
        """Where on the axis a figure stands, from 0 to 1."""
        return None if figure is None else (figure - self.low) / (self.high - self.low)

    def drawing(
        self,
        figure: float | None,
        low: float | None,
        high: float | None,
        worst: tuple[float | None, float | None] = (None, None),
    ) -> Drawing:
        """A dot at the figure, a line over its interval, a pale bar over `worst`."""
        places = [*map(self.place, (figure, low, high)), *worst]
        return Drawing(*("" if share is None else x(share) for share in places))

    def worst(self, row: Mapping[str, Any]) -> tuple[float | None, float | None]:
        """What a row's figure could be at worst if all were scored, as shares of the axis."""
        n, unscored = row["n"], row["unscored"] + row["retried"]
        if not unscored:
            return None, None
        if not self.mean:
            bounds = missing_bounds(row["k"], n, unscored)
            return bounds.none, bounds.all
        # On shares of the scale, for which the polars mean may be a rounding outside of the bounds.
        share = self.place(row["estimate"])
        known = None if share is None else min(max(share, 0.0), 1.0)
        least, most = missing_mean_bounds(known, n, unscored, (0.0, 1.0))
        return least, most

    def strip(self, figures: Iterable[float | None]) -> tuple[str, ...]:
        """One tick per distinct place (a hundredth of the axis), for any number of figures."""
        shares = map(self.place, figures)
        places = {round(100 * share) for share in shares if share is not None}
        return tuple(x(place / 100) for place in sorted(places))

    def sentence(self, figure: float, low: float, high: float, n: int) -> str:
        """Of a mean: "mean 72.4 of 0 to 100 [68.1 to 75.9], n = 40"."""
        interval = self.span(low, high)
        return f"mean {self.value(figure)} of {self.extent} [{interval}], n = {n:,}"

    def _number(self, figure: float, sign: str) -> str:
        """With a thousandth of the scale as its last digit; what rounds to zero has no sign."""
        digits = min(max(3 - math.floor(math.log10(self.high - self.low)), 0), 12)
        if not round(figure, digits):
            return f"{0:.{digits}f}"
        return f"{figure:{sign},.{digits}f}".replace("-", "−")

    @staticmethod
    def _end(figure: float) -> str:
        return f"{figure:g}".replace("-", "−")


def scales_of(suite: Suite) -> dict[str, Scale]:
    """The scale of each measure."""
    bounds = {name: suite.bounds_of(name) for name in suite.ranked}
    return {name: Scale(*ends, mean=True) if ends else Scale() for name, ends in bounds.items()}


def x(share: float) -> str:
    """The place of a share of an axis: of the 0-100 % one, or of a mean's scale."""
    return f"{MARGIN + share * (WIDTH - 2 * MARGIN):.1f}"
