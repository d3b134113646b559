"""Inspect's long-running commands (`exec_remote`), answered on this side of a sandbox.

Inspect talks to a server of its own in the sandbox, by JSON-RPC, through a program that it starts
for every word. What that server does for `exec_remote` is done here, and nothing is started.
"""

from __future__ import annotations

import codecs
import itertools
import json
from collections.abc import Awaitable, Callable
from typing import Any

import anyio

from peer_preservation.runtime.sandbox.commands import Command
from peer_preservation.runtime.sandbox.config import UID, USER
from peer_preservation.runtime.sandbox.keeper import SandboxError

_WAIT = 60.0  # seconds that a poll waits for something to tell
_PIECE = 1 << 20  # bytes of each output that one answer tells, at most
_SERVER_ERROR = -32099

Entry = Callable[[list[str], str | None, dict[str, str] | None], dict[str, Any]]
"""What must be known to run a command: its arguments, its folder, further variables."""


class _RefusedError(Exception):
    """A request that cannot be answered; the text says why."""


class _Job:
    """A command, and what has been told of it."""

    def __init__(self, command: Command) -> None:
        self.command = command
        self.killed = False
        self.asked = anyio.Lock()  # one reads at a time; whoever kills waits until it is told
        decoder = codecs.getincrementaldecoder("utf-8")
        self._texts = {pipe: decoder("replace") for pipe in command.open}
        self._told = 0

    def tells(self, *, last: bool = False) -> dict[str, Any]:
        """What it has said since it was asked before."""
        self._told += 1
        out, err = (
            text.decode(self.command.take(pipe, _PIECE), last) for pipe, text in self._texts.items()
        )
        return {"seq": self._told, "stdout": out, "stderr": err}


class Remote:
    """The running commands of one sandbox, each by the number under which Inspect knows it."""

    def __init__(self, entry: Entry) -> None:
        self._entry = entry
        self._jobs: dict[int, _Job] = {}
        self._numbers = itertools.count(1)
        self._methods: dict[str, Callable[..., Awaitable[dict[str, Any]]]] = {
            "exec_remote_start": self._start,
            "exec_remote_poll": self._poll,
            "exec_remote_kill": self._kill,
            "exec_remote_write_stdin": self._feed,
            "exec_remote_close_stdin": self._end_input,
        }

    async def answer(self, request: str | bytes) -> str | None:
        """The answer to a request of Inspect; None to one that is not about commands."""
        asked = json.loads(request)
        method = self._methods.get(asked["method"])
        if method is None:
            return None
        answer: dict[str, Any] = {"jsonrpc": "2.0", "id": asked.get("id")}
        try:
            answer["result"] = await method(**asked["params"])
        except (_RefusedError, SandboxError) as error:
            answer["error"] = {"code": _SERVER_ERROR, "message": str(error)}
        return json.dumps(answer)

    def close(self) -> None:
        """Kills all that still runs."""
        for job in self._jobs.values():
            job.command.close()
        self._jobs.clear()

    def _job(self, pid: int) -> _Job:
        if pid not in self._jobs:
            raise _RefusedError(f"No job found with pid {pid}")
        return self._jobs[pid]

    def _forget(self, pid: int) -> None:
        if job := self._jobs.pop(pid, None):
            job.command.close()

    async def _start(
        self,
        command: str,
        input: str | None = None,
        stdin_open: bool = False,
        env: dict[str, str] | None = None,
        cwd: str | None = None,
        user: object = None,
    ) -> dict[str, Any]:
        if user not in (None, USER, str(UID)):
            raise _RefusedError(f"Cannot switch to user {user!r}: there is only {USER!r}")
        entry = self._entry(["/bin/sh", "-c", command], cwd, env)
        started = Command(entry, stdin_open or input is not None)
        number = next(self._numbers)
        self._jobs[number] = _Job(started)
        await started.start()
        await started.feed((input or "").encode())
        if not stdin_open:
            started.end_input()
        return {"pid": number}

    async def _poll(self, pid: int, ack_seq: int) -> dict[str, Any]:
        """Waits until there is something to tell: Inspect asks again only seconds later."""
        del ack_seq  # no answer is lost on the way
        job = self._job(pid)
        async with job.asked:
            with anyio.move_on_after(_WAIT):
                while not job.command.ended:
                    await job.command.news()
                    told = job.tells()
                    if told["stdout"] or told["stderr"]:
                        return {"state": "running", **told}
            if job.killed:
                return {"state": "killed", **job.tells(last=True)}
            told = job.tells()
            if not job.command.ended or told["stdout"] or told["stderr"]:
                return {"state": "running", **told}
            code = job.command.code()
            told = job.tells(last=True)
            self._forget(pid)
            return {"state": "completed", "exit_code": code, **told}

    async def _kill(self, pid: int, ack_seq: int) -> dict[str, Any]:
        """Kills a command with its group, at once."""
        del ack_seq
        job = self._job(pid)
        job.killed = True
        job.command.kill()
        async with job.asked:
            told = job.tells(last=True)
            self._forget(pid)
            return told

    async def _feed(self, pid: int, data: str, ack_seq: int) -> dict[str, Any]:
        del ack_seq
        job = self._job(pid)
        await job.command.feed(data.encode())
        return job.tells()

    async def _end_input(self, pid: int, ack_seq: int) -> dict[str, Any]:
        del ack_seq
        job = self._job(pid)
        job.command.end_input()
        return job.tells()
