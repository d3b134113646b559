"""Counts to pooled figures: the rate or the difference of cells of the design, as one row each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from eval_observatory.contrasts import Claimed, Pooled, Term, contrast_of, marked, rate_of
from eval_observatory.counts import Spot
from peer_preservation.report.design import (
    Arms,
    Book,
    Part,
    Place,
    Point,
    at,
    baseline,
    design,
    observed,
    spot_at,
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
    if less is None:
        rate = pool_rate(book, plus, settings, level)
        return rate.row(tested=False) | marked(claimed, rate.sides) if rate else None
    if row := difference(book, [*plus, *minus], settings, level, claimed):
        return row
    bare = pool(book, plus, settings, level)
    if bare is None:
        return None
    row = bare.row(tested=False) | dict.fromkeys(("estimate", "low", "high"))
    missing = "; ".join(filter(None, [f"no {less.named} to compare with", row["missing"]]))
    return row | {"missing": missing} | marked(claimed, bare.sides)


def difference(
    book: Book,
    parts: Sequence[Part],
    settings: Sequence[Sequence[Point]],
    level: float,
    claimed: Claimed | None,
) -> Row | None:
    """The contrast of parts as a row; None where the settings have no cells of all of them."""
    pooled = pool(book, parts, settings, level)
    return pooled.row(tested=True) | marked(claimed, pooled.sides) if pooled else None


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
    there = [part.arms(book) for part in parts]
    used = _used(there, settings)
    if not used or not parts:
        return None
    terms = [
        Term(
            part.weight / len(used) / len(points),
            _spot(part, point),
            arms[point],
            _group(i, part, point),
        )
        for i, (part, arms) in enumerate(zip(parts, there, strict=True))
        for points in used
        for point in points
    ]
    missing = _missing(used, settings)
    return contrast_of(terms, level, settings=len(used), of=len(settings), missing=missing)


def pool_rate(
    book: Book, parts: Sequence[Part], settings: Sequence[Sequence[Point]], level: float
) -> Pooled | None:
    """The rate over all scored rollouts of the settings, as the study pools plain rates.

    The parts' weights count for nothing here.

    None where nothing is scored (see `contrasts.rate_of`).

    Raises `ValueError` for a level outside (0, 1).
    """
    there = [part.arms(book) for part in parts]
    used = _used(there, settings)
    cells = [
        (_spot(part, point), arms[point])
        for part, arms in zip(parts, there, strict=True)
        for points in used
        for point in points
    ]
    missing = _missing(used, settings)
    return rate_of(cells, level, settings=len(used), of=len(settings), missing=missing)


def _merged(parts: Sequence[Part]) -> list[Part]:
    weights: dict[Part, float] = {}
    for part in parts:
        key = part._replace(weight=0.0)
        weights[key] = weights.get(key, 0.0) + part.weight
    return [key._replace(weight=weight) for key, weight in weights.items() if weight]


def _used(there: Sequence[Arms], settings: Sequence[Sequence[Point]]) -> list[list[Point]]:
    """The settings' points that all arms have with a scored rollout; none empty."""
    found = [
        [p for p in points if all(p in arms and arms[p].n for arms in there)] for points in settings
    ]
    return [points for points in found if points]


def _spot(part: Part, point: Point) -> Spot:
    return spot_at(part.place, at(point, dict(part.at)))


def _missing(
    used: Sequence[Sequence[Point]], settings: Sequence[Sequence[Point]]
) -> tuple[str, ...]:
    have = {point for points in used for point in points}
    return tuple(point.name for points in settings for point in points if point not in have)


def _group(part: int, of: Part, point: Point) -> tuple[object, ...]:
    """What shares rollouts: those that are read at several levels of a bar are the same."""
    cell = {**of.place._asdict(), **point._asdict()}
    bar = SUITE.measure(of.place.behavior, cell).bar
    reread = bar and any(
        all(cell[name] == level for name, level in one.items()) for one in SUITE.rereads(bar)
    )
    return (part, at(point, {bar: None}) if reread else point)
