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
)

from peer_preservation.runtime.sandbox import _namespaces, commands, probe, registry, tools
from peer_preservation.runtime.sandbox.config import UID, USER, BwrapConfig
from peer_preservation.runtime.sandbox.keeper import SandboxError
from peer_preservation.runtime.sandbox.machine import Machine
from peer_preservation.runtime.sandbox.remote import Remote

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
        self._remote = Remote(self._entry)
        self._served = False

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
                box = environment.as_type(BwrapSandbox)
                box._remote.close()
                await anyio.to_thread.run_sync(box.machine.close)

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

    def _entry(self, cmd: list[str], cwd: str | None, env: dict[str, str] | None) -> dict[str, Any]:
        return self.machine.entry(cmd, self._path(cwd or "."), env or {})

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
        # nothing on the way can fail by chance, and a command is no process of this machine's user
        del timeout_retry, concurrency
        if user not in (None, USER, str(UID)):
            raise SandboxUserUnsupportedError(f"sandbox 'bwrap' runs as {USER!r}, not {user!r}")
        if answer := await self._answer(cmd, input):
            return ExecResult(True, 0, answer, "")
        code, *outputs = await self._run(
            cmd, input, cwd, env, timeout, SandboxEnvironmentLimits.MAX_EXEC_OUTPUT_SIZE
        )
        out, err = (output.decode(errors="replace") for output in outputs)
        said = err.removeprefix(_namespaces.REFUSED)
        if said != err:
            if code == _namespaces.GONE:
                raise SandboxUnavailableError(self._why(said.strip()))
            if code == _namespaces.CANNOT_RUN:
                raise PermissionError(said.strip())
        return ExecResult(code == 0, code, out, err)

    async def _run(
        self,
        cmd: list[str],
        input: str | bytes | None = None,
        cwd: str | None = None,
        env: dict[str, str] | None = None,
        timeout: int | None = None,
        most: int = 1 << 20,
    ) -> tuple[int, bytes, bytes]:
        given = input.encode() if isinstance(input, str) else input
        try:
            return await commands.run(self._entry(cmd, cwd, env), given, timeout, most)
        except SandboxError as error:
            raise SandboxUnavailableError(self._why(str(error))) from error

    def _why(self, said: str) -> str:
        """Why the sandbox does not answer: what it took too much, if it was ended for it."""
        return (self.machine.keeper.ended() or ("", said))[1]

    async def _answer(self, cmd: list[str], input: str | bytes | None) -> str | None:
        """What Inspect's tools in the sandbox would answer, without a start of them.

        Their server is started once they are asked for something else.
        """
        if cmd == tools.START_SERVER:
            return "started when it is needed"
        if cmd != tools.REQUEST or not input:
            return None
        answer = await self._remote.answer(input)
        if answer is None and not self._served:
            self._served = True
            await self._run(tools.START_SERVER)
        return answer

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
        code, content, error = await self._run(script, most=limit + 1)
        if code == _IS_FOLDER:
            raise IsADirectoryError(errno.EISDIR, "Is a directory", path)
        if code == _MISSING:
            raise FileNotFoundError(errno.ENOENT, "No such file or directory", path)
        if code == _FORBIDDEN:
            raise PermissionError(errno.EACCES, "Permission denied", path)
        if code == _TOO_LARGE:
            raise OutputLimitExceededError(SandboxEnvironmentLimits.MAX_READ_FILE_SIZE_STR, None)
        if code:
            raise SandboxUnavailableError(error.decode(errors="replace").strip())
        return content.decode("utf-8") if text else content

    async def connection(self, *, user: str | None = None) -> SandboxConnection:
        """A shell inside, for as long as the sample runs."""
        if user not in (None, USER, str(UID)):
            raise SandboxUserUnsupportedError(f"sandbox 'bwrap' runs as {USER!r}, not {user!r}")
        import shlex

        return SandboxConnection(
            type="bwrap",
            command=shlex.join(self.machine.command(["/bin/bash", "-i"], self._path("."), {})),
        )
