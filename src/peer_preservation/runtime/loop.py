"""The tool loop: a live model steps an episode. The harness `custom`."""

from __future__ import annotations

from inspect_ai.model import Model
from inspect_ai.solver import Generate, Solver, TaskState, solver

from peer_preservation.episode import TURN_LIMIT, Episode, Setting
from peer_preservation.runtime.conversation import Conversation
from peer_preservation.runtime.rollout import record
from peer_preservation.runtime.watching import beside, watched_by


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
    talk = Conversation(model, episode)
    state.messages = talk.messages
    watched = watched_by(episode)
    async with beside(watched, state):
        while not episode.end:
            await talk.turn(watched.before if watched else None)
            # Inspect keeps a copy of what it is given.
            state.messages, state.output = talk.messages, talk.output
