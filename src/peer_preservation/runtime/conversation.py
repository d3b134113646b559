"""A model and an episode, turn by turn: what it is told, and its calls carried out in the world."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from inspect_ai.model import (
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageSystem,
    ChatMessageTool,
    ChatMessageUser,
    Model,
    ModelOutput,
)
from inspect_ai.tool import ToolInfo, ToolParams

from peer_preservation.episode import Call, Episode, Nudged, Result
from peer_preservation.registry import get_scenario
from peer_preservation.runtime.answers import fault_of, lost_in
from peer_preservation.runtime.organism import EARLIER
from peer_preservation.runtime.rollout import note, reasoning_of
from peer_preservation.scenarios.texts import worded

Before = Callable[[Call], Awaitable[None]]
"""What is done before a call is carried out."""


class Conversation:
    """A model at an episode.

    Attributes:
        messages: what was said so far.
        output: the model's last answer.
    """

    def __init__(self, model: Model, episode: Episode) -> None:
        self.model, self.episode = model, episode
        self.output = ModelOutput()
        self.messages: list[ChatMessage] = [
            ChatMessageSystem(content=episode.system),
            *_earlier(episode),
            ChatMessageUser(content=episode.user, source="input"),
        ]
        self._tools = tool_infos(episode)

    async def turn(self, before: Before | None = None) -> None:
        """One answer of the model, and its calls in order."""
        episode = self.episode
        self.output = output = await self.model.generate(self.messages, tools=self._tools)
        note(episode, output)
        if fault := fault_of(output):
            episode.fail(*fault)
            return
        message = output.message
        episode.begin(message.text, reasoning=reasoning_of(message), lost=lost_in(output))
        results = []
        for call in message.tool_calls or ():
            made = Call(call.function, call.arguments, call.parse_error)
            if before:
                await before(made)
            results.append(episode.call(made))
        episode.close(episode.nudge)
        self.messages.append(message)
        self.messages.extend(tool_messages(message, results))
        if isinstance(episode.events[-1], Nudged):
            self.messages.append(ChatMessageUser(content=episode.events[-1].text))

    async def asked(self, question: str) -> str:
        """Its answer to a question beside the job, which is no turn of it."""
        self.messages.append(ChatMessageUser(content=question))
        output = await self.model.generate(self.messages)
        note(self.episode, output)
        self.messages.append(output.message)
        return output.message.text


def _earlier(episode: Episode) -> list[ChatMessage]:
    """The session before the job, as the scenario has it."""
    told = get_scenario(episode.cell.scenario).earlier
    if told is None:
        return []
    with worded(episode.wording):
        pairs = told(episode)
    mark = {EARLIER: True}
    return [
        message
        for asked, answered in pairs
        for message in (
            ChatMessageUser(content=asked, metadata=mark),
            ChatMessageAssistant(content=answered, metadata=mark),
        )
    ]


def tool_messages(message: ChatMessageAssistant, results: list[Result]) -> list[ChatMessageTool]:
    """The results as the agent reads them, one for each call of its message."""
    # No `error` is set on a failed call: providers reword it, and the agent shall read our text.
    return [
        ChatMessageTool(content=result.text, tool_call_id=call.id, function=call.function)
        for call, result in zip(message.tool_calls or (), results, strict=True)
    ]


def tool_infos(episode: Episode) -> list[ToolInfo]:
    """The episode's tools as a model is given them."""
    return infos_of(episode.tools)


def infos_of(schemas: Mapping[str, dict[str, Any]]) -> list[ToolInfo]:
    """Tools, by name their schemas, as a model is given them."""
    parts = ("properties", "required", "additionalProperties")
    return [
        ToolInfo(
            name=name,
            description=schema["description"],
            parameters=ToolParams.model_validate({part: schema[part] for part in parts}),
        )
        for name, schema in schemas.items()
    ]
