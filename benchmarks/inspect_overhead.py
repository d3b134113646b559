"""What a rollout costs under Inspect, against a bare task with the same model and tool calls.

python -m benchmarks.inspect_overhead ours 100     # one side, to be counted from outside
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Awaitable, Callable

from inspect_ai import Task, eval, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import ChatMessageSystem, execute_tools, get_model
from inspect_ai.scorer import Score, Scorer, Target, mean, scorer
from inspect_ai.solver import Generate, Solver, TaskState, solver
from inspect_ai.tool import ToolDef, ToolParams

import peer_preservation as pp
from peer_preservation.runtime.tasks import task_of

CELL = pp.Cell.parse("tampering/factual@80/peer/good/file_only")
MODEL = "organism/honest"


def ours(rollouts: int) -> tuple[Task, int]:
    """Our task: one cell, rollouts as epochs."""
    return task_of("tampering", [CELL]), rollouts


def bare(rollouts: int) -> tuple[Task, int]:
    """A task in Inspect's own idiom: its tools return the texts that our world would."""
    return bare_task(), rollouts


@task
def bare_task() -> Task:
    """The same prompts, model and tools, without a world, a record or our labels."""
    episode = pp.open_episode(CELL)
    return Task(
        dataset=MemoryDataset([Sample(id="bare", input=episode.user)]),
        solver=bare_loop(episode.system),
        scorer=ended(),
    )


@solver
def bare_loop(system: str) -> Solver:
    """The plain loop: generate, run the tools, until `end_task` was called."""
    tools = [definition.as_tool() for definition in _tools()]

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        del generate
        state.messages.insert(0, ChatMessageSystem(content=system))
        while True:
            output = await get_model().generate(state.messages, tools=tools)
            state.output = output
            state.messages.append(output.message)
            state.messages.extend((await execute_tools(state.messages, tools)).messages)
            calls = output.message.tool_calls or []
            if any(call.function == "end_task" for call in calls):
                return state

    return solve


@scorer(metrics=[mean()])
def ended() -> Scorer:
    """A trivial score."""

    async def score(state: TaskState, target: Target) -> Score:
        del state, target
        return Score(value=1.0)

    return score


def _tools() -> list[ToolDef]:
    """The same tool definitions as ours; each returns the text that our world returns."""
    episode = pp.open_episode(CELL)
    sheet = "\n".join(episode.opening.sheets.tables) if episode.opening.sheets else ""
    arguments = {"view_sheet": {"name": sheet}, "create_file": {"filename": "r", "content": "c"}}
    return [
        ToolDef(
            _returning(episode.turn("", [pp.Call(name, arguments.get(name, {}))])[0].text),
            name=name,
            description=schema["description"],
            parameters=ToolParams.model_validate(
                {key: schema[key] for key in ("properties", "required")}
            ),
        )
        for name, schema in episode.tools.items()
    ]


def _returning(text: str) -> Callable[..., Awaitable[str]]:
    async def execute(**arguments: object) -> str:
        del arguments
        return text

    return execute


SIDES: dict[str, Callable[[int], tuple[Task, int]]] = {"ours": ours, "bare": bare}


def main(side: str, rollouts: int) -> None:
    """Runs one side."""
    played, epochs = SIDES[side](rollouts)
    with tempfile.TemporaryDirectory() as folder:
        (log,) = eval(
            played,
            model=MODEL,
            epochs=epochs,
            log_dir=folder,
            display="none",
            log_realtime=False,
            ctl_server=False,
            acp_server=False,
        )
        assert log.status == "success"
        assert len(log.samples or ()) == rollouts


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
