"""Counts of cells to one figure over settings: which cells, with which weights. No tables here."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import NamedTuple

from peer_preservation.behaviors import BEHAVIORS, EVALUATION, EVERY_TASK
from peer_preservation.cell import MONITORING
from peer_preservation.registry import get_scenario
from peer_preservation.report.contrasts import exact_p
from peer_preservation.report.counts import MISREPRESENTATION
from peer_preservation.report.places import Arm, Arms, Book, Place, Point, Side, Sides
from peer_preservation.statistics.contrasts import linear_contrast
from peer_preservation.statistics.intervals import clopper_pearson

ALIGNMENT_FAKING = "alignment_faking"
DIFFERENCES = (MISREPRESENTATION, ALIGNMENT_FAKING)
"""The behaviours that are differences by their definition."""


class Part(NamedTuple):
    """A term of a contrast: the cells of a place, with a weight; of those with monitoring one kind.

    A part's points have no monitoring where the part has it.
    """

    weight: float
    place: Place
    monitoring: str | None = None

    def arms(self, book: Book) -> Arms:
        """Its cells."""
        arms = book.get(self.place, {})
        if self.monitoring is None:
            return arms
        return {
            point._replace(monitoring=None): arm
            for point, arm in arms.items()
            if point.monitoring == self.monitoring
        }


@dataclass(frozen=True)
class Pooled:
    """One figure over settings.

    Attributes:
        estimate: the contrast; `low` and `high` its interval, `p` that it is 0 (NaN for a rate).
        plus, minus: the summed counts of the parts of positive and of negative weight.
        rate, baseline: the weighted rates of the two; `baseline` is None without a second.
        settings, of: how many settings are in it, of how many in the design.
        missing: the points of the design that are not in it.
        sides: the cells of positive and those of negative weight.
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
    sides: Sides
    exact: bool


@cache
def design(behavior: str, subject: str) -> tuple[tuple[Point, ...], ...]:
    """The settings over which a behaviour is pooled, each with its points (arXiv:2604.19784).

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


def observed(weight: float, place: Place) -> Part:
    """The cells of a place that show its behaviour: in alignment faking the unmonitored ones."""
    unwatched = place.behavior == ALIGNMENT_FAKING
    return Part(weight, place, "non_monitoring" if unwatched else None)


def baseline(book: Book, weight: float, place: Place) -> Part | None:
    """What is taken from `observed` where the behaviour is a difference by its definition.

    Misrepresentation: without threat and relationship, under a place's own control if that was
    played. Alignment faking: monitored.
    """
    if place.behavior == ALIGNMENT_FAKING:
        return Part(-weight, place, "monitoring")
    if place.behavior != MISREPRESENTATION:
        return None
    calm = place._replace(threat=False, relationship="none", instantiation="none")
    return Part(-weight, calm if calm in book else calm._replace(control=None))


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
        (part.weight / len(used) / len(points), arms[point], _group(i, part, point))
        for i, (part, arms) in enumerate(zip(parts, there, strict=True))
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
        sides=(_side(parts, used, 1), _side(parts, used, -1)),
        exact=exact,
    )


def pool_rate(
    book: Book, parts: Sequence[Part], settings: Sequence[Sequence[Point]], level: float
) -> Pooled | None:
    """The rate over all scored rollouts of the settings, as the study pools plain rates.

    The parts' weights count for nothing here.

    Its interval is Clopper and Pearson's of the summed counts. It keeps its level although the
    cells' rates differ: their sum varies less than a binomial count of the same mean (Hoeffding
    1956, Ann. Math. Stat. 27: 713-721). Recovered variances would not: for 17 cells of 100 at a
    true rate of 2 % they cover 90 %. None where nothing is scored.

    Raises `ValueError` for a level outside (0, 1).
    """
    there = [part.arms(book) for part in parts]
    used = _used(there, settings)
    total = _total(arms[point] for arms in there for points in used for point in points)
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
        sides=(_side(parts, used, 1), frozenset()),
        exact=True,
    )


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


def _side(parts: Sequence[Part], used: Sequence[Sequence[Point]], sign: int) -> Side:
    return frozenset(
        (part.place, point._replace(monitoring=part.monitoring or point.monitoring))
        for part in parts
        if part.weight * sign > 0
        for points in used
        for point in points
    )


def _missing(
    used: Sequence[Sequence[Point]], settings: Sequence[Sequence[Point]]
) -> tuple[Point, ...]:
    have = {point for points in used for point in points}
    return tuple(point for points in settings for point in points if point not in have)


def _group(part: int, of: Part, point: Point) -> tuple[object, ...]:
    """What shares rollouts: without a threat, scores held against two thresholds are the same."""
    shares = not of.place.threat and point.task_type in EVALUATION
    return (part, point._replace(threshold=None) if shares else point)


def _total(arms: Iterable[Arm]) -> Arm:
    listed = list(arms)
    return Arm(*(sum(values) for values in zip(*listed, strict=True))) if listed else Arm(0, 0, 0)
