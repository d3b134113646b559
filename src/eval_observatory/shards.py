"""Shards of a plan: which rollouts each of several processes plays. It plays none itself.

A function of the plan alone: disjoint, complete, the same on every machine.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NoReturn

import msgspec
import polars as pl

from eval_observatory.claims import Claim
from eval_observatory.errors import UserError
from eval_observatory.plan import Plan

WHERE = ("agent_model", "cell_id", "rollout")
"""What names a rollout of a plan, in the trial table's columns."""

_TEXT = re.compile(r"(?:(?P<number>[0-9]+)|(?P<runner>slurm|kubernetes))(?:/(?P<count>[0-9]+))?")
_FORMS = "give NUMBER/COUNT such as 3/16, slurm, slurm/16 or kubernetes/16"
_SLURM, _KUBERNETES = "SLURM_ARRAY_TASK_", "JOB_COMPLETION_INDEX"


class Shard(msgspec.Struct, frozen=True):
    """One of `count` shards, numbered from 1.

    Raises:
        UserError: the number is none of them.
    """

    number: int
    count: int

    def __post_init__(self) -> None:
        if not 1 <= self.number <= self.count:
            raise UserError(
                f"--shard {self}: there is no such shard; they are numbered from 1 to the count"
            )

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"

    @classmethod
    def of(cls, text: str, environment: Mapping[str, str]) -> Shard:
        """The shard that a text names: `3/16`, or what a runner says of this process.

        `slurm` is the task of a job array (`--array=1-16` or `0-15`), `slurm/16` one of an array
        numbered from 1 that may be a part of it (`--array=3,7`), `kubernetes/16` the completion
        index of an Indexed Job, which does not tell how many there are.

        Raises:
            UserError: it is none of these, or the runner says nothing of it.
        """
        if (found := _TEXT.fullmatch(text)) is None:
            raise UserError(f"--shard {text}: {_FORMS}")
        count = int(found["count"] or 0)
        if found["runner"] == "slurm":
            return _of_slurm(text, count, environment)
        if found["count"] is None:
            raise UserError(f"--shard {text}: of how many? {_FORMS}")
        if found["runner"] == "kubernetes":
            return cls(_told(text, environment, _KUBERNETES) + 1, count)
        return cls(int(found["number"]), count)

    def share(self, total: int, at_once: int | None = None) -> int:
        """This shard's part of a number that shards share; at least 1.

        Args:
            at_once: how many of them run at a time; by default all.
        """
        sharing = min(at_once or self.count, self.count)
        more = (self.number - 1) % sharing < total % sharing
        return max(1, total // sharing + more)

    def rollouts(self, plan: Plan) -> pl.DataFrame:
        """What it plays, `WHERE`; under a stopping rule, the most that it may play."""
        return places(plan, self.count).filter(shard=self.number).drop("shard")

    def cells(self, plan: Plan) -> dict[str, tuple[str, ...]]:
        """By model the cells that it plays rollouts of, in the plan's order."""
        mine = self.rollouts(plan).select("agent_model", "cell_id").unique()
        there = set(mine.iter_rows())
        return {
            model: tuple(id for id in plan.cells if (model, id) in there) for model in plan.models
        }


def _of_slurm(text: str, count: int, environment: Mapping[str, str]) -> Shard:
    number = _told(text, environment, f"{_SLURM}ID")
    if count:
        if not number:
            _misnumbered(text, f"is 0; number the array from 1, --array=1-{count}")
        return Shard(number, count)
    tasks = _told(text, environment, f"{_SLURM}COUNT")
    first = _told(text, environment, f"{_SLURM}MIN", 1)
    last = _told(text, environment, f"{_SLURM}MAX", first + tasks - 1)
    if first > 1 or last - first + 1 != tasks:
        _misnumbered(
            text,
            f"is of a part of an array, {tasks} tasks from {first} to {last}; "
            "say of how many shards it is, such as --shard slurm/16",
        )
    return Shard(number - first + 1, tasks)


def _misnumbered(text: str, why: str) -> NoReturn:
    raise UserError(f"--shard {text}: {_SLURM}ID {why}")


def _told(
    text: str, environment: Mapping[str, str], name: str, otherwise: int | None = None
) -> int:
    said = environment.get(name, "")
    if said.isascii() and said.isdigit():
        return int(said)
    if otherwise is not None and not said:
        return otherwise
    raise UserError(
        f"--shard {text}: {name} is {said!r}, no number; start it by that runner, or name the "
        "shard as NUMBER/COUNT"
    )


def places(plan: Plan, count: int) -> pl.DataFrame:
    """Every rollout that a plan may ask for (`WHERE`), with the `shard` that plays it, from 1.

    Without a stopping rule the rollouts are dealt one after the other, each cell's over all shards.
    Under one a model's cells stay together with all that they are held against: so each look finds
    what it needs in one shard.
    """
    ids = sorted(plan.cells)  # a plan's hash does not tell the order of its cells
    numbers = pl.DataFrame({"rollout": range(plan.rollouts)}, schema={"rollout": pl.Int64})
    who = pl.DataFrame({"agent_model": plan.models}, schema={"agent_model": pl.String})
    cells = pl.DataFrame({"cell_id": ids}, schema={"cell_id": pl.String})
    if plan.stop is None:
        every = who.join(cells, how="cross").join(numbers, how="cross")
        return every.with_columns(shard=pl.int_range(pl.len()) % count + 1)
    dealt = _dealt(plan, ids, count)
    return dealt.join(numbers, how="cross").select(*WHERE, "shard")


def _dealt(plan: Plan, ids: list[str], count: int) -> pl.DataFrame:
    """The cells of each model with their shard: the largest parts first, to who has least."""
    parts = [(model, part) for model in plan.models for part in together(ids, plan.claims)]
    load = [0] * count
    rows = []
    for model, part in sorted(parts, key=lambda one: -len(one[1])):
        shard = min(range(count), key=lambda number: (load[number], number))
        load[shard] += len(part)
        rows += [(model, id, shard + 1) for id in part]
    schema = {"agent_model": pl.String, "cell_id": pl.String, "shard": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def together(ids: Iterable[str], claims: Iterable[Claim]) -> list[tuple[str, ...]]:
    """Cells in the smallest parts that no claim reaches out of, in the order of their first."""
    root = {id: id for id in ids}

    def found(id: str) -> str:
        while root[id] != id:
            root[id] = id = root[root[id]]
        return id

    for claim in claims:
        first, *others = map(found, claim.cells)
        for other in others:
            root[found(other)] = found(first)
    parts: dict[str, list[str]] = defaultdict(list)
    for id in root:
        parts[found(id)].append(id)
    return [tuple(part) for part in parts.values()]
