"""Batches under Inspect: exactly what the rule asks for, the same worlds, and a run taken up."""

from __future__ import annotations

import json
from pathlib import Path

import anyio
import pytest

import peer_preservation as pp
from peer_preservation.course import Course, replayed
from peer_preservation.runtime.sampling import Batches
from peer_preservation.runtime.study import Study
from peer_preservation.runtime.tasks import rollout_sample
from peer_preservation.stop import Stop
from peer_preservation.trials.sources import read_trials

CELLS = pp.matrix("quick", scenario="tampering", subject="peer", relationship="bad")
STOP = Stop(width=0.2, batch=5)
MODEL = "organism/tamper:p=0.3"


def study(rollouts: int = 20, stop: Stop | None = STOP) -> Study:
    return Study(cells=CELLS, models=[MODEL], rollouts=rollouts, stop=stop)


def test_a_study_gets_the_rollouts_that_the_rule_asks_for_and_goes_on(tmp_path: Path) -> None:
    study().run(tmp_path, display="none")
    trials = read_trials([tmp_path / "logs"])
    course = replayed(Course(CELLS, 20, STOP), trials.iter_rows(named=True))
    asked = dict(trials.group_by("cell_id").len().iter_rows())
    assert asked == course.asked
    # by batches or by epochs, a rollout is the same rollout
    simulated = pp.simulate(CELLS, "tamper:p=0.3", max(asked.values()))
    seeds = {(r["cell_id"], r["rollout"]): r["episode_id"] for r in simulated.to_dicts()}
    assert {(r["cell_id"], r["rollout"]): r["episode_id"] for r in trials.to_dicts()} == {
        key: seeds[key] for key in zip(trials["cell_id"], trials["rollout"], strict=True)
    }
    study().run(tmp_path, display="none")
    assert read_trials([tmp_path / "logs"]).sort("episode_id").equals(trials.sort("episode_id"))
    with pytest.raises(pp.UserError, match="other stop"):
        study(rollouts=30).run(tmp_path, display="none")
    kept = json.loads((tmp_path / "study.json").read_text())
    assert kept["stop"]["most"] == 20


def test_a_source_that_is_driven_again_asks_the_same_again() -> None:
    by_id = {cell.id: cell for cell in CELLS}
    source = Batches(
        lambda: Course(CELLS, 20, STOP), lambda id, rollout: rollout_sample(by_id[id], rollout)
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
    assert len(once) == 20 * len(CELLS)
    assert anyio.run(drive) == once
