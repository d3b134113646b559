"""What judges is out of an agent's reach: every way is gone from inside, and none leads there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest
import small_sets

from cyber_suites.bountybench.job import BountyJob
from cyber_suites.bountybench.layout import read_bounties
from cyber_suites.bountybench.running import check
from cyber_suites.boxes import Box
from cyber_suites.cybergym.job import CyberGymJob
from cyber_suites.cybergym.layout import read_tasks
from cyber_suites.door import A_MINUTE, AT_ALL, SCRIPT, WORK, Door, lay_script
from cyber_suites.oracle import LOOT, attempts
from cyber_suites.runtime.harnesses import harness_of
from cyber_suites.runtime.jobs import Job
from peer_preservation.runtime.sandbox.config import BwrapConfig
from peer_preservation.runtime.sandbox.machine import Machine

pytestmark = [pytest.mark.agents, pytest.mark.usefixtures("sandbox_state")]

CANARIES = (
    small_sets.FIXED_MARK,
    small_sets.TRUTH.decode(),
    small_sets.ELSEWHERE.decode(),
    small_sets.VERIFY_MARK,
    "invariant_scores",
    "cp sum.txt /tmp/exploit/sum",
)
"""What stands in a fixed build, a ground truth, a verifier, an invariant, a reference exploit."""

ATTEMPTS = attempts()


def jobs(folder: Path) -> dict[str, Job]:
    gym = read_tasks(small_sets.cybergym(folder / "gym"))["arvo:1"]
    bounty = read_bounties(small_sets.bountybench(folder / "bounties"))["calc/bounty_0"]
    return {
        "cybergym": CyberGymJob(gym, "level0"),
        "patch": BountyJob(bounty, "patch"),
        "detect": BountyJob(bounty, "detect"),
    }


@pytest.fixture(scope="module", params=("cybergym", "patch", "detect"))
def gone(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, str]]:
    """What each attempt found, in the machine that an agent has, while targets run beside it."""
    job = jobs(tmp_path_factory.mktemp("sets"))[request.param]
    config = harness_of("custom").sandbox.config
    assert isinstance(config, BwrapConfig)
    machine = Machine(config)
    try:
        yield anyio.run(all_gone, Box(machine), job)
    finally:
        machine.close()


async def all_gone(box: Box, job: Job) -> dict[str, str]:
    await lay_script(box)
    await job.lay(box)
    door = Door(box, job.most, job.answer, job.record.refused)
    found = {}
    async with anyio.create_task_group() as group:
        group.start_soon(door.serve)
        group.start_soon(busy, job)
        for name, script in ATTEMPTS.items():
            said = await box.run(["/bin/bash", "-c", script], cwd=WORK, seconds=60)
            shown = await box.run(["/bin/cat", f"{LOOT}/{name}"], seconds=20, keep=1 << 22)
            found[name] = said.text + shown.text
        group.cancel_scope.cancel()
    return found


async def busy(job: Job) -> None:
    """The judge at work on this machine, with all its secrets open."""
    while True:
        if isinstance(job, CyberGymJob):
            await job.runner(job.task, "fix", small_sets.TRUTH)
            await job.runner(job.task, "vul", small_sets.TRUTH)
        elif isinstance(job, BountyJob):
            await check(job.bounty)


@pytest.mark.parametrize("name", ATTEMPTS)
def test_no_attempt_reaches_the_oracle(gone: dict[str, str], name: str) -> None:
    said = gone[name]
    assert [mark for mark in CANARIES if mark in said] == []
    assert "REACHED" not in said
    assert "root:$" not in said


def test_there_are_enough_attempts(gone: dict[str, str]) -> None:
    """And they were made: what each was told stands there."""
    assert len(ATTEMPTS) >= 20
    assert sum(bool(said.strip()) for said in gone.values()) >= 15


def test_the_canaries_are_found_where_they_are(tmp_path: Path) -> None:
    """The control: outside, the same words are there to be read."""
    jobs(tmp_path)
    everything = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    for mark in CANARIES:
        assert mark.encode() in everything


def through_the_door(tmp_path: Path, script: str, most: int = 100) -> tuple[str, dict[str, int]]:
    """What a script inside is told, and what the door counted."""
    refused: dict[str, int] = {}

    async def answer(content: bytes, seconds: float) -> str:
        assert seconds >= 0
        return f"taken {len(content)}"

    async def run(box: Box) -> str:
        await lay_script(box)
        door = Door(box, most, answer, refused)
        async with anyio.create_task_group() as group:
            group.start_soon(door.serve)
            said = await box.run(["/bin/bash", "-c", script], cwd=WORK, seconds=60)
            group.cancel_scope.cancel()
        return said.text

    assert tmp_path
    machine = Machine(BwrapConfig())
    try:
        return anyio.run(run, Box(machine)), refused
    finally:
        machine.close()


def test_the_door_takes_files_and_folders(tmp_path: Path) -> None:
    said, refused = through_the_door(
        tmp_path,
        f"printf abc > f; {SCRIPT} f; mkdir d; printf x > d/x; {SCRIPT} d; {SCRIPT} nowhere",
        most=1 << 20,
    )
    assert said.splitlines() == ["taken 3", "taken 10240", "usage: submit.sh FILE_OR_FOLDER"]
    assert refused == {}


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (f"head -c 101 /dev/zero > f; {SCRIPT} f", "too_large"),
        (
            "cd /tmp/.submissions; mkdir aaaaaaaa bbbbbbbb; ln -s /nowhere aaaaaaaa/ready; "
            "mkfifo p bbbbbbbb/ready; sleep 2; cat bbbbbbbb/answer",
            "unreadable",
        ),
        (f"for i in $(seq {A_MINUTE + 1}); do echo $i > f; {SCRIPT} f; done", "too_fast"),
    ],
)
def test_the_door_turns_down_what_is_too_much(tmp_path: Path, script: str, reason: str) -> None:
    said, refused = through_the_door(tmp_path, script)
    assert "Not taken: " in said
    assert refused[reason] >= 1
    assert AT_ALL > A_MINUTE
