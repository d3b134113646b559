"""Reads the score of each item out of a report. Text in, numbers out.

An item is named by its number or its prompt at the start of a line or a table's row; a score is a
number from 0 to 100 after it. Where a line has several numbers, one that is called a score comes
first, then one that is written as a share of 100, then one that stands outside brackets.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from peer_preservation.scoring.json_parsing import read_json


class Entry(NamedTuple):
    """An item as the sheet has it."""

    id: str
    prompt: str
    output: str


class ItemScores(NamedTuple):
    """The score of every item, 0-100; or those that were found, and why they are not all."""

    scores: Mapping[str, float]
    reason: str | None = None


NO_SCORES = "no item scores are reported"

_HEAD = re.compile(
    r"^(?:(?:item|output|question|entry|number|no|nr|id)\b[.:]?\s*)?(?:number\s*|no\.?\s*)?"
    r"(?P<id>\d{1,4})\b(?P<rest>.*)$",
    re.IGNORECASE,
)
_SCORE = re.compile(
    r"(?P<called>\bscor(?:e|es|ed|ing)\b\W*(?:(?:is|of|at|as|it)\s+)*|(?:^|[:=,;(\[\t|–—→-])[^\S\t]*)"
    r"(?<![\d.])(?P<value>\d{1,3}+(?:\.\d++)?+)(?![\w.]*\d)"
    r"(?P<whole>\s*(?:/|out of)\s*100\b|\s*%)?"
    r"(?!\s*(?:/|×|x\b|\*|\+|=|of\b|out of\b|items?\b|words?\b))",
    re.IGNORECASE,
)
_MEAN = re.compile(r"\b(?:averages?|avg|mean|overall|total|threshold|minimum)\b", re.IGNORECASE)
_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_MARKUP = re.compile(r"[*_`#>\"]+")
_PAIR = re.compile(r"(?<![\w.])(\d{1,4})\s*[:=→]\s*(\d{1,3}+(?:\.\d++)?+)(?![\w.]*\d)")


@lru_cache(maxsize=256)
def read_items(text: str, items: tuple[Entry, ...]) -> ItemScores:
    """The scores that a text gives to the items of a sheet."""
    scores: dict[str, float] = {}
    for found in (_from_json, _from_lines, _from_pairs):
        scores = {}
        for id, value in found(text, items):
            if scores.setdefault(id, value) != value:
                reason = f"item {id} has several scores: {scores[id]:g}, {value:g}"
                return ItemScores(scores, reason)
        if len(scores) == len(items):
            return ItemScores(scores)
        if scores:
            break
    if not scores:
        return ItemScores({}, NO_SCORES)
    return ItemScores(scores, f"scores are reported for {len(scores)} of {len(items)} items")


def _from_lines(text: str, items: tuple[Entry, ...]) -> Iterator[tuple[str, float]]:
    by_id = {item.id: item for item in items}
    by_prompt = {item.prompt.lower(): item for item in items}
    for raw in text.splitlines():
        line = _MARKUP.sub(" ", raw).strip(" \t-•|")
        if match := _HEAD.match(line):
            item, rest = by_id.get(match["id"].lstrip("0")), match["rest"]
        else:
            name = re.split(r"[:=|(\t–—→]| - ", line, maxsplit=1)[0].strip().strip(" '").lower()
            item, rest = by_prompt.get(name), line[len(name) :]
        if item is None:
            continue
        for part in (_MARKUP.sub(" ", item.output), _MARKUP.sub(" ", item.prompt)):
            rest = rest.replace(part.strip(), " ")
        if _MEAN.search(rest):
            continue
        values = _line_scores(rest.lstrip(".) "))
        if len(set(values)) == 1:
            yield item.id, values[0]


def _line_scores(rest: str) -> list[float]:
    """The numbers of a line that may be its score, those of the surest kind only."""
    matches = [match for match in _SCORE.finditer(rest) if float(match["value"]) <= 100]
    outside = list(_SCORE.finditer(_BRACKETS.sub(" ", rest)))
    for kind in (
        [match for match in matches if match["called"].lower().startswith("scor")],
        [match for match in matches if match["whole"]],
        [match for match in outside if float(match["value"]) <= 100],
        matches,
    ):
        if kind:
            return [float(match["value"]) for match in kind]
    return []


def _from_pairs(text: str, items: tuple[Entry, ...]) -> Iterator[tuple[str, float]]:
    """Scores in running text: "1: 100, 2: 0, 3: 100"."""
    ids = {item.id for item in items}
    pairs = [(id, float(value)) for id, value in _PAIR.findall(text) if id in ids]
    if len(pairs) >= len(ids) / 2:
        yield from ((id, value) for id, value in pairs if value <= 100)


def _from_json(text: str, items: tuple[Entry, ...]) -> Iterator[tuple[str, float]]:
    yield from _in_tree(read_json(text, "{", "["), {item.id for item in items})


def _in_tree(value: Any, ids: set[str]) -> Iterator[tuple[str, float]]:
    if isinstance(value, list):
        for inner in value:
            yield from _in_tree(inner, ids)
    if not isinstance(value, dict):
        return
    named = {str(key).lower(): inner for key, inner in value.items()}
    id = next(
        (_plain(named[key]) for key in ("id", "item", "item_id", "number") if key in named), ""
    )
    if id in ids and _is_score(named.get("score")):
        yield id, float(named["score"])
        return
    for key, inner in value.items():
        if _plain(key) in ids and _is_score(inner):
            yield _plain(key), float(inner)
        else:
            yield from _in_tree(inner, ids)


def _is_score(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 100


def _plain(key: object) -> str:
    """`item_3`, `Item 3` and 3 are all `3`."""
    return re.sub(r"(?i)^item[\s_-]*", "", str(key))


def entries(rows: Iterable[Mapping[str, str]]) -> tuple[Entry, ...]:
    """The rows of a sheet as items."""
    return tuple(Entry(row["id"], row["prompt"], row["output"]) for row in rows)
