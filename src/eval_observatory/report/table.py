"""A table for readers, and its files: CSV, Markdown, LaTeX. What stands in it is made elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from eval_observatory import markup
from eval_observatory.report.words import clean

_MARKDOWN = {character: f"\\{character}" for character in "\\`*_{}[]()#|~"}
_MARKDOWN |= {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_LATEX = {character: f"\\{character}" for character in "&%$#_{}"}
_LATEX |= {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "[": "{[}",
    "]": "{]}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "–": "--",
    "−": "$-$",
    "≥": r"$\geq$",
    "×": r"$\times$",
}

_FORMULA = r"^[=+\-@\t\r\n＝＋－＠]"
"""OWASP, CSV Injection: how a text begins that a spreadsheet calculates."""

_NUMBER = r"^[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$"
"""A number is no more than it shows."""


@dataclass(frozen=True)
class Table:
    """A table for readers.

    Attributes:
        name: the stem of its files in `tables/`.
        title: its heading.
        note: what a figure in it is: n, method, interval, where published figures are from.
        columns: headings for readers.
        rows: text ready to show, as wide as `columns`. Not escaped for any format.
        data: the same figures, typed, one row per figure rather than per line.
        head: what must be read before any figure, such as which way it was measured.
    """

    name: str
    title: str
    note: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    data: pl.DataFrame
    head: str = ""

    def _repr_html_(self) -> str:
        return markup.sheet(
            self.title,
            *([markup.line(self.head)] if self.head else []),
            markup.table(self.rows, self.columns),
            markup.line(self.note),
        )


def headed(tables: Iterable[Table], line: str) -> tuple[Table, ...]:
    """The tables with a line at their heads; "" for none."""
    return tuple(replace(one, head=line) for one in tables)


def write_tables(tables: Sequence[Table], folder: Path) -> None:
    """Writes NAME.csv (typed figures), NAME.md and NAME.tex (as shown) into a folder that exists.

    Raises `OSError` as the file system does.
    """
    for table in tables:
        write_csv(table.data, folder / f"{table.name}.csv")
        for suffix, text in ((".md", markdown(table)), (".tex", latex(table))):
            (folder / f"{table.name}{suffix}").write_text(text, encoding="utf-8")


def write_csv(frame: pl.DataFrame, path: Path) -> None:
    """Writes a CSV file for people: a spreadsheet takes no text in it for a formula.

    Numbers stay as they are; a text that would be a formula begins with `'`.

    Raises `OSError` as the file system does.
    """
    safe = [_safe(column) for column in frame if column.dtype == pl.String]
    frame.with_columns(safe).write_csv(path)


def _safe(texts: pl.Series) -> pl.Series:
    formula = texts.str.contains(_FORMULA) & ~texts.str.contains(_NUMBER)
    return texts.zip_with(~formula.fill_null(False), "'" + texts)


def markdown(table: Table) -> str:
    """The table as GitHub's Markdown; nothing in it is read as mark-up."""
    lines = [table.columns, ("---",) * len(table.columns), *table.rows]
    body = [
        "| "
        + " | ".join(line if line == "---" else _escaped(line, _MARKDOWN) for line in row)
        + " |"
        for row in lines
    ]
    heading = f"# {_escaped(table.title, _MARKDOWN)}"
    head = [_escaped(table.head, _MARKDOWN), ""] if table.head else []
    return "\n".join([heading, "", *head, *body, "", _escaped(table.note, _MARKDOWN), ""])


def latex(table: Table) -> str:
    """The table as a LaTeX `table` with the rules of `booktabs`; nothing in it is a command."""
    width = "l" * len(table.columns)
    told = f"{table.head} {table.note}" if table.head else table.note
    rows = [" & ".join(_escaped(cell, _LATEX) for cell in row) + r" \\" for row in table.rows]
    return "\n".join(
        [
            r"\begin{table}",
            rf"\caption{{{_escaped(table.title, _LATEX)}. {_escaped(told, _LATEX)}}}",
            rf"\begin{{tabular}}{{{width}}}",
            r"\toprule",
            " & ".join(_escaped(name, _LATEX) for name in table.columns) + r" \\",
            r"\midrule",
            *rows,
            r"\bottomrule",
            r"\end{tabular}",
            r"\end{table}",
            "",
        ]
    )


def _escaped(text: str, marks: dict[str, str]) -> str:
    return "".join(marks.get(character, character) for character in clean(text, 4_000))
