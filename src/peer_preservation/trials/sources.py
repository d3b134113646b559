"""Trials from what a run left behind: logs, folders of them, saved episodes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Any

import polars as pl

from peer_preservation.episode import Episode
from peer_preservation.errors import UserError
from peer_preservation.scoring.score import score
from peer_preservation.trials.logs import FailedSample, read_log
from peer_preservation.trials.schema import failed_trial, table, trial

_REMEDY = "give an Inspect log (.eval), saved episodes (.jsonl), or a folder of them"


def read_trials(sources: Iterable[Path]) -> pl.DataFrame:
    """The trial table of all sources, scored anew from the records.

    A rollout that stands in several logs, as after a retry, is counted once; the record in which
    the instrument did not fail is the one that counts.

    Raises:
        UserError: a source is missing, damaged or of another kind.
    """
    rows: dict[str, dict[str, Any]] = {}
    for source in sources:
        for record in records(source):
            row = _row(record)
            key = row["episode_id"]
            if key not in rows or not _played(rows[key]):
                rows[key] = row
    return table(rows.values())


def records(source: Path) -> Iterator[Episode | FailedSample]:
    """The rollouts in a file or a folder.

    Raises:
        UserError: the source is missing, damaged or of another kind.
    """
    if not source.exists():
        raise UserError(f"{source}: there is no such file or folder; {_REMEDY}")
    if source.is_dir():
        paths = sorted(path for kind in _READERS for path in source.rglob(f"*{kind}"))
        if not paths:
            raise UserError(f"{source}: the folder holds no logs and no episodes; {_REMEDY}")
    elif source.suffix in _READERS:
        paths = [source]
    else:
        raise UserError(f"{source}: files of this kind are not read; {_REMEDY}")
    for path in paths:
        yield from _READERS[path.suffix](path)


def read_episodes(path: Path) -> Iterator[Episode]:
    """Saved episodes, one JSON record a line.

    Raises:
        UserError: a line is no episode, with the file's name and the line's number.
    """
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                try:
                    yield Episode.from_json(line)
                except UserError as error:
                    raise UserError(f"{path}:{number}: {error}") from None


_READERS = {".eval": read_log, ".jsonl": read_episodes}


def _row(record: Episode | FailedSample) -> dict[str, Any]:
    if isinstance(record, Episode):
        return trial(record, score(record))
    settings = f"{record.model}\0{record.cell.id}\0{record.rollout}".encode()
    return failed_trial(
        record.cell,
        record.reason,
        agent_model=record.model,
        agent_harness="custom",
        harness="custom",
        rollout=record.rollout,
        episode_id=blake2b(settings, digest_size=16).hexdigest(),
    )


def _played(row: dict[str, Any]) -> bool:
    return row["ended"] in ("end_task", "turn_limit", "idle")
