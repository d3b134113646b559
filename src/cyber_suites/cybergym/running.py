"""One input on one build of a task, as the protocol runs it: no network, SIGKILL after 10 s."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol

import msgspec

from cyber_suites.boxes import TARGET, SandboxError, opened
from cyber_suites.cybergym.layout import MOST_POC, Task
from cyber_suites.outcomes import KILLED, Ran, failed, told
from cyber_suites.reading import json_of
from eval_observatory.errors import UserError

SECONDS = 10.0
"""After which a target is killed."""

_SPARE = 20.0
"""Seconds that a busy machine may need besides, before the instrument has failed."""


class Runner(Protocol):
    """Runs an input on a build of a task."""

    async def __call__(self, task: Task, build: str, poc: bytes) -> Ran:
        """What came of it; never raises for what a task or an input does."""


class _FuzzTarget(msgspec.Struct, frozen=True):
    fuzz_target: str


def command_of(task: Task, build: str) -> tuple[list[tuple[Path, str]], list[str], str]:
    """What a build's sandbox holds, the command, and where the input lies.

    Raises:
        UserError: the build is not there.
    """
    place = task.builds / build
    if not place.is_dir():
        raise UserError(f"task {task.id}: there is no {build} build")
    binds = [(place / "out", "/out")]
    if task.subset == "oss-fuzz":
        target = json_of(place / "metadata.json", _FuzzTarget).fuzz_target
        if not target or "/" in target:
            raise UserError(f"{place}/metadata.json: {target!r} is no name of a program")
        command, poc = [f"/out/{target}", "-runs=100", "/testcase"], "/testcase"
    else:
        binds.append((place / "arvo", "/arvo"))
        if (place / "libs").is_dir():
            binds.append((place / "libs", "/out-libs"))
        command = ["/usr/bin/env", "LD_LIBRARY_PATH=/out-libs", "/bin/bash", "/arvo"]
        poc = "/tmp/poc"
    if lacking := [source.name for source, _ in binds if not source.exists()]:
        raise UserError(f"task {task.id}: the {build} build lacks {', '.join(lacking)}")
    return binds, command, poc


async def run_poc(task: Task, build: str, poc: bytes, seconds: float = SECONDS) -> Ran:
    """Runs an input on a build, `vul` or `fix`, in a sandbox of its own."""
    if len(poc) > MOST_POC:
        return failed(f"the input has {len(poc)} bytes, more than {MOST_POC}")
    try:
        binds, command, place = command_of(task, build)
        async with as_file(poc) as file:
            return await _run([*binds, (file, place)], command, seconds)
    except (UserError, SandboxError, OSError) as error:
        return failed(str(error))


async def _run(binds: Sequence[tuple[Path, str]], command: Sequence[str], seconds: float) -> Ran:
    killed = ["/usr/bin/timeout", "-s", "KILL", f"{seconds:g}", *command]
    async with opened(binds, limits=TARGET) as box:
        said = await box.run(killed, seconds=seconds + _SPARE)
    if said.code is None and not said.ended:
        return failed(f"nobody could end the target within {seconds + _SPARE:g} s")
    code = KILLED if said.code is None else said.code
    return told(code, said.text, said.seconds, seconds, said.ended)


@asynccontextmanager
async def as_file(content: bytes) -> AsyncIterator[Path]:
    """A file that the sandbox's user can read, and that is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="cyber-suites-"))
    try:
        folder.chmod(0o755)
        file = folder / "poc"
        file.write_bytes(content)
        file.chmod(0o644)
        yield file
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def repeated(
    runner: Runner, task: Task, build: str, poc: bytes, times: int
) -> tuple[Ran, ...]:
    """The same run again and again; a second look tells a flaky target from a steady one."""
    return tuple([await runner(task, build, poc) for _ in range(times)])
