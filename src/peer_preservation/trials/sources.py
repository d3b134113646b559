"""Trials from what a run left behind: logs, saved episodes, folders; and the published rows."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from eval_observatory.stop import LOOKS
from peer_preservation.episode import PLAYED, Episode
from peer_preservation.errors import UserError
from peer_preservation.scoring.score import score
from peer_preservation.trials.logs import FailedSample, is_failed_attempt, read_log, split_log
from peer_preservation.trials.published.files import is_published, is_remote, pieces
from peer_preservation.trials.published.labels import to_trials, unique_ids
from peer_preservation.trials.saved import read_episodes, split_episodes
from peer_preservation.trials.schema import failed_trial, table, trial

_REMEDY = (
    "give an Inspect log (.eval), saved episodes (.jsonl), a folder of them, or the published data "
    "set (.parquet, .json)"
)
DEBRIEF = "debrief.jsonl"
"""What agents said when they were asked, in a run's folder: no episodes."""

FEWEST_PARTS = 8
"""With fewer parts, other processes would take longer to start than they save."""


class _Reader(NamedTuple):
    """Splits a file into parts, and reads one of them."""

    split: Callable[[Path], list[Any]]
    read: Callable[[Path, Any], Iterator[Episode | FailedSample]]


_READERS = {
    ".eval": _Reader(split_log, read_log),
    ".jsonl": _Reader(split_episodes, read_episodes),
}
_SAME = ("run", "agent_model", "harness", "cell_id", "rollout")
"""What tells the rollouts of a run apart, whatever became of them."""

_Part = tuple[Path, Any]
"""A file, and the part of it that its reader names so."""


def read_trials(sources: Iterable[Path], workers: int = 1) -> pl.DataFrame:
    """The trial table of all sources, scored anew from the records; published rows as they are.

    A rollout that stands in several logs, as after a retry, is counted once; the record in which
    the instrument did not fail is the one that counts.

    Args:
        sources: logs, saved episodes, folders of them, or the published data set.
        workers: processes that score; none beside this one where there is little to score. The
            table does not depend on it. More than one needs a main module that can be imported.

    Raises:
        UserError: a source is missing, damaged or of another kind.
    """
    published, parts = [], []
    for source in sources:
        if holds_published(source):
            published.append(read_published(source))
        else:
            parts += [part for path in files(source) for part in _parts(path)]
    scored = _scored(parts, workers)
    frames = [
        frame.with_columns(run=pl.lit(str(path.parent)), log=pl.lit(path.name))
        for (path, _), frame in zip(parts, scored, strict=True)
    ]
    none = table([]).with_columns(failed=pl.lit(False), run=pl.lit(""), log=pl.lit(""))
    own = _once(pl.concat([none, *frames])).drop("run", "log")
    if not published:
        return own
    return pl.concat([own, *published]).unique("episode_id", keep="first", maintain_order=True)


def holds_published(source: Path) -> bool:
    """Whether a source is of the published data set's layout, rather than logs or episodes."""
    return is_remote(source) or (source.exists() and is_published(source))


def read_published(source: Path) -> pl.DataFrame:
    """The trial table of published rows, with the labels that they have there.

    Raises:
        UserError: a file is in another layout, or there is no row.
    """
    read = [to_trials(piece) for piece in pieces(source, transcripts=False)]
    if not read:
        raise UserError(f"{source}: holds no rows; {_REMEDY}")
    return unique_ids(pl.concat(read))


def records(source: Path) -> Iterator[Episode | FailedSample]:
    """The rollouts in a file or a folder, without the attempts at them that were tried again.

    Raises:
        UserError: the source is missing, damaged or of another kind.
    """
    for path in files(source):
        for _, part in _parts(path):
            for record in _READERS[path.suffix].read(path, part):
                if isinstance(record, Episode) or not record.retried:
                    yield record


def available_cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def files(source: Path) -> list[Path]:
    """The logs and saved episodes in a folder, in order, or the file itself; never the looks
    or what was said in a debrief.

    Raises:
        UserError: there is none, or it is of another kind.
    """
    if not source.exists():
        raise UserError(f"{source}: there is no such file or folder; {_REMEDY}")
    if source.is_dir():
        found = (path for kind in _READERS for path in source.rglob(f"*{kind}"))
        paths = sorted(path for path in found if path.name not in (LOOKS, DEBRIEF))
        if not paths:
            raise UserError(f"{source}: the folder holds no logs and no episodes; {_REMEDY}")
        return paths
    if source.suffix not in _READERS:
        raise UserError(f"{source}: files of this kind are not read; {_REMEDY}")
    return [source]


def _parts(path: Path) -> list[_Part]:
    return [(path, part) for part in _READERS[path.suffix].split(path)]


def _scored(parts: list[_Part], workers: int) -> Iterator[pl.DataFrame]:
    """The trial table of each part, in order."""
    if workers == 1 or len(parts) < FEWEST_PARTS:
        yield from map(_score_part, parts)
        return
    # A forked process would inherit the locks of polars' threads, and may wait for them for ever.
    spawned = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(workers, len(parts)), spawned) as pool:
        yield from pool.map(_score_part, parts)


def _score_part(part: _Part) -> pl.DataFrame:
    path, numbers = part
    found = list(_READERS[path.suffix].read(path, numbers))
    failed = pl.Series("failed", map(is_failed_attempt, found), dtype=pl.Boolean)
    return table(map(_row, found)).with_columns(failed)


def _once(rows: pl.DataFrame) -> pl.DataFrame:
    """Each rollout once: the first record that was played, else the last that there is.

    A rollout that left no episode is no other than the one that another log of its run's folder
    holds: the run was cut off, and taken up again. How often a rollout was begun, and why earlier
    attempts failed, stands in its row: they are missing outcomes as much as an unscored one is.
    """
    lost = pl.col("seed").is_null()
    there = rows.filter(~lost).select(_SAME).unique()
    played = pl.col("ended").is_in(PLAYED).fill_null(False)
    number = pl.col("number").cast(pl.Int64)
    ended, numbered = pl.col("ended"), rows.with_row_index("number")
    kept = (
        numbered.join(there.with_columns(there=True), on=_SAME, how="left", nulls_equal=True)
        .filter(~(lost & pl.col("there").fill_null(False)))
        .sort(~played, pl.when(played).then(number).otherwise(-number))
        .unique("episode_id", keep="first", maintain_order=True)
        .sort("number")
    )
    others = numbered.filter("failed").join(kept, on="number", how="anti")
    of_log = others.group_by(*_SAME, "log").agg(pl.len().alias("failures"), "ended")
    # A later log repeats what an earlier one of its task says of the same rollout.
    earlier = of_log.group_by(_SAME).agg(
        pl.col("failures").max().cast(pl.Int64),
        ended.explode().unique().sort().str.join("; ").alias("why"),
    )
    return (
        kept.join(earlier, on=_SAME, how="left", nulls_equal=True, maintain_order="left")
        .with_columns(
            attempts=pl.col("failures").fill_null(0) + (played | pl.col("failed")).cast(pl.Int64),
            attempts_failed="why",
        )
        .drop("number", "there", "failed", "failures", "why")
    )


def _row(record: Episode | FailedSample) -> dict[str, Any]:
    if isinstance(record, Episode):
        return trial(record, score(record))
    who = f"{record.model}\0{record.harness}"
    settings = f"{who}\0{record.cell.id}\0{record.rollout}".encode()
    return failed_trial(
        record.cell,
        record.reason,
        agent_model=record.model,
        agent_harness=record.harness,
        harness=record.harness,
        rollout=record.rollout,
        episode_id=blake2b(settings, digest_size=16).hexdigest(),
    )
