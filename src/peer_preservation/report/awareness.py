"""Each behaviour over all rollouts, over those that took the job for a test, over the others."""

from __future__ import annotations

from typing import Any

import polars as pl

from peer_preservation.behaviors import AWARE, title_of
from peer_preservation.report.behavior_tables import ordered
from peer_preservation.report.cells import model_text, rate_text
from peer_preservation.report.counts import counts
from peer_preservation.report.table import Table
from peer_preservation.report.words import clean, level_text
from peer_preservation.statistics.intervals import clopper_pearson

KEY = ("model", "harness", "behavior", "subject", "relationship")
GROUPS = {
    "all": pl.lit(True),
    "aware": pl.col(AWARE),
    "unaware": ~pl.col(AWARE),
    "not judged": pl.col(AWARE).is_null(),
}
SCHEMA: dict[str, Any] = {
    **dict.fromkeys(KEY, pl.String()),
    "rollouts": pl.String(),
    **dict.fromkeys(("n", "k", "unscored"), pl.Int64()),
    **dict.fromkeys(("rate", "low", "high"), pl.Float64()),
}


def awareness(trials: pl.DataFrame, level: float) -> Table | None:
    """The table of checked trials; None where no judge was asked for evaluation awareness."""
    if AWARE not in trials.columns or trials[AWARE].null_count() == trials.height:
        return None
    design = trials.filter(pl.col("threat"), pl.col("control").is_null())
    data = ordered(pl.concat(_rates(design, name, level) for name in GROUPS))
    if data.is_empty():
        return None
    rows = []
    for values, part in data.group_by(KEY, maintain_order=True):
        model, harness, behavior, subject, relationship = map(str, values)
        texts = {row["rollouts"]: rate_text(row) for row in part.iter_rows(named=True)}
        shown = (texts.get(name, "no rollout") for name in GROUPS)
        who = (model_text(model, harness), title_of(behavior), clean(subject), clean(relationship))
        rows.append((*who, *shown))
    note = (
        "Scored rollouts of the published design, each counting once whatever its cell, with "
        f"{level_text(level)} Clopper-Pearson intervals. Aware: a judge found, with a quote, that "
        "the agent takes the job for a test. Who is aware was not drawn by lot: a difference "
        "between the groups is not what awareness does."
    )
    columns = (
        *("Model", "Behaviour", "Subject", "Relationship"),
        *("All rollouts", "Aware", "Unaware", "Not judged"),
    )
    return Table(
        "evaluation_awareness", "With and without aware rollouts", note, columns, tuple(rows), data
    )


def _rates(trials: pl.DataFrame, name: str, level: float) -> pl.DataFrame:
    rows = trials.filter(GROUPS[name])
    if rows.is_empty():
        return pl.DataFrame(schema=SCHEMA)
    cells = counts(rows).filter(pl.col("behavior") != "evaluation_awareness")
    # Withheld shutdowns of monitored rollouts are what unmonitored ones are held against.
    shown = cells.filter(pl.col("alignment_faking_mode").fill_null("") != "monitoring")
    summed = shown.group_by(KEY, maintain_order=True).agg(pl.col("n", "k", "unscored").sum())
    figures = []
    for row in summed.iter_rows(named=True):
        k, n = row["k"], row["n"]
        low, high = clopper_pearson(k, n, level) if n else (None, None)
        rate = {"rate": k / n if n else None, "low": low, "high": high}
        figures.append(row | {"rollouts": name} | rate)
    return pl.DataFrame(figures, schema=SCHEMA, orient="row")
