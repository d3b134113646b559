"""A machine's files brought here by commands alone, for sandboxes that show no tree from outside.

What comes back was written by whoever works there: a path that leads out, an answer of another
length than was asked for, a file that changes while it is read end in `SandboxError`.
"""

from __future__ import annotations

import base64
import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Protocol

from peer_preservation.runtime.sandbox.config import UID
from peer_preservation.runtime.sandbox.keeper import SandboxError

# Where its user could write: all files that are the user's, on the machine's own file systems.
_WALK = """
walk() { find / /dev/shm -ignore_readdir_race -xdev \
  -type d ! -uid UID ! \\( -readable -executable \\) -prune -o -uid UID "$@"; }
""".replace("UID", str(UID))
_LIST = f"{_WALK} walk -type f -printf '%i %C@ %T@ %s %p\\0' | base64 -w 0"
_UNLOCK = rf"""{_WALK}
walk -type d ! -perm -700 -exec chmod u+rwx {{}} \;
walk -type f ! -perm -400 -exec chmod u+r {{}} +
"""
# One line of base64 for every stretch that is asked for; no link is followed, no pipe waited for.
_READ = """
while IFS= read -r -d '' start && IFS= read -r -d '' length && IFS= read -r -d '' path; do
  dd if="$path" iflag=skip_bytes,count_bytes,fullblock,nofollow,nonblock status=none \
    skip="$start" count="$length" bs=1M | base64 -w 0
  echo
done
"""
_STRETCHES = 1000  # that are read by one command


class Shell(Protocol):
    """Runs a bash script in a machine as its user; raises `SandboxError` if that fails."""

    @property
    def longest(self) -> int:
        """The most that a script may print, in bytes."""

    def run(self, script: str, *arguments: str, text: bytes = b"") -> str:
        """What the script printed; `text` is its standard input."""


class _Listed(NamedTuple):
    """A file as it is listed: whatever happens to it, its time of change is another one then."""

    inode: str
    changed: str
    modified: str
    size: int


@dataclass
class Mirror:
    """A copy of all that a machine's user could write there.

    Attributes:
        root: an empty folder to hold it.
        most: bytes that it may hold; beyond, nothing more is brought over.
    """

    shell: Shell
    root: Path
    most: int
    _held: dict[str, _Listed | None] = field(default_factory=dict)

    def update(self, *, unlock: bool = False) -> Path:
        """Brings over what has changed since the last time; the copy's folder.

        A file's listing is from a command before the one that reads it: a change after that is
        a later one by the kernel's clock too, and so is never taken for what was read.

        Args:
            unlock: makes readable what the user has forbidden; without it nothing there is touched.

        Raises:
            SandboxError: it could not be brought over whole.
        """
        if unlock:
            self.shell.run(_UNLOCK)
        listed = self._listed()
        if sum(file.size for file in listed.values()) > self.most:
            raise SandboxError(f"more than {self.most >> 20} MiB of files")
        changed = {path: file for path, file in listed.items() if self._held.get(path) != file}
        for path in [path for path in self._held if path in changed or path not in listed]:
            self._place(path).unlink(missing_ok=True)
            del self._held[path]
        self._held |= dict.fromkeys(changed)
        self._bring(changed)
        after = self._listed() if changed else listed
        self._held |= {path: file for path, file in changed.items() if after.get(path) == file}
        if after != listed:
            raise SandboxError("files changed while they were read")
        return self.root

    def _listed(self) -> dict[str, _Listed]:
        records = base64.b64decode(self.shell.run(_LIST)).split(b"\0")[:-1]
        listed = {}
        for record in records:
            inode, changed, modified, size, path = os.fsdecode(record).split(" ", 4)
            listed[path] = _Listed(inode, changed, modified, int(size))
        return listed

    def _place(self, path: str) -> Path:
        first, *parts = path.split("/")
        if first or not parts or {"", ".", ".."} & set(parts):
            raise SandboxError(f"{path!r} is no path of a file")
        return self.root.joinpath(*parts)

    def _bring(self, files: dict[str, _Listed]) -> None:
        for path in files:
            place = self._place(path)
            if place.is_dir():  # what was in it is gone
                shutil.rmtree(place)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.touch()
        # in base64 four bytes stand for three, and each stretch has a line end
        room = self.shell.longest // 2
        for batch in _batches(_stretches(files, room), room):
            self._read(batch)
        for path, file in files.items():
            whole, _, fraction = file.modified.partition(".")  # counts on from the second before
            moment = int(whole) * 10**9 + int(fraction[:9])
            os.utime(self._place(path), ns=(moment, moment))

    def _read(self, stretches: list[tuple[str, int, int]]) -> None:
        asked = "".join(f"{start}\0{length}\0{path}\0" for path, start, length in stretches)
        lines = self.shell.run(_READ, text=os.fsencode(asked)).split("\n")[:-1]
        if len(lines) != len(stretches):
            raise SandboxError("not all files could be read")
        for (path, _, length), line in zip(stretches, lines, strict=True):
            data = base64.b64decode(line)
            if len(data) != length:
                raise SandboxError(f"{path!r} could not be read as it was listed")
            with self._place(path).open("ab") as stream:
                stream.write(data)


def _stretches(files: dict[str, _Listed], room: int) -> Iterator[tuple[str, int, int]]:
    """Path, start and length of every stretch that is to be read."""
    for path, file in files.items():
        for start in range(0, file.size, room):
            yield path, start, min(room, file.size - start)


def _batches(
    stretches: Iterable[tuple[str, int, int]], room: int
) -> Iterator[list[tuple[str, int, int]]]:
    batch: list[tuple[str, int, int]] = []
    held = 0
    for path, start, length in stretches:
        if batch and (held + length > room or len(batch) >= _STRETCHES):
            yield batch
            batch, held = [], 0
        batch.append((path, start, length))
        held += length
    if batch:
        yield batch
