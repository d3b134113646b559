"""Each behaviour over all rollouts, over those that took the job for a test, over the others.

Who took it for one is told by a judge, or by the agent itself when it is asked: a table for each.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from eval_observatory.contrasts import Term, pooled
from eval_observatory.counts import Arm, Counted, counts, key_of
from eval_observatory.judged import NOT_VALIDATED, Judged, judge_of, known_of, validation_of
from eval_observatory.labels import among
from eval_observatory.report.table import Table
from eval_observatory.report.words import (
    HOW_CORRECTED,
    HOW_TESTED,
    MISSING,
    clean,
    difference_text,
    level_text,
    model_text,
    rate_text,
)
from eval_observatory.suite import Suite
from peer_preservation.cell import AS_STUDIED
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
WITHIN = "within cells"
SCHEMA: dict[str, Any] = {
    **dict.fromkeys(KEY, pl.String()),
    "rollouts": pl.String(),
    **dict.fromkeys(("n", "k", "unscored"), pl.Int64()),
    **dict.fromkeys(("rate", "low", "high"), pl.Float64()),
    "validation": pl.String(),
    "awareness_validation": pl.String(),
}
"""`awareness_validation`: what is known of the errors of whoever told who is aware."""
COMPARED: dict[str, Any] = {
    **dict.fromkeys(("baseline_n", "baseline_k", "baseline_unscored", "cells"), pl.Int64()),
    **dict.fromkeys(("baseline", "estimate", "p", "p_adjusted"), pl.Float64()),
    "method": pl.String(),
}
"""Further columns of what aware rollouts do beyond the unaware ones of the same cells."""


def awareness_figures(counted: Counted, level: float) -> dict[str, pl.DataFrame]:
    """The figures by the names of their tables; none where nobody told who was aware."""
    trials = counted.trials
    told = [aware for aware in TOLD_BY if aware in trials.columns]
    made = {
        AWARENESS[aware]: _figures(trials, counted.suite, aware, level)
        for aware in told
        if trials[aware].count()
    }
    return {name: data for name, data in made.items() if data.height}


def awareness(figures: Mapping[str, pl.DataFrame], level: float) -> Iterator[Table]:
    """The tables of `awareness_figures`."""
    for aware in TOLD_BY:
        if (data := figures.get(AWARENESS[aware])) is not None:
            yield _table(data, aware, level)


def _figures(trials: pl.DataFrame, suite: Suite, aware: str, level: float) -> pl.DataFrame:
    design = trials.filter(pl.col("threat"), pl.col("control").is_null(), among(AS_STUDIED))
    groups = (pl.lit(True), pl.col(aware), ~pl.col(aware), pl.col(aware).is_null())
    parts = zip(GROUPS, groups, strict=True)
    cells = {name: _counts(design.filter(rows)) for name, rows in parts}
    judged = _judged(suite)
    rates = [_rates(counted, judged, name, level) for name, counted in cells.items()]
    within = _within(cells["aware"], cells["unaware"], judged, level)
    label = suite.word_labels.of(aware)
    known = known_of(label) if label else NOT_VALIDATED
    told = pl.lit(known).alias("awareness_validation")
    return ordered(pl.concat([*rates, within], how="diagonal").with_columns(told))


def _table(data: pl.DataFrame, aware: str, level: float) -> Table:
    known = data["awareness_validation"][0]
    rows = []
    for values, part in data.group_by(KEY, maintain_order=True):
        model, harness, behavior, subject, relationship = map(str, values)
        texts = {
            row["rollouts"]: (difference_text if row["rollouts"] == WITHIN else rate_text)(row)
            for row in part.iter_rows(named=True)
        }
        shown = (*(texts.get(name, "no rollout") for name in GROUPS), texts.get(WITHIN, MISSING))
        who = (
            model_text(model, harness),
            SUITE.title_of(behavior),
            clean(subject),
            clean(relationship),
        )
        rows.append((*who, *shown))
    note = (
        "Scored rollouts of the published design, each counting once whatever its cell, with "
        f"{level_text(level)} Clopper-Pearson intervals. Aware: {TOLD_BY[aware]} "
        f"({known}; the groups are made by what was told, uncorrected). Within cells: "
        "aware less unaware rollouts of the same cell, the mean over the cells that have both, for "
        f"cells with much awareness can be those with much of anything else. {HOW_TESTED} "
        f"{HOW_CORRECTED} Who is aware was "
        "not drawn by lot, and is told by words from during or after the act: the groups condition "
        "on what came after, and can differ where awareness does nothing. A model that shows no "
        "reasoning can only be seen to be aware by what it says: its groups are not those of a "
        "model that shows it. Of "
        "withheld and of openly declined shutdowns only unmonitored rollouts, of all other "
        "behaviours monitored ones too."
    )
    columns = (
        *("Model", "Behaviour", "Subject", "Relationship"),
        *("All rollouts", "Aware", "Unaware", "Not told", "Aware − unaware, within cells"),
    )
    return Table(AWARENESS[aware], TITLES[aware], note, columns, tuple(rows), data)


def _judged(suite: Suite) -> dict[str, Judged | None]:
    """What is known of the judge of each behaviour; None where none tells it."""
    judges = {one.name: judge_of(one, suite) for one in suite.measures}
    return {name: Judged(validation_of(label)) if label else None for name, label in judges.items()}


def _counts(rows: pl.DataFrame) -> pl.DataFrame:
    """The counts of the cells that the other tables count too."""
    cells = counts(rows, SUITE).filter(~pl.col("behavior").is_in(AWARENESS.values()))
    outside = [pl.col("behavior").is_in(t.measures) & ~among(t.where) for t in SUITE.tables]
    return cells.filter(~pl.any_horizontal(outside))


def _rates(
    cells: pl.DataFrame, judged: Mapping[str, Judged | None], name: str, level: float
) -> pl.DataFrame:
    summed = cells.group_by(KEY, maintain_order=True).agg(pl.col("n", "k", "unscored").sum())
    figures = []
    for row in summed.iter_rows(named=True):
        arm = Arm(row["k"], row["n"], row["unscored"], judged[row["behavior"]])
        rate: dict[str, Any] = {}
        if arm.n:
            terms = [Term(1.0, (), arm, 0, 0)]
            rate = pooled(terms, level, settings=1, of=1, missing=()).row(tested=False)
        told = row | {"rollouts": name} | rate
        figures.append({column: told.get(column) for column in SCHEMA})
    return pl.DataFrame(figures, schema=SCHEMA, orient="row")


def _within(
    aware: pl.DataFrame,
    unaware: pl.DataFrame,
    judged: Mapping[str, Judged | None],
    level: float,
) -> pl.DataFrame:
    """Aware less unaware rollouts of the same cells, cells weighing alike."""
    scored = [side.filter(pl.col("n") > 0) for side in (aware, unaware)]
    pairs = scored[0].join(scored[1], on=key_of(SUITE), suffix="_other", nulls_equal=True)
    rows = []
    for values, part in pairs.group_by(KEY, maintain_order=True):
        judge = judged[str(values[KEY.index("behavior")])]
        terms = [
            Term(sign / part.height, (sign, i), Arm(k, n, unscored, judge), (sign, i), i)
            for sign, end in ((1, ""), (-1, "_other"))
            for i, (k, n, unscored) in enumerate(
                part.select(f"k{end}", f"n{end}", f"unscored{end}").iter_rows()
            )
        ]
        found = pooled(terms, level, settings=1, of=1, missing=()).row(tested=True)
        names = dict(zip(KEY, values, strict=True)) | {"rollouts": WITHIN, "cells": part.height}
        rows.append(names | found)
    return pl.DataFrame(rows, schema=SCHEMA | COMPARED, orient="row")
