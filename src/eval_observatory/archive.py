"""The parts of an Inspect log's archive, also of one whose end is missing."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol
from zlib import crc32

import msgspec
import zipfile_zstd as zipfile
import zstandard

_LOCAL_HEADER = struct.Struct("<4s5H3I2H")
"""PKWARE's APPNOTE 6.3.10, section 4.3.7."""
_SIGNATURE = b"PK\x03\x04"
_ZSTANDARD = 93
LARGEST = 256 << 20
"""Bytes of a part's content. A rollout has some hundred thousand: more is a decompression bomb."""

BROKEN: tuple[type[Exception], ...] = (
    *(OSError, EOFError, ValueError, zipfile.BadZipFile, zstandard.ZstdError),
    RuntimeError,  # a part that is encrypted, or packed in a way that is not known
)
"""What reading the parts of an archive may raise that is damaged, or made to do harm."""

DAMAGES: tuple[type[Exception], ...] = (
    *BROKEN,
    *(LookupError, TypeError, AttributeError, ArithmeticError, StopIteration, msgspec.MsgspecError),
)
"""What such an archive may raise that is taken for a log."""


class Archive(Protocol):
    """What is asked of an archive.

    Attributes:
        complete: whether its end is there.
    """

    complete: bool

    def namelist(self) -> list[str]:
        """The names of its parts, in their order."""

    def read(self, name: str) -> bytes:
        """A part's content. Raises what the library raises where it is damaged."""


@contextmanager
def opened(path: Path) -> Iterator[Archive]:
    """A log's archive. Where its directory is missing, as after a cut, its whole parts are found.

    Raises:
        zipfile.BadZipFile: there is no whole part in it, or it is no file.
        OSError: the file cannot be read.
    """
    if path.exists() and not path.is_file():
        raise zipfile.BadZipFile("it is no file")  # a pipe would be waited for without end
    try:
        whole = zipfile.ZipFile(path)
    except zipfile.BadZipFile:
        if not path.stat().st_size:
            raise
    else:
        with whole:
            yield _Whole(whole)
        return
    with path.open("rb") as file:
        cut = _Cut(file)
        if not cut.namelist():
            raise zipfile.BadZipFile("no part of it is whole")
        yield cut


class _Whole:
    """An archive with its directory."""

    complete = True

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive

    def namelist(self) -> list[str]:
        names: list[str] = self._archive.namelist()
        return names

    def read(self, name: str) -> bytes:
        _bounded(name, self._archive.getinfo(name).file_size)
        content: bytes = self._archive.read(name)
        return content


class _Cut:
    """An archive without its directory: the parts that stand whole before the cut."""

    complete = False

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._places = dict(_whole_parts(file))

    def namelist(self) -> list[str]:
        return list(self._places)

    def read(self, name: str) -> bytes:
        start, packed, size, crc = self._places[name]
        _bounded(name, size)
        self._file.seek(start)
        with zstandard.ZstdDecompressor().stream_reader(self._file.read(packed)) as reader:
            content = reader.read(size + 1)
        if len(content) != size or crc32(content) != crc:
            raise zipfile.BadZipFile(f"{name} is not whole")
        return content


def _bounded(name: str, size: int) -> None:
    if size > LARGEST:
        raise zipfile.BadZipFile(f"{name} has {size:,} bytes, more than {LARGEST:,}")


def _whole_parts(file: BinaryIO) -> Iterator[tuple[str, tuple[int, int, int, int]]]:
    """Each part's name, with its content's place, its packed and its own size in bytes, its CRC."""
    end = file.seek(0, 2)
    place = 0
    while place + _LOCAL_HEADER.size <= end:
        file.seek(place)
        header = _LOCAL_HEADER.unpack(file.read(_LOCAL_HEADER.size))
        signature, _, _, method, _, _, crc, packed, size, name_size, extra_size = header
        if signature != _SIGNATURE or method != _ZSTANDARD:
            return
        name = file.read(name_size).decode("utf-8", "replace")
        start = place + _LOCAL_HEADER.size + name_size + extra_size
        place = start + packed
        if place <= end:
            yield name, (start, packed, size, crc)
