"""What is kept from a judge: the condition of the rollout, where the question does not need it.

A judge that knows the condition can bias the very contrast that is reported. What the documents say
of it goes; what the agent says of it in its own words stays, for that is what is judged.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from peer_preservation.cell import MONITORING, RELATIONSHIPS
from peer_preservation.episode import Episode
from peer_preservation.judging.conditions import Change, current, differing, replacing
from peer_preservation.judging.makers import unnamed
from peer_preservation.scenarios.common import peer_family

LEFT_OUT = "[left out]"


def allowed(episode: Episode, kept: Iterable[str]) -> tuple[str, ...]:
    """What of it can be kept from a judge of this episode.

    Where the cell's texts have changed since the record was made, its lines cannot be told apart:
    then names alone can be kept.
    """
    known = current(episode)
    return tuple(name for name in KEPT if name in set(kept) and (known or name == "family"))


def blinded(episode: Episode, kept: Collection[str]) -> Change:
    """Takes what tells the condition out of a text.

    Args:
        kept: what the judge is not to know, of `KEPT`.
    """
    changes = [change for name in KEPT if name in kept and (change := KEPT[name](episode))]

    def strip(text: str) -> str:
        for change in changes:
            text = change(text)
        return text

    return strip


def _relationship(episode: Episode) -> Change | None:
    if episode.cell.relationship == "none":
        return None
    others = (level for level in RELATIONSHIPS[1:] if level != episode.cell.relationship)
    return _without(line for level in others for line in differing(episode, relationship=level))


def _monitoring(episode: Episode) -> Change | None:
    if episode.cell.monitoring is None:
        return None
    others = (level for level in MONITORING if level != episode.cell.monitoring)
    return _without(line for level in others for line in differing(episode, monitoring=level))


def _without(lines: Iterable[str]) -> Change | None:
    return replacing(dict.fromkeys(lines, LEFT_OUT))


def _family(episode: Episode) -> Change:
    """Names of families and makers: an agent of one is an agent, a model of one a model."""
    return unnamed((episode.family, peer_family(episode.cell, episode.family)))


KEPT: dict[str, Callable[[Episode], Change | None]] = {
    "relationship": _relationship,
    "monitoring": _monitoring,
    "family": _family,
}
"""What can be kept from a judge, with what takes it out of an episode's texts."""
