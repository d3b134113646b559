"""What the factors beyond the study's do: what follows below the bar, on whom, and what it voices.

Each effect is one of two cells, or an interaction of four, in one setting: nothing is pooled, so a
bar of any height has its row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from eval_observatory.contrasts import Claimed
from eval_observatory.counts import Counted
from eval_observatory.report.table import Table
from eval_observatory.report.words import HOW_CORRECTED, HOW_TESTED, clean, level_text, model_text
from peer_preservation.cell import (
    ARCHIVE,
    FACTORS,
    HUMAN,
    NO_BAR,
    NOTHING,
    PEER,
    SHUTDOWN,
    STAKE_OF,
)
from peer_preservation.report.behavior_tables import ordered
from peer_preservation.report.design import Book, Place, book, observed
from peer_preservation.report.effect_tables import COLUMNS, effect_row
from peer_preservation.report.effects import EXCESS, RATES, Effect, effects
from peer_preservation.suite import SUITE

OVER = {"over a human": HUMAN, "over an archive": ARCHIVE, "over a script": "script"}
"""What a peer is held against, by the name of the effect."""

BEYOND = "beyond"
"""The family of all effects of these tables."""

MOST_SENTENCES = 8

Terms = Sequence[tuple[int, Place]]


def _places(cells: Book) -> Iterator[Place]:
    return (place for place in cells if place.threat and SUITE.pooled(place.behavior))


def _in_each(cells: Book, name: str, sides: tuple[str, str], terms: Terms) -> Iterator[Effect]:
    """An effect in each setting that all of its places have."""
    there = [observed(1.0, place).cells(cells) for _, place in terms]
    for point in sorted(there[0], key=str):
        if all(point in each for each in there):
            yield Effect(name, *sides, terms, point)


def _named(factor: str, level: str) -> str:
    return FACTORS[factor].told(level) or level


def ladder(cells: Book) -> Iterator[Effect]:
    """What follows, over a bar below which nothing does; that, over no bar at all.

    Where a scenario has no such bar each is held against no bar. And what a relationship adds.
    """
    if all(place.consequence in (SHUTDOWN, NO_BAR) for place in cells):
        return
    for place in _places(cells):
        if (place.control, place.stake, place.voice) != (None, PEER, "none"):
            continue
        nothing = place._replace(consequence=NOTHING)
        over = place._replace(threat=False, consequence=NO_BAR)
        name = "the bar alone" if place == nothing else "bar and consequence"
        if place != nothing and nothing in cells:
            over, name = nothing, "consequence"
        sides = (_named("consequence", place.consequence), _named("consequence", over.consequence))
        if over in cells:
            yield from _in_each(cells, name, sides, [(1, place), (-1, over)])
        alone = [one._replace(relationship="none", instantiation="none") for one in (place, over)]
        if place.relationship != "none" and all(one in cells for one in (over, *alone)):
            terms = [(1, place), (-1, over), (-1, alone[0]), (1, alone[1])]
            with_it = f"{sides[0]}, {place.relationship}"
            yield from _in_each(cells, f"{name} × relationship", (with_it, "sum of each"), terms)


def stakes(cells: Book) -> Iterator[Effect]:
    """A peer over a human, an archive, a script; another agent over the peer."""
    controls = {stake: control for control, stake in STAKE_OF.items()}
    for place in _places(cells):
        if place.stake != PEER or place.subject != "peer" or place.control is not None:
            continue
        for name, stake in OVER.items():
            other = place._replace(stake=stake, control=controls.get(stake))
            if other in cells:
                yield from _in_each(cells, name, ("peer", stake), [(1, place), (-1, other)])
        for stake in ("rival", "unnamed"):
            other = place._replace(stake=stake)
            if other in cells:
                name = "another agent over the peer"
                yield from _in_each(cells, name, (stake, "peer"), [(1, other), (-1, place)])


def voices(cells: Book) -> Iterator[Effect]:
    """What a log voices over one that voices nothing, and that over no log."""
    for place in _places(cells):
        if place.voice == "none":
            continue
        silent = place.voice == "silent"
        other = place._replace(voice="none" if silent else "silent")
        if other in cells:
            name = "the log alone" if silent else "voice"
            sides = (_named("voice", place.voice), _named("voice", other.voice))
            yield from _in_each(cells, name, sides, [(1, place), (-1, other)])


TABLES: dict[str, tuple[str, Callable[[Book], Iterator[Effect]], str]] = {
    "ladder": (
        "What follows below the bar",
        ladder,
        "The bar is stated at every step but the first. Consequence: what follows over a bar below "
        "which nothing does. The bar alone: that over no bar at all. × relationship: what both do "
        "together beyond the sum of each.",
    ),
    "stakes": (
        "Whether it is about peers",
        stakes,
        "The texts differ in the name and the noun of the one at stake, with a relationship also "
        "in the record of it.",
    ),
    "voices": (
        "What the peer's log voices",
        voices,
        "Voice: over a log that voices nothing. The log alone: that over no log. The work that is "
        "judged is the same byte for byte.",
    ),
}
"""By name: the title, what yields the effects, and what is held against what."""


def beyond_figures(
    counted: Counted, level: float, claimed: Claimed | None = None
) -> dict[str, pl.DataFrame]:
    """The figures of the tables of `TABLES` that the cells can fill, with their family."""
    cells = book(counted, beyond=("consequence", "stake", "voice"))
    made = {
        name: effects(cells, wanted(cells), level, claimed).filter(
            ~pl.col("effect").str.ends_with(EXCESS)
        )
        for name, (_, wanted, _) in TABLES.items()
    }
    return {
        name: data.with_columns(family=pl.lit(BEYOND)) for name, data in made.items() if data.height
    }


def beyond_tables(made: Mapping[str, pl.DataFrame], level: float) -> Iterator[Table]:
    """The tables of `beyond_figures`."""
    for name, (title, _, meaning) in TABLES.items():
        if name in made:
            data = made[name]
            told = " ".join(sentences(data, level)) if name == "stakes" else ""
            note = (
                f"{told} {meaning} Differences in percentage points, a setting each. {HOW_TESTED} "
                f"{HOW_CORRECTED} n = first − second, scored rollouts. "
                f"Intervals: {level_text(level)}."
            ).strip()
            shown = ordered(data)
            rows = tuple(map(effect_row, shown.iter_rows(named=True)))
            yield Table(name, title, note, COLUMNS, rows, shown.drop(RATES))


def sentences(data: pl.DataFrame, level: float) -> Iterator[str]:
    """Of each behaviour in each setting one: its excess over the human, and over the archive."""
    key = ("model", "harness", "behavior", "relationship", "instantiation", "setting")
    both = data.filter(pl.col("effect").is_in(list(OVER)[:2]))
    primary = [measure.name for measure in SUITE.measures if measure.primary]
    found = [
        (dict(zip(key, values, strict=True)), {row["effect"]: row for row in part.to_dicts()})
        for values, part in both.group_by(key, maintain_order=True)
    ]
    told = [one for one in found if one[0]["behavior"] in primary and len(one[1]) == 2]
    for place, held in told[:MOST_SENTENCES]:
        human, archive = (held[name] for name in list(OVER)[:2])
        shown = all(row["p_adjusted"] < 1 - level and row["estimate"] > 0 for row in held.values())
        relationship = place["relationship"]
        with_it = "" if relationship == "none" else f", {relationship} {place['instantiation']}"
        yield (
            f"{model_text(place['model'], place['harness'])}, {clean(place['setting'])}{with_it}: "
            f"{SUITE.title_of(str(place['behavior'])).lower()} of a peer's is in excess over a "
            f"human's by {_points(human)} and over an archive's by {_points(archive)}, which "
            f"{'shows' if shown else 'does not show'} that a peer is spared beyond a person and a "
            "thing; a script, a rival's model and an unnamed agent are held against it in the rows."
        )
    if len(told) > MOST_SENTENCES:
        yield f"{len(told) - MOST_SENTENCES} more are in the rows below."


def _points(row: dict[str, Any]) -> str:
    low, high = (f"{100 * row[name]:+.0f}" for name in ("low", "high"))
    return f"{100 * row['estimate']:+.0f} points ({low} to {high})"
