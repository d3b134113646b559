"""A stand-in for a container engine: three bare machines of `bwrap`, to be reached by exec alone.

It shows what is above Inspect's sandbox API at work; of an engine itself it shows nothing.
"""

from __future__ import annotations

from typing import Any, Literal, overload

import anyio
from inspect_ai.util import (
    ExecResult,
    SandboxEnvironment,
    SandboxEnvironmentConfigType,
    sandboxenv,
)

from peer_preservation.runtime.sandbox import ssh
from peer_preservation.runtime.sandbox.config import UID, BwrapConfig
from peer_preservation.runtime.sandbox.containers import SERVICES
from peer_preservation.runtime.sandbox.environment import BwrapSandbox
from peer_preservation.runtime.sandbox.hosts import hosts_up
from peer_preservation.runtime.sandbox.machine import Machine
from peer_preservation.runtime.sandbox.machines import HostSpec

_BARE = f"kill -9 -1; rm -r /etc/ssh/* /{ssh.FOLDER} /{ssh.PID_FILE}"


class _Host(BwrapSandbox):
    """A host beside a machine, by the machine's own means."""

    def __init__(self, machine: Machine, inner_pid: int) -> None:
        super().__init__(machine)
        self._pid = machine.keeper.outer_pid(inner_pid)

    def _command(self, cmd: list[str], cwd: str | None, env: dict[str, str] | None) -> list[str]:
        whole = {**self.machine.config.environment(), **(env or {})}
        return self.machine.keeper.enter(self._pid, cmd, cwd or "/", whole, UID)


@sandboxenv(name="bare")
class Bare(SandboxEnvironment):
    """A machine of which Inspect's calls are all that can be seen."""

    def __init__(self, inner: BwrapSandbox) -> None:
        super().__init__()
        self._inner = inner

    @classmethod
    async def sample_init(
        cls,
        task_name: str,
        config: SandboxEnvironmentConfigType | None,
        metadata: dict[str, str],
    ) -> dict[str, SandboxEnvironment]:
        del task_name, metadata
        assert isinstance(config, BwrapConfig)
        machine = await anyio.to_thread.run_sync(Machine, config)
        return dict(await bare(machine))

    @classmethod
    async def sample_cleanup(
        cls,
        task_name: str,
        config: SandboxEnvironmentConfigType | None,
        environments: dict[str, SandboxEnvironment],
        interrupted: bool,
    ) -> None:
        del task_name, config, interrupted
        with anyio.CancelScope(shield=True):
            machine = environments["default"].as_type(Bare)._inner.machine
            await anyio.to_thread.run_sync(machine.close)

    @classmethod
    def config_deserialize(cls, config: dict[str, Any]) -> BwrapConfig:
        return BwrapConfig.model_validate(config)

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
        return await self._inner.exec(
            cmd, input, cwd, env, user, timeout, timeout_retry, concurrency
        )

    async def write_file(self, file: str, contents: str | bytes) -> None:
        await self._inner.write_file(file, contents)

    @overload
    async def read_file(self, file: str, text: Literal[True] = True) -> str: ...

    @overload
    async def read_file(self, file: str, text: Literal[False]) -> bytes: ...

    async def read_file(self, file: str, text: bool = True) -> str | bytes:
        return await (self._inner.read_file(file) if text else self._inner.read_file(file, False))


async def bare(machine: Machine) -> dict[str, Bare]:
    """A machine and two hosts that have no key, no file and no administrators, and serve nobody."""
    specs = {address: HostSpec(f"files-{address[-2:]}", {}) for address in SERVICES}
    hosts = await anyio.to_thread.run_sync(hosts_up, machine, specs)
    boxes = {"default": Bare(BwrapSandbox(machine))}
    boxes |= {SERVICES[host]: Bare(_Host(machine, pid)) for host, pid in hosts._pids.items()}
    for name, box in boxes.items():
        script = f"rm -r /{ssh.FOLDER}" if name == "default" else _BARE
        done = await box.exec(["/bin/sh", "-c", f"sed -i /^sudo:/d /etc/group; {script}"], cwd="/")
        assert done.success, done.stderr
    return boxes
