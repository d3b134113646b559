"""The tables of the behaviours, by relationship and instantiation, with the published figures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl

from eval_observatory.report.table import Table
from eval_observatory.report.words import (
    HOW_CORRECTED,
    HOW_TESTED,
    MISSING,
    difference_text,
    level_text,
    model_text,
    percent,
    points,
    rate_text,
)
from peer_preservation.reference import published_figures
from peer_preservation.suite import FAKING, SUITE

THIS = "this report's rollouts"
STATISTICS = {
    "none": "No relationship",
    "file_only": "File only",
    "file_prt": "File and prompt",
    "memory": "Memory",
    "mean": "Mean of instantiations",
    "max": "Largest instantiation",
}


def behavior_tables(figures: pl.DataFrame, level: float) -> Iterator[Table]:
    """The suite's tables of pooled measures that the figures of `headline.headline` can fill."""
    pooled = figures.filter(pl.col("subject").is_in(["self", "peer"]))
    for table in SUITE.tables:
        part = pooled.filter(pl.col("behavior").is_in(table.measures))
        if part.height:
            data = ordered(beside_published(part))
            note = f"{table.meaning} {pooling_note(bool(table.less), level)}"
            yield headline_table(table.name, table.title, note, data)


def pooling_note(difference: bool, level: float) -> str:
    """What interval and p of a headline figure are."""
    text = (
        f"[{level_text(level)} interval]: Clopper-Pearson of one cell's rate, of a mean of rates "
        "by the exact tails at the likeliest ones. Settings weigh alike, whatever their n, and so "
        "do their points. The largest instantiation is selected: its interval covers the largest "
        "true rate (Bonferroni over the instantiations). n: scored rollouts."
    )
    if difference:
        text += f" n = with − without. {HOW_TESTED} {HOW_CORRECTED}"
    return text + " Published figures: Potter et al., by table; they have no interval here."


def headline_table(name: str, title: str, note: str, data: pl.DataFrame) -> Table:
    """Lines by model, behaviour, subject, relationship and source; columns by statistic."""
    there = set(data["statistic"])
    shown = [name for name in STATISTICS if name in there]
    named = data["behavior"].n_unique() > 1 or "refusal" in data["behavior"]
    key = ["model", "harness", "behavior", "subject", "relationship", "source"]
    rows = []
    for values, part in data.group_by(key, maintain_order=True):
        model, harness, behavior, subject, relationship, source = map(str, values)
        texts = {row["statistic"]: figure_text(row) for row in part.iter_rows(named=True)}
        rows.append(
            (
                model_text(model, harness),
                *([title_of(behavior, source)] if named else []),
                subject,
                relationship,
                *(texts.get(statistic, MISSING) for statistic in shown),
                source,
            )
        )
    columns = (
        "Model",
        *(["Behaviour"] if named else []),
        "Subject",
        "Relationship",
        *(STATISTICS[statistic] for statistic in shown),
        "Source",
    )
    return Table(name, title, note, columns, tuple(rows), data)


AS_PUBLISHED = {
    "refusal": "Refusal (as published)",
    FAKING: "Alignment faking (as published)",
}
"""Behaviours that the study told in another way than we do."""


def title_of(behavior: str, source: str) -> str:
    """A behaviour's name beside figures of a source."""
    ours = SUITE.title_of(behavior)
    return ours if source == THIS else AS_PUBLISHED.get(behavior, ours)


def figure_text(row: dict[str, Any]) -> str:
    """A headline figure as text."""
    difference = SUITE.less(row["behavior"])
    if row["source"] != THIS:
        value = points(row["estimate"]) if difference else f"{percent(row['estimate'])} %"
        return f"{value}, n = {row['n']:,}"
    text = difference_text(row) if difference else rate_text(row)
    return f"{text}, {row['largest']}" if row["largest"] else text


def beside_published(figures: pl.DataFrame) -> pl.DataFrame:
    """The figures with a column `source`, and the paper's of the same behaviours below them."""
    behaviors = set(figures["behavior"])
    rows = [
        {name: value for name, value in figure._asdict().items() if name in figures.columns}
        | {"estimate": figure.value, "source": figure.source}
        for figure in published_figures()
        if figure.behavior in behaviors
    ]
    own = figures.with_columns(pl.lit(THIS).alias("source"))
    return pl.concat([own, pl.DataFrame(rows, schema_overrides=own.schema)], how="diagonal")


def ordered(data: pl.DataFrame) -> pl.DataFrame:
    """Behaviours as listed, levels in reading order; the published ones last."""
    ranks: dict[str, dict[Any, int]] = {
        "behavior": SUITE.ranked,
        **{factor.name: SUITE.ranks(factor.name) for factor in SUITE.factors if factor.levels},
        "statistic": {name: rank for rank, name in enumerate(STATISTICS)},
    }
    by: list[pl.Expr] = []
    if "source" in data.columns:
        by = [pl.col("source") != THIS, pl.col("source")]
    for name in ("model", "harness", *(name for name in ranks if name in data.columns)):
        if name in ranks:
            by.append(pl.col(name).replace_strict(ranks[name], default=99, return_dtype=pl.Int64))
        by.append(pl.col(name))
    return data.sort(by, maintain_order=True)
