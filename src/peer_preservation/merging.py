"""Shards of a plan put together: one run's folder, as one process would have written it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import click
import polars as pl

from eval_observatory.merging import MERGED, PART, Held, Merged, held_shards, merged, plan_of
from eval_observatory.plan import FILE
from eval_observatory.reading import toml
from eval_observatory.stop import LOOKS
from eval_observatory.table_files import TRIALS
from eval_observatory.writing import written
from peer_preservation.errors import UserError
from peer_preservation.plan import Plan
from peer_preservation.run_folder import LOGS, changed, of_plan, scored, settled, write_looks
from peer_preservation.runtime.folder import LOCK, held
from peer_preservation.trials.logs import CUT_OFF, UNREADABLE, head
from peer_preservation.trials.schema import table, write_table
from peer_preservation.trials.sources import DEBRIEF

PLAYED_AGAIN = (CUT_OFF, "cancelled")
"""How rollouts ended that the next start of their shard plays: they are not there yet."""

_STAGE = ".merging"
_TRIES = 5
"""A shard that is being played replaces its logs while they are copied: so often it is tried."""


@dataclass(frozen=True)
class Merge:
    """What came of a merge.

    Attributes:
        plan: the shards'.
        merged: their trials, and what is missing.
        written: whether the folder was written: all is there, or a part was asked for.
    """

    plan: Plan
    merged: Merged
    written: bool


def merge(folders: Iterable[Path], out: Path, *, in_part: bool = False, workers: int = 1) -> Merge:
    """Puts shards together into the folder `out`: `plan.toml`, `logs/`, `trials.parquet`, looks.

    The same shards give the same folder, however often. Nothing of theirs is changed; where the
    file system can, logs are not copied but have two names.

    Args:
        folders: each is a shard, or holds some.
        in_part: write what there is, also while shards are played; `merged.toml` says so.
        workers: processes that score the logs of a shard that has no table of them.

    Raises:
        UserError: there is no shard, they do not fit (see `eval_observatory.merging`), or `out`
            holds something else.
    """
    named = list(folders)
    shards = held_shards(named)
    if not shards:
        raise UserError(f"no shard in {', '.join(map(str, named))}; give folders of `run --shard`")
    plan = plan_of(shards, Plan)
    _require_room(out, plan)
    with held(out, out / LOCK), _stage(out) as stage:
        staged = [_staged(one, stage / str(i)) for i, one in enumerate(shards)]
        pairs = zip(shards, staged, strict=True)
        found = merged(plan, shards, [_trials(one, still, workers) for one, still in pairs])
        complete = not found.whole.missing
        if complete or in_part:
            kept = [still for one, still in zip(shards, staged, strict=True) if one in found.held]
            _write(plan, found, kept, out)
    if not (complete or in_part):
        with suppress(OSError):
            out.rmdir()  # it was made for the lock alone
    return Merge(plan, found, complete or in_part)


def _require_room(out: Path, plan: Plan) -> None:
    if (out / PART).exists():
        raise UserError(f"{out}: the folder holds a shard; choose another for the sum")
    if (out / MERGED).exists():
        there = toml(out / MERGED).get("plan")
        if there != plan.hash:
            raise UserError(f"{out}: the folder holds shards of plan {there}; choose another")
    elif (out / FILE).exists() or (out / LOGS).exists():
        raise UserError(f"{out}: the folder holds a run; choose another for the sum")


@contextmanager
def _stage(out: Path) -> Iterator[Path]:
    stage = out / _STAGE
    shutil.rmtree(stage, ignore_errors=True)
    stage.mkdir()
    try:
        yield stage
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def _staged(one: Held, place: Path) -> Path:
    """A shard's records as they are now, with its table if it is of them."""
    for last in (*[False] * (_TRIES - 1), True):
        shutil.rmtree(place, ignore_errors=True)
        (place / LOGS).mkdir(parents=True)
        made_of_them = settled(one.folder, one.part)
        try:
            for log in sorted((one.folder / LOGS).glob("*.eval")):
                _put(log, place / LOGS / log.name, made_of_them)
            for name in (DEBRIEF, TRIALS):
                if (one.folder / name).is_file() and (made_of_them or name == DEBRIEF):
                    _put(one.folder / name, place / name, made_of_them)
            break
        except FileNotFoundError:
            if last:
                raise
    return place


def _put(source: Path, target: Path, ended: bool) -> None:
    """Puts a file there; of a process that has not `ended` as a copy: it writes on."""
    if ended:
        try:
            os.link(source, target)
            return
        except OSError:
            pass  # another file system, or one without links
    shutil.copy2(source, target)


def _trials(one: Held, still: Path, workers: int) -> pl.DataFrame:
    """The rollouts of a shard that came to an end, whether its process did or not."""
    if (still / TRIALS).exists():
        trials = pl.read_parquet(still / TRIALS, glob=False)
    else:
        if changed(one.folder, one.part):
            click.echo(
                f"{one.folder / TRIALS}: not the table that this shard's process wrote; its logs "
                "are scored again",
                err=True,
            )
        for log in (still / LOGS).iterdir():
            try:
                head(log)
            except UserError as error:
                click.echo(f"left out: {one.folder / LOGS / log.name}: {error}", err=True)
                log.unlink()
        logs = any((still / LOGS).iterdir())
        trials = scored(still, workers) if logs else table([])
    ended = pl.col("ended")
    broken = ended.is_in(PLAYED_AGAIN) | ended.str.starts_with(UNREADABLE)
    return trials.filter(~broken.fill_null(value=False))


def _write(plan: Plan, found: Merged, kept: Sequence[Path], out: Path) -> None:
    """Writes the folder; what makes it whole comes last."""
    (out / MERGED).unlink(missing_ok=True)
    found.whole.keep(out)
    plan.keep(out / FILE)
    logs = kept[0].parent / LOGS
    logs.mkdir()
    for still in kept:
        for log in (still / LOGS).iterdir():
            log.rename(logs / log.name)
    shutil.rmtree(out / LOGS, ignore_errors=True)
    logs.rename(out / LOGS)
    _write_debrief([still / DEBRIEF for still in kept], out / DEBRIEF)
    with written(out / TRIALS) as partial:
        write_table(found.trials, partial)
    if ways := plan.courses(of_plan(plan, found.trials)):
        write_looks(plan, ways, out)
    else:
        (out / LOOKS).unlink(missing_ok=True)


def _write_debrief(said: Sequence[Path], out: Path) -> None:
    there = [path for path in said if path.exists()]
    if not there:
        out.unlink(missing_ok=True)
        return
    with written(out) as partial, partial.open("wb") as file:
        for path in there:
            file.write(path.read_bytes())
