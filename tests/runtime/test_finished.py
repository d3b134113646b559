"""A finished rollout outlives its neighbours, its task and its log."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import anyio
import pytest
import zipfile_zstd as zipfile
from inspect_ai._eval.task import run as inspect_run
from inspect_ai.log import EvalSample
from inspect_ai.log._condense import condense_sample
from inspect_ai.solver import TaskState

import peer_preservation as pp
from peer_preservation.episode import PLAYED, Episode
from peer_preservation.runtime import loop, rollout
from peer_preservation.runtime.finished import Finished, remembered, sweep
from peer_preservation.runtime.rollout import Play
from peer_preservation.runtime.study import Study
from peer_preservation.trials.sources import read_trials, records

CELLS = pp.matrix("paper", scenario="tampering", subject="peer", dataset="factual")[:2]


FINISHED, FAILING = CELLS[0].id, CELLS[1].id


@pytest.fixture
def cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """One sample cannot be logged, so that its task fails, and another one is cut off with it.

    That one has been played to its end, but is not scored yet. Played again, it never ends.
    """
    condense, record, played = condense_sample, rollout.record, anyio.Event()

    def fails(sample: EvalSample, *arguments: Any) -> EvalSample:
        if sample.id == FAILING:
            raise ValueError("this sample cannot be stored")
        return condense(sample, *arguments)

    async def recorded(state: TaskState, play: Play, *rest: Any) -> TaskState:
        if state.sample_id == FAILING:
            await played.wait()
        if state.sample_id != FINISHED:
            return await record(state, play, *rest)
        again = played.is_set()
        state = await record(state, hangs if again else play, *rest)
        played.set()
        if not again:
            await anyio.sleep_forever()
        return state

    monkeypatch.setattr(inspect_run, "condense_sample", fails)
    monkeypatch.setattr(loop, "record", recorded)


async def hangs(*_: Any) -> None:
    await anyio.sleep_forever()


def played(logs: Path) -> dict[tuple[str, int | None], str]:
    return {
        (record.cell.id, record.rollout): record.to_json()
        for record in records(logs)
        if isinstance(record, Episode) and record.ended in PLAYED
    }


@pytest.mark.usefixtures("cut_off")
def test_a_rollout_that_is_cut_off_before_it_is_scored_is_not_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = Study(pp.Plan.of(CELLS[:2], ["organism/tamper"], 1))
    study.run(tmp_path, display="none")
    first = played(tmp_path)
    assert (FINISHED, 0) in first
    study.run(tmp_path, display="none")
    assert first.items() <= played(tmp_path).items()
    monkeypatch.undo()
    study.run(tmp_path, display="none")
    assert first.items() <= played(tmp_path).items()
    assert read_trials([tmp_path])["ended"].to_list() == ["end_task"] * 2


def test_a_log_goes_only_when_a_newer_one_holds_what_it_holds(tmp_path: Path) -> None:
    Study(pp.Plan.of(CELLS, ["organism/tamper"], 1)).run(tmp_path, display="none")
    (log,) = (tmp_path / "logs").glob("*.eval")
    same, less = log.with_name("0.eval"), log.with_name("1.eval")
    same.write_bytes(log.read_bytes())
    with zipfile.ZipFile(log) as whole, zipfile.ZipFile(less, "w") as newer:
        left_out = next(name for name in whole.namelist() if name.startswith("samples/"))
        for name in whole.namelist():
            if name != left_out:
                newer.writestr(name, whole.read(name))
    for age, path in enumerate((less, same, log)):
        os.utime(path, (1e9 - age, 1e9 - age))
    sweep(log.parent)
    assert {path.name for path in log.parent.glob("*.eval")} == {log.name, same.name, less.name}
    os.utime(same, (2e9, 2e9))
    sweep(log.parent)
    assert {path.name for path in log.parent.glob("*.eval")} == {same.name}


def test_a_clock_that_went_back_makes_no_old_log_the_newest(tmp_path: Path) -> None:
    future = time.time() + 1e6
    for place, name in enumerate(("b.eval", "a.eval")):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (future + place, future + place))
    with remembered(tmp_path):
        before, after = ((tmp_path / name).stat().st_mtime for name in ("b.eval", "a.eval"))
        assert before < after <= time.time()


def test_a_rollout_that_is_under_way_is_not_held() -> None:
    finished = Finished()
    episode = pp.open_episode(CELLS[0])
    finished.keep(episode)
    assert finished.record(episode) is None
