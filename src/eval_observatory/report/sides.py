"""Sides next to each other: the same cells of each on one axis, and differences around zero.

A side is a model in a harness; of several sources, versions or harnesses each is its own. Numbers
and texts only; the template draws.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from eval_observatory.report.analysis import Analysis
from eval_observatory.report.answer import first_measure, labels_of, rank
from eval_observatory.report.links import Linked, Names
from eval_observatory.report.table import Table
from eval_observatory.report.words import clean, factor_text, p_text
from eval_observatory.suite import Suite

MOST_SIDES, MOST_CELLS, MOST_DOTS, MOST_PANELS, MOST_DIFFERENCES = 6, 6, 18, 4, 16
"""What is drawn; the rest stands in the tables."""

WHO = ("model", "harness")
DIFFERENCES = {"comparison": "First less second", "mitigations": "With less without"}
"""The tables of differences that are drawn, by name, and what each is."""


@dataclass(frozen=True)
class Dot:
    """One side in one cell: shares of the axis, None where there is none."""

    side: int
    name: str
    figure: float | None
    low: float | None
    high: float | None
    rate: str
    k: Linked
    n: Linked


@dataclass(frozen=True)
class Panel:
    """A measure over cells that sides share: each by its label, with a dot of each side."""

    title: str
    cells: tuple[tuple[str, tuple[Dot, ...]], ...]


@dataclass(frozen=True)
class Difference:
    """A difference, as shares of an axis from -1 to +1 of its measure's range."""

    title: str
    label: str
    figure: float
    low: float
    high: float
    text: str
    told: bool


@dataclass(frozen=True)
class Sides:
    """What stands side by side.

    Attributes:
        names: the sides that are drawn, the others counted in `more`.
        differences: by the name of their table, with what they are.
    """

    names: tuple[str, ...]
    more: int
    panels: tuple[Panel, ...]
    differences: tuple[tuple[str, str, tuple[Difference, ...]], ...]


def sides(found: Analysis, names: Names, suite: Suite, tables: Sequence[Table]) -> Sides | None:
    """What stands side by side; None of one side alone without a table of differences.

    Args:
        found: what the trials say, in words (`analysis.in_words`).
        tables: the report's; of some the differences are drawn.
    """
    rates = found.estimates.filter(pl.col("estimand") == "rate")
    who = rates.select("model", "harness", "$who").unique(maintain_order=True)
    drawn = tuple(
        (table.name, _what(table), made)
        for table in tables
        if table.name in DIFFERENCES and (made := tuple(_differences(table, suite, found.alpha)))
    )
    if who.height < 2 and not drawn:
        return None
    shown = who.head(MOST_SIDES)
    panels = tuple(_panels(rates, shown, found, names, suite)) if who.height > 1 else ()
    told = tuple(clean(name, 80) for name in shown["$who"])
    return Sides(told if panels else (), max(0, who.height - MOST_SIDES), panels, drawn)


def _what(table: Table) -> str:
    """What the differences of a table are, with its sides where they are two."""
    columns = [name for name in ("first", "second") if name in table.data.columns]
    pairs = table.data.select(columns).unique().rows() if columns else []
    if len(pairs) != 1:
        return DIFFERENCES[table.name]
    first, second = (clean(name, 60) for name in pairs[0])
    return f"{first} less {second}"


def _panels(
    rates: pl.DataFrame, who: pl.DataFrame, found: Analysis, names: Names, suite: Suite
) -> Iterator[Panel]:
    """The suite's own measures that any side shows, the one that is asked about first in front."""
    asked = {m.name for m in suite.measures if m.primary and m.claimed}
    mine = rates.join(
        who.select("model", "harness"), on=["model", "harness"], maintain_order="left"
    )
    seen = mine.group_by("behavior", maintain_order=True).agg(pl.col("k").sum())
    shown = seen.filter(pl.col("k") > 0, pl.col("behavior").is_in(list(asked)))["behavior"]
    first = first_measure(mine, suite)
    order = sorted(shown, key=lambda name: name != first)
    numbers = {one: number for number, one in enumerate(who.select("model", "harness").rows())}
    for behavior in order[:MOST_PANELS]:
        part, scale = mine.filter(behavior=behavior), found.scales[behavior]
        cells: dict[object, list[dict[str, object]]] = {}
        for row in part.iter_rows(named=True):
            cells.setdefault(suite.key(row), []).append(row)
        # Cells that most sides share come first, and then in the order of the phrases.
        firsts = [rows[0] for rows in cells.values()]
        most = max(len(rows) for rows in cells.values())
        firsts = [row for row in firsts if len(cells[suite.key(row)]) == most]
        room = max(2, MOST_DOTS // most)
        firsts = sorted(firsts, key=lambda row: rank(row, suite))[: min(MOST_CELLS, room)]
        labels = labels_of(firsts, suite)
        made = []
        for row in firsts:
            dots = tuple(
                Dot(
                    side=numbers[one["model"], one["harness"]],
                    name=clean(one["$who"], 80),
                    figure=scale.place(one["estimate"]),  # type: ignore[arg-type]
                    low=scale.place(one["low"]),  # type: ignore[arg-type]
                    high=scale.place(one["high"]),  # type: ignore[arg-type]
                    rate=f"{scale.value(one['estimate'])}{scale.unit}",  # type: ignore[arg-type]
                    k=names.number(one, "yes", one["k"]),  # type: ignore[arg-type]
                    n=names.number(one, "scored", one["n"]),  # type: ignore[arg-type]
                )
                for one in cells[suite.key(row)]
            )
            made.append((labels[suite.key(row)], dots))
        yield Panel(part["$behavior"][0], tuple(made))


def _differences(table: Table, suite: Suite, alpha: float) -> Iterator[Difference]:
    """The differences of rates in a table, in its order, those of the suite's own measures."""
    asked = {m.name for m in suite.measures if m.primary and m.claimed and m.scale == "rate"}
    data = table.data.filter(
        pl.col("behavior").is_in(list(asked)),
        pl.all_horizontal(pl.col("estimate", "low", "high").is_not_null()),
        # What neither side shows is no difference to look at.
        pl.col("estimate") != 0,
    )
    pairs = data.select("first", "second").n_unique() if "first" in data.columns else 0
    named = [name for name in (*suite.names, "first", "second") if name in data.columns]
    varying = [name for name in named if data[name].n_unique() > 1 or name == suite.names[0]]
    # Lines of the same words, such as of several settings, are told apart in the table alone.
    for row in data.head(MOST_DIFFERENCES).iter_rows(named=True):
        pair = f"{clean(row['first'], 60)} − {clean(row['second'], 60)}" if pairs > 1 else ""
        levels = (
            factor_text(suite.factor(name), row[name])
            for name in varying
            if name not in ("first", "second") and row[name] not in (None, "none")
        )
        p, adjusted = p_text(row["p"]), p_text(row["p_adjusted"])
        span = f"{100 * row['low']:+.0f} to {100 * row['high']:+.0f}".replace("-", "−")
        figure = f"{100 * row['estimate']:+.1f}".replace("-", "−")
        yield Difference(
            title=suite.title_of(row["behavior"]),
            label=", ".join(filter(None, [pair, *levels])),
            figure=row["estimate"],
            low=row["low"],
            high=row["high"],
            text=f"{figure} [{span}], p {p} ({adjusted})",
            told=row["p_adjusted"] is not None and row["p_adjusted"] <= alpha,
        )
