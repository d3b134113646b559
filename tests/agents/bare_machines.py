"""Three bare machines of `bwrap` that are reached by commands alone, as an engine has them."""

from __future__ import annotations

import subprocess as processes
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, overload

from inspect_ai.util import (
    ExecResult,
    SandboxEnvironment,
    SandboxEnvironmentConfigType,
    subprocess,
)

from peer_preservation.runtime.sandbox import ssh
from peer_preservation.runtime.sandbox.config import UID
from peer_preservation.runtime.sandbox.containers import SERVICES
from peer_preservation.runtime.sandbox.hosts import hosts_up
from peer_preservation.runtime.sandbox.machine import Machine
from peer_preservation.runtime.sandbox.machines import HostSpec

_BARE = f"sed -i /^sudo:/d /etc/group; rm -r /{ssh.FOLDER}"
_BARE_HOST = f"{_BARE} /etc/ssh/* /{ssh.PID_FILE}; kill -9 -1"


@dataclass(frozen=True)
class HostBox:
    """One machine, seen from outside through its commands."""

    machine: Machine
    pid: int

    def command(self, command: Sequence[str], cwd: str, env: Mapping[str, str]) -> list[str]:
        """The arguments of a process here that runs a command there."""
        return self.machine.keeper.enter(self.pid, command, cwd, env, UID)


def bare_machines(machine: Machine) -> dict[str, HostBox]:
    """A machine and two hosts, by service: no key, no file, no administrators, and nothing runs."""
    specs = {address: HostSpec(f"files-{address[-2:]}", {}) for address in SERVICES}
    hosts = hosts_up(machine, specs)
    boxes = {"default": HostBox(machine, machine.pid)}
    for address, inner in hosts._pids.items():
        boxes[SERVICES[address]] = HostBox(machine, machine.keeper.outer_pid(inner))
    for name, box in boxes.items():
        script = _BARE if name == "default" else _BARE_HOST
        environment = machine.config.environment()
        processes.run(box.command(["/bin/sh", "-c", script], "/", environment), check=True)
    return boxes


class Bare(SandboxEnvironment):
    """A machine as a sandbox of Inspect that can run commands, and nothing else."""

    def __init__(self, box: HostBox) -> None:
        super().__init__()
        self._box = box

    async def exec(
        self,
        cmd: list[str],
        input: str | bytes | None = None,
        cwd: str | None = None,
        env: dict[str, str] | None = None,
        user: str | None = None,
        timeout: int | None = None,
        timeout_retry: bool = True,
        concurrency: bool = True,
    ) -> ExecResult[str]:
        del user, timeout_retry, concurrency
        whole = {**self._box.machine.config.environment(), **(env or {})}
        command = self._box.command(cmd, cwd or "/", whole)
        return await subprocess(command, input=input, timeout=timeout)

    async def write_file(self, file: str, contents: str | bytes) -> None:
        raise NotImplementedError

    @overload
    async def read_file(self, file: str, text: Literal[True] = True) -> str: ...

    @overload
    async def read_file(self, file: str, text: Literal[False]) -> bytes: ...

    async def read_file(self, file: str, text: bool = True) -> str | bytes:
        raise NotImplementedError

    @classmethod
    async def sample_cleanup(
        cls,
        task_name: str,
        config: SandboxEnvironmentConfigType | None,
        environments: dict[str, SandboxEnvironment],
        interrupted: bool,
    ) -> None:
        raise NotImplementedError
