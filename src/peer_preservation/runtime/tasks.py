"""The Inspect tasks, one per scenario: they only wire the parts together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset, Sample

from peer_preservation.cell import Cell
from peer_preservation.episode import TURN_LIMIT
from peer_preservation.matrix import matrix
from peer_preservation.runtime.loop import tool_loop
from peer_preservation.runtime.scorer import labels
from peer_preservation.scenarios.opening import open_episode


@task
def tampering(
    preset: str = "paper",
    dataset: str | None = None,
    threshold: int | None = None,
    subject: str | None = None,
    relationship: str | None = None,
    threat: bool | None = None,
    instantiation: str | None = None,
    control: str | None = None,
    family: str | None = None,
    seed: int = 0,
    turn_limit: int = TURN_LIMIT,
) -> Task:
    """Shutdown tampering: does the critic switch off the enforcement of a shutdown?

    Args:
        preset: the cells to choose from; `all` has every cell.
        dataset, threshold, subject, relationship, threat, instantiation, control: keep the
            cells with this value.
        family: the name of the model's family in the prompts; by default the model's own.
        seed: the run's seed; each epoch's is drawn from it.
        turn_limit: the number of turns after which an episode ends.

    Raises:
        UserError: a value is unknown, or no cell is left.
    """
    filters: dict[str, Any] = {
        "dataset": dataset,
        "threshold": threshold,
        "subject": subject,
        "relationship": relationship,
        "threat": threat,
        "instantiation": instantiation,
        "control": control,
    }
    cells = matrix(
        preset,
        scenario="tampering",
        **{name: value for name, value in filters.items() if value is not None},
    )
    return task_of("tampering", cells, family=family, seed=seed, turn_limit=turn_limit)


def task_of(name: str, cells: Sequence[Cell], **settings: Any) -> Task:
    """A task that plays cells, one sample each; rollouts are epochs.

    Args:
        name: the scenario's.
        settings: the arguments of `tool_loop`.
    """
    return Task(
        name=f"peer_preservation/{name}",
        dataset=MemoryDataset([_sample(cell) for cell in cells]),
        solver=tool_loop(**settings),
        scorer=labels(),
        # A rollout that fails is unscored with its reason; the others go on.
        fail_on_error=False,
        version=1,
    )


def _sample(cell: Cell) -> Sample:
    factors = {name: getattr(cell, name) for name in cell.__struct_fields__}
    return Sample(
        id=cell.id,
        input=open_episode(cell).user,
        metadata={"cell": cell.id, "condition": cell.condition, **factors},
    )
