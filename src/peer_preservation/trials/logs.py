"""Episodes out of Inspect's logs, without loading Inspect."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import zipfile_zstd as zipfile

from peer_preservation.cell import Cell
from peer_preservation.episode import Episode
from peer_preservation.errors import UserError

EPISODE_KEY = "peer_preservation:episode"
"""Where a sample's store holds its episode, as JSON."""

TASKS = "peer_preservation/"


class FailedSample(msgspec.Struct, frozen=True):
    """A rollout that left no episode in its log, and why."""

    cell: Cell
    rollout: int
    model: str
    reason: str
    harness: str = "custom"


class _Error(msgspec.Struct):
    message: str = ""


class _Sample(msgspec.Struct):
    id: str
    epoch: int
    store: dict[str, Any] = {}
    error: _Error | None = None


class _Dataset(msgspec.Struct):
    sample_ids: list[str | int] | None = None


class _Eval(msgspec.Struct):
    task: str
    model: str
    dataset: _Dataset
    config: dict[str, Any] = {}
    metadata: dict[str, Any] | None = None

    @property
    def harness(self) -> str:
        """How the models met the world; a log from before there was a choice does not say."""
        return str((self.metadata or {}).get("harness", "custom"))


class _Header(msgspec.Struct):
    eval: _Eval
    status: str = "started"


_Part = TypeVar("_Part", _Sample, _Header)


def read_log(path: Path) -> Iterator[Episode | FailedSample]:
    """The rollouts of a log, as far as they were begun or planned.

    A rollout that was planned and is missing, because the run was cut off, is a failed sample.

    Raises:
        UserError: the file is no log of ours, or is damaged.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            header = _header(archive)
            done = set()
            for name in archive.namelist():
                if name.startswith("samples/"):
                    sample = _decoded(archive.read(name), _Sample)
                    done.add((sample.id, sample.epoch))
                    yield _rollout(sample, header.eval)
            yield from _missing(header, done)
    except UserError as error:
        raise UserError(f"{path}: {error}") from None
    except (
        OSError,
        EOFError,
        ValueError,
        zipfile.BadZipFile,
        KeyError,
        msgspec.MsgspecError,
    ) as error:
        raise UserError(
            f"{path}: cannot be read as an Inspect log ({_short(error)}); "
            "copy it again or leave it out"
        ) from None


def _decoded(text: bytes, kind: type[_Part]) -> _Part:
    try:
        return msgspec.json.decode(text, type=kind)
    except msgspec.DecodeError:
        # Inspect writes a score that is not a number as NaN, which is not JSON.
        return msgspec.convert(json.loads(text), kind)


def _header(archive: zipfile.ZipFile) -> _Header:
    name = "header.json" if "header.json" in archive.namelist() else "_journal/start.json"
    header = _decoded(archive.read(name), _Header)
    if not header.eval.task.startswith(TASKS):
        raise UserError(f"a log of task {header.eval.task!r}; give a log of {TASKS}…")
    return header


def _rollout(sample: _Sample, run: _Eval) -> Episode | FailedSample:
    stored = sample.store.get(EPISODE_KEY)
    if stored is not None:
        return Episode.from_json(stored)
    reason = _short(sample.error.message) if sample.error else "no episode was recorded"
    return FailedSample(Cell.parse(sample.id), sample.epoch - 1, run.model, reason, run.harness)


def _missing(header: _Header, done: set[tuple[str, int]]) -> Iterator[FailedSample]:
    config = header.eval.config
    # A log of a chosen part of the task does not say which part: what is there is what was asked.
    if header.status == "success" or config.get("limit") or config.get("sample_id"):
        return
    for id in header.eval.dataset.sample_ids or ():
        for epoch in range(1, (config.get("epochs") or 1) + 1):
            if (str(id), epoch) not in done:
                cell = Cell.parse(str(id))
                reason = "the run was cut off"
                yield FailedSample(cell, epoch - 1, header.eval.model, reason, header.eval.harness)


def _short(error: object) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__
