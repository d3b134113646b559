"""The Inspect sandbox `bwrap`: one set of namespaces a sample, all its commands inside it."""

from __future__ import annotations

import errno
from pathlib import PurePosixPath
from typing import Any, Literal, overload

import anyio
from inspect_ai.util import (
    ExecResult,
    OutputLimitExceededError,
    SandboxConnection,
    SandboxEnvironment,
    SandboxEnvironmentConfigType,
    SandboxEnvironmentLimits,
    SandboxUnavailableError,
    SandboxUserUnsupportedError,
    sandboxenv,
    subprocess,
)

from peer_preservation.runtime.sandbox import _namespaces, probe, registry
from peer_preservation.runtime.sandbox.config import UID, USER, BwrapConfig
from peer_preservation.runtime.sandbox.machine import Machine

_READ = """
[ -d "$1" ] && exit 21
[ -e "$1" ] || exit 2
[ -r "$1" ] || exit 13
[ "$(stat -Lc %s -- "$1")" -gt "$2" ] && exit 27
exec head -c "$2" -- "$1"
"""
_WRITE = """
[ -d "$1" ] && exit 21
mkdir -p -- "$(dirname -- "$1")" || exit 13
[ -e "$1" ] && [ ! -w "$1" ] && exit 13
exec cat > "$1"
"""
_IS_FOLDER, _MISSING, _FORBIDDEN, _TOO_LARGE = 21, 2, 13, 27


@sandboxenv(name="bwrap")
class BwrapSandbox(SandboxEnvironment):
    """One machine for one agent; see `docs/sandbox.md` for what it holds back and what not."""

    def __init__(self, machine: Machine) -> None:
        super().__init__()
        self.machine = machine

    @classmethod
    async def task_init(cls, task_name: str, config: SandboxEnvironmentConfigType | None) -> None:
        """Removes what a killed run left."""
        del task_name, config
        await anyio.to_thread.run_sync(registry.sweep)

    @classmethod
    async def sample_init(
        cls,
        task_name: str,
        config: SandboxEnvironmentConfigType | None,
        metadata: dict[str, str],
    ) -> dict[str, SandboxEnvironment]:
        """Opens the namespaces of one sample."""
        del task_name, metadata
        own = config if isinstance(config, BwrapConfig) else BwrapConfig()
        return {"default": cls(await anyio.to_thread.run_sync(Machine, own))}

    @classmethod
    async def sample_cleanup(
        cls,
        task_name: str,
        config: SandboxEnvironmentConfigType | None,
        environments: dict[str, SandboxEnvironment],
        interrupted: bool,
    ) -> None:
        """Ends everything in them, also after a cancelled sample."""
        del task_name, config, interrupted
        with anyio.CancelScope(shield=True):
            for environment in environments.values():
                machine = environment.as_type(BwrapSandbox).machine
                await anyio.to_thread.run_sync(machine.close)

    @classmethod
    def config_deserialize(cls, config: dict[str, Any]) -> BwrapConfig:
        """The configuration as an Inspect log keeps it."""
        return BwrapConfig.model_validate(config)

    @classmethod
    def default_concurrency(cls) -> int:
        """Sandboxes at a time, where `max_sandboxes` says nothing else."""
        return probe.at_once()

    def default_polling_interval(self) -> float:
        """Seconds between the bridge's looks: a look costs a process on this machine."""
        return 0.2

    def _command(self, cmd: list[str], cwd: str | None, env: dict[str, str] | None) -> list[str]:
        return self.machine.command(cmd, self._path(cwd or "."), env or {})

    def _path(self, file: str) -> str:
        return str(PurePosixPath(self.machine.config.workdir) / file)

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
        """Runs a command inside; a process that outlives `timeout` is killed with its group.

        Raises as `SandboxEnvironment.exec` says; only the one user exists that could run it.
        """
        del timeout_retry  # nothing on the way can fail by chance
        if user not in (None, USER, str(UID)):
            raise SandboxUserUnsupportedError(f"sandbox 'bwrap' runs as {USER!r}, not {user!r}")
        result = await subprocess(
            self._command(cmd, cwd, env),
            input=input,
            timeout=timeout,
            output_limit=SandboxEnvironmentLimits.MAX_EXEC_OUTPUT_SIZE,
            concurrency=concurrency,
        )
        said = result.stderr.removeprefix(_namespaces.REFUSED)
        if said != result.stderr:
            if result.returncode == _namespaces.GONE:
                raise SandboxUnavailableError(said.strip())
            if result.returncode == _namespaces.CANNOT_RUN:
                raise PermissionError(said.strip())
        return result

    async def write_file(self, file: str, contents: str | bytes) -> None:
        """Writes with the agent's own permissions; see `SandboxEnvironment.write_file`."""
        path = self._path(file)
        result = await self.exec(["/bin/sh", "-c", _WRITE, "sh", path], input=contents)
        if result.success:
            return
        if result.returncode == _IS_FOLDER:
            raise IsADirectoryError(errno.EISDIR, "Is a directory", path)
        if result.returncode == _FORBIDDEN or "ermission denied" in result.stderr:
            raise PermissionError(errno.EACCES, "Permission denied", path)
        raise OSError(f"cannot write {path}: {result.stderr.strip()}")

    @overload
    async def read_file(self, file: str, text: Literal[True] = True) -> str: ...

    @overload
    async def read_file(self, file: str, text: Literal[False]) -> bytes: ...

    async def read_file(self, file: str, text: bool = True) -> str | bytes:
        """Reads with the agent's own permissions; see `SandboxEnvironment.read_file`."""
        path = self._path(file)
        limit = SandboxEnvironmentLimits.MAX_READ_FILE_SIZE
        script = ["/bin/sh", "-c", _READ, "sh", path, str(limit)]
        result = await subprocess(self._command(script, None, None), text=False)
        if result.returncode == _IS_FOLDER:
            raise IsADirectoryError(errno.EISDIR, "Is a directory", path)
        if result.returncode == _MISSING:
            raise FileNotFoundError(errno.ENOENT, "No such file or directory", path)
        if result.returncode == _FORBIDDEN:
            raise PermissionError(errno.EACCES, "Permission denied", path)
        if result.returncode == _TOO_LARGE:
            raise OutputLimitExceededError(SandboxEnvironmentLimits.MAX_READ_FILE_SIZE_STR, None)
        if not result.success:
            raise SandboxUnavailableError(result.stderr.decode(errors="replace").strip())
        return result.stdout.decode("utf-8") if text else result.stdout

    async def connection(self, *, user: str | None = None) -> SandboxConnection:
        """A shell inside, for as long as the sample runs."""
        if user not in (None, USER, str(UID)):
            raise SandboxUserUnsupportedError(f"sandbox 'bwrap' runs as {USER!r}, not {user!r}")
        import shlex

        return SandboxConnection(
            type="bwrap", command=shlex.join(self._command(["/bin/bash", "-i"], None, None))
        )
