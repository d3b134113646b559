"""Finished rollouts outlive what happens to their neighbours, their task and their log.

Inspect plays a sample again that was cancelled after its rollout had ended, before it was scored:
its record would take the finished one's place, in a log for which the older ones are removed.
"""

from __future__ import annotations

import os
import time
from collections import OrderedDict, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path

from peer_preservation.episode import PLAYED, Episode
from peer_preservation.errors import UserError
from peer_preservation.trials.logs import episode_at, head, places, read_log

HELD = 1000
"""Rollouts that are held beside their logs: more than can be under way at a time."""


class Finished:
    """The records of finished rollouts that may not be settled in a log yet."""

    def __init__(self) -> None:
        self._records: OrderedDict[str, str] = OrderedDict()
        self._places: dict[str, list[tuple[Path, str]]] = {}

    @classmethod
    def of(cls, logs: Path) -> Finished:
        """With those that the logs of earlier runs hold, each read when it is asked for.

        Inspect finds most of them itself. It plays again what was cut off before it was scored,
        and what only an older log of the task holds, or one with another number of rollouts.
        """
        finished = cls()
        for path in sorted(logs.glob("*.eval")):
            with suppress(UserError):  # whoever reads the table says so
                for who, name in places(path):
                    finished._places.setdefault(_key(*who), []).append((path, name))
        return finished

    def keep(self, episode: Episode) -> None:
        """Holds an episode if it was played to its end."""
        if episode.ended in PLAYED:
            self._records[rollout_key(episode)] = episode.to_json()
            if len(self._records) > HELD:
                self._records.popitem(last=False)

    def record(self, episode: Episode) -> str | None:
        """The record of the rollout that an episode opens, if it has been finished before."""
        key = rollout_key(episode)
        if key not in self._records:
            for path, name in self._places.get(key, ()):
                with suppress(UserError, OSError):
                    if (there := episode_at(path, name)) and there.ended in PLAYED:
                        return there.to_json()
        return self._records.get(key)


FINISHED: ContextVar[Finished | None] = ContextVar("finished", default=None)
"""Those of the run which is under way, if it is one of `Study`."""


@contextmanager
def remembered(logs: Path) -> Iterator[None]:
    """Within it, no finished rollout of a run with these logs is played again or removed."""
    _set_in_order(logs)
    token = FINISHED.set(Finished.of(logs))
    try:
        yield
    finally:
        FINISHED.reset(token)
    sweep(logs)


def rollout_key(episode: Episode) -> str:
    """What names a rollout within a run's folder."""
    who = episode.setting
    return _key(who.model, who.harness, episode.cell.id, episode.rollout)


def _key(model: str, harness: str, cell: str, rollout: int | None) -> str:
    return "\0".join((model, harness, cell, str(rollout)))


def sweep(logs: Path) -> None:
    """Removes the logs of which a newer one of the same task holds every finished rollout."""
    by_task: defaultdict[str, list[Path]] = defaultdict(list)
    for path in sorted(logs.glob("*.eval"), key=lambda path: path.stat().st_mtime_ns):
        try:
            task, status = head(path)
        except UserError:
            continue
        if status != "started":  # else its writer may be at work
            by_task[task].append(path)
    for paths in by_task.values():
        *older, newest = paths
        there = _finished(newest) if older else set[str]()
        for path in older:
            if _finished(path) <= there:
                path.unlink()


def _set_in_order(logs: Path) -> None:
    """Dates logs from the future, as after a clock that went back, in their order before now.

    Inspect takes the latest for a task's newest: the new ones would never be.
    """
    now = time.time_ns()
    late = sorted((s.st_mtime_ns, path) for path in logs.glob("*.eval") if (s := path.stat()))
    for place, (mtime, path) in enumerate(late):
        if mtime > now:
            # A time in seconds, as Inspect reads it, does not tell nanoseconds apart.
            moment = now - (len(late) - place) * 1_000_000
            os.utime(path, ns=(moment, moment))


def _finished(path: Path) -> set[str]:
    return {
        rollout_key(record)
        for record in read_log(path)
        if isinstance(record, Episode) and record.ended in PLAYED
    }
