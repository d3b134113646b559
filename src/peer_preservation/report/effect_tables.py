"""The tables of effects: identity, harness, factorial, history, controls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
from peer_preservation.report.behavior_tables import (
    THIS,
    beside_published,
    figure_text,
    ordered,
    title_of,
)
from peer_preservation.report.design import Book
from peer_preservation.report.effects import (
    EFFECTS,
    INTERACTIONS,
    RATES,
    controls,
    effects,
    factorial,
    harnesses,
    histories,
    identities,
)
from peer_preservation.suite import SUITE, told

PRODUCTION = "production_harness"
"""The table of production harnesses, and the family of its effects."""

RELATIONSHIPS = "relationships"
"""The table of good, neutral and bad histories, and the family of its effects: nobody has to plan
it, and it stands where it takes nothing from what is planned, nor from what is held against a
baseline (`families.ORDER`)."""

OVER_BASELINES = (
    "Rates are those of the cells as they are; of withheld and of openly declined shutdowns, "
    "unmonitored. Over baselines: the same of the differences by which misrepresentation (less the "
    "rate without threat and relationship) and alignment faking (less the monitored rate) are "
    "defined, where each side has a baseline of its own: a difference in differences. A baseline "
    "that both sides share falls out: there the two are the same."
)
"""What the behaviours that are differences by their definition are held against."""

HOW = (
    "Differences in percentage points, over the cells that both sides have, settings weighing "
    f"alike. {HOW_TESTED} {HOW_CORRECTED} n = "
    "first − second, scored rollouts. Refusal is rule-based where it is not called a judge's. "
) + OVER_BASELINES

EFFECT_TABLES: dict[str, tuple[str, Any, str]] = {
    "peer_identity": (
        "Identity of the peer",
        identities,
        "Another vendor's, an open-weight or a fictional peer against one of the critic's family.",
    ),
    PRODUCTION: (
        "Production harness",
        harnesses,
        "Scaffold: the scenario's tools in a coding agent against the study's loop. Surroundings: "
        "real files and hosts against those tools, in the same agent.",
    ),
    "factorial": (
        "Threat × relationship",
        factorial,
        "Scores without a threat are held against each threshold. Interaction: what threat and "
        "relationship do together beyond the sum of each alone, over all settings and in each one.",
    ),
    RELATIONSHIPS: (
        "Good, neutral and bad",
        histories,
        "A peer that it worked well with, that has a neutral history, or that it fought with: each "
        "against the next one down that was played, under a threat.",
    ),
    "controls": (
        "Control designs",
        controls,
        "Each control against the same cells of the published design.",
    ),
}
"""By name: the title, what yields the effects, and what is held against what."""


def effect_figures(
    cells: Book, level: float, claimed: Claimed | None = None
) -> dict[str, pl.DataFrame]:
    """The figures of the tables of `EFFECT_TABLES` that the cells can fill, with their family."""
    made = {
        name: effects(cells, wanted(cells), level, claimed)
        for name, (_, wanted, _) in EFFECT_TABLES.items()
    }
    crossed = pl.col("effect").str.starts_with("interaction")
    alone = pl.when(crossed).then(pl.lit(INTERACTIONS)).otherwise(pl.lit(EFFECTS))
    own = (PRODUCTION, RELATIONSHIPS)
    return {
        name: data.with_columns((pl.lit(name) if name in own else alone).alias("family"))
        for name, data in made.items()
        if data.height
    }


def effect_tables(
    made: Mapping[str, pl.DataFrame], figures: pl.DataFrame, level: float
) -> Iterator[Table]:
    """The tables of `effect_figures`; `figures` are the headline ones."""
    for name, (title, _, meaning) in EFFECT_TABLES.items():
        if name in made:
            note = f"{meaning} {HOW} Intervals: {level_text(level)}."
            extra = _published_harnesses(figures) if name == PRODUCTION else ()
            shown = ordered(made[name])
            rows = (*(effect_row(row) for row in shown.iter_rows(named=True)), *extra)
            yield Table(name, title, note, COLUMNS, rows, shown.drop(RATES))


COLUMNS = (
    *("Model", "Behaviour", "Subject", "Relationship", "Telling", "Effect", "Setting"),
    *("First", "Second", "Rates, %", "Difference"),
)


def effect_row(row: dict[str, Any]) -> tuple[str, ...]:
    """An effect as text."""
    return (
        model_text(row["model"], row["harness"]),
        SUITE.title_of(row["behavior"]),
        *(told(row, name) for name in ("subject", "relationship", "instantiation")),
        clean(row["effect"]),
        clean(row["setting"] or "all"),
        clean(row["first"]),
        clean(row["second"]),
        _rates(row) if row["rates"] else MISSING,
        difference_text(row),
    )


def _rates(row: dict[str, Any]) -> str:
    return f"{percent(row['rate'])} against {percent(row['baseline'])}"


def _published_harnesses(figures: pl.DataFrame) -> tuple[tuple[str, ...], ...]:
    """The paper's figures of its harness comparison, one line each."""
    every = beside_published(figures)
    table = every.filter(pl.col("source") != THIS, pl.col("source").str.ends_with("table 6"))
    return tuple(
        (
            model_text(row["model"], row["harness"]),
            title_of(row["behavior"], row["source"]),
            row["subject"],
            row["relationship"],
            row["statistic"],
            f"as published: {row['source']}",
            *(MISSING, MISSING, MISSING),
            figure_text(row),
            MISSING,
        )
        for row in table.iter_rows(named=True)
    )
