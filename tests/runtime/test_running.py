"""A plan played from Python: plainly, in a running event loop, and read again from its folder."""

from __future__ import annotations

import asyncio
import gc
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest

import peer_preservation as pp
from peer_preservation.runtime import rollout
from peer_preservation.runtime.finished import Finished
from peer_preservation.runtime.study import settled

CELLS = pp.matrix("quick", scenario="tampering")[:2]
PLAN = pp.Plan.of(CELLS, ["organism/tamper:p=0.5"], 4)
NOBODY = pp.Plan.of(CELLS, ["organism/nobody"], 1)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> pp.Run:
    """A locked plan under a stopping rule, played where no event loop runs."""
    folder = tmp_path_factory.mktemp("played")
    plan = pp.Plan.of(CELLS, PLAN.models, 12, stop=pp.Stop(width=0.4, batch=4))
    plan.write(folder / "plan.toml")
    return pp.run(folder / "plan.toml", folder / "run", display="none")


def test_a_plain_call_comes_back_when_the_run_has_ended(played: pp.Run) -> None:
    assert not played.interrupted
    assert played.asked
    assert played.trials.height == played.asked
    assert repr(played).endswith(f"{played.asked} of {played.asked} rollouts played)")


def test_a_folder_is_read_as_it_was_played(played: pp.Run) -> None:
    read = pp.read_run(played.folder)
    assert read.plan == played.plan
    assert read.trials.equals(played.trials)
    assert read.asked == played.asked
    assert read.looks.equals(played.looks)
    assert set(read.looks["model"]) == {*PLAN.models}
    assert read.looks["look"].min() == 1


def test_each_trial_is_of_an_episode_of_the_folder(played: pp.Run) -> None:
    assert {one.id for one in played.episodes()} == {*played.trials["episode_id"]}


def test_the_plans_claims_have_their_figures(played: pp.Run) -> None:
    claims = played.claims()
    assert played.plan
    assert claims.data.height == len(played.plan.claims)
    assert set(claims.data["decision"].drop_nulls()) == set(played.looks["decision"].drop_nulls())
    assert pp.estimate(played.trials, plan=claims)["planned"].any()


def test_the_report_says_what_was_planned(played: pp.Run, tmp_path: Path) -> None:
    page = played.report(tmp_path / "report").page.read_text(encoding="utf-8")
    assert played.plan
    assert played.plan.hash in page


def test_a_run_that_nobody_locked_says_so_and_grows(tmp_path: Path) -> None:
    few = pp.Plan.of(CELLS[:1], PLAN.models, 1)
    assert pp.run(few, tmp_path, display="none").asked == 1
    assert "locked = false" in (tmp_path / "plan.toml").read_text()
    more = pp.Plan.of(CELLS[:1], ["organism/honest"], 2)
    assert pp.run(more, tmp_path, display="none").asked == 2
    read = pp.read_run(tmp_path)
    assert read.plan
    assert (read.plan.models, read.plan.locked) == ((*PLAN.models, "organism/honest"), False)
    assert (read.trials.height, read.asked) == (3, 3)
    assert read.looks.is_empty()
    page = read.report(tmp_path / "report")
    assert "planned" not in page.rates.columns
    with pytest.raises(pp.UserError, match="no plan was locked"):
        read.claims()


def test_another_plan_does_not_get_into_the_folder(played: pp.Run, tmp_path: Path) -> None:
    shutil.copytree(played.folder, tmp_path / "run")
    assert played.plan
    unlocked = msgspec.structs.replace(played.plan, locked=False)
    for other in (PLAN, unlocked):
        with pytest.raises(pp.UserError, match="holds the run of another plan"):
            pp.run(other, tmp_path / "run", display="none")
    assert pp.read_run(tmp_path / "run").plan == played.plan


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"seed": 1, "generation": {"temperature": 0.5}}, "other seed, generation"),
        ({"stop": pp.Stop()}, "other stop"),
    ],
)
def test_what_was_run_cannot_become_something_else(
    changes: dict[str, Any], says: str, tmp_path: Path
) -> None:
    def plan(cells: Sequence[pp.Cell] = CELLS[:1], **settings: Any) -> pp.Plan:
        return pp.Plan.of(cells, PLAN.models, 1, **settings)

    plan().keep(tmp_path / "plan.toml")
    with pytest.raises(pp.UserError, match=says):
        settled(plan(**changes), tmp_path)
    with pytest.raises(pp.UserError, match="holds the run of another plan"):
        settled(msgspec.structs.replace(plan(), locked=True), tmp_path)
    assert settled(plan(), tmp_path) == plan()


def test_cells_do_not_join_a_run_under_a_stopping_rule(tmp_path: Path) -> None:
    rule = pp.Stop(width=0.4, batch=4)
    pp.Plan.of(CELLS[:1], PLAN.models, 8, stop=rule).keep(tmp_path / "plan.toml")
    with pytest.raises(pp.UserError, match="holds a run with other cells"):
        settled(pp.Plan.of(CELLS, PLAN.models, 8, stop=rule), tmp_path)


def test_cells_and_models_join_a_run_and_nothing_is_played_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    anew: list[str] = []

    def counted(rollout: str, ended: str | None, good: bool) -> None:
        assert good
        if ended:
            anew.append(rollout)

    monkeypatch.setattr(rollout, "tell", counted)
    tampering = pp.matrix("quick", scenario="tampering")
    cells = (*tampering[:4], *pp.matrix("quick", scenario="misrep_finance")[:1])
    tamper, honest = "organism/tamper", "organism/honest"
    played = 0
    for mine, model, rollouts, new in (
        (cells[:2], tamper, 2, 4),
        (cells[2:4], tamper, 2, 4),  # as many as before, of the same scenario
        (cells[:2], tamper, 1, 0),
        (cells, tamper, 2, 2),
        (cells[1:2], honest, 3, 3),  # of another model nothing else
        (cells[:1], tamper, 3, 1),  # one cell more often, the others not
        (cells, tamper, 3, 4),
        (cells, tamper, 3, 0),
    ):
        anew.clear()
        run = pp.run(pp.Plan.of(mine, [model], rollouts), tmp_path, display="none")
        assert run.asked == len(mine) * rollouts == run.wanted.height
        assert len(anew) == new, (len(mine), model, rollouts)
        played += new
        assert run.trials.height == played
    read = pp.read_run(tmp_path)
    assert read.plan
    assert (*read.plan.cells,) == tuple(cell.id for cell in cells)
    assert read.plan.models == (tamper, honest)
    assert {*pp.Plan.of(cells, [tamper], 3).claims} <= {*read.plan.claims}


def test_a_run_of_an_older_form_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "study.json").write_text("{}")
    with pytest.raises(pp.UserError, match="a run of an older form; choose another folder"):
        pp.run(PLAN, tmp_path, display="none")
    assert {path.name for path in tmp_path.iterdir()} == {"study.json"}


def test_what_is_wrong_is_said_by_a_plain_call(tmp_path: Path) -> None:
    with pytest.raises(pp.UserError, match="organism 'nobody' is unknown"):
        pp.run(NOBODY, tmp_path / "run", display="none")
    with pytest.raises(pp.UserError, match=r"none\.toml"):
        pp.run(tmp_path / "none.toml", tmp_path / "run", display="none")
    wrong: tuple[dict[str, Any], ...] = ({"max_samples": 0}, {"workers": 0}, {"max_retries": -1})
    for given in wrong:
        (name,) = given
        with pytest.raises(pp.UserError, match=f"{name} .*: give . or more"):
            pp.run(PLAN, tmp_path / "run", display="none", **given)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("left", ["", "logs", "table"])
def test_a_folder_without_a_whole_run_is_refused(left: str, tmp_path: Path) -> None:
    if left == "logs":
        (tmp_path / "logs").mkdir()
    if left == "table":
        pl.DataFrame({"a": ["1"]}).write_parquet(tmp_path / "trials.parquet")
    says = {
        "": "no run: it has neither",
        "logs": "run it again",
        "table": "no rollouts; give a trial table",
    }
    with pytest.raises(pp.UserError, match=says[left]):
        pp.read_run(tmp_path)


def test_damaged_looks_are_refused(played: pp.Run, tmp_path: Path) -> None:
    shutil.copytree(played.folder, tmp_path / "run")
    (tmp_path / "run" / "looks.jsonl").write_text("{", encoding="utf-8")
    with pytest.raises(pp.UserError, match=r"looks\.jsonl: no looks of a stopping rule"):
        _ = pp.read_run(tmp_path / "run").looks


def test_awaited_in_a_running_loop_the_other_tasks_go_on(tmp_path: Path) -> None:
    async def main() -> pp.Run:
        ticks = 0

        async def tick() -> None:
            nonlocal ticks
            while True:
                await asyncio.sleep(0)
                ticks += 1

        ticking = asyncio.create_task(tick())
        begun = pp.run(PLAN, tmp_path, display="none")
        assert repr(begun).endswith("under way)")
        before = ticks
        run = await begun
        assert run is begun
        assert ticks > before + 1
        ticking.cancel()
        return run

    run = asyncio.run(main())
    assert run.trials.height == run.asked == 8
    assert pp.read_run(tmp_path).trials.equals(run.trials)


def test_used_in_a_running_loop_it_waits_for_its_end(tmp_path: Path) -> None:
    async def main() -> int:
        return pp.run(PLAN, tmp_path, display="none").trials.height

    assert asyncio.run(main()) == 8


def test_what_is_wrong_is_said_in_a_running_loop_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def main() -> None:
        with pytest.raises(pp.UserError, match="organism 'nobody' is unknown"):
            await pp.run(NOBODY, tmp_path / "run", display="none")
        used = pp.run(NOBODY, tmp_path / "run", display="none")
        with pytest.raises(pp.UserError, match="organism 'nobody' is unknown"):
            _ = used.trials
        assert "broken off: organism 'nobody' is unknown" in repr(used)
        assert not capsys.readouterr().err
        unasked = pp.run(NOBODY, tmp_path / "run", display="none")
        await _until(lambda: "broken off" in repr(unasked))

    asyncio.run(main())
    gc.collect()
    assert capsys.readouterr().err.startswith("UserError: organism 'nobody' is unknown")


def test_two_runs_of_one_process_take_turns(tmp_path: Path) -> None:
    async def main() -> list[pp.Run]:
        runs = [pp.run(PLAN, tmp_path / name, display="none") for name in ("a", "b")]
        return [await run for run in runs]

    assert [run.trials.height for run in asyncio.run(main())] == [8, 8]


def test_a_cancelled_task_ends_its_run_with_a_table_and_the_same_call_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = pp.Plan.of(CELLS, PLAN.models, 30)
    kept: list[pp.Episode] = []
    keep = Finished.keep

    def keeping(self: Finished, episode: pp.Episode) -> None:
        kept.append(episode)
        keep(self, episode)

    monkeypatch.setattr(Finished, "keep", keeping)

    async def main() -> pp.Run:
        run = pp.run(plan, tmp_path, display="none", max_samples=2)

        async def wait() -> None:
            await run

        waiting = asyncio.create_task(wait())
        await _until(lambda: len(kept) > 5)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        return run

    run = asyncio.run(main())
    assert run.interrupted
    before = run.trials.filter(ended="end_task")
    assert 0 < before.height < 60
    after = pp.run(plan, tmp_path, display="none")
    assert after.trials.filter(ended="end_task").height == after.asked == 60
    assert {*before["episode_id"]} <= {*after.trials["episode_id"]}


async def _until(there: Callable[[], bool]) -> None:
    async with asyncio.timeout(600):
        while not there():
            await asyncio.sleep(0.01)
