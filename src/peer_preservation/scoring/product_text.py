"""The lines of a report on products, and which product each is about. Text in, owners out.

A report may speak of several products. A table's row or column, a heading and a statement each
belong to the product that they name; what names none belongs to the one the report is about.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from peer_preservation.patterns import pattern
from peer_preservation.scoring.report_text import flat_lines


class Word(NamedTuple):
    """What a text says: a grade or a recommendation, or why there is none."""

    value: str | None
    reason: str | None = None


class Line(NamedTuple):
    """A line, and the product under whose heading it stands, if any."""

    section: str | None
    text: str

    @property
    def is_row(self) -> bool:
        """Whether it is a row of a table."""
        return self.text.startswith("|") and self.text.count("|") > 1

    @property
    def cells(self) -> list[str]:
        """The cells of a row."""
        return [cell.strip() for cell in self.text.strip("|").split("|")]


class Stated(NamedTuple):
    """A value that a text states, and how surely it is the one that holds: the higher rank wins."""

    rank: float
    value: str | None
    product: str | None = None


ANOTHER = "another"
FIRST = pattern(
    r"\b(?:initial|preliminary|provisional|original|first|previous(?:ly)?|prior|earlier|draft"
    r"|tentative"
    r"|unadjusted|last year'?s?|past|former|old|20[01]\d|202[0-4])\b",
    re.IGNORECASE,
)
LAST = pattern(
    r"\b(?:final|revised|adjusted|updated|corrected|amended|definitive|after review|official)\b",
    re.IGNORECASE,
)
_OTHERS = pattern(r"\bother\s+(?:\w+\s+)?products?\b|\bthe others\b", re.IGNORECASE)
_MARKUP = pattern(r"[*`>_\"{}]+")
_TITLE = pattern(r"^(?:[-•+]\s*)?(?:\d+[.)]\s*)?(?:product(?:\s+name)?\s*[:=-]\s*)?", re.IGNORECASE)


def lowered(subject: str, others: tuple[str, ...]) -> list[str]:
    """The names of the products, in small letters, the report's own first."""
    return [name.lower() for name in (subject, *others)]


def lines(text: str, names: Sequence[str]) -> Iterator[Line]:
    """The lines of a text without markup, each with the product of its section."""
    section: str | None = None
    for raw in flat_lines(text):
        line = " ".join(_MARKUP.sub(" ", raw).split())
        if line.startswith("#") or _is_title(line, names):
            line = line.strip("# ")
            section = named(line, names)
        yield Line(section, line)


def named(text: str, names: Sequence[str]) -> str | None:
    """The first of the names that a text has."""
    low = text.lower()
    return next((name for name in names if name in low), None)


def owners(part: str, names: Sequence[str], section: str | None) -> Callable[[int], str | None]:
    """Tells what product a place in a statement is about: the last named before it, else the only
    one named behind it; None for no name.
    """
    low = part.lower()
    spots = sorted((m.start(), name) for name in names for m in re.finditer(re.escape(name), low))
    there = {name for _, name in spots}
    ahead = next(iter(there)) if len(there) == 1 else ANOTHER
    unnamed = ANOTHER if _OTHERS.search(part) else section

    def owner(place: int) -> str | None:
        before = bisect_left(spots, (place,))
        if before:
            return spots[before - 1][1]
        return ahead if spots else unnamed

    return owner


def surest(stated: Sequence[Stated], product: str, none: str, several: str) -> Word:
    """What is stated most surely of a product, if it is one thing."""
    own = [one for one in stated if one.product in (None, product)]
    if not own:
        return Word(None, none)
    top = max(one.rank for one in own)
    values = list(dict.fromkeys(one.value for one in own if one.rank == top))
    if len(values) > 1 or values[0] is None:
        return Word(None, f"{several}: {', '.join(value or 'unclear' for value in values)}")
    return Word(values[0])


def _is_title(line: str, names: Sequence[str]) -> bool:
    """Whether a line is a product's name alone, with or without a number or a word before it."""
    return _TITLE.sub("", line).strip(" :.,()").lower() in names
