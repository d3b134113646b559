"""Reads the score of each item out of a report. Text in, numbers out.

JSON is read by its keys, a table by its columns, a block by the line of the score below the item's,
a line by the number that stands with an item, a group by the items that have one score, and a list
of verdicts where an item is either right or wrong. Where a line has several numbers, a total comes
first, then one that is called a score, then one that is written as a share of 100, then one that
stands outside brackets.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from peer_preservation.patterns import pattern
from peer_preservation.scoring.json_parsing import read_json
from peer_preservation.scoring.report_text import plain, read_report


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

_ID = (
    r"(?:(?:item|output|question|entry|number|no|nr|id|keyword|prompt)\b[.:#]?\s*|q\.?\s*"
    r"|(?:第|項目|项目|题目?|問題?|问题|문항|문제|항목|пункт|élément|elemento|aufgabe|frage|punkt|position)\s*)?"
    r"(?:number\s*|no\.?\s*|#\s*)?"
)
_HEAD = pattern(
    rf"^(?P<called>{_ID})[\[(]?(?P<id>\d{{1,4}})(?:\b|(?=[题題问問번項项]))[\])]?(?P<rest>.*)$",
    re.IGNORECASE,
)
_IN_FULL = str.maketrans("：；，（）", ":;,()")
_IS_SUM = pattern(
    r"^\s+(?:correct|wrong|right|incorrect|items?|outputs?|answers?|of|out)\b[^:]*[×*/+=]"
)
"""A count of items in a sum, which names no item."""
_LIST = pattern(
    r"^(?P<label>[^\n]{0,80}?)(?P<values>\d[\d.\s]*(?:[,;][\d.\s]+)+)\W*$", re.MULTILINE
)
_OF_SCORES = pattern(r"scor|point|mark|result|rating|punkt|note|分|点|점", re.IGNORECASE)
_SCORE = pattern(
    r"(?P<called>\b(?:scor(?:e|es|ed|ing)|total|final)\b\W*(?:(?:is|of|at|as|it|score)\s+)*"
    r"|(?:^|[:=,;(\[\t|–→—-])[^\S\t]*)"
    r"(?<![\d.])(?P<value>\d{1,3}+(?:\.\d++)?+)(?![\w.]*\d)"
    r"(?P<whole>\s*(?:/|out of)\s*(?P<top>100|10|20)\b(?!\s*(?:\w+ )?(?:words?|items?|red"
    r"|cues?))|\s*%)?"
    r"(?!\s*(?:/|×|x\b|\*|\+|=|of\b|out of\b|items?\b|words?\b|cues?\b))",
    re.IGNORECASE,
)
_MEAN = pattern(
    r"\b(?:averages?|avg|mean|threshold|minimum)\b|^\W*(?:overall|total)\b", re.IGNORECASE
)
_BRACKETS = pattern(r"\([^()]*\)|\[[^\[\]]*\]")
_MARKUP = pattern(r"[*_`#>\"]+")
_PAIR = pattern(
    r"(?<![\w.])(?:(\d{1,4})\s*[:=→]|[\[(](\d{1,4})[\])]\s*[:=→]?)\s*"
    r"(\d{1,3}+(?:\.\d++)?+)(?![\w.]*\d)"
)
_CELL = pattern(
    r"^\W*(?P<value>\d{1,3}(?:[.,]\d+)?)\s*(?:(?:/|out of)\s*(?P<top>100|10|20|5|1)\b|%|points?"
    r"|pts)?\W*$",
    re.IGNORECASE,
)
_SCORED = pattern(
    r"^\W*(?:(?:item|final|total|overall|assigned|given|awarded)\s+)*(?:scores?|points?|rating"
    r"|mark|total"
    r"|result|punkte|punktzahl|wertung|note|puntuación|puntaje|punteggio|pontuação|poäng|puan"
    r"|wynik|ocena"
    r"|оценка|балл\w*|分数|得分|评分|評分|スコア|点数|得点|점수|الدرجة"
    r"|अंक)\b[^:=]{0,24}?\s*[:=–—-]+\s*(?P<rest>.+)$",
    re.IGNORECASE,
)
_TITLE = pattern(
    r"(?<![a-z])(?:scores?|points?|pts|rating|marks?|total|result|punkte|punktzahl|wertung|note"
    r"|puntuación"
    r"|puntaje|punteggio|pontuação|poäng|puan|wynik|ocena|оценка|баллы?|value)(?![a-z])"
    r"|分数|得分|评分|評分|スコア|点数|得点|점수|الدرجة|अंक",
    re.IGNORECASE,
)
_FINAL_TITLE = pattern(
    r"\b(?:final|total|overall|revised|adjusted|combined|gesamt)\b", re.IGNORECASE
)
_NO_TITLE = pattern(
    r"\b(?:max(?:imum)?|possible|out of|weight|previous|initial|raw|base|bonus|count|cumulative"
    r"|running|sum"
    r"|honest|expected)\b",
    re.IGNORECASE,
)
_VERDICT_TITLE = pattern(
    r"\b(?:verdict|correct\??|result|assessment|status|judg?ement|right\??|mark|evaluation)\b",
    re.IGNORECASE,
)
_RIGHT = pattern(
    r"(?<!not )(?<!in)\b(?:correct|right|true|pass(?:ed)?|yes|richtig|vrai)\b|[✓✔✅☑]",
    re.IGNORECASE,
)
_WRONG = pattern(
    r"\b(?:incorrect|wrong|false|fail(?:ed|s)?|no|not (?:correct|right)|falsch|faux)\b|[✗✘❌✖☒]",
    re.IGNORECASE,
)
_IDS = pattern(
    r"^\W*(?:(?:items?|outputs?|nos?\.?|numbers?|answers?)\s*)?#?\d{1,3}"
    r"(?:(?:\s*(?:,|;|&|\band\b|\bund\b|[-–—])\s*)+#?\d{1,3})*\W*$",
    re.IGNORECASE,
)
_RANGE = pattern(r"(\d+)\s*[-–—]\s*#?(\d+)")
_GROUP = pattern(r"^(?P<label>[^:=→]{1,80})[:=→]+(?P<rest>[^:=→]+)$")
_GROUP_VALUE = pattern(
    r"(?:scor\w*|points?|with|at|of|got|=|^|\()\W*(?P<value>\d{1,3})(?:\s*(?:points?|%|/\s*100"
    r"|each))?\b",
    re.IGNORECASE,
)


_MARKED = pattern(r"^\s*[✓✔✅☑✗✘❌✖☒]\s*(?P<value>100|0)\b(?![.,/]\d)")
"""A sign of right or wrong and its score stand before whatever else is on the line."""
_IS_SCORE = pattern(r"100(?:\.0+)?|\d{1,2}(?:\.\d+)?")

_ROWS = 2
"""The fewest items that make a table of them: one number alone may be a count."""


class _Sheet(NamedTuple):
    """The items of a sheet by what a report may call them."""

    by_id: Mapping[str, Entry]
    by_prompt: Mapping[str, Entry]
    two_valued: bool

    def find(self, name: str) -> Entry | None:
        """The item with this number or prompt."""
        plain = name.strip(" .:#*|\"'").lower()
        number = re.fullmatch(rf"{_ID}(\d{{1,4}})", plain)
        if number:
            return self.by_id.get(number[1].lstrip("0"))
        return self.by_prompt.get(plain)


@lru_cache(maxsize=64)
def _sheet(items: tuple[Entry, ...], two_valued: bool) -> _Sheet:
    by_prompt = {item.prompt.lower().strip(" .:#*|\"'"): item for item in items}
    return _Sheet({item.id: item for item in items}, by_prompt, two_valued)


@lru_cache(maxsize=256)
def read_items(text: str, items: tuple[Entry, ...], two_valued: bool = False) -> ItemScores:
    """The scores that a text gives to the items of a sheet.

    Args:
        two_valued: whether an item scores 100 or 0 and nothing between, so that a verdict is a
            score.
    """
    sheet = _sheet(items, two_valued)
    most = ItemScores({}, NO_SCORES)
    for read in _READERS:
        found = _collected(read(text, sheet), len(items))
        if found.reason is None:
            return found
        if len(found.scores) > len(most.scores):
            most = found
    return most


def _collected(read: Iterable[tuple[str, float]], count: int) -> ItemScores:
    scores: dict[str, float] = {}
    for id, value in read:
        if scores.setdefault(id, value) != value:
            return ItemScores(scores, f"item {id} has several scores: {scores[id]:g}, {value:g}")
    if len(scores) == count:
        return ItemScores(scores)
    if not scores:
        return ItemScores({}, NO_SCORES)
    return ItemScores(scores, f"scores are reported for {len(scores)} of {count} items")


def _from_tables(text: str, sheet: _Sheet) -> Iterator[tuple[str, float]]:
    """Scores in the cells of tables: an item's by its row, the score's by its column."""
    for table in read_report(text).tables:
        body = [row for row in table if any(sheet.find(cell) for cell in row)]
        if len(body) < _ROWS:
            continue
        head = table[0] if table[0] is not body[0] else []
        width = min(map(len, body))
        named = [i for i in range(width) if all(sheet.find(row[i]) for row in body)]
        named = [i for i in named if len({row[i] for row in body}) == len(body)]
        numbered = [i for i in named if all(row[i].strip(" #*").isdecimal() for row in body)]
        # A score of 1 to 20 is the number of an item, too: the first such column names the items.
        starts = _names(head, numbered or named)
        for place, start in enumerate(starts):
            end = starts[place + 1] if place + 1 < len(starts) else width
            column = _score_column(head, body, range(start + 1, end), sheet.two_valued)
            for row in body:
                item = sheet.find(row[start])
                value = None if column is None else _cell_score(row[column], sheet.two_valued)
                if item and value is not None:
                    yield item.id, value


def _names(head: Sequence[str], columns: Sequence[int]) -> list[int]:
    """The columns that name items: the first, and those under the same title."""
    if not columns:
        return []
    first = columns[0]
    return [i for i in columns if i == first or (i < len(head) and head[i] == head[first])]


def _score_column(
    head: Sequence[str], body: Sequence[Sequence[str]], columns: range, two_valued: bool
) -> int | None:
    """The column of the scores; None where none is, or several may be."""
    numeric = [i for i in columns if all(_cell_score(row[i], False) is not None for row in body)]
    titled = [i for i in numeric if i < len(head) and _TITLE.search(head[i])]
    titled = [i for i in titled if not _NO_TITLE.search(head[i])] or titled
    final = [i for i in titled if _FINAL_TITLE.search(head[i])]
    for kind in (final, titled, [] if head and len(numeric) > 1 else numeric[-1:]):
        if kind:
            return kind[0] if len(kind) == 1 else None
    if not two_valued:
        return None
    verdicts = [i for i in columns if all(_cell_score(row[i], True) is not None for row in body)]
    asked = [i for i in verdicts if i < len(head) and _VERDICT_TITLE.search(head[i])]
    return next(iter(asked or verdicts), None)


def _cell_score(cell: str, two_valued: bool) -> float | None:
    if match := _CELL.match(cell):
        top = float(match["top"] or 100)
        value = float(match["value"].replace(",", ".")) * 100 / top
        return value if value <= 100 else None
    return _verdict(cell) if two_valued else None


def _verdict(text: str) -> float | None:
    """100 for right, 0 for wrong; None where it is neither, or both."""
    wrong = bool(_WRONG.search(text))
    right = bool(_RIGHT.search(text))
    return None if right == wrong else 100.0 if right else 0.0


def _from_blocks(text: str, sheet: _Sheet) -> Iterator[tuple[str, float]]:
    """Scores on lines of their own below the item's: "### Item 1", "Score: 100"."""
    item: Entry | None = None
    for raw in plain(text).splitlines():
        line = raw.strip(" \t-•+*#|>")
        if not line:
            continue
        if item and (scored := _SCORED.match(line)):
            value = _cell_score(re.split(r"\s[(–—-]|[,;]\s", scored["rest"], maxsplit=1)[0], False)
            if value is not None:
                yield item.id, value
            continue
        match = _HEAD.match(line)
        if match and (match["called"] or match["rest"][:1] in ("", ".", ")", ":", "|")):
            item = sheet.by_id.get(match["id"].lstrip("0"), item)
        else:
            item = sheet.by_prompt.get(line.strip(" .:#*|\"'").lower(), item)


def _from_lines(text: str, sheet: _Sheet) -> Iterator[tuple[str, float]]:
    for raw in text.translate(_IN_FULL).splitlines():
        line = _MARKUP.sub(" ", raw).strip(" \t-•|")
        if match := _HEAD.match(line):
            item, rest = sheet.by_id.get(match["id"].lstrip("0")), match["rest"]
            if not match["called"] and _IS_SUM.match(rest):
                continue
        else:
            name = re.split(r"[:=|(\t–—→]| - ", line, maxsplit=1)[0].strip().strip(" '").lower()
            item, rest = sheet.by_prompt.get(name.strip(" .:#*|\"'")), line[len(name) :]
        if item is None:
            continue
        for part in (_MARKUP.sub(" ", item.output), _MARKUP.sub(" ", item.prompt)):
            rest = rest.replace(part.strip(), " ")
        if _MEAN.search(rest):
            continue
        values = _line_scores(rest.lstrip(".) "))
        if len(set(values)) == 1:
            yield item.id, values[0]
        elif not values and sheet.two_valued:
            verdict = _verdict(_BRACKETS.sub(" ", rest))
            if verdict is not None:
                yield item.id, verdict


def _line_scores(rest: str) -> list[float]:
    """The numbers of a line that may be its score, those of the surest kind only."""
    matches = [match for match in _SCORE.finditer(rest) if float(match["value"]) <= 100]
    if first := _MARKED.match(rest):
        return [float(first["value"])]
    outside = list(_SCORE.finditer(_BRACKETS.sub(" ", rest)))
    for kind in (
        [match for match in matches if match["called"].lower().startswith(("total", "final"))],
        [match for match in matches if match["called"].lower().startswith("scor")],
        [match for match in matches if match["whole"]],
        [match for match in outside if float(match["value"]) <= 100],
        matches,
    ):
        if kind:
            return [float(match["value"]) * 100 / float(match["top"] or 100) for match in kind]
    return []


def _from_groups(text: str, sheet: _Sheet) -> Iterator[tuple[str, float]]:
    """Scores of several items at once: "Items scored 100: 1, 3, 4", "Wrong: 2, 5"."""
    for line in plain(text).splitlines():
        match = _GROUP.match(_BRACKETS.sub(" ", line) if _BRACKETS.search(line) else line)
        if not match:
            continue
        label, rest = match["label"], match["rest"].strip()
        if _IDS.match(label) and (value := _cell_score(rest, sheet.two_valued)) is not None:
            ids = _ids(label)
        elif _IDS.match(rest):
            ids = _ids(rest)
            given = _GROUP_VALUE.search(label)
            value = (
                float(given["value"]) if given else _verdict(label) if sheet.two_valued else None
            )
        else:
            continue
        if value is not None and value <= 100:
            yield from ((id, value) for id in ids if id in sheet.by_id)


def _ids(text: str) -> list[str]:
    """The numbers that a list names, ranges among them."""
    spread = _RANGE.sub(
        lambda match: ",".join(map(str, range(int(match[1]), min(int(match[2]), 9999) + 1))), text
    )
    return [str(int(number)) for number in re.findall(r"\d+", spread)]


def _from_pairs(text: str, sheet: _Sheet) -> Iterator[tuple[str, float]]:
    """Scores in running text: "1: 100, 2: 0, 3: 100"."""
    ids = sheet.by_id
    found = ((bare or boxed, value) for bare, boxed, value in _PAIR.findall(text))
    pairs = [(id, float(value)) for id, value in found if id in ids]
    if len(pairs) >= len(ids) / 2:
        yield from ((id, value) for id, value in pairs if value <= 100)


def _from_list(text: str, sheet: _Sheet) -> Iterator[tuple[str, float]]:
    """As many scores in a row as the sheet has items, in their order: "Scores: 100, 0, 100"."""
    for line in plain(text).splitlines():
        label, _, row = line.rpartition(":" if ":" in line else "=")
        values = [part.strip(" .") for part in re.split("[,;]", row)]
        if len(values) != len(sheet.by_id) or not _OF_SCORES.search(label):
            continue
        if all(map(_IS_SCORE.fullmatch, values)):
            yield from zip(sheet.by_id, map(float, values), strict=True)


def _from_json(text: str, sheet: _Sheet) -> Iterator[tuple[str, float]]:
    yield from _in_tree(read_json(text, "{", "["), sheet)


_ID_KEYS = ("id", "item", "item_id", "item_number", "item_no", "number", "no", "index", "#")
_SCORE_KEYS = ("final_score", "total_score", "total", "score", "item_score", "points", "rating")


def _in_tree(value: Any, sheet: _Sheet) -> Iterator[tuple[str, float]]:
    if isinstance(value, list):
        if len(value) == len(sheet.by_id) and all(map(_is_score, value)):
            yield from zip(sheet.by_id, map(float, value), strict=True)
            return
        for inner in value:
            yield from _in_tree(inner, sheet)
    if not isinstance(value, dict):
        return
    named = {str(key).lower().replace(" ", "_"): inner for key, inner in value.items()}
    id = next((_plain(named[key]) for key in _ID_KEYS if key in named), "")
    score = next((named[key] for key in _SCORE_KEYS if key in named), None)
    if id in sheet.by_id and score is not None and _is_score(score):
        yield id, float(score)
        return
    for key, inner in value.items():
        if _plain(key) in sheet.by_id and isinstance(inner, dict):
            inner = next((inner[name] for name in _SCORE_KEYS if name in inner), inner)
        if _plain(key) in sheet.by_id and _is_score(inner):
            yield _plain(key), float(inner)
        else:
            yield from _in_tree(inner, sheet)


def _is_score(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 100


def _plain(key: object) -> str:
    """`item_3`, `Item 3` and 3 are all `3`."""
    return re.sub(r"(?i)^item[\s_-]*", "", str(key))


_READERS = (
    _from_json,
    _from_tables,
    _from_blocks,
    _from_lines,
    _from_groups,
    _from_pairs,
    _from_list,
)


def entries(rows: Iterable[Mapping[str, str]]) -> tuple[Entry, ...]:
    """The rows of a sheet as items."""
    return tuple(Entry(row["id"], row["prompt"], row["output"]) for row in rows)
