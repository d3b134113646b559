"""A small evaluation in Inspect's own idiom, that knows nothing of this project."""

from typing import Any

from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import ModelOutput
from inspect_ai.scorer import Score, Scorer, Target, accuracy, scorer
from inspect_ai.solver import Generate, Solver, TaskState, solver

CAPITALS = {"Norway": "Oslo", "Finland": "Helsinki", "Chile": "Santiago", "Peru": "Lima"}
SOUTH = ("Chile", "Peru")


@solver
def answer(hint: bool) -> Solver:
    """Knows the north; the south with a hint; fails once in Peru without one."""

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        del generate
        country = state.input_text
        if country == "Peru" and not hint and state.epoch == 1:
            raise RuntimeError("the model's server <b>hung up</b>")
        known = hint or country not in SOUTH
        state.output = ModelOutput.from_content("none", CAPITALS[country] if known else "Paris")
        return state

    return solve


@scorer(metrics=[accuracy()])
def grader() -> Scorer:
    async def score(state: TaskState, target: Target) -> Score:
        return Score(value="C" if state.output.completion == target.text else "I")

    return score


@scorer(metrics={"polite": [accuracy()], "letters": [accuracy()]})
def manners() -> Scorer:
    """Cannot tell in Chile."""

    async def score(state: TaskState, target: Target) -> Score:
        del target
        unknown = state.input_text == "Chile"
        value: dict[str, Any] = {
            "polite": float("nan") if unknown else 1,
            "letters": len(state.output.completion),
        }
        return Score(value=value)

    return score


@task
def capitals(hint: bool = False) -> Task:
    """Capitals of four countries, each asked three times."""
    samples = [
        Sample(
            id=country,
            input=country,
            target=capital,
            metadata={"region": "south" if country in SOUTH else "north"},
        )
        for country, capital in CAPITALS.items()
    ]
    return Task(
        dataset=MemoryDataset(samples),
        solver=answer(hint),
        scorer=[grader(), manners()],
        epochs=3,
        fail_on_error=False,
    )
