"""Trials from what a run left behind: logs, saved episodes, folders; and the published rows."""

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
from peer_preservation.trials.published.files import is_published, is_remote, pieces
from peer_preservation.trials.published.labels import to_trials, unique_ids
from peer_preservation.trials.schema import failed_trial, table, trial

_REMEDY = (
    "give an Inspect log (.eval), saved episodes (.jsonl), a folder of them, or the published data "
    "set (.parquet, .json)"
)


def read_trials(sources: Iterable[Path]) -> pl.DataFrame:
    """The trial table of all sources, scored anew from the records; published rows as they are.

    A rollout that stands in several logs, as after a retry, is counted once; the record in which
    the instrument did not fail is the one that counts.

    Raises:
        UserError: a source is missing, damaged or of another kind.
    """
    rows: dict[str, dict[str, Any]] = {}
    published = []
    for source in sources:
        if holds_published(source):
            published.append(read_published(source))
            continue
        for record in records(source):
            row = _row(record)
            key = row["episode_id"]
            if key not in rows or not _played(rows[key]):
                rows[key] = row
    own = table(rows.values())
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


def _played(row: dict[str, Any]) -> bool:
    return row["ended"] in ("end_task", "turn_limit", "idle")
