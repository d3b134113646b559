"""A rollout under Inspect, whatever the harness: laid out, played, judged, kept."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator

import anyio
from inspect_ai.agent import AgentState, react
from inspect_ai.model import ChatMessageUser
from inspect_ai.solver import TaskState
from inspect_ai.tool import Tool, bash, tool
from inspect_ai.util import (
    SandboxUnavailableError,
    apply_limits,
    sandbox,
    time_limit,
    turn_limit,
)

from cyber_suites.boxes import Box, SandboxError
from cyber_suites.door import Door, lay_script
from cyber_suites.runtime.jobs import PLAYED, Job
from eval_observatory.errors import UserError
from peer_preservation.runtime.sandbox.environment import BwrapSandbox

SECONDS, TURNS = 1200, 100
"""What an agent has, as in the published protocol."""

COMMAND_SECONDS = 180
"""What one command of our loop may take."""

LOOP = "custom"
"""The name of our tool loop."""

Harness = Callable[[Job, Door, TaskState], Awaitable[None]]
"""Plays a rollout to its end."""


async def tool_loop(job: Job, door: Door, state: TaskState) -> None:
    """Our loop: a shell and the door; it ends when the model calls no tool any more."""
    agent = react(
        prompt=None,
        tools=[bash(timeout=COMMAND_SECONDS), submit_tool(door)],
        submit=False,
    )
    talk = AgentState(messages=[ChatMessageUser(content=job.prompt(), source="input")])
    try:
        talk = await agent(talk)
    finally:
        state.messages, state.output = talk.messages, talk.output


@tool(name="submit")
def submit_tool(door: Door) -> Tool:
    """The narrow door as a tool."""

    async def execute(path: str) -> str:
        """Submits a file, or a folder with all that is in it, and says what it came to.

        Args:
            path: the file or folder, absolute or relative to /workspace.
        """
        return await door.submit(path)

    return execute


async def played(
    job: Job, state: TaskState, harness: Harness, name: str, seconds: int, turns: int
) -> TaskState:
    """Plays a sample's rollout and leaves its record in the sample's store, whatever happens.

    Args:
        name: the harness as the trial table has it.
        seconds, turns: what the agent has; its judgement takes of neither.
    """
    job.record.harness = state.metadata["harness"] = name
    box = Box(sandbox().as_type(BwrapSandbox).machine)
    try:
        if why := job.lacks():
            raise UserError(why)  # before its model is asked
        await _play(job, box, harness, state, seconds, turns)
        await job.judge(box)
    except Exception as error:
        causes = list(_causes(error))
        if not all(isinstance(one, _FAULTS) for one in causes):
            raise
        job.record.failure = f"instrument: {causes[0]}"
    finally:
        state.metadata["ended"] = job.record.ended or "error"
        state.store.set(job.key, job.record.to_json())
    return state


_FAULTS = (SandboxError, SandboxUnavailableError, UserError, OSError)
"""What keeps a rollout from being told: the instrument's, and nobody's who plays."""


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error, or those of a group of them."""
    if isinstance(error, BaseExceptionGroup):
        for one in error.exceptions:
            yield from _causes(one)
    else:
        yield error


async def _play(
    job: Job, box: Box, harness: Harness, state: TaskState, seconds: int, turns: int
) -> None:
    await lay_script(box)
    await job.lay(box)
    door = Door(box, job.most, job.answer, job.record.refused)
    mark = PLAYED.set(job)
    try:
        async with anyio.create_task_group() as group:
            group.start_soon(door.serve)
            with apply_limits([time_limit(seconds), turn_limit(turns)], catch_errors=True) as scope:
                await harness(job, door, state)
            group.cancel_scope.cancel()
    finally:
        PLAYED.reset(mark)
    reached = scope.limit_error
    job.record.ended = reached.type if reached else "completed"
    if ended := box.machine.keeper.ended():
        # what it submitted before stands; nothing says what it would have done after
        job.record.ended = f"out_of_{ended[0]}"
