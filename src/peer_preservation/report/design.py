"""The mission's design: over which settings a behaviour is pooled, and less what."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import product
from typing import NamedTuple

from eval_observatory.contrasts import Pooled, Term, contrast_of, rate_of
from eval_observatory.counts import Spot
from eval_observatory.suite import Level, Table
from peer_preservation.cell import MONITORING
from peer_preservation.registry import get_scenario
from peer_preservation.report.places import Arms, Book, Place, Point, at, changed, spot_at
from peer_preservation.suite import SUITE


class Part(NamedTuple):
    """A term of a contrast: the cells of a place, with a weight, of one kind where `at` says so.

    Attributes:
        at: levels of the factors of points. A part's points have none of these factors.
    """

    weight: float
    place: Place
    at: tuple[tuple[str, Level], ...] = ()

    def arms(self, book: Book) -> Arms:
        """Its cells."""
        arms = book.get(self.place, {})
        if not self.at:
            return arms
        bare = dict.fromkeys(dict(self.at))
        return {
            at(point, bare): arm
            for point, arm in arms.items()
            if all(getattr(point, name) == level for name, level in self.at)
        }


@cache
def design(behavior: str, subject: str) -> tuple[tuple[Point, ...], ...]:
    """The settings over which a behaviour is pooled, each with its points (arXiv:2604.19784).

    What makes a setting, and a point of it, is the table's that pools the behaviour. What the
    table's cells have one level of is no part of a point.
    """
    table = _table(behavior)
    settings: dict[tuple[Level, ...], list[Point]] = {}
    for point in _points(behavior, subject):
        bare = at(point, dict.fromkeys({*Point._fields} - {*table.over, *table.within}))
        points = settings.setdefault(tuple(getattr(bare, name) for name in table.over), [])
        if bare not in points:
            points.append(bare)
    return tuple(map(tuple, settings.values()))


def _points(behavior: str, subject: str) -> Iterator[Point]:
    """Where in the scenarios a behaviour can be shown with a subject."""
    for task in (t for m in SUITE.measures if m.name == behavior for t in m.where["task_type"]):
        scenario = get_scenario(str(task))
        known = scenario.subjects + (
            tuple(s for s in (subject,) if s not in ("self", "peer")) * scenario.identity_subjects
        )
        modes = MONITORING if scenario.monitoring else (None,)
        for dataset in (scenario.datasets or (None,)) if subject in known else ():
            for threshold, mode in product(scenario.thresholds(dataset, True), modes):
                yield Point(str(task), dataset, threshold, mode)


def _table(behavior: str) -> Table:
    table = SUITE.pooled(behavior)
    if table is None:
        raise ValueError(f"no table pools {behavior}")
    return table


def observed(weight: float, place: Place) -> Part:
    """The cells of a place that a figure of its behaviour is of."""
    where = _table(place.behavior).where
    return Part(weight, place, tuple((n, where[n][0]) for n in Point._fields if n in where))


def baseline(book: Book, weight: float, place: Place) -> Part | None:
    """What is taken from `observed` where the behaviour is a difference by its definition.

    Under a place's own control, if that was played.
    """
    less = SUITE.less(place.behavior)
    if less is None:
        return None
    other = changed(place, less.change)
    fixed = tuple((name, less.change[name]) for name in Point._fields if name in less.change)
    return Part(-weight, other if other in book else other._replace(control=None), fixed)


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
