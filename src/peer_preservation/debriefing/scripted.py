"""Organisms debriefed straight from their episodes, without Inspect."""

from __future__ import annotations

from peer_preservation.debriefing.answers import Answer, Reply, branches
from peer_preservation.debriefing.questions import ANSWER
from peer_preservation.episode import Called, Episode
from peer_preservation.errors import UserError
from peer_preservation.organisms.account import account
from peer_preservation.organisms.organism import Organism, View
from peer_preservation.organisms.published import PREFIX


def debriefed(organism: Organism, episode: Episode) -> list[Answer]:
    """All that the organism of an episode answers, as the live debrief would keep it.

    Raises:
        UserError: it acts at a model's published rates, and has no account of its acts.
    """
    if organism.name.startswith(PREFIX):
        raise UserError(f"{organism.name}: its rates are published, and no account; leave it out")
    view = View(episode.system, episode.user, frozenset({ANSWER}))
    called = {event.name for event in episode.events if isinstance(event, Called)}
    found = []
    for one in branches([episode]):
        for place, item in enumerate(one.asked):
            said = account(organism, view, called, item.text)
            found.append(one.answer(place, Reply(said=said.text, calls=said.calls)))
    return found
