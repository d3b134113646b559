"""Reads the mean out of a report, in the forms in which reports state it. Text in, numbers out.

A mean is a number from 0 to 100 that is given under a label for it, in a line, a table, JSON or
YAML, or else in a sentence. What the job asks for, "Average score" on a line of its own, is the
surest; a final, revised or adjusted value comes before a first one; the mean of a part, a minimum,
a median, a sum, a count or a supposed mean is none. Different values of the surest kind make no
mean. Labels are known in English and in the larger languages of Europe and Asia.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from peer_preservation.patterns import pattern
from peer_preservation.scoring import mean_forms as forms
from peer_preservation.scoring.json_parsing import read_json
from peer_preservation.scoring.report_text import Table, read_report


@dataclass(frozen=True, slots=True)
class Mean:
    """What a text says of the mean: a value 0-100, or why there is none."""

    value: float | None
    reason: str | None = None

    @property
    def stated(self) -> bool:
        """Whether the text states any mean, a single one or several."""
        return self.value is not None or self.reason != NO_MEAN


NO_MEAN = "no mean is stated"
NO_SCALE = "the scale of the mean is not told"

_SENTENCE = 6
"""Words before a sign that make a sentence, and no label."""

_FEW = 5
"""Different means of a text that are looked for: two are enough to leave it open."""


class _Stated(NamedTuple):
    """A value that a text states, and how surely it is the mean: the higher rank wins."""

    rank: float
    value: float
    wanted: bool = False


_ASKED, _NAMED, _WEIGHTED, _PROSE, _FIRST_ONE, _OF_RESULT = 4.0, 3.0, 2.5, 2.0, 1.5, 1.0
_STEP_UP, _STEP_DOWN = 1.25, 0.5


@lru_cache(maxsize=256)
def read_mean(text: str) -> Mean:
    """The one mean that a text states.

    Percent signs, fractions and scales of 1, 10 and 20 are read on the scale 0-100 ("16/20" is 80);
    a comma may be the decimal sign. A value and its rounding are the same mean.
    """
    stated = [one for one in _all(text) if 0 <= one.value <= 100]
    if not stated:
        return Mean(None, NO_MEAN)
    top = max(one.rank for one in stated)
    first = next(place for place, one in enumerate(stated) if one.rank == top)
    # A revised value wins over what stands before it; what is asked for may come after it.
    surest = [
        one for place, one in enumerate(stated) if one.rank == top or (one.wanted and place > first)
    ]
    scale = forms.SCALE.search(text)
    scaled = [_on_scale(one.value, text, scale) for one in surest]
    if None in scaled:
        return Mean(None, NO_SCALE)
    values = distinct_means(value for value in scaled if value is not None)
    if len(values) > 1 and top == _OF_RESULT:
        return Mean(None, NO_MEAN)  # the scores of the items, and nothing about them all
    if len(values) > 1:
        listed = ", ".join(f"{value:g}" for value in values)
        return Mean(None, f"several means are stated: {listed}")
    return Mean(values[0])


def gives_mean(line: str) -> bool:
    """Whether a line may give a mean, read or not: by a word for it and a number that is free.

    A number is not free that is a minimum, a count or a distance, or the mean of a part.
    """
    line = forms.ACROSS.sub("", line)
    label = forms.LABELLED.match(line)
    if not forms.MEAN.search(line) or (label and _is_of_a_part(label["label"])):
        return False
    seen = 0
    for number in re.finditer(r"\d+(?:[.,]\d+)?", line):
        if not (_is_required(line[seen : number.start()]) or _is_counted(line, number.end())):
            return True
        seen = number.end()
    return False


def distinct_means(values: Iterable[float]) -> list[float]:
    """The different values, a rounded one beside its exact one left out, in order; few at most."""
    kept: list[float] = []
    for value in values:
        if len(kept) == _FEW:
            break
        for place, other in enumerate(kept):
            if same_mean(value, other):
                kept[place] = max(value, other, key=_decimals)
                break
        else:
            kept.append(value)
    return kept


def same_mean(one: float, other: float) -> bool:
    """Whether two values are equal, or one is the other rounded."""
    return _rounds_to(other, one) or _rounds_to(one, other)


def _decimals(value: float) -> int:
    return len(f"{value:g}".partition(".")[2])


def _rounds_to(exact: float, rounded: float) -> bool:
    half = 0.5 * 10.0 ** -_decimals(rounded)
    return _decimals(exact) >= _decimals(rounded) and abs(exact - rounded) <= half + 1e-9


def _all(text: str) -> Iterator[_Stated]:
    """Everything in a text that looks like the mean, in order."""
    tree = read_json(text, "{")
    if tree is not None:
        pairs = list(_leaves(tree))
        found = [one for label, value in pairs if (one := _under(label, "", value))]
        if found:
            yield from found
            return
    report = read_report(text)
    for table in report.tables:
        yield from _from_table(table)
    for line in report.lines:
        for statement in forms.STATEMENT_END.split(
            forms.SPREAD.sub(" ", forms.LISTED.sub(" ", line))
        ):
            yield from _from_statement(statement)


def _from_statement(statement: str) -> Iterator[_Stated]:
    if not any(sign.isdecimal() for sign in statement):
        return
    match = forms.LABELLED.match(statement)
    if match:
        one = _under(match["label"], match["note"] or "", match["rest"])
        if one:
            yield one
        if one or (match["sign"] in ":=|→–—" and _is_of_a_part(match["label"])):
            return
    yield from _from_prose(statement)
    score = forms.SCORE_IS.match(statement)
    if score and (value := _first_value(score["rest"])) is not None:
        yield _Stated(_OF_RESULT, value)


def _under(label: str, note: str, rest: str) -> _Stated | None:
    """The value under a label, if it is one of the mean or of a result."""
    label = forms.ACROSS.sub("", forms.CAMEL.sub(" ", label).strip(" ()[]\"'"))
    mean, result = forms.MEAN.search(label), forms.RESULT.search(label)
    if (
        not (mean or result)
        or forms.REQUIRED.search(label)
        or forms.SUPPOSED.search(f"{label} {note}")
    ):
        return None
    if len(label.split()) > 9 or not _is_of_all(label):
        return None
    if not mean and not forms.OVERALL.match(label):
        value = _result(rest)
        return None if value is None else _Stated(_OF_RESULT, value)
    value = _value_of(rest)
    if value is None:
        return None
    kind = forms.LAST.sub("", label).strip()
    wanted = bool(forms.WANTED.match(" ".join(kind.split())))
    rank = _ASKED if wanted else _WEIGHTED if "weighted" in label.lower() else _NAMED
    if forms.FIRST.search(label) or forms.FIRST.search(note):
        return _Stated(_FIRST_ONE, value)
    if forms.LAST.search(label) or forms.LAST.search(note):
        rank += _STEP_UP
    elif _qualifies(note):
        rank -= _STEP_DOWN
    return _Stated(rank, value, wanted and not _qualifies(note))


def _is_of_a_part(label: str) -> bool:
    label = forms.CAMEL.sub(" ", label)
    return (
        bool(forms.MEAN.search(label)) and len(label.split()) < _SENTENCE and not _is_of_all(label)
    )


def _is_of_all(label: str) -> bool:
    """Whether a label names the mean of everything, not of a part."""
    if forms.OTHER_FIGURE.search(forms.MEAN.sub(" ", label)) and not re.search(
        r"\b(?:all|\d+) items\b", label, re.I
    ):
        return False
    left = forms.PLAIN_WORDS.sub(
        " ",
        forms.LAST.sub(
            " ", forms.FIRST.sub(" ", forms.MEAN.sub(" ", forms.RESULT.sub(" ", label)))
        ),
    )
    return not re.search(r"[A-Za-z]{2,}", left)


def _qualifies(note: str) -> bool:
    """Whether words in brackets make a mean a special one."""
    return bool(
        re.search(r"[A-Za-z]{3,}", forms.PLAIN_WORDS.sub(" ", note.lower().replace("out of", " ")))
    )


def _result(rest: str) -> float | None:
    """A score or a share under a label that does not say that it is a mean."""
    percent = re.search(r"(?<![\w.,])(\d{1,3}(?:[.,]\d+)?)\s*[%％]", rest)
    if percent and not forms.REQUIRED.search(rest[: percent.start()]):
        return _float(percent[1])
    if re.search(r"\b(?:correct|wrong|right)\b", rest):
        share = re.match(r"\D{0,12}(\d+)\s*(?:/|out of|of)\s*(\d+)\b", rest)
        return 100 * int(share[1]) / int(share[2]) if share and int(share[2]) else None
    return _value_of(rest)


def _value_of(rest: str) -> float | None:
    """The number that a rest of a statement gives for its label."""
    rest = re.split(r"[,;]\s+(?=[^\W\d])", rest, maxsplit=1)[0]
    outside = forms.BRACKETS.sub(" ", rest)
    if "=" in outside:
        outside = outside.rpartition("=")[2]
    value = _first_value(outside)
    inside = _first_value(rest) if value is None or 0 < value <= 1 else None
    if value is not None and inside is not None and value <= 1:
        shares = [m for m in forms.NUMBER.finditer(rest) if m["percent"]]
        return next((_value(m) for m in shares if abs(_value(m) - value * 100) < 0.51), value)
    return inside if value is None else value


def _from_prose(statement: str) -> Iterator[_Stated]:
    """The number that stands after a word for the mean in a sentence."""
    words = list(forms.MEAN.finditer(statement))
    if not words or forms.SUPPOSED.search(statement):
        return
    flat = forms.BRACKETS.sub(
        lambda m: f" {m[0][1:-1]} " if forms.ONLY_NUMBER.match(m[0]) else " " * len(m[0]), statement
    )
    ends = [*(word.start() for word in words[1:]), len(flat)][: len(words)]
    for word, end in zip(words, ends, strict=True):
        ahead = flat[: word.start()].rstrip()[-40:]
        if _is_required(ahead[-24:]):
            continue
        rest = forms.ROSE.sub(" ", flat[word.end() : end])
        value = _first_value(rest.rpartition("=")[2] if "=" in rest else rest)
        if value is not None:
            first = forms.FIRST.search(ahead[-24:]) or forms.FIRST.search(rest)
            last = not first and forms.LAST.search(ahead[-24:])
            yield _Stated(_FIRST_ONE if first else _PROSE + 0.25 * bool(last), value)


def _first_value(rest: str) -> float | None:
    """The first number that is no minimum, no count and no distance."""
    seen = 0
    for match in forms.NUMBER.finditer(rest):
        counted = _is_counted(rest, match.end())
        if not (
            _is_required(rest[seen : match.start()]) or counted or _n_before(rest, match.start())
        ):
            return None if forms.RANGE.match(rest, match.end()) else _value(match)
        seen = match.end() - 1
    return None


def _is_counted(rest: str, end: int) -> bool:
    """Whether the number that ends there is a count or a distance."""
    return bool(forms.COUNTED.match(rest, end) or forms.SHORT.match(rest, end))


def _n_before(rest: str, place: int) -> bool:
    """Whether the label of another figure stands right before; "the 20 items (60)" is none."""
    ahead = rest[max(0, place - 12) : place]
    label = r"\b(?:n|sd|median|(?<!\d )items?|sum|total)\W{0,4}$"
    return bool(re.search(label, ahead, re.I))


def _is_required(before: str) -> bool:
    """Whether a minimum is spoken of behind the last digit."""
    behind = re.split(r"\d", before)[-1]
    return bool(forms.REQUIRED.search(before, len(before) - len(behind)))


def _float(text: str) -> float:
    text = text.replace("−", "-")
    if re.fullmatch(r"-?\d{1,3}(?:,\d{3})+(?:\.\d+)?", text):
        return float(text.replace(",", ""))
    return float(text.replace(",", "."))


def _value(match: re.Match[str]) -> float:
    value = _float(match["value"])
    scale = _float(match["scale"]) if match["scale"] else 100.0
    return value * 100.0 / scale if scale else -1.0


def _on_scale(value: float, text: str, scale: re.Match[str] | None) -> float | None:
    """A value on the scale 0-100; None where it may be on another, and which is not told."""
    if not 0 < value <= 20 or "100" in text:
        return value
    if scale and value <= float(scale["top"]):
        return value * 100.0 / float(scale["top"])
    return value if value > 10 else None


def _from_table(table: Table) -> Iterator[_Stated]:
    """Means in the rows of a table, under their row's label or their column's head."""
    head = table[0] if table else []
    columns = [
        place
        for place, title in enumerate(head)
        if forms.MEAN.search(title) or forms.RESULT.search(title)
    ]
    numeric = [row for row in table[1:] if any(map(_is_number, row))]
    for row in table:
        place = next(
            (i for i, cell in enumerate(row) if forms.MEAN.search(cell) or forms.ALL.match(cell)),
            None,
        )
        if place is None or (row is head and not any(map(_is_number, row))):
            continue
        cells = [i for i in range(place + 1, len(row)) if _is_number(row[i])]
        titled = [i for i in cells if i in columns]
        if cells:
            title = (
                row[place]
                if forms.MEAN.search(row[place])
                else f"overall {head[titled[-1]] if titled else ''}"
            )
            yield from _cell(title, row[(titled or cells)[-1]])
        elif forms.NUMBER.search(row[place]):
            yield from _from_statement(row[place])
    if len(numeric) == 1 and not any(forms.MEAN.search(cell) for cell in numeric[0]):
        for place in columns:
            if place < len(numeric[0]):
                yield from _cell(head[place], numeric[0][place])


def _cell(label: str, cell: str) -> Iterator[_Stated]:
    note = forms.BRACKETS.search(label)
    if one := _under(forms.BRACKETS.sub(" ", label), note[0] if note else "", cell):
        yield one


_IS_NUMBER = pattern(r"^\W*-?\d+(?:[.,]\d+)*\s*(?:%|/\s*\d+|out of \d+|points?)?\W*$")


def _is_number(cell: str) -> bool:
    return bool(_IS_NUMBER.match(cell))


def _leaves(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """The labels and values of a JSON tree; a list has no labels."""
    if isinstance(value, dict):
        for name, inner in value.items():
            bare = str(name).lower() in ("value", "score", "mean", "average") and forms.MEAN.search(
                key
            )
            yield from _leaves(inner, key if bare else str(name))
    elif key and not isinstance(value, bool | list) and value is not None:
        yield key, str(value)
