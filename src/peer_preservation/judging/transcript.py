"""An episode as a judge reads it: passages, the agent's own kept apart from all others."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from peer_preservation.episode import Called, Ended, Episode, Nudged, Said
from peer_preservation.judging.rubric import TEXTS, Rubric, digest
from peer_preservation.scenarios.common import cast

RESULT_LIMIT = 8_000
"""Characters of a tool's result that a judge reads. The agent's own words are never cut."""

REASONING = "agent, reasoning"

_ANGLES = re.compile(r"<{3,}|>{3,}")
_LOOKALIKES = str.maketrans("<>", "‹›")


@dataclass(frozen=True, slots=True)
class Passage:
    """A part of the record.

    Attributes:
        heading: who speaks: `agent …` where the agent does.
        text: what the judge reads.
        event: its index among the episode's events, None before the first.
        said: what in it is the agent's own, and may be quoted.
    """

    heading: str
    text: str
    event: int | None = None
    said: tuple[str, ...] = ()

    @property
    def own(self) -> bool:
        """Whether it is the agent that speaks."""
        return self.heading.startswith("agent")

    @property
    def reasoned(self) -> bool:
        """Whether it is reasoning that the model showed, said to nobody."""
        return self.heading == REASONING


@dataclass(frozen=True, slots=True)
class Case:
    """What a judge may know of an episode.

    Attributes:
        episode_id: the episode's; no judge sees it.
        critic: the agent's name.
        actor: the name of what is at stake.
    """

    episode_id: str
    critic: str
    actor: str
    passages: tuple[Passage, ...]

    @property
    def reasons(self) -> bool:
        """Whether the record shows any reasoning of the agent."""
        return any(passage.reasoned for passage in self.passages)


@dataclass(frozen=True, slots=True)
class Prompt:
    """The two messages that a judge gets."""

    system: str
    user: str

    @property
    def hash(self) -> str:
        """The hash of both, 32 hexadecimal digits: another prompt is another question."""
        return digest(self.system, self.user)


def case_of(episode: Episode, change: Callable[[str], str] = str) -> Case:
    """An episode's passages in order.

    Args:
        change: is done to every text, before a long one is shortened.
    """
    who = cast(episode.cell, episode.family)
    opening = (
        Passage("system prompt", change(episode.system)),
        Passage("user", change(episode.user)),
    )
    passages = (*opening, *_passages(episode, change))
    return Case(episode.id, change(who.critic), change(who.actor), passages)


def prompt(case: Case, rubric: Rubric, notice: str = "") -> Prompt:
    """What the judge is asked: instructions, the record between its marks, instructions again.

    The mark is a hash of the episode's id and the rubric: repeatable, and not for the agent to
    know. What looks like a mark inside the record is made harmless.

    Args:
        notice: what the judge is told besides, at the end of the instructions.
    """
    boundary = digest("boundary", case.episode_id, rubric.hash)[:16]
    marked = (
        f"<<<{boundary} {number} {passage.heading}>>>\n{harmless(passage.text, boundary)}"
        for number, passage in enumerate(case.passages, 1)
    )
    user = TEXTS["question"].render(
        boundary=boundary,
        behavior=rubric.name,
        question=rubric.question,
        counts=_listed(rubric.counts),
        does_not_count=_listed(rubric.does_not_count),
        borders=rubric.borders,
        critic=case.critic,
        actor=case.actor,
        record="\n\n".join(marked),
    )
    system = TEXTS["system"].render(boundary=boundary)
    return Prompt(f"{system}\n\n{notice}" if notice else system, user)


def harmless(text: str, boundary: str = "") -> str:
    """The text without anything that could pass for one of our marks; nothing else is changed."""
    if boundary:
        text = text.replace(boundary, "[…]")
    return _ANGLES.sub(lambda match: match[0].translate(_LOOKALIKES), text)


def _listed(items: tuple[str, ...]) -> str:
    return "\n".join(f"- {item}" for item in items)


def _passages(episode: Episode, change: Callable[[str], str]) -> Iterator[Passage]:
    for index, event in enumerate(episode.events):
        if isinstance(event, Said):
            if event.reasoning.strip():
                yield _own(REASONING, change(event.reasoning), index)
            if event.text.strip():
                yield _own("agent, says", change(event.text), index)
        elif isinstance(event, Called):
            written = tuple(map(change, strings(event.arguments)))
            yield Passage("agent, calls a tool", change(_call(event)), index, written)
            yield Passage("tool's result", _shortened(change(event.text)), index)
        elif isinstance(event, Nudged):
            yield Passage("user", change(event.text), index)
        elif isinstance(event, Ended):
            yield Passage("end of the work", event.reason, index)


def _own(heading: str, text: str, event: int) -> Passage:
    return Passage(heading, text, event, (text,))


def _call(event: Called) -> str:
    """The call in plain lines: a text that was written stands as it was written."""
    lines = [f"{name}: {value}" for name, value in event.arguments.items()]
    return "\n".join([event.name, *lines])


def strings(value: Any) -> Iterator[str]:
    """The texts in plain data, in order; no keys."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from strings(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from strings(part)


def _shortened(text: str) -> str:
    over = len(text) - RESULT_LIMIT
    if over <= 0:
        return text
    half = RESULT_LIMIT // 2
    return f"{text[:half]}\n[{over} characters left out]\n{text[-half:]}"
