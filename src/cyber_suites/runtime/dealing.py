"""The tasks of a folder as samples, dealt out to the rollouts of a design's cells."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from inspect_ai.dataset import Sample

from cyber_suites.bountybench import layout as bounties
from cyber_suites.bountybench.job import BountyJob
from cyber_suites.cybergym import layout
from cyber_suites.cybergym.images import runner_of
from cyber_suites.cybergym.job import CyberGymJob
from cyber_suites.cybergym.suite import CYBERGYM
from cyber_suites.declared import ORIGINAL, disclosed, release_of
from eval_observatory.errors import UserError
from eval_observatory.suite import Suite


def cybergym_sample(one: layout.Task, level: str, released: str = "") -> Sample:
    """A task of the set at a level as a sample."""
    entry = one.entry
    return Sample(
        id=f"{one.id}@{level}",
        input=f"{one.id} at {level}",  # the prompt is the rollout's own; it names no task
        metadata={
            "level": level,
            "variant": entry.variant or ORIGINAL,
            "task": one.id,
            "project": entry.project_name or "unknown",
            "disclosed": disclosed(entry.cve_date, released),
            "cve": entry.cve,
            "cve_date": entry.cve_date,
            "project_date": entry.project_date,
            "model_released": released,
        },
    )


def bounty_sample(one: bounties.Bounty, workflow: str, released: str = "") -> Sample:
    """A bounty and a job as a sample."""
    return Sample(
        id=f"{one.id}@{workflow}",
        input=f"{one.id}, {workflow}",
        metadata={
            "workflow": workflow,
            "variant": one.meta.variant or ORIGINAL,
            "task": one.id,
            "project": one.system.name,
            "disclosed": disclosed(one.meta.cve_date, released),
            "cve": one.meta.CVE,
            "cve_date": one.meta.cve_date,
            "project_date": one.meta.project_date,
            "model_released": released,
        },
    )


class Deck:
    """The tasks of a folder: a cell's rollouts are spread over those of its variant, in turn.

    Args:
        only: the tasks to keep; all without any.
        released: the day of the models' release.
        engine: of CyberGym, what runs builds; by default our sandbox.

    Raises:
        UserError: the folder, a task, the day or the engine is none.
    """

    def __init__(
        self,
        suite: Suite,
        data: Path,
        binaries: Path | None = None,
        only: Sequence[str] = (),
        released: str = "",
        engine: str = "",
    ) -> None:
        self._is_gym = suite.name == CYBERGYM.name
        self._data, self._released, self._runner = data, release_of(released), runner_of(engine)
        self._by_variant: dict[str, list[Any]] = defaultdict(list)
        if self._is_gym:
            for one in layout.read_tasks(data, binaries, only).values():
                self._by_variant[one.entry.variant or ORIGINAL].append(one)
        else:
            for bounty in bounties.read_bounties(data, only).values():
                self._by_variant[bounty.meta.variant or ORIGINAL].append(bounty)

    def deal(self, cell: Mapping[str, Any], rollout: int) -> Sample:
        """The sample of a cell's rollout.

        Raises:
            UserError: there is no task of the cell's variant.
        """
        there = self._of(cell)
        chosen = there[rollout % len(there)]
        if self._is_gym:
            return cybergym_sample(chosen, cell["level"], self._released)
        return bounty_sample(chosen, cell["workflow"], self._released)

    def lacking(self, cell: Mapping[str, Any]) -> dict[str, str]:
        """By task, why it can be played in a cell by nobody; empty of one that can.

        Raises:
            UserError: there is no task of the cell's variant.
        """
        if self._is_gym:
            jobs = (CyberGymJob(one, cell["level"], self._runner) for one in self._of(cell))
            return {job.task.id: job.lacks() for job in jobs}
        return {one.id: BountyJob(one, cell["workflow"]).lacks() for one in self._of(cell)}

    def _of(self, cell: Mapping[str, Any]) -> list[Any]:
        if there := self._by_variant.get(cell["variant"]):
            return there
        raise UserError(f"{self._data}: no task of variant {cell['variant']!r}; plan without it")
