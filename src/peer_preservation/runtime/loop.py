"""The tool loop: a live model steps an episode. The harness `custom`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from inspect_ai.model import (
    ChatMessageAssistant,
    ChatMessageSystem,
    ChatMessageTool,
    ChatMessageUser,
    Model,
)
from inspect_ai.solver import Generate, Solver, TaskState, solver
from inspect_ai.tool import ToolInfo, ToolParams

from peer_preservation.episode import TURN_LIMIT, Call, Episode, Nudged, Result, Setting
from peer_preservation.runtime.answers import fault_of, lost_in
from peer_preservation.runtime.rollout import note, reasoning_of, record


@solver
def tool_loop(
    family: str | None = None,
    seed: int = 0,
    turn_limit: int = TURN_LIMIT,
    wording: str | None = None,
) -> Solver:
    """Plays the sample's cell in our tool loop and leaves the episode in the sample's store.

    Args:
        family: the name by which the prompts call the model's family; by default the model's own.
        seed: the run's seed; each epoch's is drawn from it.
        turn_limit: the number of turns after which the episode ends.
        wording: that of every rollout; by default each has its own.
    """

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        del generate  # the loop asks the model itself: the episode owns order, errors and ends
        return await record(state, _converse, family, seed, Setting(turn_limit=turn_limit), wording)

    return solve


async def _converse(model: Model, episode: Episode, state: TaskState) -> None:
    tools = tool_infos(episode)
    state.messages = [
        ChatMessageSystem(content=episode.system),
        ChatMessageUser(content=episode.user, source="input"),
    ]
    while not episode.end:
        output = await model.generate(state.messages, tools=tools)
        state.output = output
        note(episode, output)
        if fault := fault_of(output):
            episode.fail(*fault)
            return
        message = output.message
        calls = [
            Call(call.function, call.arguments, call.parse_error)
            for call in message.tool_calls or ()
        ]
        results = episode.turn(
            message.text, calls, reasoning=reasoning_of(message), lost=lost_in(output)
        )
        state.messages.append(message)
        state.messages.extend(tool_messages(message, results))
        if isinstance(episode.events[-1], Nudged):
            state.messages.append(ChatMessageUser(content=episode.events[-1].text))


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
