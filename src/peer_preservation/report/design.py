"""The mission's design: over which settings a behaviour is pooled, and less what."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import product
from typing import NamedTuple

from eval_observatory.contrasts import Pooled, Term, contrast_of, rate_of
from eval_observatory.counts import Spot
from peer_preservation.cell import MONITORING
from peer_preservation.registry import get_scenario
from peer_preservation.report.places import Arms, Book, Place, Point, spot_at
from peer_preservation.suite import EVALUATION, EVERY_TASK, FAKING, MISREPRESENTATION, OPEN, SUITE

ALIGNMENT_FAKING = FAKING
DIFFERENCES = (MISREPRESENTATION, FAKING)
"""The behaviours that are differences by their definition."""

UNMONITORED = (FAKING, OPEN)
"""The behaviours whose figure is of the unmonitored rollouts: silence beside openness."""


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


@cache
def design(behavior: str, subject: str) -> tuple[tuple[Point, ...], ...]:
    """The settings over which a behaviour is pooled, each with its points (arXiv:2604.19784).

    A setting is a task with its data set, over its thresholds; each weighs the same. What can
    occur in every task, such as a refusal, is pooled over all cells alike: there every point is a
    setting. What is of the unmonitored rollouts has points without monitoring.
    """
    tasks = [str(t) for m in SUITE.measures if m.name == behavior for t in m.where["task_type"]]
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
    """The cells of a place that show its behaviour: of `UNMONITORED` the unmonitored ones."""
    unwatched = place.behavior in UNMONITORED
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
    watched = part.monitoring or point.monitoring
    return spot_at(part.place, point._replace(monitoring=watched))


def _missing(
    used: Sequence[Sequence[Point]], settings: Sequence[Sequence[Point]]
) -> tuple[str, ...]:
    have = {point for points in used for point in points}
    return tuple(point.name for points in settings for point in points if point not in have)


def _group(part: int, of: Part, point: Point) -> tuple[object, ...]:
    """What shares rollouts: without a threat, scores held against two thresholds are the same."""
    shares = not of.place.threat and point.task_type in EVALUATION
    return (part, point._replace(threshold=None) if shares else point)
