"""What a killed owner of sandboxes could leave on this machine."""

from __future__ import annotations

import select
import signal
import subprocess
from pathlib import Path

from peer_preservation.runtime.sandbox import registry
from peer_preservation.runtime.sandbox.keeper import descendants


class Doomed:
    """An owner that is about to be killed, and all that runs below it at that moment.

    Attributes:
        mark: a word that only its own processes carry, in their command or environment.
    """

    def __init__(self, owner: subprocess.Popen[bytes], mark: str, mounts: list[str]) -> None:
        self.mark = mark
        self._owner, self._mounts = owner, mounts
        self._inside: dict[int, int | None] = {}

    def kill(self) -> None:
        """Stops it, so that nothing new begins below it, looks, and kills it."""
        self._owner.send_signal(signal.SIGSTOP)
        self._inside = {pid: registry.started(pid) for pid in descendants(self._owner.pid)}
        self._owner.kill()
        self._owner.wait()

    def leftovers(self) -> list[str]:
        """Processes, mounts and folders that are left of it after a sweep; slow, if there are any.

        What was killed before it was recorded ends by itself, when its parent or its input is gone:
        soon, but not at a moment that the sweep could know of.
        """
        registry.sweep()
        for _ in range(6000):  # patient: a busy machine needs long
            if not self._processes():
                break
            select.select([], [], [], 0.05)
        folders = [str(path) for path in registry.state_folder().iterdir()]
        return [*self._processes(), *(set(mounts()) - set(self._mounts)), *folders]

    def _processes(self) -> list[str]:
        living = [p for p, start in self._inside.items() if start and registry.started(p) == start]
        return [*map(_named, living), *_marked(self.mark)]


def mounts() -> list[str]:
    """This machine's mounts."""
    return Path("/proc/self/mountinfo").read_text().splitlines()


def _named(pid: int) -> str:
    """A process as a reader of a failed test would know it."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        words = []
    return f"{pid} {b' '.join(words)[:300].decode(errors='replace')}"


def _marked(mark: str) -> list[str]:
    """Processes that carry the mark, wherever they hang."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            text = (folder / "environ").read_bytes() + (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if mark.encode() in text:
            found.append(_named(int(folder.name)))
    return found
