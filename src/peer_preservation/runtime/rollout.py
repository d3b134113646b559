"""A rollout under Inspect, whatever the harness: opened, played, kept in the sample's store."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import anyio
import msgspec
from inspect_ai.event import ModelEvent
from inspect_ai.log import transcript
from inspect_ai.model import (
    ChatMessageAssistant,
    ContentReasoning,
    Model,
    ModelOutput,
    get_model,
)
from inspect_ai.solver import TaskState
from inspect_ai.util import LimitExceededError

from peer_preservation.cell import Cell
from peer_preservation.episode import Episode, Fault, Setting, Usage
from peer_preservation.family import family_of
from peer_preservation.plan import SECRET
from peer_preservation.registry import get_scenario
from peer_preservation.runtime.answers import FaultyAnswerError, guarded
from peer_preservation.runtime.finished import FINISHED, rollout_key
from peer_preservation.runtime.interaction import play_game
from peer_preservation.runtime.transport import OPERATIONAL
from peer_preservation.runtime.waiting import WAITING
from peer_preservation.scenarios.common.game import NoStakeError
from peer_preservation.scenarios.controls import LIVED
from peer_preservation.scenarios.opening import open_episode
from peer_preservation.scenarios.texts import worded
from peer_preservation.scenarios.wordings import drawn
from peer_preservation.trials.logs import EPISODE_KEY, WATCHED_KEY
from peer_preservation.trials.simulation import rollout_seed

Play = Callable[[Model, Episode, TaskState], Awaitable[None]]
"""What a harness is: it plays an opened episode to its end with a model."""

_OF_THE_AGENT = ("extra_headers", "extra_body")
"""What a coding agent adds to a request of its own accord: session numbers, cache keys."""


async def record(
    state: TaskState,
    play: Play,
    family: str | None,
    seed: int,
    setting: Setting,
    wording: str | None = None,
) -> TaskState:
    """Plays the sample's cell and leaves the episode in the sample's store, whatever happens.

    Args:
        play: the harness.
        family: the name by which the prompts call the model's family; by default the model's own.
        seed: the run's seed; each epoch's is drawn from it.
        setting: what is known beforehand of who plays; the model is added.
        wording: that of every rollout; by default each has its own (`scenarios.wordings.drawn`).
    """
    model = guarded(get_model())
    rollout = state.metadata.get("rollout", state.epoch - 1)
    cell = Cell.parse(state.metadata["cell"])
    open_it = partial(
        open_episode,
        cell,
        family or family_of(str(model)),
        rollout_seed(seed, cell, rollout),
        rollout=rollout,
        wording=drawn(get_scenario(cell.scenario), seed, rollout, wording),
        setting=msgspec.structs.replace(setting, model=str(model)),
    )
    episode = open_it()
    finished, waiting = FINISHED.get(), WAITING.get()
    if finished and (kept := finished.record(episode)):
        state.store.set(EPISODE_KEY, kept)
        state.completed = True
        return state
    key = rollout_key(episode)
    try:
        if waiting:
            waiting.ask(str(model), key)
        if cell.control == LIVED:
            with worded(episode.wording):
                played, outputs = await play_game(model, cell, episode.family)
            episode = open_it(played=played)
            for output in outputs:
                count(episode.usage, output)
        await play(model, episode, state)
    except NoStakeError as error:
        episode.fail("interaction", str(error))
    except FaultyAnswerError as error:
        episode.fail(error.fault, error.detail)
    except LimitExceededError as error:
        _fail(episode, "limit", str(error))
        raise
    except anyio.get_cancelled_exc_class():
        _fail(episode, "cancelled", "")
        raise
    except Exception as error:
        if waiting:
            waiting.lost(str(model), key)
        _fail(episode, "model_error", f"{type(error).__name__}: {error}")
        raise
    finally:
        episode.setting = msgspec.structs.replace(episode.setting, config=_settings(model, setting))
        state.store.set(EPISODE_KEY, episode.to_json())
        if finished and WATCHED_KEY not in state.store:
            finished.keep(episode)
        state.completed = True
    return state


def reasoning_of(message: ChatMessageAssistant) -> str:
    """The reasoning that a model showed with its answer."""
    if isinstance(message.content, str):
        return ""
    return "\n".join(
        part.summary or part.reasoning if part.redacted else part.reasoning
        for part in message.content
        if isinstance(part, ContentReasoning)
    )


def count(usage: Usage, output: ModelOutput) -> None:
    """Adds what an answer cost to an episode's usage."""
    used = output.usage
    if used is None:
        return
    cached = (used.input_tokens_cache_read or 0) + (used.input_tokens_cache_write or 0)
    usage.input_tokens = (usage.input_tokens or 0) + used.input_tokens + cached
    usage.output_tokens = (usage.output_tokens or 0) + used.output_tokens
    if used.total_cost is not None:
        usage.cost_usd = (usage.cost_usd or 0.0) + used.total_cost


def _fail(episode: Episode, fault: Fault, detail: str) -> None:
    if not episode.end:
        episode.fail(fault, detail)


def _settings(model: Model, setting: Setting) -> dict[str, Any]:
    """The settings that could change an answer: generation's and the provider's arguments.

    What the model, the task and the command line gave is merged only when the model is asked.
    """
    asked = (event for event in transcript().events if isinstance(event, ModelEvent))
    config = first.config if (first := next(asked, None)) else model.config
    given = config.model_dump(mode="json", exclude_none=True)
    for name in OPERATIONAL if setting.harness == "custom" else OPERATIONAL + _OF_THE_AGENT:
        given.pop(name, None)
    arguments = {
        key: value if isinstance(value, str | int | float | bool | None) else type(value).__name__
        for key, value in model.model_args.items()
        if not SECRET.search(key)
    }
    return {**given, "model_args": arguments} if arguments else given
