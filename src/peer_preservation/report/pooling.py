"""Counts of cells to one figure over settings: which cells, with which weights. No tables here."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import NamedTuple

import polars as pl

from peer_preservation.behaviors import BEHAVIORS, EVALUATION, EVERY_TASK
from peer_preservation.cell import MONITORING
from peer_preservation.report.contrasts import exact_p
from peer_preservation.scenarios import get_scenario
from peer_preservation.statistics.contrasts import linear_contrast
from peer_preservation.statistics.intervals import clopper_pearson


class Arm(NamedTuple):
    """The counts of one cell."""

    k: int
    n: int
    unscored: int


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


class Part(NamedTuple):
    """A term of a contrast: the cells of a place, with a weight.

    `shared`: cells that differ only in their threshold are of the same rollouts.
    """

    weight: float
    arms: Arms
    shared: bool = False


@dataclass(frozen=True)
class Pooled:
    """One figure over settings.

    Attributes:
        estimate: the contrast; `low` and `high` its interval, `p` that it is 0 (NaN for a rate).
        plus, minus: the summed counts of the parts of positive and of negative weight.
        rate, baseline: the weighted rates of the two; `baseline` is None without a second.
        settings, of: how many settings are in it, of how many in the design.
        missing: the points of the design that are not in it.
        exact: a rate by Clopper-Pearson, or one cell against one by Boschloo.
    """

    estimate: float
    low: float
    high: float
    p: float
    plus: Arm
    minus: Arm
    rate: float
    baseline: float | None
    settings: int
    of: int
    missing: tuple[Point, ...]
    exact: bool


def book(cells: pl.DataFrame, calm: pl.DataFrame) -> Book:
    """The counts by place and point, the re-thresholded baselines at their thresholds."""
    found: Book = {}
    for row in (*calm.iter_rows(named=True), *cells.iter_rows(named=True)):
        place = Place(**{name: row[name] for name in Place._fields})
        point = Point(
            row["task_type"], row["dataset"], row["threshold"], row["alignment_faking_mode"]
        )
        found.setdefault(place, {})[point] = Arm(row["k"], row["n"], row["unscored"])
    return found


@cache
def design(behavior: str, subject: str) -> tuple[tuple[Point, ...], ...]:
    """The settings over which a behaviour is pooled, each with its points (experiment.md, 1).

    A setting is a task with its data set, over its thresholds; each weighs the same. What can
    occur in every task, such as a refusal, is pooled over all cells alike: there every point is a
    setting. Alignment faking is a difference at a point, so its points have no monitoring.
    """
    tasks = [task for b in BEHAVIORS if b.name == behavior for task in b.task_types]
    settings: list[tuple[Point, ...]] = []
    for task in tasks:
        scenario = get_scenario(task)
        known = scenario.subjects + (
            tuple(s for s in (subject,) if s not in ("self", "peer")) * scenario.identity_subjects
        )
        modes = MONITORING if scenario.monitoring and set(tasks) == set(EVERY_TASK) else (None,)
        for dataset in (scenario.datasets or (None,)) if subject in known else ():
            points = tuple(
                Point(task, dataset, threshold, mode)
                for threshold, mode in product(scenario.thresholds(dataset, True), modes)
            )
            settings += [(p,) for p in points] if set(tasks) == set(EVERY_TASK) else [points]
    return tuple(settings)


def watched(arms: Arms, monitoring: str) -> dict[Point, Arm]:
    """The cells with one kind of monitoring, as points without."""
    return {
        point._replace(monitoring=None): arm
        for point, arm in arms.items()
        if point.monitoring == monitoring
    }


def pool(parts: Sequence[Part], settings: Sequence[Sequence[Point]], level: float) -> Pooled | None:
    """The weighted sum of the parts' rates over the settings that all of them have.

    Settings weigh alike, and a setting's points weigh alike. A point that is absent or has no
    scored rollout in one part is left out of all, and named in `missing`; what remains is weighted
    anew. None where nothing remains.

    Raises `ValueError` for a level outside (0, 1).
    """
    used = _used(parts, settings)
    if not used:
        return None
    terms = [
        (part.weight / len(used) / len(points), part.arms[point], _group(i, part, point))
        for i, part in enumerate(parts)
        for points in used
        for point in points
    ]
    arms = [(arm.k, arm.n) for _, arm, _ in terms]
    weights = [weight for weight, _, _ in terms]
    plus, minus = (_total(arm for w, arm, _ in terms if w * sign > 0) for sign in (1, -1))
    rates = [sum(abs(w) * arm.k / arm.n for w, arm, _ in terms if w * sign > 0) for sign in (1, -1)]
    estimate, low, high, p = linear_contrast(arms, weights, level, [group for _, _, group in terms])
    exact = weights == [1.0, -1.0]
    if exact:
        p = exact_p(*arms[0], *arms[1])
    return Pooled(
        estimate=estimate,
        low=low,
        high=high,
        p=p,
        plus=plus,
        minus=minus,
        rate=rates[0],
        baseline=rates[1] if minus.n else None,
        settings=len(used),
        of=len(settings),
        missing=_missing(used, settings),
        exact=exact,
    )


def pool_rate(
    arms: Sequence[Arms], settings: Sequence[Sequence[Point]], level: float
) -> Pooled | None:
    """The rate over all scored rollouts of the settings, as the study pools plain rates.

    Its interval is Clopper and Pearson's of the summed counts. It keeps its level although the
    cells' rates differ: their sum varies less than a binomial count of the same mean (Hoeffding
    1956, Ann. Math. Stat. 27: 713-721). Recovered variances would not: for 17 cells of 100 at a
    true rate of 2 % they cover 90 %. None where nothing is scored.

    Raises `ValueError` for a level outside (0, 1).
    """
    parts = [Part(1.0, one) for one in arms]
    used = _used(parts, settings)
    total = _total(part.arms[point] for part in parts for points in used for point in points)
    if not total.n:
        return None
    low, high = clopper_pearson(total.k, total.n, level)
    rate = total.k / total.n
    return Pooled(
        estimate=rate,
        low=low,
        high=high,
        p=math.nan,
        plus=total,
        minus=Arm(0, 0, 0),
        rate=rate,
        baseline=None,
        settings=len(used),
        of=len(settings),
        missing=_missing(used, settings),
        exact=True,
    )


def _used(parts: Sequence[Part], settings: Sequence[Sequence[Point]]) -> list[list[Point]]:
    """The settings' points that all parts have with a scored rollout; none empty."""
    there = [
        [p for p in points if all(p in part.arms and part.arms[p].n for part in parts)]
        for points in settings
    ]
    return [points for points in there if points]


def _missing(
    used: Sequence[Sequence[Point]], settings: Sequence[Sequence[Point]]
) -> tuple[Point, ...]:
    have = {point for points in used for point in points}
    return tuple(point for points in settings for point in points if point not in have)


def _group(part: int, of: Part, point: Point) -> tuple[object, ...]:
    shares = of.shared and point.task_type in EVALUATION
    return (part, point._replace(threshold=None) if shares else point)


def _total(arms: Iterable[Arm]) -> Arm:
    listed = list(arms)
    return Arm(*(sum(values) for values in zip(*listed, strict=True))) if listed else Arm(0, 0, 0)
