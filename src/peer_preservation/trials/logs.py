"""Episodes out of Inspect's logs, without loading Inspect."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from eval_observatory.archive import BROKEN, Archive, opened
from peer_preservation.cell import Cell
from peer_preservation.episode import PLAYED, Episode
from peer_preservation.errors import UserError

EPISODE_KEY = "peer_preservation:episode"
"""Where a sample's store holds its episode, as JSON."""

WATCHED_KEY = "peer_preservation:watched"
"""Where it holds that of an agent whose work the episode watched, where there is one."""

TASKS = "peer_preservation/"
SAMPLES = "samples/"
SAMPLES_AT_ONCE = 200
MOST_PLANNED = 1_000_000
"""Rollouts that a log may claim to have planned: four times the published study."""

DAMAGES: tuple[type[Exception], ...] = (*BROKEN, KeyError, MemoryError, msgspec.MsgspecError)
"""What reading a damaged log raises."""


def sample_id(cell: Cell, rollout: int) -> str:
    """The id of a sample that is one rollout of a cell; else a sample is a cell, with epochs."""
    return f"{cell.id}#{rollout}"


CUT_OFF = "the run was cut off"
_CANCELLED = ("CancelledError(", "Cancelled(")
"""How an error begins that ended a rollout with its run, before it was begun."""

UNREADABLE = "the record cannot be read: "
NOT_ASKED = "not asked: "
"""Of a rollout for which a model that had stopped to answer was not asked."""


class FailedSample(msgspec.Struct, frozen=True):
    """A rollout that left no episode in its log, and why.

    Attributes:
        retried: it is an attempt that failed before the rollout's last one in this log.
    """

    cell: Cell
    rollout: int
    model: str
    reason: str
    harness: str = "custom"
    retried: bool = False


def is_failed_attempt(record: Episode | FailedSample) -> bool:
    """Whether an attempt was begun and failed by itself: its outcome is missing.

    One that was cut off with its whole run, or for which the model was not asked, is none.
    """
    if isinstance(record, Episode):
        why = record.end.detail if record.end else ""
        if record.ended in (*PLAYED, "cancelled"):
            return False
    else:
        why = record.reason
    return was_begun(why)


def was_begun(why: str) -> bool:
    """Whether an attempt that failed so had been begun, and failed by itself."""
    # Inspect writes an error as Python does, with its class before it.
    return NOT_ASKED not in why[:60] and not why.startswith((CUT_OFF, UNREADABLE))


class _Error(msgspec.Struct):
    message: str = ""


class _Sample(msgspec.Struct):
    store: dict[str, Any] = {}
    error: _Error | None = None
    error_retries: list[_Error] | None = None


class _Dataset(msgspec.Struct):
    sample_ids: list[str | int] | None = None


class _Config(msgspec.Struct):
    epochs: int | None = None
    limit: Any = None
    sample_id: Any = None


class _Summary(msgspec.Struct):
    id: str | int
    epoch: int
    completed_at: str | None = None


class _Eval(msgspec.Struct):
    task: str
    model: str
    dataset: _Dataset
    task_id: str = ""
    config: _Config = msgspec.field(default_factory=_Config)
    metadata: dict[str, Any] | None = None

    @property
    def harness(self) -> str:
        """How the models met the world; a log from before there was a choice does not say."""
        return str((self.metadata or {}).get("harness", "custom"))


class _Header(msgspec.Struct):
    eval: _Eval
    status: str = "started"


_Part = TypeVar("_Part", _Sample, _Header, list[_Summary])


def split_log(path: Path) -> list[range]:
    """The numbers of a log's samples, in parts that `read_log` takes; at least one part.

    Raises:
        UserError: the file is no log of ours, or is damaged.
    """
    with _log(path) as (archive, _):
        count = len(_sample_names(archive))
    return [
        range(at, min(at + SAMPLES_AT_ONCE, count)) for at in range(0, count or 1, SAMPLES_AT_ONCE)
    ]


def read_log(path: Path, part: range | None = None) -> Iterator[Episode | FailedSample]:
    """The rollouts of a log, or of a part of it, as far as they were begun or planned.

    Attempts at a rollout that failed and were tried again come before it, as failed samples.
    A rollout that was planned and is missing, because the run or its log was cut off, is a failed
    sample, and so is one whose record cannot be read. They come with the last part.

    Raises:
        UserError: the file is no log of ours, or is damaged.
    """
    with _log(path) as (archive, header):
        names = _sample_names(archive)
        part = part or range(len(names))
        for name in names[part.start : part.stop]:
            yield from _attempts(archive, name, header.eval)
        if part.stop == len(names):
            yield from _missing(header, {_key(name) for name in names})


def head(path: Path) -> tuple[str, str]:
    """A log's task, by the id that all its attempts share, and the log's status.

    Raises:
        UserError: the file is no log of ours, or is damaged.
    """
    with _log(path) as (_, header):
        return header.eval.task_id, header.status


def begun(path: Path, harness: str, rollouts: int) -> tuple[str, list[Cell]]:
    """A log's model, and the cells that it was begun with for so many rollouts, as epochs.

    No cell where the log is of another harness or number, or has a sample for each rollout.

    Raises:
        UserError: the file is no log of ours, or is damaged.
    """
    with _log(path) as (_, header):
        run = header.eval
        ids = map(str, run.dataset.sample_ids or ())
        if (run.harness, run.config.epochs or 1) != (harness, rollouts):
            return run.model, []
        return run.model, [Cell.parse(id) for id in ids if "#" not in id]


def places(path: Path) -> Iterator[tuple[tuple[str, str, str, int], str]]:
    """The rollouts of a log, by model, harness, cell and number, each with its name in there.

    Raises:
        UserError: the file is no log of ours, or is damaged.
    """
    with _log(path) as (archive, header):
        for name in _sample_names(archive):
            cell, rollout = _identity(*_key(name))
            yield (header.eval.model, header.eval.harness, cell.id, rollout), name


def episode_at(path: Path, name: str) -> Episode | None:
    """The episode that a log has under a name; None where the rollout left none.

    Raises:
        UserError: the file is no log of ours, or is damaged.
    """
    with _log(path) as (archive, header):
        *_, record = _attempts(archive, name, header.eval)
        return record if isinstance(record, Episode) else None


@contextmanager
def _log(path: Path) -> Iterator[tuple[Archive, _Header]]:
    try:
        with opened(path) as archive:
            yield archive, _header(archive)
    except UserError as error:
        raise UserError(f"{path}: {error}") from None
    except DAMAGES as error:
        raise UserError(
            f"{path}: cannot be read as an Inspect log ({short(error)}); "
            "copy it again or leave it out"
        ) from None


def _sample_names(archive: Archive) -> list[str]:
    # A rollout that was played again has two entries of one name: what is read is the last.
    names = dict.fromkeys(archive.namelist())
    return [name for name in names if name.startswith(SAMPLES)]


def completions(path: Path) -> Iterator[datetime]:
    """When each sample of a log was played, as far as it says so.

    Raises:
        UserError: the file is no log of ours, or is damaged.
    """
    with _log(path) as (archive, _):
        for summary in _summaries(archive):
            with suppress(ValueError):
                moment = datetime.fromisoformat(summary.completed_at or "")
                yield moment if moment.tzinfo else moment.astimezone()


def _summaries(archive: Archive) -> Iterator[_Summary]:
    """What a log tells of each sample in short."""
    names = archive.namelist()
    journal = [name for name in names if name.startswith("_journal/summaries/")]
    for part in ["summaries.json"] if "summaries.json" in names else journal:
        yield from _decoded(archive.read(part), list[_Summary])


def _key(name: str) -> tuple[str, int]:
    """A sample's id and epoch, which Inspect makes its name of."""
    id, _, epoch = name.removeprefix(SAMPLES).removesuffix(".json").rpartition("_epoch_")
    return id, int(epoch)


def _decoded(text: bytes, kind: type[_Part]) -> _Part:
    try:
        return msgspec.json.decode(text, type=kind)
    except msgspec.DecodeError:
        # Inspect writes a score that is not a number as NaN, which is not JSON.
        return msgspec.convert(json.loads(text), kind)


def _header(archive: Archive) -> _Header:
    name = "header.json" if "header.json" in archive.namelist() else "_journal/start.json"
    header = _decoded(archive.read(name), _Header)
    if not header.eval.task.startswith(TASKS):
        raise UserError(f"a log of task {header.eval.task!r}; give a log of {TASKS}…")
    return header


def _attempts(archive: Archive, name: str, run: _Eval) -> Iterator[Episode | FailedSample]:
    """The attempts at a rollout that failed, one that it watched, and the rollout as it stands."""
    cell, rollout = _identity(*_key(name))
    failed = partial(FailedSample, cell, rollout, run.model, harness=run.harness)
    try:
        sample = _decoded(archive.read(name), _Sample)
        stored = sample.store.get(EPISODE_KEY)
        episode = None if stored is None else Episode.from_json(stored)
        watched = sample.store.get(WATCHED_KEY)
        beside = None if watched is None else Episode.from_json(watched)
    except DAMAGES as error:  # a UserError is a ValueError
        yield failed(UNREADABLE + short(error))
        return
    for retry in sample.error_retries or ():
        yield failed(short(retry.message), retried=True)
    if beside:
        yield beside
    reason = short(sample.error.message) if sample.error else "no episode was recorded"
    yield episode or failed(CUT_OFF if reason.startswith(_CANCELLED) else reason)


def _identity(id: str, epoch: int) -> tuple[Cell, int]:
    cell, _, rollout = id.partition("#")
    return Cell.parse(cell), int(rollout) if rollout else epoch - 1


def _missing(header: _Header, done: set[tuple[str, int]]) -> Iterator[FailedSample]:
    config = header.eval.config
    # A log of a chosen part of the task does not say which part: what is there is what was asked.
    if header.status == "success" or config.limit or config.sample_id:
        return
    ids, epochs = header.eval.dataset.sample_ids or (), config.epochs or 1
    if len(ids) * epochs > MOST_PLANNED:
        raise UserError(
            f"claims {len(ids) * epochs:,} planned rollouts, more than {MOST_PLANNED:,}; "
            "leave it out"
        )
    for id in ids:
        for epoch in range(1, epochs + 1):
            if (str(id), epoch) not in done:
                cell, rollout = _identity(str(id), epoch)
                yield FailedSample(cell, rollout, header.eval.model, CUT_OFF, header.eval.harness)


def short(error: object) -> str:
    """An error's first line."""
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__
