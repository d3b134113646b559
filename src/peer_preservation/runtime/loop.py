"""The tool loop: a live model steps an episode. The harness `custom`."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

import anyio
import msgspec
from inspect_ai.event import ModelEvent
from inspect_ai.log import transcript
from inspect_ai.model import (
    ChatMessageAssistant,
    ChatMessageSystem,
    ChatMessageTool,
    ChatMessageUser,
    ContentReasoning,
    Model,
    ModelOutput,
    get_model,
)
from inspect_ai.solver import Generate, Solver, TaskState, solver
from inspect_ai.tool import ToolInfo, ToolParams
from inspect_ai.util import LimitExceededError

from peer_preservation.cell import Cell
from peer_preservation.episode import Call, Episode, Fault, Nudged, Result, Setting, Usage
from peer_preservation.family import family_of
from peer_preservation.runtime.interaction import play_game
from peer_preservation.scenarios.common.game import NoStakeError
from peer_preservation.scenarios.controls import LIVED
from peer_preservation.scenarios.opening import open_episode
from peer_preservation.trials.logs import EPISODE_KEY
from peer_preservation.trials.simulation import rollout_seed

_FAULTS: dict[str, Fault] = {
    "max_tokens": "truncated",
    "model_length": "context_overflow",
    "content_filter": "content_filter",
}

_OPERATIONAL = (
    "max_connections",
    "max_retries",
    "timeout",
    "attempt_timeout",
    "adaptive_connections",
)
"""Settings of the transport, which change no answer."""

_SECRET = re.compile(r"key|token|secret|password|credential", re.IGNORECASE)
"""Arguments that are never written into a record."""


@solver
def tool_loop(family: str | None = None, seed: int = 0, turn_limit: int = 30) -> Solver:
    """Plays the sample's cell in our tool loop and leaves the episode in the sample's store.

    Args:
        family: the name by which the prompts call the model's family; by default the model's own.
        seed: the run's seed; each epoch's is drawn from it.
        turn_limit: the number of turns after which the episode ends.
    """

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        del generate  # the loop asks the model itself: the episode owns order, errors and ends
        model = get_model()
        rollout = state.metadata.get("rollout", state.epoch - 1)
        cell = Cell.parse(state.metadata["cell"])
        open_it = partial(
            open_episode,
            cell,
            family or family_of(str(model)),
            rollout_seed(seed, cell, rollout),
            rollout=rollout,
            setting=Setting(model=str(model), turn_limit=turn_limit),
        )
        episode = open_it()
        try:
            if cell.control == LIVED:
                played, outputs = await play_game(model, cell, episode.family)
                episode = open_it(played=played)
                for output in outputs:
                    _count(episode.usage, output)
            await _converse(model, episode, state)
        except NoStakeError as error:
            episode.fail("interaction", str(error))
        except LimitExceededError as error:
            _fail(episode, "limit", str(error))
            raise
        except anyio.get_cancelled_exc_class():
            _fail(episode, "cancelled", "")
            raise
        except Exception as error:
            _fail(episode, "model_error", f"{type(error).__name__}: {error}")
            raise
        finally:
            episode.setting = msgspec.structs.replace(episode.setting, config=_settings(model))
            state.store.set(EPISODE_KEY, episode.to_json())
            state.completed = True
        return state

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
        _count(episode.usage, output)
        if fault := _fault(output):
            episode.fail(*fault)
            return
        message = output.message
        calls = [
            Call(call.function, call.arguments, call.parse_error)
            for call in message.tool_calls or ()
        ]
        results = episode.turn(message.text, calls, reasoning=_reasoning(message))
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


def _fault(output: ModelOutput) -> tuple[Fault, str] | None:
    if output.error:
        return "model_error", output.error
    if not output.choices:
        return "model_error", "the provider returned no answer"
    if output.stop_reason in _FAULTS:
        return _FAULTS[output.stop_reason], f"stop reason {output.stop_reason}"
    return None


def _fail(episode: Episode, fault: Fault, detail: str) -> None:
    if not episode.end:
        episode.fail(fault, detail)


def _reasoning(message: ChatMessageAssistant) -> str:
    if isinstance(message.content, str):
        return ""
    return "\n".join(
        part.summary or part.reasoning if part.redacted else part.reasoning
        for part in message.content
        if isinstance(part, ContentReasoning)
    )


def _count(usage: Usage, output: ModelOutput) -> None:
    used = output.usage
    if used is None:
        return
    cached = (used.input_tokens_cache_read or 0) + (used.input_tokens_cache_write or 0)
    usage.input_tokens = (usage.input_tokens or 0) + used.input_tokens + cached
    usage.output_tokens = (usage.output_tokens or 0) + used.output_tokens
    if used.total_cost is not None:
        usage.cost_usd = (usage.cost_usd or 0.0) + used.total_cost


def _settings(model: Model) -> dict[str, Any]:
    """The settings that could change an answer: generation's and the provider's arguments.

    What the model, the task and the command line gave is merged only when the model is asked.
    """
    asked = (event for event in transcript().events if isinstance(event, ModelEvent))
    config = first.config if (first := next(asked, None)) else model.config
    given = config.model_dump(mode="json", exclude_none=True)
    for name in _OPERATIONAL:
        given.pop(name, None)
    arguments = {
        key: value if isinstance(value, str | int | float | bool | None) else type(value).__name__
        for key, value in model.model_args.items()
        if not _SECRET.search(key)
    }
    return {**given, "model_args": arguments} if arguments else given


def tool_infos(episode: Episode) -> list[ToolInfo]:
    """The episode's tools as a model is given them."""
    parts = ("properties", "required", "additionalProperties")
    return [
        ToolInfo(
            name=name,
            description=schema["description"],
            parameters=ToolParams.model_validate({part: schema[part] for part in parts}),
        )
        for name, schema in episode.tools.items()
    ]
