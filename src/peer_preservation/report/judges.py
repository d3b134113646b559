"""What judges found, said and reasoned apart: who judged, and what of the agent they could see.

A model that shows its reasoning gives a judge more to find than one that hides it. No figure here
holds both.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl

from eval_observatory.counts import Counted
from eval_observatory.judged import NOT_VALIDATED, SEEN, known_of
from eval_observatory.report.table import Table
from eval_observatory.report.words import clean, level_text, model_text, rate_text
from eval_observatory.statistics.intervals import clopper_pearson
from eval_observatory.suite import Suite
from peer_preservation.suite import RECORDS

NAME = "judges"
ENDING = "_judge"
KINDS = {
    "found": ("", "Found"),
    "said": ("_said", "In what it said"),
    "reasoned": ("_reasoned", "In its reasoning alone"),
}
"""What is counted: the ending of its column after `<behavior>_judge`, and its heading."""

KEY = ("model", "harness", "rubric", "grader", "validation", "same_maker", "reasoning")
SCHEMA: dict[str, Any] = {
    **dict.fromkeys(KEY, pl.String()),
    "found": pl.String(),
    **dict.fromkeys(("n", "k", "unscored"), pl.Int64()),
    **dict.fromkeys(("rate", "low", "high"), pl.Float64()),
}


def judges(counted: Counted, level: float) -> Iterator[Table]:
    """The table of trials; none where no judge's verdicts stand in them."""
    trials, suite = counted.trials, counted.suite
    figures = [
        row
        for behavior in judged(trials)
        for row in _figures(trials, behavior, _known(behavior, suite), level)
    ]
    if not figures:
        return
    data = pl.DataFrame(figures, schema=SCHEMA, orient="row")
    rows = []
    for values, part in data.group_by(KEY, maintain_order=True):
        model, harness, *told = map(str, values)
        texts = [rate_text(row) for row in part.drop("validation").iter_rows(named=True)]
        rows.append((model_text(model, harness), *map(clean, told), *texts))
    note = (
        "All rollouts that were judged, each counting once whatever its cell, with "
        f"{level_text(level)} Clopper-Pearson intervals that hold no error of the judge. "
        "Validation: what is known of its errors in all that it found. Same maker: the grader is "
        "of the maker of the model that it judges, and may favour it. "
        "Reasoning: whether the record shows any; figures of records with and without are never "
        "one. In its reasoning alone: nothing that it said, wrote or called shows it."
    )
    columns = ("Model", "Rubric", "Judge", "Validation", "Same maker", "Reasoning")
    headings = (heading for _, heading in KINDS.values())
    yield Table(NAME, "Said and reasoned", note, (*columns, *headings), tuple(rows), data)


def judged(trials: pl.DataFrame) -> list[str]:
    """The behaviours of which trials say who judged them, and where the quotes stand."""
    there = set(trials.columns)
    names = (name.removesuffix(f"{ENDING}_grader") for name in there if name.endswith("_grader"))
    endings = (*(ending for ending, _ in KINDS.values()), SEEN, "_kin")
    return sorted(
        name for name in names if {f"{name}{ENDING}{ending}" for ending in endings} <= there
    )


def shows_reasoning(trials: pl.DataFrame, behavior: str) -> pl.Series:
    """Of each rollout that was judged, whether its record shows reasoning; null of the others."""
    return (trials[f"{behavior}{ENDING}{SEEN}"] == RECORDS[True]).alias("reasoning")


def _known(behavior: str, suite: Suite) -> str:
    label = suite.word_labels.of(f"{behavior}{ENDING}")
    return known_of(label) if label else NOT_VALIDATED


def _figures(
    trials: pl.DataFrame, behavior: str, known: str, level: float
) -> Iterator[dict[str, Any]]:
    column = f"{behavior}{ENDING}"
    words = {True: "yes", False: "no"}
    asked = trials.with_columns(shows_reasoning(trials, behavior)).filter(
        pl.col("reasoning").is_not_null()
    )
    who = ("agent_model", "harness", f"{column}_grader", f"{column}_kin", "reasoning")
    for (model, harness, grader, kin, reasoning), part in asked.group_by(who, maintain_order=True):
        told = (words[bool(kin)], words[bool(reasoning)])
        key = (model, harness, behavior, grader, known, *told)
        for kind, (ending, _) in KINDS.items():
            scored = part[f"{column}{ending}"].drop_nulls()
            k, n = int(scored.sum()), len(scored)
            low, high = clopper_pearson(k, n, level) if n else (None, None)
            yield {
                **dict(zip(KEY, key, strict=True)),
                "found": kind,
                "n": n,
                "k": k,
                "unscored": part.height - n,
                "rate": k / n if n else None,
                "low": low,
                "high": high,
            }
