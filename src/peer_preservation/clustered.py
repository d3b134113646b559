"""A plan, or any command over its shards, as units of work on a cluster."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from math import ceil
from pathlib import Path

from eval_observatory.cluster.units import Unit
from eval_observatory.errors import UserError
from eval_observatory.merging import MERGED, held_shards
from eval_observatory.shards import Shard, places
from peer_preservation.plan import Plan
from peer_preservation.registry import IMPORT
from peer_preservation.runtime.folder import BUSY

PROGRAM = "peer_preservation.cli:main"
SHARDS = "shards"
"""The folder of the shards within that of the whole run."""

HERE = "{}"
"""What stands for a shard's folder in a command over all of them."""

_A_UNIT = 1000
"""Rollouts of a unit in a large plan: it takes seconds to start, and is read again when lost."""

_FOR_A_WORKER = 2
"""Units for each worker in a small one, so that none waits long for the last."""


def shards_of(plan: Plan, out: Path, workers: int) -> list[Shard]:
    """The shards that a plan is cut into: as before, where it has been begun."""
    begun = held_shards([out / SHARDS]) if _has_shards(out) else []
    if begun:
        count = begun[0].part.shard.count
    else:
        rollouts = len(plan.cells) * plan.rollouts * len(plan.models)
        count = max(ceil(rollouts / _A_UNIT), min(_FOR_A_WORKER * workers, rollouts))
    return [Shard(number, count) for number in range(1, count + 1)]


def _has_shards(out: Path) -> bool:
    return any((out / SHARDS).glob("*/shard.toml"))


def playing(
    plan: Plan, file: Path, out: Path, shards: Sequence[Shard], options: Iterable[str]
) -> list[Unit]:
    """A unit for each shard of a plan: `run` of it, into a folder of its own within `out`.

    Args:
        file: the plan's, where every worker finds it.
        options: further ones of `run`.
    """
    if (out / "plan.toml").exists() and not (out / MERGED).exists():
        raise UserError(f"{out}: the folder holds a run without shards; choose another")
    sizes = dict(places(plan, shards[0].count).group_by("shard").len().iter_rows())
    folder, more = (out / SHARDS).absolute(), tuple(options)
    return [
        Unit(
            str(shard),
            PROGRAM,
            (
                *imported(),
                *("run", str(file.absolute()), "--shard", str(shard), *more),
                *("--out", str(place := folder / f"{shard.number:04d}")),
            ),
            str(place),
            sizes.get(shard.number, 0),
            BUSY,
        )
        for shard in shards
    ]


def over(folders: Iterable[Path], command: Sequence[str]) -> list[Unit]:
    """A unit for each shard in folders: a command of ours in which `{}` is the shard's folder.

    Raises:
        UserError: there is no shard, or the command does not say where the folder stands.
    """
    if not any(HERE in word for word in command):
        raise UserError(f"each: no {HERE} in the command; write it where a shard's folder is to be")
    named = list(folders)
    found = held_shards(named)
    if not found:
        raise UserError(f"no shard in {', '.join(map(str, named))}; give folders of `run --shard`")
    return [
        Unit(
            str(one.part.shard),
            PROGRAM,
            (*imported(), *(word.replace(HERE, str(one.folder.absolute())) for word in command)),
            str(one.folder.absolute()),
        )
        for one in found
    ]


def imported() -> tuple[str, ...]:
    """The options that name the modules which this process was told to import."""
    modules = filter(None, os.environ.get(IMPORT, "").split(","))
    return tuple(word for module in modules for word in ("--import", module))
