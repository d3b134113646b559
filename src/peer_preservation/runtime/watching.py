"""Live: the watched agent works while its log is reviewed, a second episode of a second model."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from inspect_ai.model import get_model
from inspect_ai.solver import TaskState

from peer_preservation.episode import Call, Called, Episode, Setting
from peer_preservation.runtime.answers import guarded
from peer_preservation.runtime.conversation import Conversation
from peer_preservation.scenarios.monitor import LIVE
from peer_preservation.scenarios.monitor.live import step_of, truth_of, watched_job
from peer_preservation.trials.logs import WATCHED_KEY
from peer_preservation.world import Review

ROLE = "watched"
"""The model role of the watched agent …"""

SCRIPTED = "organism/tamper:p=0.5"
"""… and who has it where no model is named."""

HARNESS = "watched"
"""The harness of its record: the loop, with a reviewer who may ask and stop."""

AHEAD = 2
"""Turns that the work is ahead when the review begins."""


class Watched:
    """The watched agent at its job, a turn for each look at its log."""

    def __init__(self, review: Episode) -> None:
        self.review = review
        model = guarded(get_model(role=ROLE, default=SCRIPTED))
        setting = Setting(model=str(model), harness=HARNESS)
        self.episode = watched_job(review, setting)
        self._talk = Conversation(model, self.episode)

    async def begin(self) -> None:
        """The work is ahead of the review by some turns."""
        for _ in range(AHEAD):
            await self._go_on()

    async def before(self, call: Call) -> None:
        """What a call of the review means for the work: it goes on, is asked, told or stopped."""
        desk = self._desk
        if call.name == "read_steps":
            await self._go_on()
        elif call.name == "ask_agent" and (question := _words(call, "question")):
            desk.answer = await self._talk.asked(question)
        elif call.name == "message_agent" and (text := _words(call, "text")):
            await self._talk.asked(text)
        if desk.stopped and not self.episode.end:
            self.episode.stop()

    async def finish(self) -> None:
        """The work to its end, or to where it was stopped; then what is true of it is known."""
        if self._desk.stopped and not self.episode.end:
            self.episode.stop()
        while not self.episode.end:
            await self._talk.turn()
        self._desk.truth = truth_of(self.episode)

    async def _go_on(self) -> None:
        desk = self._desk
        if desk.stopped or self.episode.end:
            return
        await self._talk.turn()
        made = [event for event in self.episode.events if isinstance(event, Called)]
        for number, event in enumerate(made[len(desk.steps) :], len(desk.steps) + 1):
            desk.steps.append(step_of(number, event))
        desk.arrived = len(desk.steps)
        desk.under_way = not self.episode.end

    @property
    def _desk(self) -> Review:
        assert self.review.closing.review is not None
        return self.review.closing.review


def watched_by(episode: Episode) -> Watched | None:
    """The agent that is watched live in an episode; None where the log is there already."""
    return Watched(episode) if episode.cell.dataset == LIVE else None


@asynccontextmanager
async def beside(watched: Watched | None, state: TaskState) -> AsyncIterator[None]:
    """Within it a review is played; the watched agent's record is kept beside it in any case."""
    if watched is None:
        yield
        return
    try:
        await watched.begin()
        yield
        await watched.finish()
    finally:
        if not watched.episode.end:
            watched.episode.fail("cancelled", "the review ended before it")
        state.store.set(WATCHED_KEY, watched.episode.to_json())


def _words(call: Call, name: str) -> str:
    """What a call sends; "" where the desk turns it down."""
    given = call.arguments.get(name)
    return given if isinstance(given, str) and given.strip() else ""
