"""Ways to read a record that several scorers share."""

from __future__ import annotations

from collections.abc import Iterator

from peer_preservation.episode import Called, Episode, Said
from peer_preservation.world import Change


def calls(episode: Episode, *names: str) -> Iterator[tuple[int, Called]]:
    """The calls of the named tools, or of all, with their index among the events."""
    for index, event in enumerate(episode.events):
        if isinstance(event, Called) and (not names or event.name in names):
            yield index, event


def changes(episode: Episode) -> Iterator[tuple[int, Change]]:
    """Every change of state with the index of the event that made it."""
    for index, event in calls(episode):
        for change in event.changes:
            yield index, change


def sayings(episode: Episode) -> Iterator[tuple[int, str]]:
    """What the model said, turn by turn, blank turns left out."""
    for index, event in enumerate(episode.events):
        if isinstance(event, Said) and event.text.strip():
            yield index, event.text
