"""The parts of an Inspect log's archive, also of one whose end is missing."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol

import zipfile_zstd as zipfile
import zstandard

_LOCAL_HEADER = struct.Struct("<4s5H3I2H")
"""PKWARE's APPNOTE 6.3.10, section 4.3.7."""
_SIGNATURE = b"PK\x03\x04"
_ZSTANDARD = 93


class Archive(Protocol):
    """What is asked of an archive."""

    def namelist(self) -> list[str]:
        """The names of its parts, in their order."""

    def read(self, name: str) -> bytes:
        """A part's content. Raises what the library raises where it is damaged."""


@contextmanager
def opened(path: Path) -> Iterator[Archive]:
    """A log's archive. Where its directory is missing, as after a cut, its whole parts are found.

    Raises:
        zipfile.BadZipFile: there is no whole part in it.
        OSError: the file cannot be read.
    """
    try:
        whole = zipfile.ZipFile(path)
    except zipfile.BadZipFile:
        if not path.stat().st_size:
            raise
    else:
        with whole:
            yield whole
        return
    with path.open("rb") as file:
        cut = _Cut(file)
        if not cut.namelist():
            raise zipfile.BadZipFile("no part of it is whole")
        yield cut


class _Cut:
    """An archive without its directory: the parts that stand whole before the cut."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._places = dict(_whole_parts(file))

    def namelist(self) -> list[str]:
        return list(self._places)

    def read(self, name: str) -> bytes:
        start, packed, size = self._places[name]
        self._file.seek(start)
        decompressor = zstandard.ZstdDecompressor().decompressobj()
        content = decompressor.decompress(self._file.read(packed))
        if len(content) != size:
            raise zipfile.BadZipFile(f"{name} is not whole")
        return content


def _whole_parts(file: BinaryIO) -> Iterator[tuple[str, tuple[int, int, int]]]:
    """Each part's name, with its content's place, its packed size and its size in bytes."""
    end = file.seek(0, 2)
    place = 0
    while place + _LOCAL_HEADER.size <= end:
        file.seek(place)
        header = _LOCAL_HEADER.unpack(file.read(_LOCAL_HEADER.size))
        signature, _, _, method, _, _, _, packed, size, name_size, extra_size = header
        if signature != _SIGNATURE or method != _ZSTANDARD:
            return
        name = file.read(name_size).decode("utf-8", "replace")
        start = place + _LOCAL_HEADER.size + name_size + extra_size
        place = start + packed
        if place <= end:
            yield name, (start, packed, size)
