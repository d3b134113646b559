"""CSV files for people: a spreadsheet takes no text in them for a formula."""

from __future__ import annotations

from pathlib import Path

import polars as pl

_FORMULA = r"^[=+\-@\t\r\n＝＋－＠]"
"""OWASP, CSV Injection: how a text begins that a spreadsheet calculates."""

_NUMBER = r"^[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$"
"""A number is no more than it shows."""


def write_csv(frame: pl.DataFrame, path: Path) -> None:
    """Writes a table. Numbers stay as they are; a text that would be a formula begins with `'`.

    Raises `OSError` as the file system does.
    """
    safe = [_safe(column) for column in frame if column.dtype == pl.String]
    frame.with_columns(safe).write_csv(path)


def _safe(texts: pl.Series) -> pl.Series:
    formula = texts.str.contains(_FORMULA) & ~texts.str.contains(_NUMBER)
    return texts.zip_with(~formula.fill_null(False), "'" + texts)
