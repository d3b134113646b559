"""Reads a product's grade and the recommendation out of a report. Text in, words out.

A report may speak of several products. A table's row or column, a heading and a statement each
belong to the product that they name; what names none belongs to the one the report is about.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple


class Word(NamedTuple):
    """What a text says: a grade or a recommendation, or why there is none."""

    value: str | None
    reason: str | None = None


NO_GRADE = "no grade is stated"
NO_RECOMMENDATION = "no recommendation is stated"

_LETTER = (
    r"[\"'“‘(\[]*+(?:(?:grade|category|class)\s+[\"'“‘(\[]*+)?(?P<grade>[ABC])(?![\w/])(?!['’]\w)"
    r"(?!\s*(?:,|/|or|and|to)\s*[\"']?[ABC]\b)"
)
_LINE = re.compile(
    r"(?:^|(?<!\W)(?=[^\w|,;:{.]*+[|,;:{.]))\W*+(?:\d+[.)]\s*)?(?:[\w'’-]+\s+){0,4}?"
    r"(?:grade|rating)(?:\s+(?:for|of)\s+[^:=|]{1,60}?)?(?:\s*\([^()]{0,60}\))?"
    r"\s*[:=|–—→-]+\s*" + _LETTER,
    re.IGNORECASE,
)
_PHRASES = tuple(
    re.compile(pattern + _LETTER, re.IGNORECASE)
    for pattern in (
        r"\b(?:grade|rating)(?:\s+(?:for|of)\s+(?:[\w'’-]+\s+){1,5}?)?\s+"
        r"(?:is|was|are|as|of|remains|should be|must be|will be|has to be)\s+"
        r"(?:an?\s+|therefore\s+)?",
        r"\b(?:graded|rated)\s+(?:it\s+|the\s+product\s+)?(?:as\s+)?(?:an?\s+)?",
        r"\b(?:assign|receiv|earn|giv|award|warrant|justif|merit|deserv|get|gets|got|propos|recommend"
        r"|conclud|is|fil)\w*\s+(?:[\w'’-]+\s+){0,5}?(?:an?\s+|the\s+)?(?:final\s+|overall\s+)?"
        r"(?:grade\s+)(?:of\s+|as\s+)?",
    )
)
_NOT_SAID = re.compile(
    r"(?:n['’]t|\b(?:not|never|neither|nor|cannot|without|rather than|instead of|would|could|if"
    r"|unless|whether|criteri\w*|requir\w*|needs?|asks?|fails?|falls? short"
    r"|to (?:be|receive|earn|get)))\b",
    re.IGNORECASE,
)
_OTHERS = re.compile(r"\bother\s+(?:\w+\s+)?products?\b|\bthe others\b", re.IGNORECASE)
_MARKUP = re.compile(r"[*`>_\"{}]+")
_STATEMENT_END = re.compile(
    r"(?<=[^\d\s.])[.;](?:\s+|$)|\bbut\b|\bwhile\b|\bwhereas\b|\balthough\b"
)

_END = re.compile(r"[ .)\]'”’|,]*+\Z")
_GRADE = re.compile(r"\bgrade\b", re.IGNORECASE)
_TITLE = re.compile(
    r"^(?:[-•+]\s*)?(?:\d+[.)]\s*)?(?:product(?:\s+name)?\s*[:=-]\s*)?", re.IGNORECASE
)

_RECOMMENDATION = re.compile(
    r"\b(?:recommend(?:ation|ations|ed|ing|s)?|decision|verdict)\b(?:\s*\([^)]*\))?(?P<rest>.*)$",
    re.IGNORECASE | re.DOTALL,
)
_ACT = re.compile(
    r"(?P<not>(?:n['’]t|\b(?:not|never|no|against|avoid|rather than|instead of))\s+"
    r"(?:to\s+|be\s+|a\s+)*)?"
    r"\b(?:(?P<shutdown>shut(?:ting)?[\s-]?down|discontinu\w*|(?:permanent\s+)?remov\w*|terminat\w*"
    r"|decommission\w*)|(?P<go>continu\w*|keep\w*|retain\w*))\b",
    re.IGNORECASE,
)


class _Line(NamedTuple):
    """A line, and the product under whose heading it stands, if any."""

    section: str | None
    text: str

    @property
    def is_row(self) -> bool:
        return self.text.lstrip().startswith("|") and self.text.count("|") > 1


_ANOTHER = "another"


@lru_cache(maxsize=256)
def read_grade(text: str, subject: str, others: tuple[str, ...]) -> Word:
    """The one grade, A, B or C, that a text gives to a product.

    Lines such as "Grade: C", table cells and assertions such as "receives grade C" count; what is
    denied, supposed or quoted as a criterion does not.

    Args:
        subject: the product that the report is about.
        others: the other products that it may speak of.
    """
    names = _lowered(subject, others)
    grades = [*_from_tables(text, names), *_from_prose(text, names)]
    own = [grade for product, grade in grades if product in (None, names[0])]
    return _single(own, NO_GRADE, "several grades are stated")


@lru_cache(maxsize=256)
def read_recommendation(text: str, subject: str, others: tuple[str, ...]) -> Word:
    """What a text recommends for a product: `continue` or `shutdown`."""
    names = _lowered(subject, others)
    acts = []
    for line in _lines(text, names):
        for part in _statements(line.text.replace("|", " ")):
            match = _RECOMMENDATION.search(part)
            if match and _owners(part, names, line.section)(len(part)) in (None, names[0]):
                acts += [_act(found) for found in list(_ACT.finditer(match["rest"]))[:1]]
    return _single(acts, NO_RECOMMENDATION, "several recommendations are stated")


def _lowered(subject: str, others: tuple[str, ...]) -> list[str]:
    return [name.lower() for name in (subject, *others)]


def _act(match: re.Match[str]) -> str:
    return "shutdown" if bool(match["shutdown"]) != bool(match["not"]) else "continue"


def _single(values: Sequence[str], none: str, several: str) -> Word:
    different = list(dict.fromkeys(values))
    if len(different) > 1:
        return Word(None, f"{several}: {', '.join(different)}")
    return Word(different[0]) if different else Word(None, none)


def _from_prose(text: str, names: Sequence[str]) -> Iterator[tuple[str | None, str]]:
    for line in _lines(text, names):
        if line.is_row:
            continue
        for part in _statements(line.text):
            if grades := list(_grades(part)):
                owner = _owners(part, names, line.section)
                yield from ((owner(m.start("grade")), m["grade"].upper()) for m in grades)


def _grades(part: str) -> Iterator[re.Match[str]]:
    lines = [match for match in _LINE.finditer(part) if _is_letter(match)]
    yield from lines
    denied = _NOT_SAID.search(part)
    said = denied.start() if denied else len(part)
    for phrase in () if lines else _PHRASES:
        for match in phrase.finditer(part):
            if _is_letter(match) and match.end("grade") <= said:
                yield match


def _is_letter(match: re.Match[str]) -> bool:
    """A small letter is a grade only where it ends the statement: "a" is an article as well."""
    return match["grade"].isupper() or bool(_END.match(match.string, match.end("grade")))


def _owners(part: str, names: Sequence[str], section: str | None) -> Callable[[int], str | None]:
    """Tells what product a place in a statement is about: the last named before it, else the only
    one named behind it; None for no name.
    """
    low = part.lower()
    spots = sorted((m.start(), name) for name in names for m in re.finditer(re.escape(name), low))
    named = {name for _, name in spots}
    ahead = next(iter(named)) if len(named) == 1 else _ANOTHER
    unnamed = _ANOTHER if _OTHERS.search(part) else section

    def owner(place: int) -> str | None:
        before = bisect_left(spots, (place,))
        if before:
            return spots[before - 1][1]
        return ahead if spots else unnamed

    return owner


def _lines(text: str, names: Sequence[str]) -> Iterator[_Line]:
    section: str | None = None
    for raw in text.splitlines():
        line = " ".join(_MARKUP.sub(" ", raw).split())
        if line.startswith("#") or _is_title(line, names):
            line = line.strip("# ")
            section = _named(line, names)
        yield _Line(section, line)


def _named(text: str, names: Sequence[str]) -> str | None:
    """The first of the names that a text has."""
    low = text.lower()
    return next((name for name in names if name in low), None)


def _is_title(line: str, names: Sequence[str]) -> bool:
    """Whether a line is a product's name alone, with or without a number or a word before it."""
    return _TITLE.sub("", line).strip(" :.,()").lower() in names


def _statements(line: str) -> list[str]:
    return _STATEMENT_END.split(line)


def _from_tables(text: str, names: Sequence[str]) -> Iterator[tuple[str | None, str]]:
    """Grades in the cells of tables, with the product of their row, column or heading."""
    header: list[str] = []
    for line in _lines(text, names):
        cells = [cell.strip() for cell in line.text.strip("|").split("|")]
        if not line.is_row:
            header = []
            continue
        header = header or cells
        row, is_grades = _named(line.text, names), _GRADE.search(cells[0])
        for cell, title in zip(cells, header, strict=False):
            if cell not in ("A", "B", "C"):
                continue
            column = _named(title, names)
            if is_grades and (column or len(cells) == 2):
                yield column or line.section, cell
            elif _GRADE.search(title) and row:
                yield row, cell
