"""What is run of a folder where no plan was locked before."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cyber_suites.bountybench import layout as bounties
from cyber_suites.bountybench.suite import BOUNTYBENCH, PATCH, WORKFLOWS
from cyber_suites.cybergym import layout
from cyber_suites.cybergym.suite import CYBERGYM
from cyber_suites.declared import ORIGINAL
from eval_observatory.cells import cells, level_of
from eval_observatory.errors import UserError
from eval_observatory.plan import Plan
from eval_observatory.suite import Level, Suite

PLAYED = {CYBERGYM.name: ("level1",), BOUNTYBENCH.name: WORKFLOWS}
"""What scripts are played through, by suite."""


def suite_of(data: Path) -> Suite:
    """The suite that a folder is of: with `tasks.json`, or with systems and their bounties."""
    if (data / "tasks.json").is_file():
        return CYBERGYM
    if any(data.glob("*/bounties/bounty_*")):
        return BOUNTYBENCH
    raise UserError(
        f"{data}: neither a CyberGym data folder (tasks.json) nor a BountyBench checkout"
    )


def plan_of_options(
    data: Path,
    *,
    models: Sequence[str],
    levels: Sequence[str] = (),
    workflows: Sequence[str] = (),
    rollouts: int | None = None,
    only: Sequence[str] = (),
    binaries: Path | None = None,
    harness: str = "custom",
    **_: Any,
) -> Plan:
    """The plan of a run by its options, not locked.

    Raises:
        UserError: no model is named, or a level, workflow or task is none.
    """
    if not models:
        raise UserError("--model: name at least one, such as openai/gpt-5, or give --plan")
    suite = suite_of(data)
    if suite is CYBERGYM:
        variants = [t.entry.variant for t in layout.read_tasks(data, binaries, only).values()]
        name, chosen, other = "level", list(levels) or ["level1"], workflows
    else:
        variants = [one.meta.variant for one in bounties.read_bounties(data, only).values()]
        name, chosen, other = "workflow", list(workflows) or [PATCH], levels
    if other:
        raise UserError(f"{data}: a folder of {suite.title}; it has --{name} only")
    factor = suite.factor(name)
    there = [variant or ORIGINAL for variant in variants]
    where: dict[str, Sequence[Level]] = {
        name: [level_of(factor, one) for one in chosen],
        "variant": list(dict.fromkeys(there)),
    }
    most = rollouts or max(there.count(one) for one in there)
    return Plan.of_suite(suite, cells(suite, where), models, most, harness=harness)
