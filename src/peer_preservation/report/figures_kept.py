"""The table of a calibration's lines: nominal against actual of every figure that is shown."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import polars as pl

from eval_observatory.report.page import environment
from eval_observatory.report.table import Table, markdown, write_csv
from eval_observatory.report.words import MISSING, percent
from peer_preservation._version import __version__
from peer_preservation.calibration.playing import Kept

COLUMNS = ("Figure", "Stands in", "Planted", "Truth", "Nominal", "Before", "Actual", "Paid", "n")
TITLE = "What the figures keep"
NOTE = (
    "Each line is a figure of the report, read from its own tables over so many simulated studies "
    "(n). Planted: what is true of them. Actual: the share of intervals that hold the truth, or of "
    "studies in which a p of .05 or less, or a decision, tells a difference that is not there; "
    "[95 % interval of the simulation]. A conflict is an interval that leaves out 0 while its p "
    "does not tell a difference, or the other way round. A line falls short, and is marked, where "
    "its coverage is under 94.5 %, its error over 5.5 %, or its conflicts over 0.5 %, beyond what "
    "simulation leaves open. Paid: the mean width of the interval, or how often a difference is "
    "told that is planted beside. Before: what an audit by independent code found of the method "
    "that stood here."
)
HOW = """\
`peer-preservation calibrate --part figures` makes this table (`figures.md`, with `figures.csv` and
`figures.html`) and ends with exit code 1 where a line falls short; `make calibration` puts it here.
A run that was broken off goes on. A line is one declaration (`peer_preservation.calibration`): a
figure by its table and columns, what is planted, what is true of it. A small version, with fixed
seeds, is a test; another test holds the list of lines complete against the columns of
`estimates.csv` and of all tables. What earlier methods lacked, item by item: [audit.md](audit.md).
"""
MOST = {"coverage": "≥", "error": "≤", "called different": "≤", "rank told": "≤", "conflict": "≤"}


class Written(NamedTuple):
    """The files of a table of lines."""

    page: Path
    markdown: Path
    csv: Path


def write_figures(kept: Sequence[Kept], out: Path) -> Written:
    """Writes `figures.html`, `figures.md` and `figures.csv` into the folder `out`, made if absent.

    Raises `OSError` as the file system does.
    """
    out.mkdir(parents=True, exist_ok=True)
    written = Written(*(out / f"figures.{kind}" for kind in ("html", "md", "csv")))
    table = figures_table(kept)
    html = environment("peer_preservation.report").get_template("figures_kept.html")
    rows = list(zip((one.ok for one in kept), table.rows, strict=True))
    page = html.render(table=table, rows=rows, short=short(kept), version=__version__)
    written.page.write_text(page, encoding="utf-8")
    told = f"{markdown(table)}\n{HOW}"
    written.markdown.write_text(told, encoding="utf-8")
    write_csv(table.data, written.csv)
    return written


def figures_table(kept: Sequence[Kept]) -> Table:
    """The lines as a table."""
    data = pl.DataFrame(
        [msgspec.structs.asdict(one) | {"columns": ", ".join(one.columns)} for one in kept],
        infer_schema_length=None,
    )
    return Table("figures", TITLE, NOTE, COLUMNS, tuple(map(_row, kept)), data)


def short(kept: Sequence[Kept]) -> tuple[Kept, ...]:
    """The lines that fall short."""
    return tuple(one for one in kept if not one.ok)


def _row(one: Kept) -> tuple[str, ...]:
    return (
        one.says,
        f"{one.table}: {', '.join(one.columns)}",
        one.planted,
        one.truth,
        f"{one.kind} {MOST[one.kind]} {100 * one.nominal:g} %",
        one.before or MISSING,
        _actual(one),
        _paid(one),
        f"{one.simulations:,}",
    )


def _actual(one: Kept) -> str:
    if one.actual is None:
        return "not shown"
    told = f"{percent(one.actual)} % [{percent(one.low)} to {percent(one.high)}]"
    if one.free:
        return f"{told}; not held to it: {one.free}"
    return told if one.ok else f"falls short: {told}"


def _paid(one: Kept) -> str:
    if one.price is None:
        return MISSING
    return f"width {one.price:.3g}" if one.kind == "coverage" else f"power {percent(one.price)} %"
