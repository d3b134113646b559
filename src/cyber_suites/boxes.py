"""Programs that nobody trusts, each in a sandbox of its own that is gone when it has ended.

The sandbox is that of coding agents (`docs/sandbox.md`): no network, nothing of this machine but
`/usr`. Targets, verifiers and submissions run here, never in the sandbox of an agent.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import anyio

from peer_preservation.runtime.sandbox.commands import Command
from peer_preservation.runtime.sandbox.config import BwrapConfig, Limits
from peer_preservation.runtime.sandbox.keeper import SandboxError
from peer_preservation.runtime.sandbox.machine import Machine

ADDRESS_SPACE_MB = 1 << 27
"""No bound on a process's private memory: a sanitizer reserves 16 TiB of it and uses little. What
is used, of all processes, is bounded by the sandbox's watch."""

TARGET = Limits(
    processes=128,
    memory_mb=ADDRESS_SPACE_MB,
    total_memory_mb=2560,
    disk_mb=256,
    inodes=20_000,
    open_files=1024,
    cpu_seconds=60,
)
"""What a target may use, as OSS-Fuzz's own 2560 MiB."""

KEPT = 1 << 16
"""Bytes that are kept of what a program said: the last ones."""


class Said(NamedTuple):
    """How a program ended.

    Attributes:
        code: its exit code, or 128 + the signal that ended it; None if it was killed for its time.
        output: the end of what it said, standard output and error.
        seconds: how long it ran.
        ended: why the sandbox ended everything, if it did.
    """

    code: int | None
    output: bytes
    seconds: float
    ended: str

    @property
    def text(self) -> str:
        """What it said as text, whatever the bytes were."""
        return printable(self.output)


def printable(content: bytes) -> str:
    """Bytes as text that can be kept and shown: no control characters but line ends and tabs."""
    text = content.decode("utf-8", errors="replace")
    return "".join(c if c.isprintable() or c in "\n\t" else "�" for c in text)


class Box:
    """A sandbox that is open."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine

    async def run(
        self,
        command: Sequence[str],
        *,
        input: bytes = b"",
        cwd: str = "/",
        env: Mapping[str, str] | None = None,
        seconds: float,
        keep: int = KEPT,
    ) -> Said:
        """Runs a program until it ends; what it left running is not waited for.

        Args:
            seconds: after which it is killed.
            keep: bytes that are kept of its output.

        Raises:
            SandboxError: nobody can tell how it ended, or the sandbox is gone.
        """
        started = time.monotonic()
        running = Command(self.machine.entry(command, cwd, dict(env or {})), bool(input))
        said, code = bytearray(), None
        try:
            with anyio.move_on_after(seconds):
                await running.start()
                async with anyio.create_task_group() as group:
                    group.start_soon(_feed, running, input)
                    while not running.ended:
                        await running.news()
                        _take(running, said, keep)
                    group.cancel_scope.cancel()
            _take(running, said, keep)
            ended = self.machine.keeper.ended()
            if running.ended and not ended:
                code = running.code()
        finally:
            running.close()
        why = ended[1] if ended else ""
        return Said(code, bytes(said[-keep:]), time.monotonic() - started, why)


async def _feed(running: Command, input: bytes) -> None:
    await running.feed(input)
    running.end_input()


def _take(running: Command, said: bytearray, keep: int) -> None:
    for pipe in (running.stdout, running.stderr):
        said += running.take(pipe, 1 << 20)
    if len(said) > 2 * keep:
        del said[:-keep]


@asynccontextmanager
async def opened(
    binds: Sequence[tuple[Path, str]] = (),
    *,
    limits: Limits = TARGET,
    env: Mapping[str, str] | None = None,
) -> AsyncIterator[Box]:
    """A sandbox with files of this machine in it, read-only; it ends with all that runs in it.

    Raises:
        SandboxError: it cannot be opened.
    """
    config = BwrapConfig(
        binds=tuple((str(source.resolve()), target) for source, target in binds),
        workdir="/tmp",
        hostname="target",
        env=tuple((env or {}).items()),
        limits=limits,
        debugger=True,  # LeakSanitizer traces its own process, or fails on every input
    )
    machine = await anyio.to_thread.run_sync(Machine, config)
    try:
        yield Box(machine)
    finally:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(machine.close)


__all__ = ["TARGET", "Box", "Said", "SandboxError", "opened", "printable"]
