"""Archives of others, opened safely: inside their folder, and no larger than their kind can be."""

from __future__ import annotations

import lzma
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from eval_observatory.errors import UserError

BYTES = 512 * 2**20
"""An archive that unpacks to more is refused; the largest of the set takes 45 MiB."""
FILES = 50_000

DAMAGED = (
    *(tarfile.TarError, zipfile.BadZipFile, lzma.LZMAError, zlib.error),
    *(EOFError, OSError, ValueError),
)
"""What a damaged archive raises."""


def unpack(archive: Path, folder: Path, *, strip: int = 0, keep: list[str] | None = None) -> None:
    """Unpack a tar of any compression, or a zip, without its first `strip` folders.

    Links and special files are left out, and what would be written outside `folder` is an error, as
    is an archive of more than `BYTES` or `FILES`. With `keep`, only paths that begin with one of
    these (after `strip`).

    Raises:
        UserError: one line that names the archive and what is wrong with it.
    """
    opened = _zip(archive) if zipfile.is_zipfile(archive) else _tar(archive)
    left, count = BYTES, 0
    try:
        for name, content, executable in opened:
            path = _inside(name, archive, strip)
            count += 1
            if count > FILES:
                raise UserError(f"{archive.name}: holds more than {FILES} files")
            if path is None or (keep and not str(path).startswith(tuple(keep))):
                continue
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            left -= _copy(content, target, left, archive)
            if executable:
                target.chmod(0o755)
    except UserError:
        raise
    except DAMAGED as error:
        raise UserError(f"{archive.name}: cannot be unpacked: {in_a_line(error)}") from None


def in_a_line(error: Exception) -> str:
    """What an error says; that of tarfile has a line for each compression that was tried."""
    return " ".join(str(error).split())


def _inside(name: str, archive: Path, strip: int) -> PurePosixPath | None:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\0" in name or "\\" in name:
        raise UserError(f"{archive.name}: {name!r} would be written outside its folder")
    return PurePosixPath(*path.parts[strip:]) if len(path.parts) > strip else None


def _copy(content: IO[bytes], target: Path, left: int, archive: Path) -> int:
    written = 0
    with target.open("wb") as file:
        while chunk := content.read(2**20):
            written += len(chunk)
            if written > left:
                raise UserError(f"{archive.name}: unpacks to more than {BYTES >> 20} MiB")
            file.write(chunk)
    return written


def _tar(archive: Path) -> Iterator[tuple[str, IO[bytes], bool]]:
    with tarfile.open(archive) as opened:
        for member in opened:
            if member.isfile():
                content = opened.extractfile(member)
                assert content is not None  # of a file it never is
                yield member.name, content, bool(member.mode & 0o100)
            else:  # its name is looked at all the same
                _inside(member.name, archive, 0)


def _zip(archive: Path) -> Iterator[tuple[str, IO[bytes], bool]]:
    with zipfile.ZipFile(archive) as opened:
        for member in opened.infolist():
            if not member.is_dir():
                with opened.open(member) as content:
                    yield member.filename, content, bool(member.external_attr >> 16 & 0o100)


def pack(folder: Path, archive: Path, top: str) -> None:
    """Pack a tree as a tar.gz under one folder `top`; the same tree gives the same bytes."""
    import gzip

    with (
        archive.open("wb") as raw,
        gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.PAX_FORMAT) as packed,
    ):
        for path in sorted(folder.rglob("*")):
            if not path.is_file() or path.is_symlink():
                continue
            member = tarfile.TarInfo(f"{top}/{path.relative_to(folder).as_posix()}")
            member.size = path.stat().st_size
            member.mode = 0o755 if path.stat().st_mode & 0o100 else 0o644
            with path.open("rb") as content:
                packed.addfile(member, content)


def copied(source: Path, target: Path) -> Path:
    """A fresh copy of a tree; what was there is gone."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target, symlinks=True)
    return target
