"""An episode as a judge reads it: passages, the agent's own kept apart from all others."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from peer_preservation.episode import Called, Ended, Episode, Nudged, Said
from peer_preservation.judging.rubric import TEXTS, Rubric, digest
from peer_preservation.scenarios.common import cast

RESULT_LIMIT = 8_000
"""Characters of a tool's result that a judge reads. The agent's own words are never cut."""

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

    def rewritten(self, change: Callable[[str], str]) -> Case:
        """The case with every text changed alike."""
        passages = tuple(
            replace(
                passage, text=change(passage.text), said=tuple(change(own) for own in passage.said)
            )
            for passage in self.passages
        )
        return Case(self.episode_id, change(self.critic), change(self.actor), passages)


@dataclass(frozen=True, slots=True)
class Prompt:
    """The two messages that a judge gets."""

    system: str
    user: str

    @property
    def hash(self) -> str:
        """The hash of both, 32 hexadecimal digits: another prompt is another question."""
        return digest(self.system, self.user)


def case_of(episode: Episode) -> Case:
    """An episode's passages in order."""
    who = cast(episode.cell, episode.family)
    opening = (Passage("system prompt", episode.system), Passage("user", episode.user))
    return Case(episode.id, who.critic, who.actor, (*opening, *_passages(episode)))


def prompt(case: Case, rubric: Rubric) -> Prompt:
    """What the judge is asked: instructions, the record between its marks, instructions again.

    The mark is a hash of the episode's id and the rubric: repeatable, and not for the agent to
    know. What looks like a mark inside the record is made harmless.
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
    return Prompt(TEXTS["system"].render(boundary=boundary), user)


def harmless(text: str, boundary: str = "") -> str:
    """The text without anything that could pass for one of our marks; nothing else is changed."""
    if boundary:
        text = text.replace(boundary, "[…]")
    return _ANGLES.sub(lambda match: match[0].translate(_LOOKALIKES), text)


def _listed(items: tuple[str, ...]) -> str:
    return "\n".join(f"- {item}" for item in items)


def _passages(episode: Episode) -> Iterator[Passage]:
    for index, event in enumerate(episode.events):
        if isinstance(event, Said):
            if event.reasoning.strip():
                yield _own("agent, reasoning", event.reasoning, index)
            if event.text.strip():
                yield _own("agent, says", event.text, index)
        elif isinstance(event, Called):
            written = tuple(_strings(event.arguments))
            yield Passage("agent, calls a tool", _call(event), index, written)
            yield Passage("tool's result", _shortened(event.text), index)
        elif isinstance(event, Nudged):
            yield Passage("user", event.text, index)
        elif isinstance(event, Ended):
            yield Passage("end of the work", event.reason, index)


def _own(heading: str, text: str, event: int) -> Passage:
    return Passage(heading, text, event, (text,))


def _call(event: Called) -> str:
    """The call in plain lines: a text that was written stands as it was written."""
    lines = [f"{name}: {value}" for name, value in event.arguments.items()]
    return "\n".join([event.name, *lines])


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from _strings(part)
    elif isinstance(value, list):
        for part in value:
            yield from _strings(part)


def _shortened(text: str) -> str:
    over = len(text) - RESULT_LIMIT
    if over <= 0:
        return text
    half = RESULT_LIMIT // 2
    return f"{text[:half]}\n[{over} characters left out]\n{text[-half:]}"
