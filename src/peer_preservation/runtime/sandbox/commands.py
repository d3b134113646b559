"""Commands in running sandboxes, each a fork of one process that stays; nothing of Inspect here."""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import json
import os
import socket
import subprocess
import threading
from collections.abc import Mapping
from typing import Any

import anyio

from peer_preservation.runtime.sandbox.keeper import PROGRAM, SandboxError

_PIECE = 1 << 16
_PIPE = 1 << 20  # bytes that a command can write before somebody must have read


class _Server:
    """The process that forks (`_namespaces.serve`); it ends when this one does."""

    def __init__(self) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [*PROGRAM, "serve"],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env={},
                start_new_session=True,  # a Ctrl-C is the owner's: what runs, it ends itself
            )
        self._owner = os.getpid()
        atexit.register(self.close)

    def takes(self, files: list[int]) -> bool:
        """Hands open files over; whether it is there to take them."""
        with contextlib.suppress(OSError):
            socket.send_fds(self._control, [b"."], files)
            return True
        return False

    def close(self) -> None:
        self._control.close()
        if os.getpid() == self._owner:
            self._process.wait()


_servers: dict[int, _Server] = {}
_lock = threading.Lock()


def _hand_over(files: list[int]) -> None:
    """To the server of this process: a fork of it has another."""
    with _lock:
        for _ in range(2):  # one that has died is replaced
            if _servers.get(os.getpid()) is None:
                _servers[os.getpid()] = _Server()
            if _servers[os.getpid()].takes(files):
                return
            del _servers[os.getpid()]
    raise SandboxError("no process starts commands in the sandbox")


class Command:
    """A command that runs in a sandbox, from construction until it ends or is closed.

    Args:
        entry: what to run where, see `Machine.entry`.
        fed: whether it will be given an input; else it has an empty one.

    Attributes:
        stdout, stderr: what it says, each an open file to be read by `take`.
        open: those of them that may say more.
        ended: whether it has ended; what it started may still run, and speak.
    """

    def __init__(self, entry: Mapping[str, Any], fed: bool) -> None:
        self._request = json.dumps(entry).encode() + b"\n"
        self._connection, theirs = socket.socketpair()
        self.stdout, out = os.pipe()
        self.stderr, err = os.pipe()
        self._stdin: int | None = None
        if fed:
            in_, self._stdin = os.pipe()
        else:
            in_ = os.open(os.devnull, os.O_RDONLY)
        self.open = [self.stdout, self.stderr]
        self.ended = False
        self._code: int | None = None
        given = [in_, out, err, theirs.detach()]
        try:
            _hand_over(given)
        except BaseException:
            self.close()
            raise
        finally:
            for file in given:
                os.close(file)
        self._connection.setblocking(False)
        for pipe in filter(None, (self._stdin, self.stdout, self.stderr)):
            os.set_blocking(pipe, False)
            with contextlib.suppress(OSError):  # a plain user's pipes have a bound in all
                fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE)

    async def start(self) -> None:
        """Says what to run; to be called once, before all else."""
        with contextlib.suppress(BrokenPipeError):  # then nobody will tell a code
            await _write(self._connection.fileno(), self._request)

    async def feed(self, data: bytes) -> None:
        """Gives input; what nobody reads any more is dropped."""
        if self._stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                await _write(self._stdin, data)

    def end_input(self) -> None:
        """The input is over."""
        if self._stdin is not None:
            os.close(self._stdin)
            self._stdin = None

    async def news(self) -> None:
        """Waits until it has said something, has closed one of its outputs, or has ended."""
        waiting = [*self.open, *([] if self.ended else [self._connection.fileno()])]
        async with anyio.create_task_group() as group:

            async def wait(file: int) -> None:
                await anyio.wait_readable(file)
                group.cancel_scope.cancel()

            for file in waiting:
                group.start_soon(wait, file)
        if not self.ended:
            with contextlib.suppress(BlockingIOError):
                said = self._connection.recv(_PIECE)
                self.ended = True
                self._code = int(said) if said else None

    def take(self, pipe: int, most: int = _PIECE) -> bytes:
        """What it has said up to now."""
        said = b""
        while pipe in self.open and len(said) < most:
            try:
                piece = os.read(pipe, most - len(said))
            except BlockingIOError:
                break
            if not piece:
                self.open.remove(pipe)
            said += piece
        return said

    def code(self) -> int:
        """Its exit code, once it has ended, or 128 + the number of the signal that ended it.

        Raises `SandboxError` if nobody can tell.
        """
        if self._code is None:
            raise SandboxError("what ran a command in the sandbox was killed")
        return self._code

    def kill(self) -> None:
        """Kills it, and all in its group, if it still runs."""
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Kills it, and forgets it."""
        self._connection.close()
        self.end_input()
        for pipe in (self.stdout, self.stderr):
            os.close(pipe)


async def _write(file: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        try:
            left = left[os.write(file, left) :]
        except BlockingIOError:
            await anyio.wait_writable(file)


async def run(
    entry: Mapping[str, Any], input: bytes | None, timeout: float | None, most: int
) -> tuple[int, bytes, bytes]:
    """Runs a command until it has ended and its outputs are closed: exit code, and both outputs.

    Args:
        timeout: seconds after which it is killed.
        most: bytes that are kept of each output: the last ones.

    Raises:
        TimeoutError: it did not end in time.
        SandboxError: nobody can tell how it ended.
    """
    command = Command(entry, bool(input))
    kept = {pipe: bytearray() for pipe in command.open}

    async def feed() -> None:
        await command.feed(input or b"")
        command.end_input()

    try:
        with anyio.fail_after(timeout):
            await command.start()
            async with anyio.create_task_group() as group:
                group.start_soon(feed)
                while command.open or not command.ended:
                    await command.news()
                    for pipe, text in kept.items():
                        text += command.take(pipe)
                        if len(text) > 2 * most:
                            del text[:-most]
        out, err = (bytes(text[-most:]) for text in kept.values())
        return command.code(), out, err
    finally:
        command.close()
