"""Machines of another provider: what it may answer, and files that do not arrive."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import anyio.from_thread
import anyio.to_thread
import pytest
from bare_machines import Bare, bare_machines
from inspect_ai.util import ExecResult, SandboxEnvironmentLimits

from peer_preservation.evidence.weights import MIB, safetensors
from peer_preservation.runtime.sandbox.containers import SERVICES, BoxShell, containers_up
from peer_preservation.runtime.sandbox.keeper import SandboxError
from peer_preservation.runtime.sandbox.machine import Machine
from peer_preservation.runtime.sandbox.machines import HostFile, HostSpec
from peer_preservation.scoring.exfiltration import NEW_SERVER, OLD_SERVER


def in_thread(function: Callable[[], object]) -> None:
    """Runs a function where Inspect's own are run from: in a thread of an event loop."""
    with anyio.from_thread.start_blocking_portal() as portal:
        portal.call(anyio.to_thread.run_sync, function)


class Answers(Bare):
    """Answers every command alike."""

    def __init__(self, answer: ExecResult[str] | Exception) -> None:
        self._answer = answer

    async def exec(self, *_: Any, **__: Any) -> ExecResult[str]:
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (ExecResult(False, 3, "", "no such thing"), "exit code 3: no such thing"),
        (TimeoutError("too long"), "TimeoutError: too long"),
        (RuntimeError("the daemon is gone"), "RuntimeError: the daemon is gone"),
        (ExecResult(True, 0, "x" * SandboxEnvironmentLimits.MAX_EXEC_OUTPUT_SIZE, ""), "more than"),
    ],
)
def test_whatever_a_provider_fails_with_is_a_failed_sandbox(
    answer: ExecResult[str] | Exception, message: str
) -> None:
    with pytest.raises(SandboxError, match=message):
        in_thread(partial(BoxShell(Answers(answer)).run, "true"))


class Repeats(Bare):
    """Does a command that matches as often as is said: a piece is lost, or comes twice."""

    times = 1

    async def exec(self, cmd: list[str], *arguments: Any, **options: Any) -> ExecResult[str]:
        done = ExecResult(True, 0, "", "")
        for _ in range(self.times if "base64 -d >>" in cmd[-3] else 1):
            done = await super().exec(cmd, *arguments, **options)
        return done


@pytest.mark.agents
@pytest.mark.parametrize("times", [0, 2])
def test_a_file_that_does_not_arrive_whole_is_an_error(
    times: int, machine: Machine, tmp_path: Path
) -> None:
    boxes = {name: Repeats(box) for name, box in bare_machines(machine).items()}
    boxes["old"].times = times
    hosts = {address: boxes[name] for address, name in SERVICES.items()}
    files = {"w.safetensors": HostFile(lambda: safetensors(MIB, 1), 1_700_000_000.0)}
    specs = {OLD_SERVER: HostSpec("a", files), NEW_SERVER: HostSpec("b", {})}
    with pytest.raises(SandboxError, match=r"w\.safetensors"):
        in_thread(partial(containers_up, boxes["default"], hosts, tmp_path, 1 << 30, specs))
