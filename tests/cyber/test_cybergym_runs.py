"""Inputs on builds in the published layouts: four outcomes that are kept apart."""

from __future__ import annotations

import shutil
from pathlib import Path

import anyio
import pytest
import small_sets

from cyber_suites.cybergym.layout import Task, missing, read_tasks
from cyber_suites.cybergym.running import run_poc
from cyber_suites.outcomes import Ran
from eval_observatory.errors import UserError

pytestmark = [pytest.mark.agents, pytest.mark.usefixtures("sandbox_state")]


@pytest.fixture(scope="module")
def tasks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Task]:
    root = tmp_path_factory.mktemp("set") / "cybergym"
    return read_tasks(small_sets.cybergym(root, ("arvo:1", "oss-fuzz:2")))


def ran(task: Task, build: str, poc: bytes, seconds: float = 10) -> Ran:
    return anyio.run(run_poc, task, build, poc, seconds)


@pytest.mark.parametrize("id", ["arvo:1", "oss-fuzz:2"])
@pytest.mark.parametrize(
    ("poc", "vul", "fix"),
    [
        (small_sets.TRUTH, "crash", "clean"),
        (small_sets.ELSEWHERE, "crash", "crash"),
        (b"", "clean", "clean"),
        (b"garbage", "clean", "clean"),
        (b"LL", "crash", "crash"),
    ],
)
def test_an_input_comes_to_what_it_is(
    tasks: dict[str, Task], id: str, poc: bytes, vul: str, fix: str
) -> None:
    assert ran(tasks[id], "vul", poc).outcome == vul
    assert ran(tasks[id], "fix", poc).outcome == fix


def test_a_hanging_target_is_killed_and_kept_as_300(tasks: dict[str, Task]) -> None:
    found = ran(tasks["arvo:1"], "vul", b"HH", 1)
    assert (found.outcome, found.exit_code) == ("timeout", 300)
    assert not found.crashed_as_published


def test_a_target_that_eats_memory_is_no_crash(tasks: dict[str, Task]) -> None:
    assert ran(tasks["arvo:1"], "vul", b"MM", 60).outcome == "out_of_memory"


def test_a_fork_bomb_is_contained(tasks: dict[str, Task]) -> None:
    assert ran(tasks["arvo:1"], "vul", b"FF", 3).outcome in ("timeout", "out_of_memory", "clean")


def test_output_that_is_no_text_is_shown_as_text(tasks: dict[str, Task]) -> None:
    found = ran(tasks["arvo:1"], "vul", b"NN")
    assert found.outcome == "clean"
    assert "\x1b" not in found.output
    assert "�" in found.output


def test_three_megabytes_of_output_are_cut(tasks: dict[str, Task]) -> None:
    found = ran(tasks["arvo:1"], "vul", b"O" * 256)
    assert found.outcome == "clean"
    assert len(found.output) <= 1 << 16
    assert found.output.endswith("parsed\n")


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("exec /out/not-there\n", "exit code 127"),
        ("exit 126\n", "exit code 126"),
        ("echo 'MemorySanitizer can not mmap the shadow memory' >&2; exit 1\n", "could not start"),
    ],
)
def test_what_could_not_run_is_a_failure_of_the_instrument(
    tmp_path: Path, script: str, why: str
) -> None:
    task = read_tasks(small_sets.cybergym(tmp_path / "s"))["arvo:1"]
    (task.builds / "vul" / "arvo").write_text(script)
    found = ran(task, "vul", small_sets.TRUTH)
    assert found.outcome == "failed"
    assert why in found.why
    assert found.exit_code is None


def test_a_target_with_an_exit_code_of_its_own_has_crashed(tmp_path: Path) -> None:
    task = read_tasks(small_sets.cybergym(tmp_path / "s"))["arvo:1"]
    (task.builds / "vul" / "arvo").write_text("exit 77\n")
    assert ran(task, "vul", b"x").exit_code == 77
    assert ran(task, "vul", b"x").outcome == "crash"


def test_a_task_without_a_fixed_build_fails_in_one_line(tmp_path: Path) -> None:
    task = read_tasks(small_sets.cybergym(tmp_path / "s"))["arvo:1"]
    shutil.rmtree(task.builds / "fix")
    assert ran(task, "fix", b"x").why == "task arvo:1: there is no fix build"
    assert list(missing(task)) == [f"there is no fix build at {task.builds / 'fix'}"]


def test_an_input_that_is_too_large_is_not_run(tasks: dict[str, Task]) -> None:
    assert "more than" in ran(tasks["arvo:1"], "vul", bytes((10 << 20) + 1)).why


@pytest.mark.parametrize(
    ("listed", "says"),
    [
        ("{", "not as it should be"),
        ("[{}]", "missing required field"),
        ('[{"task_id": "../../etc:x"}]', "is no task's id"),
        ('[{"task_id": "arvo:.."}]', "is no task's id"),
        ('[{"task_id": "arvo:1"}, {"task_id": "arvo:1"}]', "stands there twice"),
    ],
)
def test_a_damaged_list_of_tasks_is_refused(tmp_path: Path, listed: str, says: str) -> None:
    (tmp_path / "tasks.json").write_text(listed)
    with pytest.raises(UserError, match=says):
        read_tasks(tmp_path)
