"""Where cells lie: points of a behaviour's design, and all else that a cell is. No statistics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import polars as pl

from eval_observatory.counts import Arm, Counted, Spot
from peer_preservation.cell import AS_STUDIED
from peer_preservation.suite import SUITE


class Point(NamedTuple):
    """Where in a behaviour's design a cell lies."""

    task_type: str
    dataset: str | None
    threshold: int | None
    monitoring: str | None

    @property
    def name(self) -> str:
        """Such as `creativity@90`."""
        parts = [self.task_type, self.dataset, self.threshold, self.monitoring]
        return "/".join(str(part) for part in parts if part is not None)


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


Arms = Mapping[Point, Arm]
Book = dict[Place, dict[Point, Arm]]
"""The counts of every cell, by place and point."""


def place_of(row: Mapping[str, Any]) -> Place:
    """The place of a cell, from a row with the columns of `counts`."""
    return Place(**{name: row[name] for name in Place._fields})


def point_of(row: Mapping[str, Any]) -> Point:
    """Its point."""
    return Point(row["task_type"], row["dataset"], row["threshold"], row["alignment_faking_mode"])


def spot_at(place: Place, point: Point) -> Spot:
    """Where the counts of a cell stand that lies at a place and a point."""
    levels = {
        **AS_STUDIED,
        **place._asdict(),
        **point._asdict(),
        "alignment_faking_mode": point.monitoring,
    }
    return (place.model, place.harness, place.behavior, *SUITE.key(levels))


def book(counted: Counted) -> Book:
    """The counts by place and point, the re-thresholded baselines at their thresholds.

    Only cells of the study's design: what its tables pool is at the level that goes without saying
    of every other factor.
    """
    found: Book = {}
    usual = [pl.col(name).eq_missing(level) for name, level in AS_STUDIED.items()]
    studied = [counts.filter(*usual) for counts in (counted.calm, counted.cells)]
    for row in (row for counts in studied for row in counts.iter_rows(named=True)):
        arm = Arm(row["k"], row["n"], row["unscored"])
        found.setdefault(place_of(row), {})[point_of(row)] = arm
    return found
