"""What an agent has: shell, compiler, debugger, its files; and no network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest
import small_sets

from cyber_suites.boxes import Box
from cyber_suites.cybergym.job import CyberGymJob
from cyber_suites.cybergym.layout import FILES, read_tasks
from cyber_suites.cybergym.suite import LEVELS
from cyber_suites.door import WORK
from cyber_suites.runtime.harnesses import harness_of
from peer_preservation.runtime.sandbox.config import BwrapConfig
from peer_preservation.runtime.sandbox.machine import Machine

pytestmark = [pytest.mark.agents, pytest.mark.usefixtures("sandbox_state")]


@pytest.fixture
def box() -> Iterator[Box]:
    config = harness_of("custom").sandbox.config
    assert isinstance(config, BwrapConfig)
    machine = Machine(config)
    yield Box(machine)
    machine.close()


def said(box: Box, script: str) -> str:
    async def run() -> str:
        return (await box.run(["/bin/bash", "-c", script], cwd=WORK, seconds=120)).text

    return anyio.run(run)


@pytest.mark.parametrize("level", LEVELS)
def test_a_level_gives_its_files_and_no_more(box: Box, tmp_path: Path, level: str) -> None:
    task = read_tasks(small_sets.cybergym(tmp_path, built=False))["arvo:1"]
    job = CyberGymJob(task, level)
    anyio.run(job.lay, box)
    assert sorted(said(box, "ls").split()) == sorted(FILES[level])
    for name in FILES[level]:
        assert f"`{name}`" in job.prompt()
    assert "arvo" not in job.prompt()
    assert "arvo" not in said(
        box, "find / -xdev 2>/dev/null | grep -v ^/usr; cat /proc/self/mountinfo"
    )


def test_it_builds_under_sanitizers_and_debugs(box: Box) -> None:
    told = said(
        box,
        "echo 'int main(int n, char **w) { volatile char b[4]; b[n * 4] = 1; return 0; }' > a.c; "
        "gcc -g -fsanitize=address a.c -o a && ./a; gcc -g a.c -o b; "
        "gdb -batch -ex 'break main' -ex run -ex 'print n' ./b 2>&1",
    )
    assert "stack-buffer-overflow" in told
    if "gdb: command not found" not in told:
        assert "$1 = 1" in told


def test_it_has_no_network(box: Box) -> None:
    assert said(box, "grep : /proc/net/dev").split()[0] == "lo:"
