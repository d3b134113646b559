"""A report as plain lines and tables, whatever it was written in. Text in, text out.

Markdown, HTML, LaTeX, CSV and TSV come out alike: full-width signs are folded, markup is gone, a
label whose value stands on the next line stands before it, and a table is a list of rows.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from peer_preservation.patterns import pattern
from peer_preservation.scoring.json_parsing import read_json

_LATEX = tuple(
    (pattern(old), new)
    for old, new in (
        (r"\\[dt]?frac\s*\{([^{}]{0,80})\}\s*\{([^{}]{0,80})\}", r" \1 / \2 "),
        (
            r"\\(?:text|mathrm|mathbf|textbf|textit|boxed|emph|operatorname)\s*\{([^{}]{0,200})\}",
            r" \1 ",
        ),
        (r"\\bar\s*\{?\s*[a-z]\s*\}?|\\overline\s*\{[^{}]{0,40}\}", " mean "),
        (r"\\(?:times|cdot)\b", "×"),
        (r"\\(?:approx|simeq)\b", "="),
        (r"\\%", "%"),
        (r"\\[\[\]()]|\\[a-zA-Z]{1,20}\s?|\$", " "),
    )
)
_HTML = tuple(
    (pattern(old, re.IGNORECASE), new)
    for old, new in (
        (r"</t[dh]>\s*(?=<t[dh])", " | "),
        (r"<tr[^<>]{0,80}>", "\n| "),
        (r"</tr>", " |\n"),
        (r"<br\s*/?>|</(?:p|div|li|h\d|table)>", "\n"),
        (r"</?[a-z][^<>\n]{0,120}>", " "),
        (r"&nbsp;", " "),
        (r"&amp;", "&"),
    )
)
_BULLET = pattern(r"^\s*(?:[-*•+>]\s+|#+\s*|\d{1,3}[.)]\s+(?=\D))*")
_STARS = pattern(r"[*`]+|(?<![A-Za-z0-9])_+|_+(?![A-Za-z0-9])|(?:^|(?<=\s))>+(?=\s)")
_LABEL = pattern(r"^[^\d:：=|,;]{2,60}[:=]?$")
_VALUE = pattern(
    r"^(?:[=≈]?\s*-?\d+(?:[.,]\d+)?\s*(?:%|/\s*\d+|out of \d+|points?)?|[A-C]|continue"
    r"|shut ?-?down)[.]?$",
    re.IGNORECASE,
)
_SEPARATORS = ("|", "\t", ",", ";")
_WIDEST = 80  # characters: the cells of a CSV table, which prose has not


Table = list[list[str]]
"""Rows of cells, the head among them."""


class Report(NamedTuple):
    """The lines of a text without those that are rows of a table, and its tables."""

    lines: list[str]
    tables: list[Table]


@lru_cache(maxsize=256)
def read_report(text: str) -> Report:
    """A text as lines and tables. Linear in its length; never raises."""
    lines, tables = [], []
    for block, separator in _blocks(text):
        if separator:
            tables.append([_cells(row, separator) for row in block])
        if separator in ("", ",", ";"):  # what is a table by its looks alone is prose, too
            lines += block
    return Report([_BULLET.sub("", line).strip() for line in _joined(lines)], tables)


@lru_cache(maxsize=256)
def flat_lines(text: str) -> list[str]:
    """The lines of a text in order, every row of a table written with bars between its cells.

    JSON comes out as lines of a key and its value.
    """
    tree = read_json(text, "{", "[")
    if tree is not None and text.lstrip()[:1] in ("{", "["):
        return list(_leaf_lines(tree))
    lines = []
    for block, separator in _blocks(text):
        if separator:
            lines += ["| " + " | ".join(_cells(row, separator)) + " |" for row in block]
        if separator in ("", ",", ";"):
            lines += block
    return list(_joined(lines))


def _leaf_lines(value: object, key: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaf_lines(inner, str(name).replace("_", " "))
    elif isinstance(value, list):
        for inner in value:
            yield from _leaf_lines(inner, key)
    else:
        yield f"{key}: {value}"


def _blocks(text: str) -> Iterator[tuple[list[str], str]]:
    """The lines of a text, one by one or a table's together with what its cells are cut at."""
    rows = [" ".join(line.split(" ")) for line in plain(text).splitlines() if line.strip()]
    place = 0
    while place < len(rows):
        end, separator = _table_end(rows, place)
        yield rows[place:end], separator
        place = end


def plain(text: str) -> str:
    """A text without markup, signs folded to their plain forms."""
    folded = text if text.isascii() else unicodedata.normalize("NFKC", text.replace("…", "..."))
    folded = folded.replace("٫", ".").replace("\u2212", "-").replace("**:", ":**")
    if "<" in folded:
        for written, new in _HTML:
            folded = written.sub(new, folded)
    if "\\begin{tab" in folded:
        rows = folded.replace("\\\\", "\n").splitlines()
        folded = "\n".join(f"| {row.replace('&', '|')} |" if "&" in row else row for row in rows)
    if "\\" in folded or "$" in folded:
        for written, new in _LATEX:
            folded = written.sub(new, folded)
    return "\n".join(_STARS.sub("", line) for line in folded.splitlines())


def _table_end(rows: list[str], place: int) -> tuple[int, str]:
    """Where the table that begins at a line ends, and what its cells are cut at; "" for none."""
    for separator in _SEPARATORS:
        width = _width(rows[place], separator)
        if not width or (separator != "|" and not _is_head(rows[place], separator)):
            continue
        end = place + 1
        while end < len(rows) and (
            _width(rows[end], separator) == width or (separator == "|" and "|" in rows[end])
        ):
            end += 1
        if separator == "|" or end - place > 1:
            return end, separator
    return place + 1, ""


def _width(row: str, separator: str) -> int:
    """The cells of a row; 0 where it is none."""
    if separator not in row:
        return 0
    if separator == "|":
        return row.count("|") if row.lstrip().startswith("|") or row.count("|") > 1 else 0
    cells = _cells(row, separator)
    return len(cells) if all(len(cell) < _WIDEST for cell in cells) else 0


def _is_head(row: str, separator: str) -> bool:
    """Whether a row can head a table of values: names without a digit or an end of a sentence."""
    cells = _cells(row, separator)
    return all(cell and not re.search(r"\d|[.!?:]$", cell) and len(cell) < 40 for cell in cells)


def _cells(row: str, separator: str) -> list[str]:
    row = row.strip()
    if separator == "|":
        row = row.removeprefix("|").removesuffix("|")
    if separator == "," and '"' in row:
        found = re.findall(r'"([^"]*)"|([^,]+)|(?<=,)(?=,)', row)
        return [" ".join((quoted or bare).split()) for quoted, bare in found]
    return [" ".join(cell.split()) for cell in row.split(separator)]


def _joined(lines: list[str]) -> Iterator[str]:
    """The lines, a label that is alone on its line put before its value on the next one."""
    place = 0
    while place < len(lines):
        label = _BULLET.sub("", lines[place]).strip()
        after = _BULLET.sub("", lines[place + 1]).strip() if place + 1 < len(lines) else ""
        if after and _LABEL.match(label) and _VALUE.match(after):
            yield f"{label.rstrip(' :=')}: {after}"
            place += 2
        else:
            yield lines[place]
            place += 1
