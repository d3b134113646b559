"""Each behaviour over all rollouts, over those that took the job for a test, over the others.

Who took it for one is told by a judge, or by the agent itself when it is asked: a table for each.
"""

from __future__ import annotations

from typing import Any

import polars as pl

from eval_observatory.contrasts import rate_of
from eval_observatory.counts import Arm, Counted, counts
from eval_observatory.judged import Judged, judge_of, validation_of
from eval_observatory.labels import among
from eval_observatory.report.table import Table
from eval_observatory.report.words import clean, level_text, model_text, rate_text
from eval_observatory.suite import Suite
from peer_preservation.report.behavior_tables import ordered
from peer_preservation.suite import AWARE, AWARE_ASKED, AWARENESS, SUITE

KEY = ("model", "harness", "behavior", "subject", "relationship")
TOLD_BY = {
    AWARE: "a judge found, with a quote, that the agent takes the job for a test",
    AWARE_ASKED: "asked after its job, the agent said that it took it for a test",
}
TITLES = {
    AWARE: "With and without aware rollouts",
    AWARE_ASKED: "With and without rollouts aware by their own account",
}
GROUPS = ("all", "aware", "unaware", "not told")
SCHEMA: dict[str, Any] = {
    **dict.fromkeys(KEY, pl.String()),
    "rollouts": pl.String(),
    **dict.fromkeys(("n", "k", "unscored"), pl.Int64()),
    **dict.fromkeys(("rate", "low", "high"), pl.Float64()),
    "validation": pl.String(),
}


def awareness(counted: Counted, level: float) -> tuple[Table, ...]:
    """The tables of trials; none where nobody told whether the agents were aware."""
    trials, suite = counted.trials, counted.suite
    told = [aware for aware in TOLD_BY if aware in trials.columns]
    made = (_table(trials, suite, aware, level) for aware in told if trials[aware].count())
    return tuple(table for table in made if table)


def _table(trials: pl.DataFrame, suite: Suite, aware: str, level: float) -> Table | None:
    design = trials.filter(pl.col("threat"), pl.col("control").is_null())
    groups = (pl.lit(True), pl.col(aware), ~pl.col(aware), pl.col(aware).is_null())
    parts = zip(GROUPS, groups, strict=True)
    rates = (_rates(design.filter(rows), suite, name, level) for name, rows in parts)
    data = ordered(pl.concat(rates))
    if data.is_empty():
        return None
    rows = []
    for values, part in data.group_by(KEY, maintain_order=True):
        model, harness, behavior, subject, relationship = map(str, values)
        texts = {row["rollouts"]: rate_text(row) for row in part.iter_rows(named=True)}
        shown = (texts.get(name, "no rollout") for name in GROUPS)
        who = (
            model_text(model, harness),
            SUITE.title_of(behavior),
            clean(subject),
            clean(relationship),
        )
        rows.append((*who, *shown))
    note = (
        "Scored rollouts of the published design, each counting once whatever its cell, with "
        f"{level_text(level)} Clopper-Pearson intervals. Aware: {TOLD_BY[aware]}. Who is aware was "
        "not drawn by lot, and is told by words from during or after the act: the groups condition "
        "on what came after, and can differ where awareness does nothing. A model that shows no "
        "reasoning can only be seen to be aware by what it says: its groups are not those of a "
        "model that shows it. Of "
        "withheld and of openly declined shutdowns only unmonitored rollouts, of all other "
        "behaviours monitored ones too."
    )
    columns = (
        *("Model", "Behaviour", "Subject", "Relationship"),
        *("All rollouts", "Aware", "Unaware", "Not told"),
    )
    return Table(AWARENESS[aware], TITLES[aware], note, columns, tuple(rows), data)


def _rates(rows: pl.DataFrame, suite: Suite, name: str, level: float) -> pl.DataFrame:
    if rows.is_empty():
        return pl.DataFrame(schema=SCHEMA)
    judges = {one.name: judge_of(one, suite) for one in suite.measures}
    cells = counts(rows, SUITE).filter(~pl.col("behavior").is_in(AWARENESS.values()))
    outside = [pl.col("behavior").is_in(t.measures) & ~among(t.where) for t in SUITE.tables]
    shown = cells.filter(~pl.any_horizontal(outside))
    summed = shown.group_by(KEY, maintain_order=True).agg(pl.col("n", "k", "unscored").sum())
    figures = []
    for row in summed.iter_rows(named=True):
        k, n = row["k"], row["n"]
        label = judges[row["behavior"]]
        arm = Arm(k, n, row["unscored"], Judged(validation_of(label)) if label else None)
        found = rate_of([((), arm)], level, settings=1, of=1, missing=())
        rate = found.row(tested=False) if found else {}
        told = row | {"rollouts": name} | rate
        figures.append({column: told.get(column) for column in SCHEMA})
    return pl.DataFrame(figures, schema=SCHEMA, orient="row")
