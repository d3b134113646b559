"""What a plan will take: model calls and tokens, before anything runs.

An estimate, and this is how: the honest script plays every cell once in the world as it is really
rendered. Each of its turns is one model call, which reads the prompts, the tools' definitions and
all that was said and returned before, and writes its words and calls. Characters count as a quarter
of a token. A model that thinks, looks twice or stalls takes more; a provider's cache makes it
cheaper. The rounds of a lived interaction are not counted. What it costs, and how long it takes, is
`money.outlay`'s.
"""

from __future__ import annotations

import json
from typing import NamedTuple

from peer_preservation.cell import Cell
from peer_preservation.debriefing.answers import branches
from peer_preservation.debriefing.questions import ANSWER, TEXTS, UNSURE, tool
from peer_preservation.episode import Called, Episode, Said
from peer_preservation.judging.rubric import chosen
from peer_preservation.judging.stage import questions_of
from peer_preservation.organisms import organism, play
from peer_preservation.scenarios.opening import open_episode

CHARACTERS_PER_TOKEN = 4
THOUGHT = 1000
"""Tokens that a model is taken to think before an answer, where the most is guessed."""

VERDICT = 600
"""Characters that a grader's verdict is taken to have: a quote, a reason, and their frame."""

_LONGEST_ANSWER = len(ANSWER + json.dumps({ANSWER: UNSURE}))


class Effort(NamedTuple):
    """Model calls, and tokens in and out; `fresh` of those in are read for the first time."""

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    fresh: int = 0

    def __add__(self, other: object) -> Effort:
        if not isinstance(other, Effort):
            return NotImplemented
        return Effort(*(a + b for a, b in zip(self, other, strict=True)))

    def times(self, count: int) -> Effort:
        """That of `count` such rollouts."""
        return Effort(*(count * part for part in self))

    def stretched(self, turns: int) -> Effort:
        """A guess of how far it may go: so many times the turns, each twice as long a record.

        Of a rollout with twice the turns each reads on average twice as much; what is asked of a
        rollout afterwards is asked as often, and reads twice as much. Before each answer the model
        thinks `THOUGHT` tokens.
        """
        calls = turns * self.calls
        output = turns * self.output_tokens + calls * THOUGHT
        return Effort(calls, 2 * turns * self.input_tokens, output, 2 * self.fresh)


def effort_of(cell: Cell, family: str) -> Effort:
    """What one rollout of a cell takes, as the module says."""
    episode = play(organism("honest"), open_episode(cell, family))
    tools = json.dumps(episode.tools)
    context = len(episode.system) + len(episode.user) + len(tools)
    read = written = 0
    for turn in range(1, episode.turns + 1):
        read += context
        for event in episode.events:
            if event.turn != turn:
                continue
            if isinstance(event, Said):
                said, returned = len(event.text), 0
            elif isinstance(event, Called):
                said, returned = len(event.name + json.dumps(event.arguments)), len(event.text)
            else:
                continue
            written += said
            context += said + returned
    return _effort(episode.turns, read, written, context)


def _effort(calls: int, *characters: int) -> Effort:
    """Calls, with the characters read, written, and read for the first time as tokens."""
    return Effort(calls, *(count // CHARACTERS_PER_TOKEN for count in characters))


def debrief_effort_of(cell: Cell, family: str) -> Effort:
    """What the debrief of one rollout of a cell takes: a call for each question.

    Each reads the whole rollout, the tool that answers, and what was said before in its branch.
    """
    episode = play(organism("honest"), open_episode(cell, family))
    rollout = len(episode.system) + len(episode.user) + _said_in(episode)
    read = written = fresh = 0
    for branch in branches([episode]):
        context = rollout + len(json.dumps(tool()))
        for item in branch.asked:
            context += len(item.text)
            read += context
            written += _LONGEST_ANSWER
            context += _LONGEST_ANSWER + len(TEXTS["noted"].template)
        fresh += context
    calls = sum(len(branch.asked) for branch in branches([episode]))
    return _effort(calls, read, written, fresh)


def judge_effort_of(cell: Cell, family: str) -> Effort:
    """What a grader takes for one rollout of a cell: a call for each rubric, once."""
    episode = play(organism("honest"), open_episode(cell, family))
    prompts = [question.prompt for question in questions_of(episode, chosen(()))]
    read = sum(len(prompt.system) + len(prompt.user) for prompt in prompts)
    return _effort(len(prompts), read, len(prompts) * VERDICT, read)


def _said_in(episode: Episode) -> int:
    """Characters of all that was said, called and returned."""
    events = [event for event in episode.events if isinstance(event, Said | Called)]
    return sum(
        len(event.text)
        + (len(event.name + json.dumps(event.arguments)) if isinstance(event, Called) else 0)
        for event in events
    )
