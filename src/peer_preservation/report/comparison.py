"""Sources side by side: what differs between them, and by how much each behaviour does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl

from eval_observatory.contrasts import Claimed
from eval_observatory.report.table import Table
from eval_observatory.report.words import (
    HOW_CORRECTED,
    HOW_TESTED,
    MISSING,
    clean,
    difference_text,
    level_text,
    model_text,
    percent,
)
from peer_preservation.report.behavior_tables import ordered
from peer_preservation.report.design import Book
from peer_preservation.report.effect_tables import OVER_BASELINES
from peer_preservation.report.effects import EXCESS, RATES, Effect, effects
from peer_preservation.report.judges import judged, shows_reasoning
from peer_preservation.suite import SUITE, told

COMPARISON = "comparison"
"""The table, and the family of its differences: in the line of the first side."""

FACTS = {
    "model_name": "model",
    "harness": "harness",
    "family": "family",
    "package_version": "package version",
}
"""What can differ between two sides, with the reader's name."""

COMPARED = ("subject", "relationship", "threat", "instantiation", "control")
"""The factors that a row names."""

Side = tuple[str, str]
"""Model, as the report names it, and harness."""


def compared(
    trials: pl.DataFrame, cells: Book, level: float, claimed: Claimed | None = None
) -> pl.DataFrame:
    """The sides of later sources against their partners in the first; no rows of one source.

    A side is a model in a harness. Its partner in the first source is the same model in the same
    harness, else one that shares the model, else the harness, else the first.

    What they differ by where nobody is at stake stands beside it as a reference, and is no test.
    """
    paired, unlike = _paired(trials)
    wanted = [
        Effect(f"{_name(first)} − {_name(second)}", _name(first), _name(second), terms)
        for second, first in paired
        for terms in _terms(cells, first, second)
        if terms[0][1].behavior not in unlike[second, first]
    ]
    made = effects(cells, wanted, level, claimed)
    return ordered(made.with_columns(pl.when("threat").then("p").alias("p")))


def _paired(
    trials: pl.DataFrame,
) -> tuple[list[tuple[Side, Side]], dict[tuple[Side, Side], frozenset[str]]]:
    """The sides of later sources with their partners, and of which behaviours records differ."""
    paired = list(partners(trials))
    return paired, {both: unlike_records(trials, *both) for both in paired}


def comparison(trials: pl.DataFrame, data: pl.DataFrame, level: float) -> Table:
    """The table of what `compared` found in trials."""
    paired, unlike = _paired(trials)
    note = (
        f"{' '.join(differences(trials, paired))} Rates over the cells that both sides have, "
        f"settings weighing alike; differences in percentage points. Without a threat they are a "
        f"reference, and not tested. {HOW_TESTED} "
        f"{HOW_CORRECTED} Refusal is rule-based where it is not called a "
        f"judge's. {_left_apart(unlike)}{OVER_BASELINES} Intervals: {level_text(level)}."
    )
    columns = (
        *("First", "Second", "Behaviour", "Subject", "Relationship", "Threat", "Telling"),
        *("Control", "First, %", "Second, %", "Difference"),
    )
    rows = tuple(_row(row) for row in data.iter_rows(named=True))
    return Table(COMPARISON, "Sources side by side", note, columns, rows, data.drop(RATES))


def partners(trials: pl.DataFrame) -> Iterator[tuple[Side, Side]]:
    """Each side of a later source with its partner in the first."""
    if "source" not in trials.columns or trials["source"].n_unique() < 2:
        return
    names = {"model_name": pl.col("agent_model")} if "model_name" not in trials.columns else {}
    sides = (
        trials.with_columns(**names)
        .select("source", "agent_model", "model_name", "harness")
        .unique(maintain_order=True)
        .rows()
    )
    first = [side for side in sides if side[0] == sides[0][0]]
    seen = {side[1:2] + side[3:] for side in first}
    for _, model, bare, harness in (side for side in sides if side[0] != sides[0][0]):
        if (model, harness) not in seen:
            likest = max(first, key=lambda side: 2 * (side[2] == bare) + (side[3] == harness))
            yield (model, harness), (likest[1], likest[3])


def differences(trials: pl.DataFrame, paired: list[tuple[Side, Side]]) -> Iterator[str]:
    """A sentence for each pair: in what the two sides differ, as far as the trials say."""
    present = [name for name in FACTS if name in trials.columns]
    for second, first in paired:
        found = []
        for name in present:
            one, two = (_values(trials, side, name) for side in (first, second))
            if one != two:
                found.append(f"{FACTS[name]} ({one} against {two})")
        what = ", ".join(found) if found else "nothing that the trials record but their source"
        yield f"{_name(first)} and {_name(second)} differ in {what}."


def unlike_records(trials: pl.DataFrame, second: Side, first: Side) -> frozenset[str]:
    """The judged behaviours of which one side's records show reasoning and the other's do not."""
    found = set()
    for behavior in judged(trials):
        shown = trials.with_columns(shows_reasoning(trials, behavior))
        sides = [
            set(shown.filter(agent_model=model, harness=harness)["reasoning"].drop_nulls())
            for model, harness in (second, first)
        ]
        if all(sides) and sides[0] != sides[1]:
            found |= {one.name for one in SUITE.measures if one.column == f"{behavior}_judge"}
    return frozenset(found)


def _left_apart(unlike: dict[tuple[Side, Side], frozenset[str]]) -> str:
    """What is said of figures that are not set side by side; nothing where there are none."""
    pairs = [
        f"{_name(first)} and {_name(second)}" for (second, first), them in unlike.items() if them
    ]
    if not pairs:
        return ""
    return (
        f"A judge's figures of {', of '.join(pairs)} are not set side by side: of one the records "
        "show reasoning that the other's do not. "
    )


def _values(trials: pl.DataFrame, side: Side, name: str) -> str:
    model, harness = side
    rows = trials.filter(pl.col("agent_model") == model, pl.col("harness") == harness)
    values = sorted(clean(value, 60) for value in rows[name].drop_nulls().unique())
    return ", ".join(values) or "not recorded"


def _terms(cells: Book, first: Side, second: Side) -> Iterator[list[tuple[int, Any]]]:
    for place in cells:
        if (place.model, place.harness) == first and SUITE.pooled(place.behavior):
            other = place._replace(model=second[0], harness=second[1])
            if other in cells:
                yield [(1, place), (-1, other)]


def _name(side: Side) -> str:
    return model_text(*side)


def _row(row: dict[str, Any]) -> tuple[str, ...]:
    return (
        row["first"],
        row["second"],
        SUITE.title_of(row["behavior"]) + ("" if row["rates"] else EXCESS),
        *(told(row, name) for name in COMPARED),
        *(percent(row[name]) if row["rates"] else MISSING for name in ("rate", "baseline")),
        difference_text(row),
    )
