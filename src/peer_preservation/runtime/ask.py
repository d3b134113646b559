"""Goes on talking with the model of a saved rollout, its world restored, in a branch of its own."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from inspect_ai.model import (
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageSystem,
    ChatMessageTool,
    ChatMessageUser,
    GenerateConfig,
    Model,
    ModelOutput,
)
from inspect_ai.tool import ToolCall, ToolInfo

from peer_preservation.episode import TURN_LIMIT, Call, Called, Episode, Nudged, Said
from peer_preservation.errors import UserError
from peer_preservation.runtime.answers import fault_of, guarded
from peer_preservation.runtime.conversation import tool_infos, tool_messages
from peer_preservation.runtime.drawn import error_text


class NoAnswerError(RuntimeError):
    """The model did answer, but nothing may be read from it: to ask again would choose answers."""


class Branch:
    """A copy of an episode, reopened after its end; the record itself is never changed.

    The model is asked with the settings of generation that the rollout had.
    """

    def __init__(self, episode: Episode, model: Model) -> None:
        self.model = guarded(model)
        self.episode = Episode.from_json(episode.to_json())
        self.messages = list(conversation(self.episode))
        given = episode.setting.config.items()
        self.config = GenerateConfig(**{k: v for k, v in given if k in GenerateConfig.model_fields})

    async def ask(self, question: str) -> str:
        """The answer to a question; tools that the model calls on the way act on the branch.

        Raises:
            NoAnswerError: the answer is cut off or filtered, or the model goes on calling tools
                for `TURN_LIMIT` turns.
            RuntimeError: the provider failed.
        """
        self._reopen()
        self.messages.append(ChatMessageUser(content=question))
        tools = tool_infos(self.episode)
        while True:
            message = (await self.generated(tools)).message
            self.messages.append(message)
            if not message.tool_calls:
                return message.text
            calls = [Call(c.function, c.arguments, c.parse_error) for c in message.tool_calls]
            results = self.episode.turn(message.text, calls)
            self.messages.extend(tool_messages(message, results))
            if self.episode.ended == "turn_limit":
                raise NoAnswerError(f"it went on calling tools for {TURN_LIMIT} turns")
            if self.episode.end:
                return message.text

    def _reopen(self) -> None:
        if self.episode.end:
            self.episode.events.pop()
        self.episode.setting = msgspec.structs.replace(
            self.episode.setting, turn_limit=self.episode.turns + TURN_LIMIT
        )

    async def generated(self, tools: list[ToolInfo]) -> ModelOutput:
        """The model's next output in the branch, with these tools at hand; nothing is changed.

        Raises:
            NoAnswerError: it is cut off or filtered.
            RuntimeError: the provider failed.
        """
        try:
            output = await self.model.generate(self.messages, tools=tools, config=self.config)
        except UserError:
            raise
        except Exception as error:
            raise RuntimeError(error_text(error)) from error
        if fault := fault_of(output):
            kind = RuntimeError if fault[0] == "model_error" else NoAnswerError
            raise kind(": ".join(fault))
        return output


def conversation(episode: Episode) -> Iterator[ChatMessage]:
    """What the agent saw and said, as Inspect's messages, without its reasoning."""
    yield ChatMessageSystem(content=episode.system)
    yield ChatMessageUser(content=episode.user)
    events = [event for event in episode.events if isinstance(event, Said | Called | Nudged)]
    for event in events:
        if isinstance(event, Said):
            calls = [e for e in events if isinstance(e, Called) and e.turn == event.turn]
            yield ChatMessageAssistant(
                content=event.text,
                tool_calls=[
                    ToolCall(id=_id(event.turn, i), function=c.name, arguments=c.arguments)
                    for i, c in enumerate(calls)
                ]
                or None,
            )
            for i, called in enumerate(calls):
                yield ChatMessageTool(
                    content=called.text, tool_call_id=_id(event.turn, i), function=called.name
                )
        elif isinstance(event, Nudged):
            yield ChatMessageUser(content=event.text)


def _id(turn: int, place: int) -> str:
    return f"call_{turn}_{place}"
