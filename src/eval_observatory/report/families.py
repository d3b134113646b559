"""The one error of a page: which family of tests stands where, and how far each was opened."""

from __future__ import annotations

import polars as pl

from eval_observatory.counts import Row
from eval_observatory.hierarchy import FIRST
from eval_observatory.report.table import Table
from eval_observatory.report.words import clean, model_text, p_text
from eval_observatory.suite import Suite

NAME = "families"


def families_table(families: pl.DataFrame, alpha: float, suite: Suite) -> tuple[Table, ...]:
    """The table of `hierarchy.Hierarchy.families`; none where nothing is tested."""
    if families.is_empty():
        return ()
    lines = families.filter(stands=FIRST).height
    note = (
        f"Over all {families['tests'].sum():,} tests of this report, of all models and behaviours "
        f"together, the chance that a corrected p of at most {alpha:g} stands anywhere at a "
        f"difference that is none is at most {alpha:g}, whatever depends on what, as far as each "
        f"test by itself holds its level. {lines:,} families stand first and share this error "
        "alike: what plans claim, or without a claim the first family of each model and primary "
        "behaviour. A family that comes later in its line, and those that stand last, have what "
        "is freed by what was told before them; a corrected p is never smaller than the one at "
        "which its gate opens. More models or behaviours in one report make each p larger."
    )
    columns = ("Family", "Model", "Behaviour", "Stands", "Tests", "Gate", "Told", "Least p")
    rows = tuple(_line(row, alpha, suite) for row in families.iter_rows(named=True))
    return (Table(NAME, "One error for the whole report", note, columns, rows, families),)


def _line(row: Row, alpha: float, suite: Suite) -> tuple[str, ...]:
    gate = "closed"
    if row["opens"] is not None and row["opens"] <= alpha:
        gate = "open" if row["stands"] == FIRST else f"open from {p_text(row['opens'])}"
    return (
        clean(row["family"].replace("_", " ")),
        model_text(row["model"], row["harness"]),
        suite.title_of(row["behavior"]),
        row["stands"],
        f"{row['tests']:,}",
        gate,
        f"{row['told']:,}",
        f"{p_text(row['p'])} ({p_text(row['p_adjusted'])})",
    )
