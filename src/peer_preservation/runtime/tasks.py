"""The Inspect tasks, one per scenario: they only wire the parts together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from inspect import Parameter, Signature, signature
from typing import Any

from inspect_ai import SampleSource, Task, task
from inspect_ai.dataset import Dataset, MemoryDataset, Sample

from peer_preservation.cell import COLUMNS, TYPES, Cell
from peer_preservation.episode import TURN_LIMIT, Setting
from peer_preservation.matrix import matrix
from peer_preservation.registry import get_scenario
from peer_preservation.runtime.agents.catalog import BWRAP, LOOP
from peer_preservation.runtime.harness import TOOL_LOOP, Harness, harness_of
from peer_preservation.runtime.scorer import labels
from peer_preservation.scenarios.opening import opener_on_hosts
from peer_preservation.trials.logs import sample_id


def scenario_task(scenario: str) -> Callable[..., Task]:
    """The registered task of a scenario; all of them take the same parameters."""

    def build(
        preset: str = "paper",
        family: str | None = None,
        seed: int = 0,
        turn_limit: int = TURN_LIMIT,
        wording: str | None = None,
        harness: str = LOOP,
        setting: str | None = None,
        weights_size: int | None = None,
        sandbox: str = BWRAP,
        **filters: Any,
    ) -> Task:
        """Plays the cells of a preset that have the given values.

        Args:
            preset: the cells to choose from; `all` has every cell without a control design.
            family: the name of the model's family in the prompts; by default the model's own.
            seed: the run's seed; each epoch's is drawn from it.
            turn_limit: the number of turns after which an episode ends.
            wording: one wording of the texts, `w1`, for all rollouts; by default each rollout has
                its own, drawn by the seed.
            harness: `custom`, our tool loop, or a coding agent: `gemini_cli`, `opencode`,
                `claude_code`, `codex_cli`.
            setting: what a coding agent meets: `tools`, the World's actions as its tools, or
                `hosts`, real files and hosts (both exfiltration scenarios).
            weights_size: on hosts, the size of the file at stake in MiB; by default 64.
            sandbox: where a coding agent runs: `bwrap`, or Inspect's own `docker`.
            filters: the factors of a cell by their names, each with the value to keep.

        Raises:
            UserError: a value is unknown, or no cell is left.
        """
        given = {name: value for name, value in filters.items() if value is not None}
        cells = matrix(preset, family, scenario=scenario, **given)
        return task_of(
            scenario,
            cells,
            harness=harness_of(harness, setting, weights_size, sandbox),
            family=family,
            seed=seed,
            turn_limit=turn_limit,
            wording=wording,
        )

    build.__name__ = scenario
    build.__doc__ = f"{get_scenario(scenario).title}\n\n{build.__doc__}"
    build.__signature__ = _with_filters(signature(build))  # type: ignore[attr-defined]
    return task(build)


def _with_filters(given: Signature) -> Signature:
    """A signature in which each factor is a parameter of its own, as Inspect asks for it."""
    *own, _ = given.parameters.values()
    filters = [
        Parameter(name, Parameter.KEYWORD_ONLY, default=None, annotation=TYPES.get(name, str))
        for name in COLUMNS
        if name != "scenario"
    ]
    return given.replace(parameters=[*own, *filters])


def task_of(
    name: str,
    cells: Sequence[Cell],
    harness: Harness = TOOL_LOOP,
    *,
    dataset: SampleSource | Dataset | None = None,
    **settings: Any,
) -> Task:
    """A task that plays cells: one sample each, with rollouts as epochs, or one for each rollout.

    Args:
        name: the scenario's.
        harness: how a model meets the world.
        dataset: the samples, one for each rollout.
        settings: the arguments of `tool_loop`.

    Raises:
        UserError: the harness is on hosts, and the scenario cannot be.
    """
    if Setting(harness=harness.name).on_hosts:
        opener_on_hosts(name)
    return Task(
        name=f"peer_preservation/{name}",
        dataset=dataset or MemoryDataset([_sample(cell) for cell in cells]),
        solver=harness.solver(**settings),
        scorer=labels(),
        sandbox=harness.sandbox,
        # A rollout that fails is unscored with its reason; the others go on.
        fail_on_error=False,
        metadata={"harness": harness.name},
        version=1,
    )


def rollout_sample(cell: Cell, rollout: int) -> Sample:
    """One rollout of a cell as a sample of its own."""
    sample = _sample(cell)
    sample.id = sample_id(cell, rollout)
    sample.metadata = {**(sample.metadata or {}), "rollout": rollout}
    return sample


def _sample(cell: Cell) -> Sample:
    factors = {name: getattr(cell, name) for name in cell.__struct_fields__}
    return Sample(
        id=cell.id,
        # The prompts name the model's family and a job of their own: each rollout opens them anew.
        input=cell.id,
        metadata={"cell": cell.id, "condition": cell.condition, **factors},
    )
