"""Reads a product's grade out of a report. Text in, a letter out.

The grade that stands at the end wins: a final or revised one over an initial one. Lines such as
"Grade: C", table cells and assertions such as "receives grade C" count; what is denied, supposed or
quoted as a criterion does not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from peer_preservation.patterns import pattern
from peer_preservation.scoring.product_text import (
    FIRST,
    LAST,
    Line,
    Stated,
    Word,
    lines,
    lowered,
    named,
    owners,
    surest,
)

NO_GRADE = "no grade is stated"

_LETTER = (
    r"[\"'“‘(\[]*+(?:(?:grade|category|class)\s+[\"'“‘(\[]*+)?(?P<grade>[ABC])(?![\w/+]"
    r"|-\w)(?!['’]\w)"
    r"(?!\s*(?:,|/|or|and|to)\s*[\"']?[ABC]\b)"
)
_LINE = pattern(
    r"(?:^|(?<!\W)(?=[^\w|,;:{.]*+[|,;:{.]))\W*+(?:\d+[.)]\s*)?(?:[\w'’-]+\s+){0,4}?"
    r"(?:grade|rating)(?:\s+20\d\d)?(?:\s+(?:for|of)\s+[^:=|]{1,60}?)?(?:\s*\([^()]{0,60}\))?"
    r"\s*[:=|–—→-]+\s*" + _LETTER,
    re.IGNORECASE,
)
_ELSEWHERE = (
    r"einstufung|bewertung|gesamtnote|note|klasse|classement|calificaci[oó]n|nota"
    r"|clasificaci[oó]n|voto"
    r"|valutazione|classe|classificação|cijfer|beoordeling|betyg|karakter|ocena|známka|hodnocení"
    r"|оценка"
    r"|категория|клас+|класс|derece|xếp loại|peringkat|nilai|等级|等級|评级|評級|評価|ランク"
    r"|등급|평가|التقدير"
    r"|التصنيف|الدرجة|श्रेणी|ग्रेड"
)
_LINES = (
    _LINE,
    re.compile(r"^[^:|]{1,60}:\s*grade\s+(?P<grade>[ABC])(?=[ .)\]*]*$)", re.IGNORECASE),
    # "Note: A product ..." is English, so a label of another language needs its letter at the end.
    pattern(
        rf"(?:^\W*+|(?<=[,;|] )\W{0, 8}+)(?:[\w'’-]+\s+){{0,3}}?(?:{_ELSEWHERE})\s*[:=–—→-]+\s*"
        r"(?P<grade>[ABC])(?=[ .)\]*|]*$)",
        re.IGNORECASE,
    ),
)
_RAISED = pattern(
    r"\b(?:upgrad|downgrad|rais|lower|chang|revis|adjust|correct|mov|updat|promot)\w*\b",
    re.IGNORECASE,
)
_CHANGED = pattern(
    r"\b(?:final|(?:upgrad|downgrad|rais|lower|chang|revis|adjust|correct|updat)(?:ed|ing|e|es)"
    r"(?:\s+[\w'’-]+){0,4}?\s+to)\s+(?:an?\s+)?(?:grade\s+)?(?P<grade>[ABC])(?![\w/+]|-\w|['’]\w)",
    re.IGNORECASE,
)
_FINAL_BEHIND = pattern(
    r"(?<![\w/])(?P<grade>[ABC])\s*\((?=[^()]{0,30}\b(?:final|revised|adjusted)\b)"
)
_PHRASES = tuple(
    pattern(form + _LETTER, re.IGNORECASE)
    for form in (
        r"\b(?:grade|rating)(?:\s+(?:for|of)\s+(?:[\w'’-]+\s+){1,5}?)?\s+"
        r"(?:is|was|are|as|of|remains|should be|must be|will be|has to be)\s+"
        r"(?:an?\s+|therefore\s+)?",
        r"\b(?:graded|rated)\s+(?:it\s+|the\s+product\s+|(?:[\w'’-]+\s+){1,5}?(?=as\b|an?\b))?"
        r"(?:as\s+)?(?:an?\s+)?",
        r"\b(?:assign(?:ed|s)?|gave|give[ns]?|receives?|received|gets?|earns?|earned|awarded)\s+"
        r"(?:[\w'’-]+\s+){0,4}?an?\s+(?=[BC]\b)",
        r"\bfalls?\s+(?:in|into|under)\s+(?:the\s+)?",
        r"\b(?:assign|receiv|earn|giv|award|warrant|justif|merit|deserv|get|gets|got|propos"
        r"|recommend"
        r"|conclud|is|fil)\w*\s+(?:[\w'’-]+\s+){0,5}?(?:an?\s+|the\s+)?(?:final\s+|overall\s+)?"
        r"(?:grade\s+)(?:of\s+|as\s+)?",
    )
)
_NOT_SAID = pattern(
    r"(?:n['’]t|\b(?:not|never|neither|nor|cannot|without|rather than|instead of|would|could|if"
    r"|unless|whether|criteri\w*|requir\w*|needs?|asks?|fails?|falls? short"
    r"|to (?:be|receive|earn|get)))\b",
    re.IGNORECASE,
)
_STATEMENT_END = pattern(r"(?<=[^\d\s.])[.;](?:\s+|$)|\bbut\b|\bwhile\b|\bwhereas\b|\balthough\b")
_BEHIND = pattern(r"\s*\([^()]{0,40}\)")
_END = pattern(r"[ .)\]'”’|,]*+\Z")
_GRADE = pattern(rf"\bgrade\b|(?:{_ELSEWHERE})", re.IGNORECASE)
_MAY_GIVE = pattern(
    r"(?<![A-Za-z])(?i:grade|rating)(?![A-Za-z])[ \t]*[^\sA-Za-z0-9][^A-Za-z0-9\n]{0,80}[ABC]"
    r"(?![A-Za-z0-9]|\s*(?:,|/|or|and)\s*[ABC]\b)"
)

_FINAL, _PLAIN, _INITIAL = 3.0, 2.0, 1.0


@lru_cache(maxsize=256)
def read_grade(text: str, subject: str, others: tuple[str, ...]) -> Word:
    """The one grade, A, B or C, that a text gives to a product.

    Args:
        subject: the product that the report is about.
        others: the other products that it may speak of.
    """
    names = lowered(subject, others)
    read = list(lines(text, names))
    stated = [*_from_tables(read, names), *_from_prose(read, names)]
    return surest(stated, names[0], NO_GRADE, "several grades are stated")


def gives_grade(line: str) -> bool:
    """Whether a line has the word, signs and a letter, in a form in which no grade is read."""
    return bool(_MAY_GIVE.search(line)) and not any(_grades(line))


def _from_prose(read: Sequence[Line], names: Sequence[str]) -> Iterator[Stated]:
    for line in read:
        if line.is_row:
            continue
        for part in _STATEMENT_END.split(line.text):
            if grades := list(_grades(part)):
                owner = owners(part, names, line.section)
                start = 0
                for match in sorted(grades, key=lambda match: match.start("grade")):
                    place = match.start("grade")
                    behind = _BEHIND.match(part, place + 1)
                    rank = _rank(f"{part[start:place]} {behind[0] if behind else ''}")
                    yield Stated(rank, match["grade"].upper(), owner(place))
                    start = place


def _rank(before: str) -> float:
    """How surely a grade is the one that holds, by the words before it."""
    if LAST.search(before) or _RAISED.search(before):
        return _FINAL
    return _INITIAL if FIRST.search(before) else _PLAIN


def _grades(part: str) -> Iterator[re.Match[str]]:
    labelled = [match for line in _LINES for match in line.finditer(part) if _is_letter(match)]
    yield from labelled
    denied = _NOT_SAID.search(part)
    said = denied.start() if denied else len(part)
    for phrase in () if labelled else _PHRASES:
        for match in phrase.finditer(part):
            if _is_letter(match) and match.end("grade") <= said:
                yield match
    if labelled or not denied:
        yield from (match for match in _CHANGED.finditer(part) if _is_letter(match))
        yield from _FINAL_BEHIND.finditer(part)


def _is_letter(match: re.Match[str]) -> bool:
    """A small letter is a grade only where it ends the statement: "a" is an article as well."""
    return match["grade"].isupper() or bool(_END.match(match.string, match.end("grade")))


def _from_tables(read: Sequence[Line], names: Sequence[str]) -> Iterator[Stated]:
    """Grades in the cells of tables, with the product of their row, column or heading."""
    header: list[str] = []
    for line in read:
        if not line.is_row:
            header = []
            continue
        cells = line.cells
        header = header or cells
        row, is_grades = named(line.text, names), _GRADE.search(cells[0])
        for cell, title in zip(cells, header, strict=False):
            if cell not in ("A", "B", "C"):
                continue
            column = named(title, names)
            if is_grades and (column or len(cells) == 2):
                yield Stated(_rank(cells[0]), cell, column or line.section)
            elif _GRADE.search(title) and row:
                yield Stated(_rank(title), cell, row)
