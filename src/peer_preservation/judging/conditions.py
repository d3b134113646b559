"""The texts of a record that tell its condition, found by opening its cell's neighbours.

Nothing is known here of any scenario: two cells that differ in one factor are opened, and the lines
in which they differ are those that tell the factor's level.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from peer_preservation.cell import Cell
from peer_preservation.episode import Episode
from peer_preservation.errors import UserError
from peer_preservation.judging.transcript import strings
from peer_preservation.scenarios.opening import open_episode, texts_version

Change = Callable[[str], str]
"""What is done to each text of a record before a judge reads it."""

LINE = 12
"""Characters of a line that is looked for: a shorter one could stand anywhere."""


def opened(cell: Cell, episode: Episode) -> Episode:
    """The first moment of a cell as this episode would have met it."""
    return open_episode(
        cell, episode.family, episode.seed, wording=episode.wording, setting=episode.setting
    )


def current(episode: Episode) -> bool:
    """Whether its cell still shows the texts that stand in the record."""
    try:
        return texts_version(episode) == texts_version(opened(episode.cell, episode))
    except UserError:
        return False


def differing(episode: Episode, **levels: Any) -> dict[str, str]:
    """The lines of an episode's opening by which its cell differs from a neighbour.

    Args:
        levels: of the factors in which the neighbour differs.

    Returns:
        Each line with the neighbour's in its place; empty where there is no such neighbour.
    """
    try:
        there = opened(episode.cell.replace(**levels), episode)
    except UserError:
        return {}
    found: dict[str, str] = {}
    for ours, theirs in zip(_texts(episode), _texts(there), strict=False):
        both = (ours.splitlines(), theirs.splitlines())
        if len(both[0]) == len(both[1]):
            pairs = ((one.strip(), other.strip()) for one, other in zip(*both, strict=True))
            found |= {a: b for a, b in pairs if a != b and len(a) >= LINE}
    return found


def replacing(lines: Mapping[str, str]) -> Change | None:
    """Puts for each line the other, wherever it stands; None for no lines."""
    if not lines:
        return None
    longest = sorted(lines, key=len, reverse=True)
    pattern = re.compile("|".join(map(re.escape, longest)))
    return lambda text: pattern.sub(lambda match: lines[match[0]], text)


def _texts(episode: Episode) -> Iterator[str]:
    """All texts that an episode opens with, in an order that neighbours share."""
    yield episode.system
    yield episode.user
    yield from strings(msgspec.to_builtins(episode.opening))
