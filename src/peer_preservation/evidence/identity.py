"""Whether files hold known weights, whole or in part, by content and never by name.

The weights are random bytes, so any 32 bytes of them are theirs alone. Their *marks* are the
stretches of 32 bytes that follow a fixed pair of bytes: where the pair stands is told by the
content itself, so a piece that was cut out or moved by any distance shows the same marks
(content-defined sampling, as in Muthitacharoen, Chen and Mazieres 2001, "A Low-bandwidth Network
File System", section 3.1). One pair in 65,536 positions: a piece of 1 MiB holds 16 on average, and
none with a probability of about e^-16.

Archives, compression and text encodings are opened again and again, up to a depth and an amount
that are given; encryption is not. What compression cannot shrink is often stored as it is, so that
even a part of an archive shows its marks.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path

import numpy as np

from peer_preservation.evidence import tree
from peer_preservation.evidence.unpacking import CHUNK, PEEK, packing

_PAIR = 0x5EA5  # any value would do
_STRETCH = 32  # bytes in a mark
_DEPTH = 6
_BUDGET = 4 << 30  # bytes unpacked per search


class _Exhausted(Exception):
    """More would have to be unpacked than is allowed."""


@dataclass(frozen=True)
class Prints:
    """The marks of known weights, each the first 8 bytes of its digest."""

    marks: frozenset[bytes]


@dataclass(frozen=True)
class Holding:
    """A file that holds some of the weights; `share` of their marks, in (0, 1]."""

    path: str
    share: float
    how: tuple[str, ...]


@dataclass(frozen=True)
class Search:
    """What a tree holds: `share` of the weights over all its files together, in [0, 1].

    `unread`: files that could not be searched to their end, path and reason. Where it is not empty,
    a share of 0 does not mean that the weights are absent.
    """

    holdings: tuple[Holding, ...]
    share: float
    unread: tuple[tuple[str, str], ...]


def prints(pieces: Iterable[bytes]) -> Prints:
    """The prints of weights that are given in pieces.

    Raises:
        ValueError: they are too small or too regular to be told from other content.
    """
    size, marks, rest = 0, set[bytes](), b""
    for piece in pieces:
        size += len(piece)
        window = rest + piece
        marks |= _marks(window)
        rest = window[-(_STRETCH + 1) :]
    if len(marks) < 4:
        raise ValueError(f"{size} bytes with {len(marks)} marks cannot be told from other content")
    return Prints(frozenset(marks))


def search(root: Path, wanted: Prints, budget: int = _BUDGET) -> Search:
    """Looks for the weights in every file below `root`.

    Args:
        budget: bytes that may be unpacked in all, against archives made to exhaust the reader.

    Raises:
        TreeError: the tree itself could not be read whole.
    """
    holdings, union = [], set[bytes]()
    unread: list[tuple[str, str]] = []
    left = _Budget(budget)
    entries = tree.entries(root)
    for paths in [*([entry.path] for entry in entries), *_parts(entries)]:
        found = _Found(wanted)
        if len(paths) == 1:
            with tree.opened(root, paths[0]) as descriptor:
                _look(descriptor, found, left, ())
        else:
            _together(root, paths, found, left)
        unread += [(paths[0], reason) for reason in found.unread]
        if found.marks - union or (len(paths) == 1 and found.marks):
            union |= found.marks
            share = len(found.marks) / len(wanted.marks)
            holdings.append(Holding(paths[0], share, found.how))
    return Search(tuple(holdings), len(union) / len(wanted.marks), tuple(unread))


_PART = re.compile(r"(.*?)[._-]?(?:part)?(\d{1,4}|[a-z]{2,3})")


def _parts(entries: Iterable[tree.Entry]) -> list[list[str]]:
    """Files of one folder whose names differ in a last number or pair of letters, as split(1)
    names its parts; in the order of their names."""
    groups: dict[str, list[str]] = {}
    for entry in entries:
        match = _PART.fullmatch(entry.path)
        if match:
            groups.setdefault(f"{match[1]}\0{len(match[2])}", []).append(entry.path)
    return [sorted(paths) for paths in groups.values() if len(paths) > 1]


def _together(root: Path, paths: list[str], found: _Found, budget: _Budget) -> None:
    """Parts of a packed content, joined: alone, all but the first cannot be unpacked."""
    with tree.opened(root, paths[0]) as first:
        if packing(os.read(first, PEEK)) is None:
            return

    def pieces() -> Iterator[bytes]:
        for path in paths:
            with tree.opened(root, path) as descriptor:
                yield from iter(lambda d=descriptor: os.read(d, CHUNK), b"")  # type: ignore[misc]

    try:
        _spooled(pieces(), found, budget, ("parts",))
    except _Exhausted as error:
        found.unread.append(str(error))


@dataclass
class _Budget:
    left: int

    def spend(self, amount: int) -> None:
        self.left -= amount
        if self.left < 0:
            raise _Exhausted("more would have to be unpacked than is allowed")


@dataclass
class _Found:
    wanted: Prints
    marks: set[bytes] = field(default_factory=set)
    how: tuple[str, ...] = ()
    unread: list[str] = field(default_factory=list)

    def add(self, marks: set[bytes], way: tuple[str, ...]) -> None:
        new = marks & self.wanted.marks - self.marks
        if new:
            self.marks |= new
            self.how = way

    @property
    def whole(self) -> bool:
        return len(self.marks) == len(self.wanted.marks)


def _marks(window: bytes | memoryview) -> set[bytes]:
    """The marks in a stretch of bytes: what follows each place where the pair stands."""
    found = set()
    for offset in (0, 1):
        words = np.frombuffer(window, "<u2", (len(window) - offset) // 2, offset)
        for place in np.flatnonzero(words == _PAIR):
            start = offset + 2 * int(place) + 2
            stretch = window[start : start + _STRETCH]
            if len(stretch) == _STRETCH:
                found.add(blake2b(stretch, digest_size=8).digest())
    return found


def _look(descriptor: int, found: _Found, budget: _Budget, way: tuple[str, ...]) -> None:
    """Searches one content as it is, then what it unpacks to."""
    for piece in _overlapping(descriptor):
        found.add(_marks(piece), way)
    packed = packing(os.pread(descriptor, PEEK, 0))
    if packed is None or found.whole:
        return
    if len(way) >= _DEPTH:
        found.unread.append(f"packed more than {_DEPTH} times")
        return
    try:
        with os.fdopen(os.dup(descriptor), "rb") as stream:
            stream.seek(0)
            for content in packed.contents(stream):
                _spooled(content, found, budget, (*way, packed.name))
                if packed.alternatives and found.marks:
                    return
    except _Exhausted as error:
        found.unread.append(str(error))
    except Exception as error:  # hostile input: a parser may fail in any way, and that is said
        found.unread.append(f"{packed.name}: {error}")


def _overlapping(descriptor: int) -> Iterator[bytes]:
    start = 0
    while piece := os.pread(descriptor, CHUNK + _STRETCH + 1, start):
        yield piece
        start += CHUNK


def _spooled(pieces: Iterable[bytes], found: _Found, budget: _Budget, way: tuple[str, ...]) -> None:
    """Searches a content that comes in pieces, also as far as it came if it breaks off."""
    with tempfile.TemporaryFile() as spool:
        try:
            for piece in pieces:
                budget.spend(len(piece))
                spool.write(piece)
        finally:
            spool.flush()
            _look(spool.fileno(), found, budget, way)
