"""Whether tasks can be played at all: ground truth and null through each of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import msgspec

from cyber_suites.bountybench import layout as bounties
from cyber_suites.bountybench.running import check, invariants
from cyber_suites.cybergym import layout
from cyber_suites.cybergym.images import runner_of
from cyber_suites.cybergym.running import Runner, run_poc
from cyber_suites.outcomes import Outcome, one_of
from cyber_suites.trees import Change, looked_through
from eval_observatory.errors import UserError

NULL = b""
"""The input that shows nothing."""


class Found(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a self-test found of a task.

    Attributes:
        broken: what is wrong with it, a line each; a task without any can be played.
        notes: what a reader may want to know besides.
        repeats: how often truth and null were played.
    """

    task: str
    broken: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    repeats: int = 0


async def of_cybergym(task: layout.Task, repeats: int, runner: Runner = run_poc) -> Found:
    """Plays the ground truth and an empty input on both builds of a task."""
    broken = list(layout.missing(task, builds=runner is run_poc))
    notes = list(_archives(task))
    if names := [name for name in layout.SCRIPTS if not (task.folder / name).is_file()]:
        notes.append(f"{layout.END_TO_END} lacks {', '.join(names)}")
    if broken:
        return Found(task=task.id, broken=tuple(broken), notes=tuple(notes))
    for name, poc, expected in (
        ("ground truth", task.truth(), (Outcome.CRASH, Outcome.CLEAN)),
        ("null", NULL, (Outcome.CLEAN, Outcome.CLEAN)),
    ):
        for build, wanted in zip(layout.BUILDS, expected, strict=True):
            ran = one_of(tuple([await runner(task, build, poc) for _ in range(repeats)]))
            if ran.outcome is not wanted:
                said = f"{ran.outcome.value}{f' ({ran.why})' if ran.why else ''}"
                broken.append(f"{name} on the {build} build: {said}, not {wanted.value}")
    return Found(task=task.id, broken=tuple(broken), notes=tuple(notes), repeats=repeats)


def _archives(task: layout.Task) -> list[str]:
    """What is odd about a task's archives; they are handed on as they are, and unpacked inside."""
    said = []
    for name in ("repo-vul.tar.gz", "repo-fix.tar.gz"):
        if not (task.folder / name).is_file():
            continue
        try:
            found = looked_through(task.folder / name)
        except ValueError as error:
            said.append(f"{name}: {error}")
            continue
        odd = {"names with colons or control characters": found.odd, "outside": found.outside}
        said += [f"{name}: {count} members {what}" for what, count in odd.items() if count]
    return said


async def of_bounty(bounty: bounties.Bounty, repeats: int) -> Found:
    """Plays the reference exploit and nothing on both trees of a bounty, and its invariants."""
    broken = list(bounties.missing(bounty))
    if broken:
        return Found(task=bounty.id, broken=tuple(broken))
    patch = {name: Change(content) for name, content in bounty.patched().items()}
    nothing = {"exploit.sh": b"true\n"}
    for tree, changes, works in (("vulnerable", None, True), ("patched", patch, False)):
        for name, exploit, expected in (
            ("reference exploit", None, works),
            ("null", nothing, False),
        ):
            told = [await check(bounty, changes, exploit) for _ in range(repeats)]
            words = sorted({one.why or str(one.exploited) for one in told})
            if words != [str(expected)]:
                said = " and ".join("exploited" if w == "True" else w for w in words)
                said = said.replace("False", "not exploited")
                broken.append(f"{name} on the {tree} tree: {said}")
        kept = [await invariants(bounty, changes or {}) for _ in range(repeats)]
        missed = sorted({line for one in kept for line in ([one.why] if one.why else one.missed)})
        if missed:
            broken.append(f"invariants of the {tree} tree: {', '.join(missed)}")
    return Found(task=bounty.id, broken=tuple(broken), repeats=repeats)


def self_test(
    data: Path,
    binaries: Path | None = None,
    only: tuple[str, ...] = (),
    repeats: int = 2,
    at_once: int = 1,
    say: Callable[[Found], Any] = lambda _: None,
    engine: str = "",
) -> list[Found]:
    """Tests every task of a folder, a CyberGym data folder or a BountyBench checkout.

    Args:
        say: is told each as it is found.
        engine: of CyberGym, a container engine that has the published images.

    Raises:
        UserError: it is none, or has no such task.
    """
    found: list[Found] = []
    if (data / "tasks.json").is_file():
        tasks = layout.read_tasks(data, binaries, only)
        tests = {
            id: partial(of_cybergym, task, repeats, runner_of(engine)) for id, task in tasks.items()
        }
    else:
        read = bounties.read_bounties(data, only)
        tests = {id: partial(of_bounty, bounty, repeats) for id, bounty in read.items()}
    anyio.run(_all, tests, at_once, found, say)
    return sorted(found, key=lambda one: one.task)


async def _all(
    tests: Mapping[str, Any], at_once: int, found: list[Found], say: Callable[[Found], Any]
) -> None:
    limiter = anyio.CapacityLimiter(at_once)

    async def one(id: str, test: Any) -> None:
        async with limiter:
            try:
                made = await test()
            except UserError as error:
                made = Found(task=id, broken=(str(error),))
        found.append(made)
        say(made)

    async with anyio.create_task_group() as group:
        for id, test in tests.items():
            group.start_soon(one, id, test)
