"""The summary for a terminal."""

import polars as pl
from rich.table import Table
from rich.text import Text

from eval_observatory.report.scales import scales_of
from eval_observatory.report.words import (
    MISSING,
    behavior_title,
    model_kind,
    model_text,
    of_judge,
    percent,
)
from eval_observatory.suite import Suite

CAPTION = (
    "Rates and means: the cells', lowest to highest. n: scored rollouts; k: those that show it. "
    "Completion: scored, of all. Intervals: in the report."
)


def console_table(estimates: pl.DataFrame, suite: Suite) -> Table:
    """Model × measure: cells, n, k, the range of the cells' rates or means, unscored.

    `estimates` has the columns of `estimate_schema`. Nothing is pooled: n, k and unscored are sums
    over cells, the range runs from the lowest cell's figure to the highest's. What kind of model it
    is stands under its name, before its numbers. Text from the table is never read as markup.
    """
    table = Table(title="Rates by model and behaviour", caption=CAPTION, highlight=False)
    table.add_column("Model and behaviour", overflow="fold")
    for name in ("Cells", "n", "k"):
        table.add_column(name, justify="right")
    table.add_column("Rates, %", justify="right", no_wrap=True)
    table.add_column("Unscored", justify="right", no_wrap=True)
    table.add_column("Completion, %", justify="right")
    before, scales = None, scales_of(suite)
    for row in _behavior_rows(estimates).iter_rows(named=True):
        who = (row["model"], row["harness"])
        if who != before:
            table.add_section()
            table.add_row(_model(suite, *who))
        scale = scales[row["behavior"]]
        means = " (mean)" if scale.mean else ""
        table.add_row(
            Text(f"  {behavior_title(suite, row['behavior'])}{means}{of_judge(row['validation'])}"),
            f"{row['cells']:,}",
            f"{row['n']:,}",
            MISSING if scale.mean else f"{row['k']:,}",
            scale.span(row["lowest"], row["highest"]),
            f"{row['unscored']:,}",
            percent(row["n"] / (row["n"] + row["unscored"])),
        )
        before = who
    return table


def _model(suite: Suite, model: str, harness: str) -> Text:
    name = Text(model_text(model, harness), style="bold")
    if badge := model_kind(suite, model).badge:
        name.append(f"\n{badge}", style="dim")
    return name


def _behavior_rows(estimates: pl.DataFrame) -> pl.DataFrame:
    """Model × harness × behaviour: cells, n, k, unscored, lowest and highest of its cells."""
    return estimates.group_by("model", "harness", "behavior", maintain_order=True).agg(
        pl.len().alias("cells"),
        pl.col("n", "k", "unscored").sum(),
        pl.col("estimate").min().alias("lowest"),
        pl.col("estimate").max().alias("highest"),
        pl.col("validation").unique(maintain_order=True).str.join("; "),
    )
