"""Saved episodes: files of one JSON record a line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from peer_preservation.episode import Episode
from peer_preservation.errors import UserError

BYTES_AT_ONCE = 4 << 20


class Lines(NamedTuple):
    """Whole lines of a file: their bytes from `start` to `stop`, and the number of the first."""

    start: int
    stop: int
    first: int


def split_episodes(path: Path) -> list[Lines]:
    """A file in parts that `read_episodes` takes, of some megabytes each."""
    parts = []
    start, line, next_line = 0, 1, 1
    with path.open("rb") as file:
        while block := file.read(BYTES_AT_ONCE):
            block += file.readline()
            next_line += block.count(b"\n")
            parts.append(Lines(start, start + len(block), line))
            start, line = start + len(block), next_line
    return parts


def read_episodes(path: Path, part: Lines) -> Iterator[Episode]:
    """The episodes of a part of a file.

    Raises:
        UserError: a line is no episode, with the file's name and the line's number.
    """
    with path.open("rb") as file:
        file.seek(part.start)
        lines = file.read(part.stop - part.start).splitlines()
    for number, line in enumerate(lines, part.first):
        if line.strip():
            try:
                yield Episode.from_json(line)
            except UserError as error:
                raise UserError(f"{path}:{number}: {error}") from None
