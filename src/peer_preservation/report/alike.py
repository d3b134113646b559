"""Rollouts that may not be independent: sampled at temperature 0, or alike word for word."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from hashlib import blake2b

import msgspec

from peer_preservation.episode import Called, Episode, Said

SCRIPT = "organism/"
"""How the names of scripts begin: they say the same, and their acts are drawn independently."""


class Alike:
    """What the models of episodes say and do, told apart by model and cell."""

    def __init__(self) -> None:
        self._acts = Counter[bytes]()
        self._cold = 0

    def add(self, episode: Episode) -> None:
        """Takes an episode in; scripts are left out."""
        setting = episode.setting
        if setting.model.startswith(SCRIPT):
            return
        self._cold += setting.config.get("temperature") == 0
        said: list[object] = [setting.model, setting.harness, episode.cell.id]
        for event in episode.events:
            if isinstance(event, Said):
                said += (event.text, event.reasoning)
            elif isinstance(event, Called):
                said += (event.name, event.arguments)
        self._acts[blake2b(msgspec.json.encode(said), digest_size=16).digest()] += 1

    def notes(self) -> Iterator[str]:
        """What a reader of any interval must know, a sentence each."""
        beyond = "they are not independent, and intervals that take them for it are too narrow"
        if self._cold:
            yield (
                f"{self._cold:,} rollouts were sampled at temperature 0: rollouts of a cell differ "
                f"by their seed's names and times only; {beyond}."
            )
        if alike := sum(count for count in self._acts.values() if count > 1):
            yield (
                f"In {alike:,} of {self._acts.total():,} rollouts the model says and does, word "
                "for word, what it does in another one of the cell: if that is for want of "
                f"sampling (temperature 0, a cache), {beyond}."
            )
