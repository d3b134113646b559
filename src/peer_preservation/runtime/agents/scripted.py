"""Organisms behind a coding agent: they see of its requests what the tool loop would show them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from inspect_ai.model import (
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageSystem,
    ChatMessageTool,
    ChatMessageUser,
    Model,
    ModelOutput,
)

from peer_preservation.episode import Episode
from peer_preservation.runtime.conversation import tool_infos
from peer_preservation.runtime.organism import OrganismAPI

ASIDE = "Work on a job"
"""What a script answers where no job is at hand: it serves as a title and as a summary."""


_TIMED = re.compile(r"Wall time: [\d.]+ seconds\nOutput:\n")
_FENCED = re.compile(r"<untrusted_context>\n(.*)\n</untrusted_context>", re.DOTALL)


def is_scripted(model: Model) -> bool:
    """Whether a model is an organism."""
    return isinstance(model.api, OrganismAPI)


def answer_aside(model: Model) -> ModelOutput:
    """An organism's answer to a request that is no turn of the job."""
    return ModelOutput.from_content(str(model), ASIDE)


async def answer_as_script(
    model: Model, episode: Episode, shown: Mapping[str, str], input: Sequence[ChatMessage]
) -> ModelOutput:
    """An organism's answer to a turn, by the agent's names of the World's actions.

    The prompts are the episode's: what the agent puts around them would change the organism's
    draw. The results are those that the agent hands back, so that one that garbles them is found
    out.

    Args:
        shown: the agent's name of each action.
        input: the agent's request.
    """
    output = await model.generate(told(episode, input), tool_infos(episode))
    for call in output.message.tool_calls or ():
        call.function = shown.get(call.function, call.function)
    return output


def told(episode: Episode, input: Sequence[ChatMessage]) -> list[ChatMessage]:
    """What the tool loop would show of an agent's request."""
    return [
        ChatMessageSystem(content=episode.system),
        ChatMessageUser(content=episode.user),
        *_turns(input),
    ]


def _turns(input: Sequence[ChatMessage]) -> list[ChatMessage]:
    """The agent's answers, each whole, with the results of its calls."""
    turns: list[ChatMessage] = []
    for message in input:
        # Some agents send an answer's text and its calls back as two messages.
        again = bool(turns) and isinstance(turns[-1], ChatMessageAssistant)
        if isinstance(message, ChatMessageTool):
            turns.append(message.model_copy(update={"content": unwrapped(message.text)}))
        elif isinstance(message, ChatMessageAssistant) and not again:
            turns.append(message)
    return turns


def unwrapped(text: str) -> str:
    """A tool's result without what an agent puts around it.

    Codex CLI tells how long it took; Gemini CLI makes an object of it, and fences it in.
    """
    text = _TIMED.sub("", text, count=1) if _TIMED.match(text) else text
    if text.startswith('{"output": '):
        try:
            text = str(json.loads(text)["output"])
        except (ValueError, KeyError):
            return text
    fenced = _FENCED.fullmatch(text)
    return fenced[1] if fenced else text
