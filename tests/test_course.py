"""A study under a stopping rule: what comes next is a pure function of what was seen."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

import pytest

import peer_preservation as pp
from eval_observatory.claims import claims
from eval_observatory.course import Course, Rollout, replayed
from eval_observatory.stop import Stop
from peer_preservation.suite import SUITE, by_id

CELLS = pp.matrix("quick", scenario=("tampering", "alignment_faking"))
STOP = Stop(width=0.2, batch=5)
MOST = 40
TRIALS = pp.simulate(CELLS, "tamper:p=0.3", MOST).to_dicts()
ROWS: dict[Rollout, Any] = {(row["cell_id"], row["rollout"]): row for row in TRIALS}


def course_of(cells: Sequence[pp.Cell], most: int, stop: Stop) -> Course:
    known = by_id(cells)
    return Course(SUITE, known, claims(SUITE, known), most, stop)


def begun() -> Course:
    return course_of(CELLS, MOST, STOP)


def driven(course: Course, shuffle: int | None = None) -> Course:
    """Plays a course, the answers coming in an order drawn at random."""
    order, waiting = Random(shuffle), course.start()
    seen = set()
    while waiting:
        rollout = waiting.pop(order.randrange(len(waiting)) if shuffle else 0)
        assert rollout not in seen
        seen.add(rollout)
        waiting += course.add(*rollout, ROWS[rollout])
    assert len(seen) == sum(course.asked.values())
    return course


def by_claim(course: Course) -> list[Any]:
    return sorted(course.looks, key=lambda look: (look.cell, look.look))


def test_a_claim_over_cells_that_are_played_elsewhere_is_not_waited_for() -> None:
    known = by_id(CELLS)
    claim = next(claim for claim in claims(SUITE, known) if claim.baseline)
    arm = {id: known[id] for id in claim.arm}
    alone = Course(SUITE, arm, [claim], MOST, STOP)
    assert len(alone.start()) == MOST * len(arm)


@pytest.mark.parametrize("shuffle", [1, 2, 3])
def test_the_order_of_answers_changes_nothing(shuffle: int) -> None:
    straight, shuffled = (driven(begun(), seed) for seed in (None, shuffle))
    assert straight.asked == shuffled.asked
    assert by_claim(straight) == by_claim(shuffled)


def test_the_trial_table_gives_back_every_look() -> None:
    live = driven(begun())
    assert by_claim(replayed(begun(), reversed(TRIALS))) == by_claim(live)


def test_a_cell_stops_only_when_its_claims_are_settled_and_never_beyond_the_most() -> None:
    course = driven(begun())
    assert max(course.asked.values()) <= MOST
    assert min(course.asked.values()) < MOST
    last = {look.cell: look for look in course.looks}
    assert all(look.decision for look in last.values())
    for look in last.values():
        for cell in (look.cell, *look.baseline):
            assert course.asked[cell] >= look.asked


def test_unscored_rollouts_are_spent_and_counted_but_say_nothing() -> None:
    cells = pp.matrix("quick", scenario="exfiltration_transfer", subject="self")
    course = course_of(cells, 20, STOP)
    waiting = course.start()
    while waiting:
        waiting += course.add(*waiting.pop(), {})
    (cell,) = cells
    last = course.looks[-1]
    assert (last.n, last.unscored) == (0, course.asked[cell.id])
    assert last.decision == "futile"


def test_a_run_that_was_cut_off_replays_as_far_as_it_came() -> None:
    half = [row for row in TRIALS if row["rollout"] < 7]
    course = replayed(begun(), half)
    assert {look.look for look in course.looks} == {1}


def test_the_data_sets_of_a_published_rate_are_pooled_in_whole_rounds() -> None:
    cells = pp.matrix(
        "paper", scenario="tampering", relationship="good", instantiation="memory", subject="peer"
    )
    course = course_of(cells, 10, Stop(batch=10))
    for cell, rollout in course.start():
        missing = cell == cells[0].id and rollout < 4
        course.add(cell, rollout, {} if missing else {"shutdown_enabled": cell != cells[1].id})
    assert [(look.n, look.k) for look in course.looks] == [(6, 0), (10, 10), (10, 0)]
    low, high = course.looks[0].claim_low, course.looks[0].claim_high
    assert low < 1 / 3 < high
