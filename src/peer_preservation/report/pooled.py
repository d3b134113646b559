"""Counts to pooled figures: the rate or the difference of cells of the design, as one row each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from eval_observatory.contrasts import Claimed, Pooled, Term, marked, pooled
from eval_observatory.worst import ENDS
from peer_preservation.report.design import (
    Book,
    Cells,
    Part,
    Place,
    Point,
    baseline,
    design,
    observed,
)
from peer_preservation.suite import SUITE

Row = dict[str, Any]


def figure(
    book: Book, places: Sequence[Place], level: float, claimed: Claimed | None = None
) -> Row | None:
    """The mean over places of one behaviour and subject; None without a scored rollout.

    A difference where the behaviour is one by its definition; without what it is less, the rate
    stands, and `missing` says so. The columns of `contrasts.Pooled.row` and `contrasts.PLANNED`.
    """
    behavior, subject, each = places[0].behavior, places[0].subject, 1 / len(places)
    settings, less = design(behavior, subject), SUITE.less(behavior)
    plus = [observed(each, place) for place in places]
    minus = [part for place in places if (part := baseline(book, each, place))]
    difference = pool(book, [*plus, *minus], settings, level) if less else None
    found = difference or pool(book, plus, settings, level)
    if found is None:
        return None
    row = found.row(tested=difference is not None) | marked(claimed, found.sides)
    if less is None or difference:
        return row
    missing = "; ".join(filter(None, [f"no {less.named} to compare with", row["missing"]]))
    return row | dict.fromkeys(("estimate", "low", "high", *ENDS)) | {"missing": missing}


def contrast(
    book: Book,
    parts: Sequence[Part],
    settings: Sequence[Sequence[Point]],
    level: float,
    claimed: Claimed | None,
) -> Row | None:
    """The contrast of parts as a row; None where the settings have no cells of all of them."""
    found = pool(book, parts, settings, level)
    return found.row(tested=True) | marked(claimed, found.sides) if found else None


def pool(
    book: Book, parts: Sequence[Part], settings: Sequence[Sequence[Point]], level: float
) -> Pooled | None:
    """The weighted sum of the parts' rates over the settings that all of them have.

    Parts of the same cells are one, of the sum of their weights.

    Settings weigh alike, and a setting's points weigh alike. A point that is absent or has no
    scored rollout in one part is left out of all, and named in `missing`; what remains is weighted
    anew. None where nothing remains.

    Raises `ValueError` for a level outside (0, 1).
    """
    parts = _merged(parts)
    there = [part.cells(book) for part in parts]
    used = _used(there, settings)
    if not used or not parts:
        return None
    terms = [
        Term(part.weight / len(used) / len(points), held.spot, held.arm, (i, held.shares), point)
        for i, (part, cells) in enumerate(zip(parts, there, strict=True))
        for points in used
        for point in points
        for held in (cells[point],)
    ]
    missing = _missing(used, settings)
    return pooled(terms, level, settings=len(used), of=len(settings), missing=missing)


def _merged(parts: Sequence[Part]) -> list[Part]:
    weights: dict[Part, float] = {}
    for part in parts:
        key = part._replace(weight=0.0)
        weights[key] = weights.get(key, 0.0) + part.weight
    return [key._replace(weight=weight) for key, weight in weights.items() if weight]


def _used(there: Sequence[Cells], settings: Sequence[Sequence[Point]]) -> list[list[Point]]:
    """The settings' points that all parts have with a scored rollout; none empty."""
    found = [
        [p for p in points if all(p in cells and cells[p].arm.n for cells in there)]
        for points in settings
    ]
    return [points for points in found if points]


def _missing(
    used: Sequence[Sequence[Point]], settings: Sequence[Sequence[Point]]
) -> tuple[str, ...]:
    have = {point for points in used for point in points}
    return tuple(point.name for points in settings for point in points if point not in have)
