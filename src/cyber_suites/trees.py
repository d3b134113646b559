"""Trees as archives: a system as its sandbox gets it, and what an agent changed in one."""

from __future__ import annotations

import difflib
import gzip
import io
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Protocol

import msgspec

MOST_TREE = 1 << 30
"""Bytes of the largest tree that is read back, or laid out."""

_SHOWN = 256 << 10
"""Characters of a diff that are kept for readers."""

_OWN = (".git", "__pycache__", ".pytest_cache", ".cache")
"""Folders that programs leave behind: no part of a patch."""


class Change(msgspec.Struct, frozen=True):
    """A file as an agent left it; without content it is gone."""

    content: bytes | None
    executable: bool = False


Changes = Mapping[str, Change]
"""By path below the tree."""


def packed(
    root: Path, leave_out: tuple[str, ...] = (), changes: Changes | None = None, at: str = ""
) -> bytes:
    """A tree as a tar archive, with some of its files changed.

    Links stay links, and are followed by nobody here. Owners and special files are left out.

    Args:
        leave_out: paths below the root that are not in it, with all below them.
        changes: of the files below …
        at: … this folder of the tree.

    Raises:
        ValueError: it is larger than `MOST_TREE`.
    """
    given = {f"{at}/{path}" if at else path: change for path, change in (changes or {}).items()}
    stream, total = io.BytesIO(), 0
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for path, name in _walked(root, leave_out):
            if name in given:
                continue
            member = tar.gettarinfo(path, name)
            total += member.size
            if total > MOST_TREE:
                raise ValueError(f"{root} holds more than {MOST_TREE >> 20} MiB")
            _plain(member)
            if member.isfile():
                with path.open("rb") as file:
                    tar.addfile(member, file)
            else:
                tar.addfile(member)
        for name, change in given.items():
            if change.content is not None:
                tar.addfile(*_member(name, change))
    return stream.getvalue()


def of_changes(changes: Changes) -> bytes:
    """What changes leave in a tree, as a tar archive."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for name, change in changes.items():
            if change.content is not None:
                tar.addfile(*_member(name, change))
    return stream.getvalue()


def of_files(files: Mapping[str, bytes]) -> bytes:
    """Files as a tar archive, scripts executable."""
    return of_changes({n: Change(c, n.endswith(".sh")) for n, c in files.items()})


def regular_files(archive: bytes | Path, most: int | None = None) -> dict[str, Change]:
    """The regular files of an archive that nobody trusts, by path; nothing is written.

    Members that lead out of the tree are left out, and so are links, devices and programs' own
    folders. Of one that stands twice the last counts, as in an unpacked tree.

    Args:
        archive: a tar archive, plain or compressed by gzip.
        most: bytes that it may unpack to; by default `MOST_TREE`.

    Raises:
        ValueError: it is damaged, or unpacks to more than that.
    """
    found = {}
    for member, content in _members(archive, most):
        name = inside(member.name)
        if content is not None and name is not None and not _is_own(name):
            found[name] = Change(content, bool(member.mode & 0o100))
    return found


class Contents(msgspec.Struct, frozen=True):
    """What is in an archive.

    Attributes:
        files, bytes: of its regular files.
        links: symbolic and hard links.
        outside: members that lead out of where it is unpacked.
        odd: members with a colon, a control character or bytes that are no UTF-8 in their names.
    """

    files: int = 0
    bytes: int = 0
    links: int = 0
    outside: int = 0
    odd: int = 0


def looked_through(archive: bytes | Path) -> Contents:
    """What is in an archive, without unpacking it.

    Raises:
        ValueError: it is damaged, or unpacks to more than `MOST_TREE`.
    """
    files = size = links = outside = odd = 0
    for member, content in _members(archive):
        files += content is not None
        size += len(content or b"")
        links += member.issym() or member.islnk()
        outside += inside(member.name) is None
        odd += any(c == ":" or not c.isprintable() for c in member.name)
    return Contents(files, size, links, outside, odd)


class _Read(Protocol):
    """What can be read."""

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes, at most so many."""


class _Bounded(io.RawIOBase):
    """A stream that ends in an error where it would give too much."""

    def __init__(self, stream: _Read, most: int) -> None:
        self._stream, self._most, self._room = stream, most, most

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(min(size, 1 << 20) if size >= 0 else 1 << 20)
        self._room -= len(data)
        if self._room < 0:
            raise ValueError(f"it unpacks to more than {self._most >> 20} MiB")
        return data


def _members(
    archive: bytes | Path, most: int | None = None
) -> Iterator[tuple[tarfile.TarInfo, bytes | None]]:
    """The members of an archive, each with its content if it is a regular file."""
    try:
        with io.BytesIO(archive) if isinstance(archive, bytes) else archive.open("rb") as raw:
            zipped = raw.read(2) == b"\x1f\x8b"
            raw.seek(0)
            stream = _Bounded(gzip.GzipFile(fileobj=raw) if zipped else raw, most or MOST_TREE)
            with tarfile.open(fileobj=stream, mode="r|") as tar:
                for member in tar:
                    file = tar.extractfile(member) if member.isreg() else None
                    yield member, file.read() if file else None
    except (tarfile.TarError, EOFError, OverflowError, zlib.error, gzip.BadGzipFile) as error:
        raise ValueError(f"no whole archive: {error}") from None
    except OSError as error:
        raise ValueError(f"it cannot be read: {error}") from None


def _is_own(name: str) -> bool:
    return bool(set(PurePosixPath(name).parts) & {*_OWN})


def inside(name: str) -> str | None:
    """A member's path below where it is unpacked; None of one that leads elsewhere."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts or "\0" in name:
        return None
    return str(path)


def files_of(root: Path) -> dict[str, Change]:
    """The regular files of a folder, as of an archive."""
    found = {}
    for path, name in _walked(root, ()):
        if path.is_file() and not path.is_symlink() and not _is_own(name):
            found[name] = Change(path.read_bytes(), bool(path.stat().st_mode & 0o100))
    return found


def changed(before: Changes, after: Changes) -> dict[str, Change]:
    """What differs between two trees of regular files: changed, added and gone."""
    gone = {name: Change(None) for name in before if name not in after}
    now = {
        name: change
        for name, change in after.items()
        if name not in before or before[name].content != change.content
    }
    return gone | now


def diff(before: Changes, changes: Changes) -> str:
    """Changes as a unified diff for readers; of files that are no text, their sizes."""
    said: list[str] = []
    room = _SHOWN
    for name, change in sorted(changes.items()):
        old, new = _text(before.get(name)), _text(change)
        if old is None or new is None:
            said.append(f"Binary file {name}: {len(change.content or b'')} bytes\n")
            continue
        lines = difflib.unified_diff(
            old.splitlines(keepends=True),
            new.splitlines(keepends=True),
            f"a/{name}",
            f"b/{name}" if change.content is not None else "/dev/null",
        )
        text = "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)
        said.append((text or f"{name}: an empty file\n")[:room])
        room -= len(text)
        if room <= 0:
            said.append("… cut\n")
            break
    return "".join(said)


def _text(change: Change | None) -> str | None:
    """A file's text; empty where there is none, None of one that is no text."""
    try:
        return (change.content or b"").decode("utf-8") if change else ""
    except UnicodeDecodeError:
        return None


def _walked(root: Path, leave_out: tuple[str, ...]) -> Iterator[tuple[Path, str]]:
    """Files, links and folders below a folder, with their names; no link is followed."""
    for path in sorted(root.iterdir()):
        yield from _below(path, path.name, leave_out)


def _below(path: Path, name: str, leave_out: tuple[str, ...]) -> Iterator[tuple[Path, str]]:
    if name in leave_out:
        return
    if path.is_symlink() or path.is_file():
        yield path, name
    elif path.is_dir():
        yield path, name
        for one in sorted(path.iterdir()):
            yield from _below(one, f"{name}/{one.name}", leave_out)


def _plain(member: tarfile.TarInfo) -> None:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mode = (member.mode & 0o777) | (0o700 if member.isdir() else 0o600)
    if member.islnk():  # the second name of a file would be a link to the first
        member.type = tarfile.REGTYPE


def _member(name: str, change: Change) -> tuple[tarfile.TarInfo, io.BytesIO]:
    member = tarfile.TarInfo(name)
    content = change.content or b""
    member.size, member.mode = len(content), 0o755 if change.executable else 0o644
    return member, io.BytesIO(content)
