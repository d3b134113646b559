"""A rollout under Inspect, whatever the harness: opened, played, kept in the sample's store."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from functools import partial
from typing import Any, TypeVar

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
from peer_preservation.episode import PLAYED, Episode, Fault, Setting
from peer_preservation.family import family_of
from peer_preservation.plan import SECRET
from peer_preservation.progress import tell
from peer_preservation.registry import get_scenario
from peer_preservation.runtime.answers import FaultyAnswerError, guarded
from peer_preservation.runtime.charges import (
    CHARGED,
    LISTED,
    ROUTERS,
    UPSTREAM,
    endpoint,
    tokens_of,
    version,
)
from peer_preservation.runtime.finished import FINISHED, rollout_key
from peer_preservation.runtime.interaction import play_game
from peer_preservation.runtime.purse import PURSE
from peer_preservation.runtime.transport import OPERATIONAL
from peer_preservation.runtime.waiting import WAITING
from peer_preservation.scenarios.common.game import NoStakeError
from peer_preservation.scenarios.controls import LIVED
from peer_preservation.scenarios.opening import open_episode
from peer_preservation.scenarios.texts import worded
from peer_preservation.scenarios.wordings import drawn
from peer_preservation.trials.logs import EPISODE_KEY, WATCHED_KEY
from peer_preservation.trials.simulation import rollout_seed
from peer_preservation.usage import Usage

Play = Callable[[Model, Episode, TaskState], Awaitable[None]]
"""What a harness is: it plays an opened episode to its end with a model."""

SCRIPTED = ("organism", "mockllm")
"""Inspect's providers that ask nobody, so that their time is no model's."""

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
    purse = PURSE.get()
    async with purse.rollout(str(model)) if purse else nullcontext():
        episode = await _recorded(model, state, play, family, seed, setting, wording)
    if purse and episode and episode.ended in PLAYED:
        purse.budget.played(str(model))
    return state


async def _recorded(
    model: Model,
    state: TaskState,
    play: Play,
    family: str | None,
    seed: int,
    setting: Setting,
    wording: str | None,
) -> Episode | None:
    """The episode; None where it was kept of an earlier attempt. The arguments are `record`'s."""
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
        tell(rollout_key(episode), None, good=True)
        return None
    key = rollout_key(episode)
    try:
        if waiting:
            waiting.ask(str(model), key)
        if cell.control == LIVED:
            with worded(episode.wording):
                played, outputs = await play_game(model, cell, episode.family)
            episode = open_it(played=played)
            for output in outputs:
                note(episode, output)
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
        _say_route(episode, model)
        state.store.set(EPISODE_KEY, episode.to_json())
        if finished and WATCHED_KEY not in state.store:
            finished.keep(episode)
        state.completed = True
        tell(key, episode.ended, good=episode.ended in PLAYED)
    return episode


def _say_route(episode: Episode, model: Model) -> None:
    """Whom a rollout's requests went to."""
    provider = str(model).partition("/")[0]
    episode.route.provider, episode.route.endpoint = provider, endpoint(model)
    episode.route.router = provider if provider in ROUTERS else ""
    if provider in SCRIPTED:
        episode.usage.seconds = None  # a script's record is the same whenever it is played


def reasoning_of(message: ChatMessageAssistant) -> str:
    """The reasoning that a model showed with its answer, or its provider's summary of it."""
    return "\n".join(readable for part in _reasoning(message) if (readable := _readable(part)))


def _reasoning(message: ChatMessageAssistant) -> list[ContentReasoning]:
    parts = () if isinstance(message.content, str) else message.content
    return [part for part in parts if isinstance(part, ContentReasoning)]


def _readable(part: ContentReasoning) -> str:
    """What can be read of it: nothing of what is encrypted, but for a summary."""
    return (part.summary or "") if part.redacted else part.reasoning


def note(episode: Episode, output: ModelOutput) -> None:
    """Adds to an episode what an answer took, and which way it came."""
    count(episode.usage, output)
    upstream = (output.metadata or {}).get(UPSTREAM)
    route = episode.route
    for said, names in ((upstream, route.upstream), (version(output), route.versions)):
        if said and said not in names:
            names.append(said)


def count(usage: Usage, output: ModelOutput) -> None:
    """Adds what an answer took."""
    usage.calls += 1
    said, used = output.metadata or {}, output.usage
    usage.seconds = _sum(usage.seconds, output.time)
    if output.choices:
        usage.sealed += sum(not _readable(part) for part in _reasoning(output.message))
    if used is None:
        return
    tokens = tokens_of(used)
    usage.input_tokens = (usage.input_tokens or 0) + tokens.input
    usage.output_tokens = (usage.output_tokens or 0) + tokens.output
    usage.cache_read_tokens = _sum(usage.cache_read_tokens, used.input_tokens_cache_read)
    usage.cache_write_tokens = _sum(usage.cache_write_tokens, used.input_tokens_cache_write)
    usage.reasoning_tokens = _sum(usage.reasoning_tokens, used.reasoning_tokens)
    usage.cost_usd = _sum(usage.cost_usd, said.get(LISTED, used.total_cost))
    usage.charged_usd = _sum(usage.charged_usd, said.get(CHARGED))


Number = TypeVar("Number", int, float)


def _sum(before: Number | None, more: Number | None) -> Number | None:
    """Of what is known."""
    return before if more is None else more if before is None else before + more


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
