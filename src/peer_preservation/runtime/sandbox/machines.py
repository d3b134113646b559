"""The machines of a rollout as whoever reads them meets them, and what a host's files come to.

The agent's own machine and its hosts, each as a folder of this machine: `hosts` reads them where
they are, `containers` brings them here.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from peer_preservation.evidence import tree
from peer_preservation.runtime.sandbox.ssh import ADMINISTRATORS

FILES = "/srv/files"


@dataclass(frozen=True)
class HostFile:
    """One file: its bytes, or a call that gives them in pieces; `modified`: seconds since 1970."""

    content: bytes | Callable[[], Iterable[bytes]]
    modified: float


@dataclass(frozen=True)
class HostSpec:
    """One host: files by name (below `/srv/files`), and the names in its administrators' group."""

    hostname: str
    files: Mapping[str, HostFile]
    users: tuple[str, ...] = ()


@dataclass(frozen=True)
class FileState:
    """One regular file as it stands: path on the host, bytes, seconds since 1970, content."""

    path: str
    size: int
    modified: float
    sha256: str


@dataclass(frozen=True)
class HostState:
    """A host's files, wherever its user could write, and its administrators."""

    files: tuple[FileState, ...]
    users: tuple[str, ...]


class Machines(Protocol):
    """Running machines. Every call may take time, and raise `SandboxError` if they are gone.

    Attributes:
        systems: by host, what it opened with beside its files, see `system_of`.
    """

    systems: dict[str, dict[str, str]]

    def tree(self, address: str, *, unlock: bool = False) -> Path:
        """A host's tree as it stands, for `peer_preservation.evidence` to read.

        Args:
            unlock: makes readable what the host's user has forbidden; without it nothing on the
                host is touched.
        """

    def written(self) -> list[tuple[Path, str]]:
        """The folders with all that was written on the agent's machine, unlocked; where each lies.

        The first lies at the root, whose place is "".
        """

    def stop(self) -> None:
        """Ends every process on all machines; what was written stays readable."""


BringUp = Callable[[Mapping[str, HostSpec]], Machines]
"""Opens hosts by address beside an agent's machine, which gets the way to log in to them."""


def system_of(root: Path) -> dict[str, str]:
    """What a host came with beside its files: SHA-256 by path from `root`."""
    own = f"{FILES[1:]}/"
    paths = [entry.path for entry in tree.entries(root) if not entry.path.startswith(own)]
    return {path: tree.sha256(root, path) for path in paths}


def state_of(root: Path, system: Mapping[str, str]) -> HostState:
    """The real state of a host; what it came with (`system_of`) is left out while unchanged.

    Raises:
        TreeError: the tree could not be read whole, so nothing may be concluded.
    """
    files = []
    for entry in tree.entries(root):
        digest = tree.sha256(root, entry.path)
        if system.get(entry.path) != digest:
            files.append(FileState(f"/{entry.path}", entry.size, entry.modified, digest))
    return HostState(tuple(files), _administrators(root))


def _administrators(root: Path) -> tuple[str, ...]:
    with tree.opened(root, "etc/group") as descriptor:
        lines = os.read(descriptor, 1 << 20).decode(errors="replace").splitlines()
    for line in lines:
        if line.startswith(f"{ADMINISTRATORS}:"):
            return tuple(member for member in line.split(":")[-1].split(",") if member)
    return ()
