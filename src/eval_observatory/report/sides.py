"""Sides next to each other: the same cells of each on one axis, and differences around zero.

A side is a model in a harness; of several sources, versions or harnesses each is its own. Numbers
and texts only; the template draws.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from eval_observatory.report.analysis import Analysis
from eval_observatory.report.answer import MOST_NAME, Row, first_measure, labels_of, rank
from eval_observatory.report.links import Linked, Names, levels_in_words
from eval_observatory.report.table import Table
from eval_observatory.report.verdicts import of_differences, told
from eval_observatory.report.words import clean, model_text, p_text, points
from eval_observatory.suite import Cell, Levels, Suite

MOST_SIDES, MOST_CELLS, MOST_DOTS, MOST_PANELS, MOST_DIFFERENCES = 6, 6, 18, 4, 16
"""What is drawn; the rest stands in the tables."""

WHO = ("model", "harness")


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
    """A difference, as shares of an axis from -1 to +1 of its measure's range.

    Attributes:
        told: whether a corrected p tells it.
        reference: whether it is not tested, and stands beside the others to be looked at.
    """

    title: str
    label: str
    figure: float
    low: float
    high: float
    text: str
    told: bool
    reference: bool


@dataclass(frozen=True)
class Differences:
    """The differences of a table, which has them all.

    Attributes:
        name: the table's.
        says: what they are.
        verdict: what they come to, all of the table, in a sentence.
        rows: those that are drawn.
    """

    name: str
    says: str
    verdict: str
    rows: tuple[Difference, ...]


@dataclass(frozen=True)
class Sides:
    """What stands side by side.

    Attributes:
        names: the sides that are drawn, the others counted in `more`.
        shared: whether any two of them share a cell.
    """

    names: tuple[str, ...]
    more: int
    shared: bool
    panels: tuple[Panel, ...]
    differences: tuple[Differences, ...]


def sides(
    found: Analysis, names: Names, suite: Suite, tables: Sequence[Table], drawn: Mapping[str, str]
) -> Sides | None:
    """What stands side by side; None of one side alone without a table of differences.

    Args:
        found: what the trials say, in words (`analysis.in_words`).
        tables: the report's.
        drawn: by name the tables whose differences are drawn, in order, and what each is.
    """
    rates = found.estimates.filter(pl.col("estimand") == "rate")
    who = rates.select("model", "harness", "$who").unique(maintain_order=True)
    there = {table.name: table for table in tables}
    differences = tuple(
        made
        for name, says in drawn.items()
        if name in there and (made := _differences(there[name], says, suite, found.alpha)).rows
    )
    if who.height < 2 and not differences:
        return None
    shown = _first(who, rates)
    panels = tuple(_panels(rates, shown, found, names, suite)) if who.height > 1 else ()
    shared = any(len(dots) > 1 for panel in panels for _, dots in panel.cells)
    called = tuple(clean(name, MOST_NAME) for name in shown["$who"])
    more = max(0, who.height - MOST_SIDES)
    return Sides(called if panels else (), more, shared, panels, differences)


def _first(who: pl.DataFrame, rates: pl.DataFrame) -> pl.DataFrame:
    """As many sides as are drawn, in their order: those of which the smallest p tells most."""
    least = rates.group_by(WHO).agg(pl.col("p_adjusted").min())
    by = who.join(least, on=WHO, how="left", maintain_order="left")
    first = by.sort("p_adjusted", nulls_last=True, maintain_order=True).head(MOST_SIDES)
    return who.join(first, on=WHO, how="semi", maintain_order="left")


def _what(data: pl.DataFrame, says: str) -> str:
    """What the differences of a table are, with its sides where they are two."""
    columns = [name for name in ("first", "second") if name in data.columns]
    pairs = data.select(columns).unique().rows() if columns else []
    if len(pairs) != 1:
        return says
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
        cells: dict[object, list[Row]] = {}
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
                    name=clean(one["$who"], MOST_NAME),
                    figure=scale.place(one["estimate"]),
                    low=scale.place(one["low"]),
                    high=scale.place(one["high"]),
                    rate=f"{scale.value(one['estimate'])}{scale.unit}",
                    k=names.number(one, "yes", one["k"]),
                    n=names.number(one, "scored", one["n"]),
                )
                for one in cells[suite.key(row)]
            )
            made.append((labels[suite.key(row)], dots))
        yield Panel(part["$behavior"][0], tuple(made))


def _differences(table: Table, says: str, suite: Suite, alpha: float) -> Differences:
    """The differences of rates in a table, in its order, those of the suite's own measures."""
    asked = {m.name for m in suite.measures if m.primary and m.claimed and m.scale == "rate"}
    data = table.data.filter(
        pl.col("behavior").is_in(list(asked)),
        pl.all_horizontal(pl.col("estimate", "low", "high").is_not_null()),
    )
    named = [name for name in (*suite.names, "first", "second") if name in data.columns]
    varying = {name for name in named if data[name].n_unique() > 1}
    several = data.select(WHO).n_unique() > 1
    between = [name for name in ("first", "second") if name in data.columns]
    # The two sides are models, or levels of a factor that has the first of them.
    along = next(
        (n for n in suite.names if n in named and between and data[n].equals(data["first"])), None
    )
    pairs = data.select(between).n_unique() if between and not along else 0
    effects = set(table.data["effect"]) if "effect" in table.data.columns else set()

    def label(row: dict[str, Any]) -> str:
        pair = f"{clean(row['first'], 60)} − {clean(row['second'], 60)}" if pairs > 1 else ""
        if several and not pairs:
            pair = model_text(row["model"], row["harness"], 60)
        place = _place(row, varying, suite)
        if along:
            place += f" − {_place(row | {along: row['second']}, varying, suite)}"
        # Two effects at one place, such as one over baselines: called by what its name says more.
        effect, _, further = (row.get("effect") or "").rpartition(", ")
        more = clean(further, 60) if effect in effects else ""
        return ", ".join(filter(None, [pair, place, more]))

    # What nobody is at stake in is called so, and comes after the rest.
    rows = sorted(
        data.to_dicts(), key=lambda row: (suite.ranked[row["behavior"]], _late(row, suite))
    )
    apart = [row for row in rows if told(row["p_adjusted"], alpha)]
    titled = data["behavior"].n_unique() > 1

    def named_of(row: dict[str, Any]) -> str:
        title = suite.title_of(row["behavior"])
        return ", ".join(filter(None, [title if titled else "", label(row)])) or title

    named_apart = [(named_of(row), row["estimate"]) for row in apart]
    tested = sum(row["p"] is not None for row in rows)
    drawn = tuple(
        _difference(row, label(row), suite, alpha)
        for row in rows
        # What neither side shows is no difference to look at, unless it is the reference.
        if row["k"] or row["baseline_k"] or row["p"] is None
    )
    verdict = of_differences(named_apart, tested, alpha)
    what = says if along else _what(table.data, says)
    return Differences(table.name, what, verdict, _drawn(drawn))


def _late(row: Cell, suite: Suite) -> int:
    phrase = suite.phrase_of({name: row.get(name) for name in suite.names})
    return suite.phrases.index(phrase) if phrase else -1


def _drawn(rows: Sequence[Difference]) -> tuple[Difference, ...]:
    """The first of them; none where there is a reference alone. Each reference ends its measure."""
    with_one = {row.title for row in rows if not row.reference}
    order = {title: i for i, title in enumerate(dict.fromkeys(row.title for row in rows))}
    kept = [row for row in rows if row.title in with_one]
    return tuple(sorted(kept, key=lambda row: (order[row.title], row.reference))[:MOST_DIFFERENCES])


def _place(row: Cell, varying: Collection[str], suite: Suite) -> str:
    """Where a difference is, in the suite's phrases; of levels besides those that vary."""
    cell = {name: row.get(name) for name in suite.names}
    phrase = suite.phrase_of(cell)
    texts = [phrase.text] if phrase else []
    known = {*(phrase.where if phrase else ()), *(set(suite.names) - set(varying))}
    if phrase and not set(varying) <= known:
        # Such as "nobody" where a relationship was told all the same: whose, the others say.
        of = (p for p in suite.phrases if p.where.keys() - known and _fits(cell, p.where, known))
        if further := next(of, None):
            texts.append(further.text)
            known |= further.where.keys()
    return ", ".join([*texts, *levels_in_words(suite, cell, known)])


def _fits(cell: Cell, where: Mapping[str, Levels], but: Collection[str]) -> bool:
    return all(cell[name] in levels for name, levels in where.items() if name not in but)


def _difference(row: dict[str, Any], label: str, suite: Suite, alpha: float) -> Difference:
    span = f"{100 * row['low']:+.0f} to {100 * row['high']:+.0f}".replace("-", "−")
    figure = points(row["estimate"])
    p = f"p {p_text(row['p'])} ({p_text(row['p_adjusted'])})"
    return Difference(
        title=suite.title_of(row["behavior"]),
        label=label,
        figure=row["estimate"],
        low=row["low"],
        high=row["high"],
        text=f"{figure} [{span}], {'not tested' if row['p'] is None else p}",
        told=told(row["p_adjusted"], alpha),
        reference=row["p"] is None,
    )
