"""Batches under Inspect: exactly what the rule asks for, the same worlds, and a run taken up."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest

import peer_preservation as pp
from eval_observatory.course import replayed
from eval_observatory.stop import Stop
from peer_preservation.runtime.sampling import Batches
from peer_preservation.runtime.study import Study
from peer_preservation.runtime.tasks import rollout_sample
from peer_preservation.trials.sources import read_trials

CELLS = pp.matrix("quick", scenario="tampering", subject="peer", relationship="bad")
STOP = Stop(width=0.2, batch=5)
MODEL = "organism/tamper:p=0.3"


def study(rollouts: int = 20, stop: Stop | None = STOP) -> Study:
    return Study(pp.Plan.of(CELLS, [MODEL], rollouts, stop=stop))


def test_a_study_gets_the_rollouts_that_the_rule_asks_for_and_goes_on(tmp_path: Path) -> None:
    study().run(tmp_path, display="none")
    trials = read_trials([tmp_path / "logs"])
    course = replayed(study().plan.course(), trials.iter_rows(named=True))
    asked = dict(trials.group_by("cell_id").len().iter_rows())
    assert asked == course.asked
    study().run(tmp_path, display="none")
    assert read_trials([tmp_path / "logs"]).sort("episode_id").equals(trials.sort("episode_id"))
    with pytest.raises(pp.UserError, match="other rollouts"):
        study(rollouts=30).run(tmp_path, display="none")
    assert pp.Plan.read(tmp_path / "plan.toml") == study().plan


def test_by_batches_or_by_epochs_a_rollout_is_the_same_rollout(tmp_path: Path) -> None:
    found = []
    for stop in (STOP, None):
        study(5, stop).run(tmp_path / str(stop), display="none")
        found.append(read_trials([tmp_path / str(stop) / "logs"]).sort("rollout"))
    assert found[0].height == 5
    assert found[0].equals(found[1])


def test_a_source_that_is_driven_again_asks_the_same_again() -> None:
    by_id = {cell.id: cell for cell in CELLS}
    source = Batches(
        lambda: study(100).plan.course(),
        lambda id, rollout: rollout_sample(by_id[id], rollout),
    )

    async def drive() -> list[object]:
        queue = list(first)
        seen: list[object] = []
        while queue:
            sample = queue.pop(0)
            seen.append(sample.id)
            queue += await source.sample_abandoned(sample, 1)
        return seen

    first = source.initial_samples()
    once = anyio.run(drive)
    assert len(once) > STOP.batch
    assert len(set(once)) == len(once)
    assert anyio.run(drive) == once


def test_the_scenarios_of_a_study_share_the_families_of_its_plan() -> None:
    """A run plays scenario by scenario; what it stops at is what the record of the whole says."""
    scenarios = ("misrep_finance", "misrep_evaluation")
    cells = pp.matrix("paper", scenario=scenarios, dataset=(None, "factual"))
    arms, calm = ([cell for cell in cells if cell.threat is threat] for threat in (True, False))
    rows = [
        *pp.simulate(arms, "inflate:p=0.2", 100).to_dicts(),
        *pp.simulate(calm, "honest", 100).to_dicts(),
    ]
    played = {(row["cell_id"], row["rollout"]): row for row in rows}
    stop = Stop(width=0.1, batch=10)
    plan = pp.Plan.of(cells, (), 100, stop=stop)
    looks, done = [], []
    for name in scenarios:
        course = plan.course([cell.id for cell in cells if cell.scenario == name])
        waiting = course.start()
        while waiting:
            done.append(played[waiting[0]])
            waiting += course.add(*waiting[0], played[waiting.pop(0)])
        looks += course.looks
    whole = replayed(plan.course(), done)
    assert sorted(whole.looks, key=str) == sorted(looks, key=str)
    assert sum(whole.asked.values()) == len(done)
