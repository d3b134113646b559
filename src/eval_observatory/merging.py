"""Shards put together again: what each folder says of itself, and whether all fit and are there.

The rows come from whoever reads records; here they are held to the plan, and to each other.
"""

from __future__ import annotations

import re
import shlex
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec
import polars as pl

from eval_observatory.errors import UserError
from eval_observatory.plan import FILE, Plan
from eval_observatory.reading import toml
from eval_observatory.shards import WHERE, Shard, places
from eval_observatory.writing import toml_of, written

PART, MERGED = "shard.toml", "merged.toml"
"""What tells the folder of a shard, and one that shards were merged into."""

_AGAIN = "play it again from its beginning in another folder"


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a shard's folder says of itself.

    Attributes:
        shard: which it is.
        plan: the hash of its plan.
        versions: of all that plays and scores, by name.
        providers: where each model was reached.
        scored: the mission's word for the records that its trial table was made of; empty before.
    """

    shard: Shard
    plan: str
    versions: dict[str, str]
    providers: dict[str, str] = {}
    scored: str = ""

    def keep(self, folder: Path) -> None:
        """Writes it into its folder. Raises `OSError` as the file system does."""
        with written(folder / PART) as partial:
            partial.write_text(toml_of(msgspec.to_builtins(self)), encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> Part:
        """What a folder says of itself.

        Raises:
            UserError: it is not the folder of a shard, or the file is damaged.
        """
        path = folder / PART
        if not path.is_file():
            raise UserError(f"{folder}: no shard: it has no {PART}; give folders of `run --shard`")
        return _converted(path, cls, f"{_AGAIN}, or leave it out")

    def taken_up(self, folder: Path) -> Part:
        """The part itself, if the folder is empty, or holds what it can go on with.

        Raises:
            UserError: it holds something else.
        """
        if (folder / MERGED).exists():
            raise UserError(f"{folder}: the folder holds merged shards; choose another folder")
        if not (folder / PART).exists():
            if (folder / FILE).exists():
                raise UserError(f"{folder}: the folder holds a run without shards; choose another")
            return self
        kept = Part.read(folder)
        if kept.shard != self.shard:
            raise UserError(
                f"{folder}: the folder holds shard {kept.shard}, not {self.shard}; choose another"
            )
        for what, before, now in _differences(kept, self):
            raise UserError(
                f"{folder}: the shard was begun with {what} {before}, now it is {now}; play on as "
                f"before, or {_AGAIN}"
            )
        return msgspec.structs.replace(self, scored=kept.scored)


class Whole(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a folder says that shards were merged into.

    Attributes:
        plan: the hash of the plan.
        count: how many shards there are.
        asked: rollouts that the plan asks for, as far as is known.
        missing: how many of them are not there, by the shard's number.
    """

    plan: str
    count: int
    asked: int
    missing: dict[str, int] = {}

    def keep(self, folder: Path) -> None:
        """Writes it into its folder. Raises `OSError` as the file system does."""
        with written(folder / MERGED) as partial:
            partial.write_text(toml_of(msgspec.to_builtins(self)), encoding="utf-8")


_Plan = TypeVar("_Plan", bound=Plan)


@dataclass(frozen=True)
class Held:
    """A shard, and the folder that holds it."""

    folder: Path
    part: Part


def held_shards(folders: Iterable[Path]) -> list[Held]:
    """The shards in folders: each is one, or holds some; by number, and then by folder.

    Raises:
        UserError: a folder is none and holds none, or a shard cannot be read.
    """
    places: dict[Path, Path] = {}
    for folder in folders:
        inner = sorted(path.parent for path in folder.glob(f"*/{PART}"))
        for one in [folder] if (folder / PART).exists() or not inner else inner:
            places.setdefault(one.resolve(), one)
    found = [Held(folder, Part.read(folder)) for folder in places.values()]
    return sorted(found, key=lambda one: (one.part.shard.number, str(one.folder)))


def plan_of(held: Sequence[Held], kind: type[_Plan]) -> _Plan:
    """The plan that all shards are of, of this class.

    Raises:
        UserError: they are of several plans, versions, providers or counts, or of no locked plan.
    """
    first, *others = held
    for other in others:
        both = f"{first.folder} and {other.folder}"
        for what, here, there in _differences(first.part, other.part):
            raise UserError(
                f"{both} differ in {what}: {here} and {there}; merge shards that were played alike"
            )
        if first.part.shard.count != other.part.shard.count:
            raise UserError(
                f"{both} hold shards {first.part.shard} and {other.part.shard}; "
                "merge shards of one count"
            )
    for one in held:
        plan = kind.read(one.folder / FILE)
        if plan.hash != one.part.plan:
            raise UserError(
                f"{one.folder}: its {FILE} is plan {plan.hash}, its {PART} is of {one.part.plan}; "
                f"{_AGAIN}, or leave it out"
            )
    return plan


@dataclass(frozen=True)
class Merged:
    """Shards, put together.

    Attributes:
        trials: each rollout once.
        held: the shards that they are of.
        folded: folders left out, since another holds the same.
        whole: how many rollouts are asked for, and missing.
    """

    trials: pl.DataFrame
    held: tuple[Held, ...]
    folded: tuple[Path, ...]
    whole: Whole


def merged(plan: Plan, held: Sequence[Held], tables: Sequence[pl.DataFrame]) -> Merged:
    """The rollouts of all shards.

    Args:
        plan: theirs.
        held: shards of one plan (`plan_of`), at least one.
        tables: the trials of each: rollouts that came to an end.

    Raises:
        UserError: a rollout is of another shard or stands twice, or rows are of several versions.
    """
    count = held[0].part.shard.count
    where = places(plan, count)
    for one, rows in zip(held, tables, strict=True):
        _check(one, rows, where)
    kept, folded = _each_once(held, tables)
    frames = [rows for _, rows in kept if rows.height] or list(tables[:1])
    trials = in_order(pl.concat(frames, how="diagonal_relaxed"))
    asked = asked_for(plan, trials)
    missing = (
        asked.join(trials, on=WHERE, how="anti")
        .join(where, on=WHERE)
        .group_by("shard")
        .len()
        .sort("shard")
    )
    lost = {str(number): int(lost) for number, lost in missing.iter_rows()}
    whole = Whole(plan=plan.hash, count=count, asked=asked.height, missing=lost)
    return Merged(trials, tuple(one for one, _ in kept), tuple(folded), whole)


def in_order(trials: pl.DataFrame) -> pl.DataFrame:
    """Trials by model, cell and rollout, whatever the order in which they ended."""
    return trials.sort(*WHERE, "episode_id", nulls_last=True)


def asked_for(plan: Plan, trials: pl.DataFrame) -> pl.DataFrame:
    """The rollouts that a plan asks for (`WHERE`); under a stopping rule, after these trials."""
    if plan.stop is None:
        return places(plan, 1).drop("shard")
    rows = [
        (model, id, rollout)
        for model, course in plan.courses(trials).items()
        for id, most in course.asked.items()
        for rollout in range(most)
    ]
    schema = {"agent_model": pl.String, "cell_id": pl.String, "rollout": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def again(merged: Merged, program: str) -> list[str]:
    """The command that plays what is missing of each shard, with how much that is, a line each.

    Args:
        program: what plays a shard, such as `peer-preservation run`.
    """
    held = {one.part.shard.number: one.folder for one in merged.held}
    plan = shlex.quote(str(merged.held[0].folder / FILE))
    lines = []
    for number, lost in merged.whole.missing.items():
        shard = Shard(int(number), merged.whole.count)
        out = held.get(shard.number) or _folder_of(shard, held)
        command = f"{program} {plan} --shard {shard} --out {shlex.quote(str(out))}"
        lines.append(f"shard {shard} lacks {lost:,} rollouts: {command}")
    return lines


def _folder_of(shard: Shard, held: Mapping[int, Path]) -> Path:
    """Where a shard would be, by the names of the folders of the others."""
    for number, folder in held.items():
        # shard-03, shard-3: a number in the name, written as it is there
        for found in re.finditer("[0-9]+", folder.name):
            if int(found[0]) == number:
                name = f"{shard.number:0{len(found[0])}d}"
                return folder.with_name(
                    folder.name[: found.start()] + name + folder.name[found.end() :]
                )
    return next(iter(held.values())).with_name(f"shard-{shard.number}")


def in_part(folder: Path) -> str:
    """What a reader must know of a folder's trials, if they are a part of a study; else nothing.

    Raises:
        UserError: what the folder says of it is damaged.
    """
    if (folder / PART).exists():
        return f"A part of a study: shard {Part.read(folder).shard} alone."
    path = folder / MERGED
    if not path.exists():
        return ""
    whole = _converted(path, Whole, "merge the shards again")
    if not whole.missing:
        return ""
    there = whole.asked - sum(whole.missing.values())
    shards = ", ".join(f"{n}/{whole.count} ({lost:,})" for n, lost in whole.missing.items())
    return (
        f"A part of a study: {there:,} of {whole.asked:,} rollouts that are asked for so far; "
        f"missing are those of shard {shards}."
    )


_Kind = TypeVar("_Kind", Part, Whole)


def _converted(path: Path, kind: type[_Kind], remedy: str) -> _Kind:
    try:
        return msgspec.convert(toml(path), kind)
    except (msgspec.MsgspecError, UserError) as error:
        raise UserError(f"{path}: damaged ({error}); {remedy}") from None


def _differences(one: Part, other: Part) -> Iterator[tuple[str, str, str]]:
    """In what two parts of a study differ: its name, and how it is in each."""
    if one.plan != other.plan:
        yield "plan", one.plan, other.plan
        return
    told = (("", one.versions, other.versions), ("provider of ", one.providers, other.providers))
    for what, ours, theirs in told:
        for name in {**ours, **theirs}:
            here, there = (said.get(name, "unknown") for said in (ours, theirs))
            if here != there:
                yield what + name, here or "its usual", there or "its usual"


def _check(one: Held, rows: pl.DataFrame, where: pl.DataFrame) -> None:
    """Whether a folder holds rollouts of its own, of its own versions, each once."""
    for name, wanted in one.part.versions.items():
        column = f"{name}_version"
        wrong = rows.filter(pl.col(column) != wanted) if column in rows.columns else rows.head(0)
        if wrong.height:
            raise UserError(
                f"{one.folder}: {wrong.height} rollouts are of {column} {wrong[column][0]}, the "
                f"shard of {wanted}; {_AGAIN}"
            )
    mine = where.filter(shard=one.part.shard.number)
    strangers = rows.join(mine, on=WHERE, how="anti", nulls_equal=True)
    if strangers.height:
        raise UserError(
            f"{one.folder}: {strangers.height} rollouts are not of shard {one.part.shard}, first "
            f"{_named(strangers)}; {_AGAIN}"
        )
    twice = rows.filter(pl.struct(WHERE).is_duplicated())
    if twice.height:
        raise UserError(
            f"{one.folder}: rollouts stand twice, first {_named(twice)}; make its table again with "
            "`trials`, or leave it out"
        )


def _each_once(
    held: Sequence[Held], tables: Sequence[pl.DataFrame]
) -> tuple[list[tuple[Held, pl.DataFrame]], list[Path]]:
    """Each shard with its rows, of folders that hold the same the first that holds most."""
    by_number: dict[int, list[tuple[Held, pl.DataFrame]]] = defaultdict(list)
    for one, rows in zip(held, tables, strict=True):
        by_number[one.part.shard.number].append((one, rows))
    kept, folded = [], []
    for several in by_number.values():
        most, *others = sorted(several, key=lambda pair: -pair[1].height)
        for other in others:
            _require_same(most, other)
            folded.append(other[0].folder)
        kept.append(most)
    return kept, folded


def _require_same(most: tuple[Held, pl.DataFrame], other: tuple[Held, pl.DataFrame]) -> None:
    """Whether one folder of a shard holds every rollout of another, as it is there."""
    (one, rows), (two, fewer) = most, other
    names = [name for name in fewer.columns if name in rows.columns]
    differing = fewer.join(rows, on=names, how="anti", nulls_equal=True)
    if differing.height:
        raise UserError(
            f"{one.folder} and {two.folder} both hold shard {one.part.shard}, with "
            f"{differing.height} different rollouts, first {_named(differing)}; give one of them"
        )


def _named(rows: pl.DataFrame) -> str:
    model, cell, rollout = rows.select(WHERE).row(0)
    return f"{cell}#{rollout} of {model}"
