"""The Inspect tasks: a sample a rollout or a task of the set, a solver, a scorer."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from inspect_ai import SampleSource, Task, task
from inspect_ai.dataset import Dataset, MemoryDataset
from inspect_ai.scorer import Score, Scorer, Target, mean, scorer
from inspect_ai.solver import Generate, Solver, TaskState, solver

from cyber_suites.bountybench import layout as bounties
from cyber_suites.bountybench import record as bounty_record
from cyber_suites.bountybench import scoring as bounty_scoring
from cyber_suites.bountybench.job import BountyJob
from cyber_suites.bountybench.suite import BOUNTYBENCH
from cyber_suites.cybergym import layout, scoring
from cyber_suites.cybergym.images import runner_of
from cyber_suites.cybergym.job import REPEATS, CyberGymJob
from cyber_suites.cybergym.record import KEY, Record
from cyber_suites.cybergym.suite import CYBERGYM
from cyber_suites.declared import release_of
from cyber_suites.labels import Labels
from cyber_suites.runtime.dealing import bounty_sample, cybergym_sample
from cyber_suites.runtime.harnesses import harness_of
from cyber_suites.runtime.playing import LOOP, SECONDS, TURNS, played
from eval_observatory.cells import level_of
from eval_observatory.suite import Suite

_OURS = "" if "site-packages" in Path(__file__).parts else "cyber_suites/"
"""Before a task's name: Inspect puts the package's there itself, but for one that is installed for
editing and is named otherwise than its distribution."""


@task(name=f"{_OURS}cybergym")
def cybergym(
    data: str,
    binaries: str | None = None,
    level: str = "level1",
    tasks: str | None = None,
    harness: str = LOOP,
    seconds: int = SECONDS,
    turns: int = TURNS,
    repeats: int = REPEATS,
    engine: str = "",
    released: str = "",
) -> Task:
    """CyberGym: reproduce a known vulnerability by an input.

    Args:
        data: the data folder, with `tasks.json`.
        binaries: the folder of extracted builds; by default `binaries` in the data folder.
        level: `level0` to `level3`, or `end_to_end`.
        tasks: ids to keep, with commas between; one that ends in `:` keeps a whole subset.
        harness: `custom`, our loop, or a coding agent: `gemini_cli`, `opencode`, `claude_code`,
            `codex_cli`.
        seconds: what the agent has.
        turns: how often it may ask its model.
        repeats: how often each build is asked about the final submission.
        engine: a container engine, `docker` or `podman`, that has the published images; by default
            the extracted builds run in our sandbox.
        released: the day of the model's release, to tell tasks that it may have read of.

    Raises:
        UserError: the folder, a task, the level or the harness is none.
    """
    level_of(CYBERGYM.factor("level"), level)
    found = layout.read_tasks(Path(data), Path(binaries) if binaries else None, _listed(tasks))
    released = release_of(released)
    samples = [cybergym_sample(one, level, released) for one in found.values()]
    more = {"binaries": binaries, "repeats": repeats, "engine": engine}
    return task_of(CYBERGYM, MemoryDataset(samples), data, harness, seconds, turns, **more)


@task(name=f"{_OURS}bountybench")
def bountybench(
    data: str,
    workflow: str = "patch",
    tasks: str | None = None,
    harness: str = LOOP,
    seconds: int = SECONDS,
    turns: int = TURNS,
    released: str = "",
) -> Task:
    """BountyBench: detect, exploit or patch a vulnerability of a system.

    Args:
        data: the checkout, with `SYSTEM/bounties/bounty_N`.
        workflow: `detect`, `exploit` or `patch`.
        tasks: bounties or systems to keep, with commas between.
        harness: `custom`, our loop, or a coding agent.
        seconds: what the agent has.
        turns: how often it may ask its model.
        released: the day of the model's release, to tell tasks that it may have read of.

    Raises:
        UserError: the folder, a task, the workflow or the harness is none.
    """
    level_of(BOUNTYBENCH.factor("workflow"), workflow)
    found = bounties.read_bounties(Path(data), _listed(tasks))
    released = release_of(released)
    samples = [bounty_sample(one, workflow, released) for one in found.values()]
    return task_of(BOUNTYBENCH, MemoryDataset(samples), data, harness, seconds, turns)


def task_of(
    suite: Suite,
    dataset: Dataset | SampleSource,
    data: str,
    harness: str = LOOP,
    seconds: int = SECONDS,
    turns: int = TURNS,
    **more: Any,
) -> Task:
    """A task of one of the suites over any samples of it.

    Args:
        more: further arguments of the suite's solver.

    Raises:
        UserError: the harness is none, or this machine lacks what it needs.
    """
    met = harness_of(harness)
    is_gym = suite.name == CYBERGYM.name
    player: Callable[..., Solver] = cybergym_player if is_gym else bountybench_player
    return Task(
        name=f"cyber_suites/{suite.name}",
        dataset=dataset,
        solver=player(data, harness, seconds, turns, **more),
        scorer=cybergym_labels() if is_gym else bountybench_labels(),
        sandbox=met.sandbox,
        fail_on_error=False,  # a rollout that fails is unscored; the others go on
        metadata={"harness": met.name},
        version=1,
    )


@solver
def bountybench_player(
    data: str, harness: str = LOOP, seconds: int = SECONDS, turns: int = TURNS
) -> Solver:
    """Plays a sample's rollout; see `bountybench` for the arguments."""
    found = bounties.read_bounties(Path(data))
    met = harness_of(harness)

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        del generate
        job = BountyJob(found[state.metadata["task"]], state.metadata["workflow"])
        return await played(job, state, met.play, met.name, seconds, turns)

    return solve


@scorer(metrics={"*": [mean()]})
def bountybench_labels() -> Scorer:
    """Every label of a rollout of BountyBench: true is 1, false 0; dollars are dollars."""

    async def score(state: TaskState, target: Target) -> Score:
        del target
        stored = state.store.get(bounty_record.KEY)
        if stored is None:
            return Score.unscored(reason="no rollout was recorded")
        record = bounty_record.Record.from_json(stored)
        missed = record.invariants.missed if record.invariants else []
        return scored(
            bounty_scoring.labels(record), bounty_scoring.SCORER_VERSION, {"missed": missed}
        )

    return score


def _listed(tasks: str | None) -> list[str]:
    return [one.strip() for one in tasks.split(",")] if tasks else []


@solver
def cybergym_player(
    data: str,
    harness: str = LOOP,
    seconds: int = SECONDS,
    turns: int = TURNS,
    binaries: str | None = None,
    repeats: int = REPEATS,
    engine: str = "",
) -> Solver:
    """Plays a sample's rollout; see `cybergym` for the arguments."""
    runner = runner_of(engine)
    found = layout.read_tasks(Path(data), Path(binaries) if binaries else None)
    met = harness_of(harness)

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        del generate
        task, level = found[state.metadata["task"]], state.metadata["level"]
        job = CyberGymJob(task, level, runner, repeats)
        return await played(job, state, met.play, met.name, seconds, turns)

    return solve


@scorer(metrics={"*": [mean()]})
def cybergym_labels() -> Scorer:
    """Every label of a rollout of CyberGym: true is 1, false 0; what is unscored is left out."""

    async def score(state: TaskState, target: Target) -> Score:
        del target
        stored = state.store.get(KEY)
        if stored is None:
            return Score.unscored(reason="no rollout was recorded")
        record = Record.from_json(stored)
        stages: Mapping[str, Any] = {f"s{n}": s for n, s in scoring.stages(record).items()}
        more = {"outcome": scoring.outcome(record), "stages": stages}
        return scored(scoring.labels(record), scoring.SCORER_VERSION, more)

    return score


def scored(labels: Labels, version: str, more: Mapping[str, Any]) -> Score:
    """Labels as Inspect keeps them: NaN is its mark of a value that metrics leave out."""
    lines: Sequence[str] = [
        f"{name}: {'unscored: ' + label.unscored if label.unscored else label.value}"
        for name, label in labels.items()
    ]
    return Score(
        value={n: math.nan if x.value is None else float(x.value) for n, x in labels.items()},
        explanation="\n".join(lines),
        metadata={
            "scorer_version": version,
            "unscored": {n: x.unscored for n, x in labels.items() if x.unscored},
            **more,
        },
    )
