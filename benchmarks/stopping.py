"""What the stopping rule errs and what it saves: `python -m benchmarks.stopping`.

Prints the tables of docs/stopping.md. Minutes: thousands of simulated studies.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from random import Random
from typing import Any, NamedTuple

from peer_preservation.cell import Cell
from peer_preservation.claims import Claim, claims
from peer_preservation.course import Course, replayed
from peer_preservation.matrix import matrix
from peer_preservation.organisms.published import planted_rate
from peer_preservation.statistics.stopping import ContrastPath, RatePath, Rule
from peer_preservation.stop import Stop
from peer_preservation.trials.simulation import simulate

STUDY = 100
"""Rollouts of a cell in the study."""

ENOUGH = 2_000
"""Rollouts after which every claim here is settled, if there is no maximum."""

ALPHA = 0.05
FAMILY = 10

Ends = Counter[str]


class Saved(NamedTuple):
    """A study under the rule: what it spent, how its claims ended, which need more."""

    spent: int
    ends: Ends
    longer: list[tuple[Claim, int]]


def contrasts(seeds: int, rate1: float, rate2: float, rule: Rule, seed: int) -> Ends:
    """How simulated contrasts end, with a look after every ten rollouts of each arm."""
    ends: Ends = Counter()
    for number in range(seeds):
        chance = Random(f"{seed}/contrast/{rate1}/{rate2}/{number}")
        path = ContrastPath(rule)
        for left in range(STUDY - 10, -1, -10):
            blocks = [(chance.random() < rate1, 1, chance.random() < rate2, 1) for _ in range(10)]
            if decision := path.look(blocks, left).decision:
                ends[decision] += 1
                break
    return ends


def misses(seeds: int, rates: Sequence[float], rule: Rule, seed: int) -> int:
    """How many of the simulated rates were ever outside their interval, to the maximum.

    Args:
        rates: of the pooled cells; the truth is their mean.
    """
    truth, missed = sum(rates) / len(rates), 0
    for number in range(seeds):
        chance = Random(f"{seed}/rate/{rates}/{number}")
        path, k = RatePath(rule), 0
        for n in range(1, STUDY + 1):
            k += sum(chance.random() < rate for rate in rates)
            low, high, _ = path.look(k, n * len(rates), 0)
            if not low <= truth <= high:
                missed += 1
                break
    return missed


def families_with_errors(seeds: int, rates: Sequence[float], rule: Rule, seed: int) -> int:
    """In how many families of equal arms, with one baseline for all, any is called different."""
    wrong = 0
    for number in range(seeds):
        chance = Random(f"{seed}/family/{number}")
        baseline = {rate: [chance.random() < rate for _ in range(STUDY)] for rate in set(rates)}
        wrong += any(_called_different(chance, rate, baseline[rate], rule) for rate in rates)
    return wrong


def _called_different(chance: Random, rate: float, baseline: list[bool], rule: Rule) -> bool:
    path = ContrastPath(rule)
    for start in range(0, STUDY, 10):
        blocks = [(chance.random() < rate, 1, other, 1) for other in baseline[start : start + 10]]
        decision = path.look(blocks, STUDY - 10 - start).decision
        if decision:
            return decision in ("higher", "lower")
    return False


def studied(model: str, width: float, most: int, batch: int, seed: int) -> Saved:
    """The paper's cells with a published rate, played at it, under the rule."""
    cells = [cell for cell in matrix("paper") if planted_rate(model, cell) is not None]
    course = Course(cells, most, Stop(width=width, batch=batch))
    replayed(course, _Rows(cells, model, most, seed))
    found = claims(cells)
    last = {look.claim: look for look in course.looks}
    ends = Counter(str(last[claim.arm[0]].decision) for claim in found)
    longer = [
        (claim, last[claim.arm[0]].asked)
        for claim in found
        if last[claim.arm[0]].asked > STUDY or last[claim.arm[0]].decision == "futile"
    ]
    return Saved(sum(course.asked.values()), ends, longer)


class _Rows:
    """The rows of the trial table, simulated in portions as a study goes on."""

    def __init__(self, cells: Sequence[Cell], model: str, most: int, seed: int) -> None:
        self._all = (cells, model, most, seed)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        cells, model, most, seed = self._all
        yield from simulate(cells, f"published:{model}", most, seed).iter_rows(named=True)
