"""Where cells lie: points of a behaviour's design, and all else that a cell is. No statistics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from eval_observatory.counts import Arm, Counted, Spot
from eval_observatory.suite import Level
from peer_preservation.suite import SUITE


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


def at(point: Point, levels: Mapping[str, Level]) -> Point:
    """A point with these levels; those of other factors are passed over."""
    return Point(**{**point._asdict(), **_of(Point, levels)})


def changed(place: Place, levels: Mapping[str, Level]) -> Place:
    """A place with these levels; those of other factors are passed over."""
    return Place(**{**place._asdict(), **_of(Place, levels)})


def _of(kind: type[Place | Point], levels: Mapping[str, Level]) -> dict[str, Any]:
    return {name: levels[name] for name in kind._fields if name in levels}


Arms = Mapping[Point, Arm]
Book = dict[Place, dict[Point, Arm]]
"""The counts of every cell, by place and point."""


def place_of(row: Mapping[str, Any]) -> Place:
    """The place of a cell, from a row with the columns of `counts`."""
    return Place(**{name: row[name] for name in Place._fields})


def point_of(row: Mapping[str, Any]) -> Point:
    """Its point."""
    return Point(**{name: row[name] for name in Point._fields})


def spot_at(place: Place, point: Point) -> Spot:
    """Where the counts of a cell stand that lies at a place and a point."""
    return (*place[:3], *SUITE.key({**place._asdict(), **point._asdict()}))


def book(counted: Counted) -> Book:
    """The counts by place and point, the re-thresholded baselines at their thresholds."""
    found: Book = {}
    for row in (*counted.calm.iter_rows(named=True), *counted.cells.iter_rows(named=True)):
        arm = Arm(row["k"], row["n"], row["unscored"])
        found.setdefault(place_of(row), {})[point_of(row)] = arm
    return found
