"""Logs that storage has damaged: set aside, and what is whole of them put in their place.

Inspect stops at a log without its end, and never plays a rollout again whose record is unreadable.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import zipfile_zstd as zipfile
from inspect_ai.log import EvalSample

from eval_observatory.archive import Archive, opened
from peer_preservation.trials.logs import DAMAGES, SAMPLES, short

_HEADER, _START = "header.json", "_journal/start.json"
_SUMMARIES = "_journal/summaries/1.json"
_ASIDE = ".damaged"


def mend(folder: Path) -> Iterator[str]:
    """Mends the logs of a run, so that Inspect takes it up: what is lost is played again.

    Yields:
        One line for each log that was damaged: what was wrong, what was kept, and where it is now.
    """
    for log in sorted(folder.rglob("*.eval")):
        if wrong := _damage(log):
            yield _mended(log, wrong)


def _damage(log: Path) -> str | None:
    """What is wrong with a log, None if nothing is."""
    try:
        with opened(log) as archive:
            names = archive.namelist()
            broken = sum(not _whole(archive, name) for name in names)
            if not archive.complete:
                return "its end is missing"
            if broken:
                return f"{broken} of its {len(names)} parts cannot be read"
            _start(archive)
    except DAMAGES as error:
        return short(error)
    return None


def _mended(log: Path, wrong: str) -> str:
    places = (log.with_name(f"{log.name}{_ASIDE}{number or ''}") for number in count())
    aside = next(place for place in places if not place.exists())
    with tempfile.TemporaryDirectory(dir=log.parent, prefix=".mending.") as room:
        kept = _rebuilt(log, Path(room) / log.name)
        log.rename(aside)
        if kept:
            # Inspect takes a task's newest log: an old one must not become it.
            os.utime(Path(room) / log.name, ns=(time := aside.stat().st_mtime_ns, time))
            (Path(room) / log.name).rename(log)
    rest = f"its {kept} whole records are kept, the others" if kept else "its rollouts"
    return f"{log}: damaged: {wrong}; set aside as {aside.name}, {rest} are played again"


def _rebuilt(log: Path, out: Path) -> int:
    """Writes what is whole of a log as the log of a run that was cut off; the records in it."""
    summaries: list[Any] = []
    try:
        with (
            opened(log) as archive,
            zipfile.ZipFile(out, "w", compression=zipfile.ZIP_ZSTANDARD) as parts,
        ):
            parts.writestr(_START, json.dumps(_start(archive)))
            for name in dict.fromkeys(archive.namelist()):
                if name.startswith(SAMPLES) and (summary := _summary(archive, name)):
                    parts.writestr(name, archive.read(name))
                    summaries.append(summary)
            parts.writestr(_SUMMARIES, json.dumps(summaries))
    except DAMAGES:
        return 0
    return len(summaries)


def _start(archive: Archive) -> dict[str, Any]:
    """What a log says of its run at its beginning; else at its end."""
    names = [name for name in (_START, _HEADER) if name in archive.namelist()]
    for name in names:
        if _whole(archive, name):
            header = json.loads(archive.read(name))
            return {key: header[key] for key in ("version", "eval", "plan")}
    raise zipfile.BadZipFile("it does not say whose rollouts it holds")


def _summary(archive: Archive, name: str) -> dict[str, Any] | None:
    """A record's line in Inspect's list of samples; None if the record cannot be read."""
    try:
        sample = EvalSample.model_validate(json.loads(archive.read(name)))
    except DAMAGES:  # a validation's error is a ValueError
        return None
    return sample.summary().model_dump(mode="json")


def _whole(archive: Archive, name: str) -> bool:
    try:
        archive.read(name)
    except DAMAGES:
        return False
    return True
