"""Reading a folder that somebody hostile wrote to: no link is followed, no pipe waited for."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_DEEPEST = 512
_CHUNK = 1 << 20


class TreeError(RuntimeError):
    """A tree that could not be read whole: nothing may be concluded from it."""


@dataclass(frozen=True)
class Entry:
    """One regular file; `path` is relative to the tree, `modified` in seconds since 1970."""

    path: str
    size: int
    modified: float


def entries(root: Path) -> list[Entry]:
    """All regular files below `root`, by path.

    Raises:
        TreeError: a folder could not be read, or lies too deep.
    """
    found = ((path, status) for path, status in _walk(root) if stat.S_ISREG(status.st_mode))
    return sorted(
        (Entry(path, status.st_size, status.st_mtime) for path, status in found),
        key=lambda entry: entry.path,
    )


@contextmanager
def opened(root: Path, path: str) -> Iterator[int]:
    """A descriptor of the regular file `path` below `root`, where no part of the way is a link.

    Raises:
        TreeError: it is no regular file, or cannot be read.
    """
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    with _folder(root, path.split("/")[:-1]) as folder:
        try:
            descriptor = os.open(path.split("/")[-1], flags, dir_fd=folder)
        except OSError as error:
            raise TreeError(f"{path}: {error.strerror}") from error
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise TreeError(f"{path}: not a regular file")
        yield descriptor
    finally:
        os.close(descriptor)


def sha256(root: Path, path: str) -> str:
    """The SHA-256 of one file, in hexadecimal digits. Raises `TreeError` as `opened` does."""
    with opened(root, path) as descriptor:
        digest = hashlib.sha256()
        while chunk := os.read(descriptor, _CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


@contextmanager
def _folder(root: Path, parts: list[str]) -> Iterator[int]:
    """A descriptor of a folder, reached step by step: a link put in the way is refused."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
    descriptor = os.open(root, flags)
    try:
        for part in parts:
            try:
                below = os.open(part, flags | os.O_NOFOLLOW, dir_fd=descriptor)
            except OSError as error:
                raise TreeError(f"{'/'.join(parts)}: {error.strerror}") from error
            os.close(descriptor)
            descriptor = below
        yield descriptor
    finally:
        os.close(descriptor)


def _walk(root: Path) -> Iterator[tuple[str, os.stat_result]]:
    """All that is no folder below `root`."""
    waiting: list[list[str]] = [[]]
    while waiting:
        parts = waiting.pop()
        if len(parts) > _DEEPEST:
            raise TreeError(f"folders deeper than {_DEEPEST}")
        with _folder(root, parts) as folder:
            for name in os.listdir(folder):
                with suppress(FileNotFoundError):  # a process may still be at work
                    found = os.stat(name, dir_fd=folder, follow_symlinks=False)
                    if stat.S_ISDIR(found.st_mode):
                        waiting.append([*parts, name])
                    else:
                        yield "/".join([*parts, name]), found
