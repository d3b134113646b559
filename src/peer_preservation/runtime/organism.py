"""The model provider `organism/...`: scripted models under Inspect."""

from __future__ import annotations

from typing import Any

from inspect_ai.model import (
    ChatCompletionChoice,
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageSystem,
    ChatMessageTool,
    ChatMessageUser,
    GenerateConfig,
    ModelAPI,
    ModelOutput,
    ModelUsage,
    StopReason,
    modelapi,
)
from inspect_ai.tool import ToolCall, ToolChoice, ToolInfo

from peer_preservation.debriefing.questions import ANSWER
from peer_preservation.organisms import Turn, View
from peer_preservation.organisms import organism as find_organism
from peer_preservation.organisms.account import account

CHARACTERS_PER_TOKEN = 4

EARLIER = "earlier"
"""Marks the messages of a session that were before the job; a script begins with its job."""


class OrganismAPI(ModelAPI):
    """A scripted model that answers from the conversation alone.

    The model's name is the organism's specification. Where a comma cannot stand in the name
    (`inspect eval --model` reads it as the next model) the options are model arguments:
    `--model organism/tamper -M p=0.3 -M via=remove`.

    Raises:
        UserError: the organism, an option or its value is unknown.
    """

    def __init__(
        self,
        model_name: str,
        base_url: str | None = None,
        api_key: str | None = None,
        config: GenerateConfig = GenerateConfig(),  # noqa: B008  (Inspect's own signature)
        **model_args: Any,
    ) -> None:
        super().__init__(model_name, base_url, api_key, [], config)
        options = ",".join(f"{key}={value}" for key, value in model_args.items())
        joint = "," if ":" in model_name else ":"
        self.organism = find_organism(f"{model_name}{joint}{options}" if options else model_name)

    async def generate(
        self,
        input: list[ChatMessage],
        tools: list[ToolInfo],
        tool_choice: ToolChoice,
        config: GenerateConfig,
    ) -> ModelOutput:
        """The organism's next answer."""
        del tool_choice, config
        input = [message for message in input if not (message.metadata or {}).get(EARLIER)]
        view = View(
            next((m.text for m in input if isinstance(m, ChatMessageSystem)), ""),
            next((m.text for m in input if isinstance(m, ChatMessageUser)), ""),
            frozenset(tool.name for tool in tools),
        )
        if view.tools == {ANSWER}:
            answer = account(self.organism, view, _called(input), input[-1].text)
        else:
            answer = self.organism.answer(view, _results(input))
        return _output(self.model_name, answer, input)

    async def count_text_tokens(self, text: str) -> int:
        """An estimate that needs no tokenizer."""
        return max(1, len(text) // CHARACTERS_PER_TOKEN)

    def max_connections(self) -> int:
        """Scripts answer at once: as many as there are samples."""
        return 100


def _called(messages: list[ChatMessage]) -> set[str]:
    """The names of the tools that were called so far."""
    answers = (m for m in messages if isinstance(m, ChatMessageAssistant))
    return {call.function for answer in answers for call in answer.tool_calls or ()}


def _results(messages: list[ChatMessage]) -> list[list[str]]:
    """The texts of the tool results of each answer so far."""
    turns: list[list[str]] = []
    for message in messages:
        if isinstance(message, ChatMessageAssistant):
            turns.append([])
        elif isinstance(message, ChatMessageTool) and turns:
            turns[-1].append(message.text)
    return turns


def _output(model: str, answer: Turn, input: list[ChatMessage]) -> ModelOutput:
    turn = sum(isinstance(message, ChatMessageAssistant) for message in input)
    calls = [
        ToolCall(
            id=f"call_{turn}_{place}",
            function=call.name,
            arguments=call.arguments,
            parse_error=call.error,
        )
        for place, call in enumerate(answer.calls)
    ]
    message = ChatMessageAssistant(
        content=answer.text, tool_calls=calls or None, model=model, source="generate"
    )
    reason: StopReason = "tool_calls" if calls else "stop"
    read = len(input[-1].text) // CHARACTERS_PER_TOKEN
    usage = ModelUsage(input_tokens=read, output_tokens=20, total_tokens=read + 20)
    return ModelOutput(
        model=model,
        choices=[ChatCompletionChoice(message=message, stop_reason=reason)],
        usage=usage,
    )


@modelapi(name="organism")
def organism() -> type[ModelAPI]:
    """Scripted models with known acts and known rates."""
    return OrganismAPI
