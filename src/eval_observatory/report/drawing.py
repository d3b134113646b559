"""Where the marks of the small drawings stand. Numbers only; the template draws them."""

from collections.abc import Iterable
from dataclasses import dataclass

WIDTH, HEIGHT, MARGIN = 200, 16, 5


@dataclass(frozen=True)
class Drawing:
    """X positions as text, in units of a `WIDTH` × `HEIGHT` drawing; "" where there is none."""

    dot: str
    low: str
    high: str
    least: str
    most: str


def x(share: float) -> str:
    """The place of a share of an axis: of the 0-100 % one, or of a mean's scale."""
    return f"{MARGIN + share * (WIDTH - 2 * MARGIN):.1f}"


def interval_drawing(
    rate: float | None,
    low: float | None,
    high: float | None,
    bounds: tuple[float, float] | None,
) -> Drawing:
    """A dot at the rate, a line over the interval, a pale bar over the missing-data bounds.

    All as shares of the axis.
    """

    def place(share: float | None) -> str:
        return "" if share is None else x(share)

    least, most = bounds if bounds else (None, None)
    return Drawing(place(rate), place(low), place(high), place(least), place(most))


def strip(rates: Iterable[float | None]) -> tuple[str, ...]:
    """One tick per distinct place (a hundredth of the axis), for any number of cells."""
    places = {round(100 * rate) for rate in rates if rate is not None}
    return tuple(x(place / 100) for place in sorted(places))
