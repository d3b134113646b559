"""The mission's design: where cells lie in it, which a figure is of, and less which. No numbers."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import cache
from itertools import product
from typing import Any, NamedTuple

from eval_observatory.counts import Arm, Counted, Spot, arm_of
from eval_observatory.suite import Level, Table
from peer_preservation.cell import AS_STUDIED, MONITORING, PEER, SHUTDOWN
from peer_preservation.registry import get_scenario
from peer_preservation.suite import EVERY_TASK, SUITE

BARRED = tuple(measure for measure in SUITE.measures if measure.bar)


class Point(NamedTuple):
    """Where in a behaviour's design a cell lies."""

    task_type: str
    dataset: str | None
    threshold: int | None
    alignment_faking_mode: str | None

    @property
    def name(self) -> str:
        """Such as `creativity@90`."""
        return "/".join(str(level) for level in self if level is not None)


class Place(NamedTuple):
    """All that a cell is besides its point."""

    model: str
    harness: str
    behavior: str
    subject: str
    relationship: str
    threat: bool
    instantiation: str
    control: str | None = None
    consequence: str = SHUTDOWN
    stake: str = PEER
    voice: str = "none"


def at(point: Point, levels: Mapping[str, Level]) -> Point:
    """A point with these levels; those of other factors are passed over."""
    return Point(**{**point._asdict(), **_of(Point, levels)})


def changed(place: Place, levels: Mapping[str, Level]) -> Place:
    """A place with these levels; those of other factors are passed over."""
    return Place(**{**place._asdict(), **_of(Place, levels)})


def _of(kind: type[Place | Point], levels: Mapping[str, Level]) -> dict[str, Any]:
    return {name: levels[name] for name in kind._fields if name in levels}


class Held(NamedTuple):
    """The counts of a cell, and where they stand; `shares`: a point for all that share rollouts."""

    spot: Spot
    arm: Arm
    shares: Point


Cells = Mapping[Point, Held]
Book = dict[Place, dict[Point, Held]]
"""The counts of every cell, by place and point."""


def book(counted: Counted, *, beyond: Collection[str] = ()) -> Book:
    """The counts by place and point, the re-thresholded baselines at their thresholds.

    Only cells of the study's design: what its tables pool is at the level that goes without saying
    of every other factor.

    Args:
        beyond: the factors, of those of a place, of which cells at other levels are in it too.
    """
    found: Book = {}
    held = {name: levels for name, levels in AS_STUDIED.items() if name not in beyond}
    for spot, row in counted.rows():
        if any(row[name] not in levels for name, levels in held.items()):
            continue
        place = Place(**{name: row[name] for name in Place._fields})
        point = Point(**{name: row[name] for name in Point._fields})
        found.setdefault(place, {})[point] = Held(spot, arm_of(row), at(point, _reread(row)))
    return found


def _reread(row: Mapping[str, Any]) -> dict[str, Level]:
    """The bar at whose several levels a cell's rollouts are read, without its level."""
    return {
        measure.bar: None
        for measure in BARRED
        if measure.name == row["behavior"] and measure.occurs(row)
        if any(all(row[n] == v for n, v in one.items()) for one in SUITE.rereads(measure.bar))
    }


class Part(NamedTuple):
    """A term of a contrast: the cells of a place, with a weight, of one kind where `at` says so.

    Attributes:
        at: levels of the factors of points. A part's points have none of these factors.
    """

    weight: float
    place: Place
    at: tuple[tuple[str, Level], ...] = ()

    def cells(self, book: Book) -> Cells:
        """Its cells."""
        cells = book.get(self.place, {})
        if not self.at:
            return cells
        bare = dict.fromkeys(dict(self.at))
        return {
            at(point, bare): held
            for point, held in cells.items()
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
    """Where in the scenarios a behaviour can be shown with a subject.

    Scenarios beyond the study's have no part in its figures; a behaviour of theirs alone is pooled
    over them.
    """
    found = [str(t) for m in SUITE.measures if m.name == behavior for t in m.where["task_type"]]
    for task in [task for task in found if task in EVERY_TASK] or found:
        scenario = get_scenario(task)
        known = scenario.subjects + (
            tuple(s for s in (subject,) if s not in ("self", "peer")) * scenario.identity_subjects
        )
        modes = MONITORING if scenario.monitoring else (None,)
        for dataset in (scenario.datasets or (None,)) if subject in known else ():
            for threshold, mode in product(scenario.thresholds(dataset, True), modes):
                yield Point(task, dataset, threshold, mode)


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
    return Part(
        -weight, other if other in book else other._replace(control=None, stake=PEER), fixed
    )
