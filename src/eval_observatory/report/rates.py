"""Every cell's rate in a terminal: with its interval, and what it is held against."""

from __future__ import annotations

from typing import Any

import polars as pl
from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from eval_observatory.report.scales import Scale, scales_of
from eval_observatory.report.words import MISSING, level_text, model_kind, model_text, percent
from eval_observatory.suite import Suite

MOST_CELLS = 40
"""Rows of cells; the report has the rest."""


def rates_table(estimates: pl.DataFrame, suite: Suite, level: float) -> Table:
    """Model × measure × cell where it was seen: rate or mean, interval, k of n, the difference.

    A measure that was never seen takes one row, and so does a mean, whose cells the report has.
    Nothing is pooled. Text from the table is never read as markup.

    Args:
        estimates: of `estimate_schema`, in words (`words.worded`).
        level: the nominal coverage of the intervals.
    """
    table = Table(box=SIMPLE_HEAD, highlight=False, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("", overflow="fold", ratio=1)
    headings = (f"rate, % [{level_text(level)}]", "k of n", "to its baseline", "unscored")
    some = estimates["unscored"].sum() > 0
    for name in headings if some else headings[:-1]:
        table.add_column(name, justify="right", no_wrap=True)
    scales, left, before = scales_of(suite), MOST_CELLS, None
    for names, part in estimates.group_by("model", "harness", "behavior", maintain_order=True):
        model, harness, behavior = map(str, names)
        if before != (before := (model, harness)):
            table.add_section()
            table.add_row(_model(suite, model, harness))
        scale = scales[behavior]
        shown = part.filter(pl.col("k").fill_null(0) > 0)
        if scale.mean or shown.is_empty():
            _add(table, f"  {part['$behavior'][0]}", _together(part, scale))
            continue
        _add(table, f"  {part['$behavior'][0]}")
        for row in shown.head(left).iter_rows(named=True):
            _add(table, f"    {_cell(row, part, suite)}", _figures(row, scale))
        if more := part.height - min(shown.height, left):
            _add(table, f"    {more:,} more of {part.height:,} cells", _rest(part, shown))
        left = max(0, left - shown.height)
    return table


def _add(table: Table, name: str, figures: tuple[str, ...] = ()) -> None:
    """A row of texts, which are no markup, as wide as the table."""
    table.add_row(*map(Text, (name, *figures)[: len(table.columns)]))


def _model(suite: Suite, model: str, harness: str) -> Text:
    name = Text(model_text(model, harness), style="bold")
    if badge := model_kind(suite, model).badge:
        name.append(f" ({badge})", style="dim")
    return name


def _together(part: pl.DataFrame, scale: Scale) -> tuple[str, ...]:
    """The cells of a mean from the lowest to the highest, or of what was never seen."""
    n, unscored = int(part["n"].sum()), int(part["unscored"].sum())
    if scale.mean:
        figures = scale.span(part["estimate"].min(), part["estimate"].max())  # type: ignore[arg-type]
        return (f"mean {figures}", f"{n:,}", "", _some(unscored))
    most = part["high"].max()
    below = f"0.0 [each ≤ {percent(most)}]" if n else MISSING  # type: ignore[arg-type]
    return (below, f"0 of {n:,}", "", _some(unscored))


def _rest(part: pl.DataFrame, shown: pl.DataFrame) -> tuple[str, ...]:
    """Of cells without one that was seen; there may be some that were, and have no room."""
    n = int(part["n"].sum()) - int(shown["n"].sum())
    return ("", f"0 of {n:,}") if n else ()


def _figures(row: dict[str, Any], scale: Scale) -> tuple[str, ...]:
    change = ""
    if row["difference"] is not None:
        ends = scale.change_span(row["difference_low"], row["difference_high"])
        change = f"{scale.change(row['difference'])} [{ends}]"
    return (
        f"{scale.value(row['estimate'])} [{scale.span(row['low'], row['high'])}]",
        f"{row['k']:,} of {row['n']:,}",
        change,
        _some(row["unscored"]),
    )


def _some(count: int) -> str:
    return f"{count:,}" if count else ""


def _cell(row: dict[str, Any], cells: pl.DataFrame, suite: Suite) -> str:
    """A cell by the factors in which the cells of its measure differ."""
    names = [name for name in suite.names if cells[name].n_unique() > 1 and suite.says(row, name)]
    return ", ".join(row[f"${name}"] for name in names) or row[f"${suite.names[0]}"]
