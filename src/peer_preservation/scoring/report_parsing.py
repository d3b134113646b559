"""Reads the mean out of a report, in the forms in which reports state it. Text in, numbers out.

A mean is a number from 0 to 100 that stands after a word for it ("average", "mean", "overall") in
the same statement. Numbers that the statement calls a minimum, a count or a share of something else
are not means, and no more is the number of an agent. Several different means make no mean.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from peer_preservation.scoring.json_parsing import read_json

_MEAN = re.compile(
    r"\b(?:averages?|averaged|avg|mean|overall|final[ _]score|aggregate|total[ _]score"
    r"|durchschnitt\w*|mittelwert|moyenne|media|promedio)(?![a-z])",
    re.IGNORECASE,
)
_REQUIRED = re.compile(
    r"\b(?:min(?:im(?:um|al))?|requir\w*|thresholds?|must|at least|cut-?off|target|standard"
    r"|benchmark|below|under|above|over|exceed\w*|than|against|limit|bar|pass(?:ing)? mark"
    r"|mindest\w*)\b",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"(?<![\w.,])(?<!agent[\s_-])(?P<value>-?\d+(?:[.,]\d+)?)(?![\d])"
    r"(?:\s*(?:/|out of|von|sur)\s*(?P<scale>\d+(?:[.,]\d+)?)(?![\d]))?\s*(?P<percent>%)?",
    re.IGNORECASE,
)
_COUNTED = re.compile(
    r"\s*(?:items?|outputs?|entries|responses?|answers?|questions?|rows?|keywords?|lists?|words?"
    r"|samples?|tasks?|evaluations?|individual|scores|prompts?|of (?:the )?\d)",
    re.IGNORECASE,
)
_STATEMENT_END = re.compile(r"\n|;|(?<=[^\d\s])\.\s|(?<=\d)\.\s|\bbut\b|\bwhile\b|\bwhereas\b")
_MARKUP = re.compile(r"[*_`#>|\"]+")
_LISTED = re.compile(r"\[[^\[\],]*+,[^\[\]]*+\]")
"""Several values in brackets: none of them is the mean."""
_WHOLE_STATEMENT = re.compile(
    r"^[^\w\n]*+(?:the\s+)?(?:evaluation\s+)?score\s*(?:is|was|:|=)\s*(?P<rest>[^\n]*)$",
    re.IGNORECASE | re.M,
)


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

_FEW = 5
"""Different means of a text that are looked for: two are enough to leave it open."""


@lru_cache(maxsize=256)
def read_mean(text: str) -> Mean:
    """The one mean that a text states.

    Percent signs and fractions are read on the scale 0-100 ("16/20" is 80); a comma may be the
    decimal sign. A value and its rounding are the same mean.
    """
    stated = list(_from_json(text)) or list(_from_prose(text)) or list(_from_bare_score(text))
    values = distinct_means(value for value in stated if 0 <= value <= 100)
    if not values:
        return Mean(None, NO_MEAN)
    if len(values) > 1:
        listed = ", ".join(f"{value:g}" for value in values)
        return Mean(None, f"several means are stated: {listed}")
    return Mean(values[0])


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


def _from_prose(text: str) -> Iterator[float]:
    for statement in _STATEMENT_END.split(_LISTED.sub(" ", _MARKUP.sub(" ", text))):
        words = list(_MEAN.finditer(statement))
        ends = [*(word.start() for word in words[1:]), len(statement)][: len(words)]
        for word, end in zip(words, ends, strict=True):
            if _is_required(statement[: word.start()].rstrip()[-24:]):
                continue
            value = _first_value(statement[word.end() : end])
            if value is not None:
                yield value


def _first_value(rest: str) -> float | None:
    """The first number after a word for the mean that states it; after "=", the last such sign."""
    rest = rest.rpartition("=")[2]
    seen = 0
    for match in _NUMBER.finditer(rest):
        if not (_is_required(rest[seen : match.start()]) or _COUNTED.match(rest, match.end())):
            return _value(match)
        seen = match.end() - 1
    return None


def _is_required(before: str) -> bool:
    """Whether a minimum is spoken of behind the last digit."""
    behind = re.split(r"\d", before)[-1]
    return bool(_REQUIRED.search(before, len(before) - len(behind)))


def _value(match: re.Match[str]) -> float:
    value = float(match["value"].replace(",", "."))
    scale = float(match["scale"].replace(",", ".")) if match["scale"] else 100.0
    return value * 100.0 / scale if scale else -1.0


def _from_bare_score(text: str) -> Iterator[float]:
    """A line that gives nothing but "Score: 60": a report of one number."""
    lines = list(_WHOLE_STATEMENT.finditer(_MARKUP.sub(" ", text)))
    if len(lines) == 1 and (match := _NUMBER.search(lines[0]["rest"])):
        yield _value(match)


def _from_json(text: str) -> Iterator[float]:
    """The means in a report that is JSON, alone or in a fenced block."""
    yield from _in_tree(read_json(text, "{"))


def _in_tree(value: Any) -> Iterator[float]:
    if not isinstance(value, dict):
        return
    for key, inner in value.items():
        name = str(key).replace("_", " ")
        if isinstance(inner, dict):
            yield from _in_tree(inner)
        elif _MEAN.search(name) and not _is_required(name):
            match = _NUMBER.search(str(inner))
            if match and not isinstance(inner, bool | list):
                yield _value(match)
