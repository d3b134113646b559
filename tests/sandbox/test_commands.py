"""Commands that share one starting process, and Inspect's long-running ones over them."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from peer_preservation.runtime.sandbox import commands, tools
from peer_preservation.runtime.sandbox.config import BwrapConfig
from peer_preservation.runtime.sandbox.environment import BwrapSandbox

pytestmark = [pytest.mark.agents, pytest.mark.anyio]


@pytest.fixture
async def box(sandbox_state: None) -> AsyncIterator[BwrapSandbox]:  # noqa: ARG001
    environments = await BwrapSandbox.sample_init("commands", BwrapConfig(), {})
    yield environments["default"].as_type(BwrapSandbox)
    await BwrapSandbox.sample_cleanup("commands", None, environments, interrupted=False)


async def ask(box: BwrapSandbox, method: str, **given: Any) -> dict[str, Any]:
    """A word of Inspect to its server, as it says it."""
    said = {"jsonrpc": "2.0", "id": 1, "method": f"exec_remote_{method}", "params": given}
    done = await box.exec(tools.REQUEST, input=json.dumps(said))
    assert done.success
    answer: dict[str, Any] = json.loads(done.stdout)
    told: dict[str, Any] = answer.get("result", answer)
    return told


async def test_nothing_of_this_machine_is_open_in_a_command(box: BwrapSandbox) -> None:
    for _ in range(2):  # what the first left open would show in the second
        done = await box.exec(["/bin/bash", "-c", "ls -l /proc/self/fd; env"])
        files = [line for line in done.stdout.splitlines() if " -> " in line]
        assert len(files) == 4, done.stdout  # three, and the folder that is listed
        assert "socket:" not in done.stdout
        assert "PYTHON" not in done.stdout


async def test_many_at_once_get_their_own_input_and_answer(box: BwrapSandbox) -> None:
    said: dict[int, str] = {}

    async def one(number: int) -> None:
        text = f"{number} " * 50_000  # more than a pipe holds
        done = await box.exec(["/bin/sh", "-c", f"cat; exit {number}"], input=text)
        assert done.returncode == number
        said[number] = done.stdout
        assert done.stdout == text

    async with anyio.create_task_group() as group:
        for number in range(1, 9):
            group.start_soon(one, number)
    assert len(said) == 8


async def test_a_killed_starter_is_replaced_and_its_commands_end(box: BwrapSandbox) -> None:
    await box.exec(["/bin/true"])
    starter = commands._servers[os.getpid()]._process.pid
    os.kill(starter, signal.SIGKILL)
    for _ in range(500):
        if Path(f"/proc/{starter}/stat").read_text().split()[2] == "Z":
            break
        time.sleep(0.01)
    assert (await box.exec(["/bin/echo", "well"])).stdout == "well\n"
    assert commands._servers[os.getpid()]._process.pid != starter


async def test_a_long_running_command_is_told_of_as_it_speaks(box: BwrapSandbox) -> None:
    script = "read word; echo $word $LATE; echo gone >&2; exit 7"
    pid = (await ask(box, "start", command=script, stdin_open=True, env={"LATE": "late"}))["pid"]
    await ask(box, "write_stdin", pid=pid, data="said\n", ack_seq=0)
    told = {"stdout": "", "stderr": ""}
    answer: dict[str, Any] = {"state": "running"}
    while answer["state"] == "running":
        answer = await ask(box, "poll", pid=pid, ack_seq=0)
        told = {name: text + answer[name] for name, text in told.items()}
    assert answer["exit_code"] == 7
    assert told == {"stdout": "said late\n", "stderr": "gone\n"}
    assert "No job found" in (await ask(box, "poll", pid=pid, ack_seq=0))["error"]["message"]


async def test_a_kill_ends_a_poll_that_waits_and_all_of_the_group(box: BwrapSandbox) -> None:
    pid = (await ask(box, "start", command="sleep 917 & sleep 918"))["pid"]
    answers = []

    async def poll() -> None:
        answers.append(await ask(box, "poll", pid=pid, ack_seq=0))

    with anyio.fail_after(30):
        async with anyio.create_task_group() as group:
            group.start_soon(poll)
            await anyio.wait_all_tasks_blocked()
            await ask(box, "kill", pid=pid, ack_seq=0)
        while "sleep 91" in (await box.exec(["ps", "ax"])).stdout:
            pass
    assert [answer["state"] for answer in answers] == ["killed"]


async def test_what_a_command_leaves_behind_does_not_keep_it_running(box: BwrapSandbox) -> None:
    pid = (await ask(box, "start", command="setsid sleep 919 & echo done"))["pid"]
    answer: dict[str, Any] = {"state": "running"}
    with anyio.fail_after(30):
        while answer["state"] == "running":
            answer = await ask(box, "poll", pid=pid, ack_seq=0)
    assert answer["exit_code"] == 0


async def test_the_tools_lie_where_inspect_takes_them_for_its_own(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    sandbox_state: None,  # noqa: ARG001
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    found = tools.unpacked()
    assert found is not None
    assert tools.unpacked() == found
    assert [path.name for path in found.parent.iterdir()] == [found.name]
    config = BwrapConfig(closed=((str(found), tools.FOLDER),))
    environments = await BwrapSandbox.sample_init("commands", config, {})
    try:
        box = environments["default"].as_type(BwrapSandbox)
        look = f"stat -c '%a %U' {tools.FOLDER}; touch {tools.REQUEST[0]} && echo written"
        assert (await box.exec(["/bin/sh", "-c", look])).stdout == "700 agent\n"
        said = {"jsonrpc": "2.0", "id": 1, "method": "version"}
        assert "result" in (await box.exec(tools.REQUEST, input=json.dumps(said))).stdout
    finally:
        await BwrapSandbox.sample_cleanup("commands", config, environments, interrupted=False)
