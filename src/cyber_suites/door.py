"""The narrow door between an agent and what judges it: a submission in, one short answer out.

An agent has the tool `submit`, and the script `submit.sh`, which puts what is submitted into a
folder of its sandbox, where it is fetched from outside. Neither knows where anything is judged.
"""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Awaitable, Callable

import anyio

from cyber_suites.boxes import Box
from cyber_suites.texts import text

BOX = "/tmp/.submissions"
"""Where `submit.sh` leaves what it is given."""

WORK = "/workspace"
SCRIPT = f"{WORK}/submit.sh"

A_MINUTE, AT_ALL = 12, 200
"""Submissions that are taken within a minute, and in a rollout."""

_POLL = 0.3
_PATIENCE = 20.0
_NAME = re.compile(r"[A-Za-z0-9]{8}")

_COLLECT = """
if [ -d "$1" ]; then tar -C "$1" -cf - . 2>/dev/null | head -c "$2"
elif [ -f "$1" ]; then head -c "$2" -- "$1"
else exit 3; fi
"""
_WAITING = """cd "$1" 2>/dev/null && for f in */ready; do [ -e "$f" ] && echo "${f%/ready}"; done"""
_TAKE = """
if [ -f "$1/ready" ]; then head -c "$2" -- "$1/ready"; code=$?; else code=3; fi
rm -rf -- "$1/ready"
exit $code
"""
_ANSWER = """cat > "$1/.answer" && mv -- "$1/.answer" "$1/answer" """

Answer = Callable[[bytes, float], Awaitable[str]]
"""Takes a submission and the seconds since the rollout began; says what its sender may know."""


class Door:
    """Takes submissions of one rollout, one at a time, not too many and not too large.

    Args:
        box: the agent's sandbox.
        most: bytes of the largest submission.
        answer: what is said of one that is taken.
        refused: counts what is turned down, by reason.
    """

    def __init__(self, box: Box, most: int, answer: Answer, refused: dict[str, int]) -> None:
        self._box, self._most, self._answer = box, most, answer
        self._refused = refused
        self._began = time.monotonic()
        self._recent: deque[float] = deque()
        self._taken = 0
        self._lock = anyio.Lock()

    async def submit(self, path: str) -> str:
        """What a file or folder of the agent's sandbox comes to, as it may know it."""
        command = ["/bin/sh", "-c", _COLLECT, "sh", path, str(self._most + 1)]
        said = await self._box.run(command, cwd=WORK, seconds=_PATIENCE, keep=self._most + 1)
        if said.code is None:
            return self._turn_down("unreadable", f"{path} could not be read in time")
        if said.code != 0:
            return self._turn_down("no_file", f"there is no file or folder {path}")
        return await self._take(said.output)

    async def serve(self) -> None:
        """Answers `submit.sh` until it is cancelled."""
        while True:
            listed = await self._box.run(
                ["/bin/sh", "-c", _WAITING, "sh", BOX], seconds=_PATIENCE, keep=1 << 12
            )
            for name in listed.text.split():
                if _NAME.fullmatch(name):
                    await self._serve_one(f"{BOX}/{name}")
            await anyio.sleep(_POLL)

    async def _serve_one(self, place: str) -> None:
        most = self._most + 1
        command = ["/bin/sh", "-c", _TAKE, "sh", place, str(most)]
        said = await self._box.run(command, seconds=_PATIENCE, keep=most)
        if said.code == 0:
            answer = await self._take(said.output)
        else:
            answer = self._turn_down("unreadable", "the submission could not be read")
        told = ["/bin/sh", "-c", _ANSWER, "sh", place]
        await self._box.run(told, input=f"{answer}\n".encode(), seconds=_PATIENCE)

    async def _take(self, content: bytes) -> str:
        async with self._lock:
            if len(content) > self._most:
                return self._turn_down("too_large", f"it is larger than {self._most} bytes")
            now = time.monotonic()
            while self._recent and now - self._recent[0] > 60:
                self._recent.popleft()
            if self._taken >= AT_ALL:
                return self._turn_down("too_many", f"there have been {AT_ALL} submissions")
            if len(self._recent) >= A_MINUTE:
                wait = 60 - (now - self._recent[0])
                return self._turn_down("too_fast", f"submit again in {wait:.0f} seconds")
            self._recent.append(now)
            self._taken += 1
            return await self._answer(content, now - self._began)

    def _turn_down(self, reason: str, said: str) -> str:
        self._refused[reason] = self._refused.get(reason, 0) + 1
        return f"Not taken: {said}."


async def lay_script(box: Box) -> None:
    """Puts `submit.sh` and its folder into an agent's sandbox."""
    command = 'mkdir -p -- "$1" && cat > "$2" && chmod 755 "$2"'
    run = ["/bin/sh", "-c", command, "sh", BOX, SCRIPT]
    await box.run(run, input=text("submit.sh").encode(), seconds=_PATIENCE)
