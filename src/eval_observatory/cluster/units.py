"""A unit of work, and what a worker does with it. Imported on every worker: light, no mission."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, NamedTuple

import psutil
import zipfile_zstd as zipfile
from distributed import get_worker
from distributed.worker import Worker

from eval_observatory.archive import opened

TOPIC = "eval-observatory"
"""Under which workers tell how far they are."""

EVERY = 1.0
"""Seconds between two looks at a running unit."""

_MIB = 1 << 20
_SAMPLES = "samples/"
_PATIENCE = 60.0
"""Seconds that a unit has to end once it is told to."""

_AGAIN = 5.0
"""Seconds before a unit is tried again whose folder another process has."""

_LAST_WORDS = 2000


class Unit(NamedTuple):
    """A command over one folder.

    Attributes:
        name: for readers, and to tell it from the others.
        program: the function that is called, `package.module:function` …
        arguments: … as a program with these.
        folder: where it writes; the logs in it tell how far it is.
        size: how many records there will be; 0 where that is not known.
        busy: what its command says where another process has the folder.
    """

    name: str
    program: str
    arguments: tuple[str, ...]
    folder: str
    size: int = 0
    busy: str = ""

    def is_busy(self, line: str) -> bool:
        """Whether a command that said this last found its folder taken."""
        return bool(self.busy) and self.busy in line


class State(NamedTuple):
    """How far a unit is: what a worker tells of it.

    Attributes:
        records: how many its folder's logs hold.
        memory: what it takes now, in MiB; at its end the most that it took.
        code: its exit code; None while it runs.
        line: the last that it said.
    """

    unit: str
    worker: str
    records: int
    memory: float
    seconds: float
    code: int | None = None
    line: str = ""


def do(unit: Unit, most_memory: float | None) -> State:
    """Does a unit, as a process of its own, and tells the scheduler how far it is.

    A unit that takes more memory is ended: what it has written stays, and it goes on from there.

    Args:
        most_memory: in MiB, of the process with all that it starts.
    """
    worker = get_worker()
    key = worker.get_current_task()
    with tempfile.TemporaryFile() as said:
        running = _Running(unit, worker.name, _started(unit, said))
        for state in running.states(most_memory, lambda: _is_unwanted(worker, key)):
            worker.log_event(TOPIC, state._asdict())
        line = running.why or _last_line(said)
    if unit.is_busy(line):
        time.sleep(_AGAIN)
    return running.state(recorded(Path(unit.folder)))._replace(
        code=running.process.returncode, memory=running.peak, line=line
    )


def _started(unit: Unit, said: IO[bytes]) -> subprocess.Popen[bytes]:
    leash = (sys.executable, "-m", "eval_observatory.cluster.leash")
    return subprocess.Popen(
        [*leash, unit.program, *unit.arguments],
        stdin=subprocess.PIPE,  # held open as long as this worker lives
        stdout=subprocess.DEVNULL,
        stderr=said,
        start_new_session=True,
    )


def _is_unwanted(worker: Worker, key: Any) -> bool:
    """Whether the scheduler has been told in the meantime to forget the unit."""
    task = worker.state.tasks.get(key)
    return task is None or task.state == "cancelled"


@dataclass
class _Running:
    unit: Unit
    worker: str
    process: subprocess.Popen[bytes]
    peak: float = 0.0
    why: str = ""
    begun: float = field(default_factory=time.monotonic)

    def states(self, most: float | None, unwanted: Callable[[], bool]) -> Iterator[State]:
        """How far it is, every second until it has ended."""
        told = 0.0
        while self.process.poll() is None:
            time.sleep(EVERY)
            now = memory_of(self.process.pid)
            self.peak = max(self.peak, now)
            if most is not None and now > most:
                self.why = f"it took {now:,.0f} MiB of memory, more than {most:,.0f}"
                self._end()
            elif not told and unwanted():
                told = time.monotonic()
                self.process.send_signal(signal.SIGINT)
            elif told and time.monotonic() - told > _PATIENCE:
                self._end()
            yield self.state(recorded(Path(self.unit.folder)), now)

    def state(self, records: int, memory: float = 0.0) -> State:
        seconds = time.monotonic() - self.begun
        return State(self.unit.name, str(self.worker), records, memory, seconds)

    def _end(self) -> None:
        for process in _tree(self.process.pid):
            try:
                process.kill()
            except psutil.Error:
                continue


def _tree(pid: int) -> list[psutil.Process]:
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.Error:
        return []


def memory_of(pid: int) -> float:
    """What a process and all that it started take now, in MiB."""
    total = 0
    for process in _tree(pid):
        try:
            total += process.memory_info().rss
        except psutil.Error:
            continue
    return total / _MIB


def recorded(folder: Path) -> int:
    """How many records the logs below a folder hold, each once."""
    found = set[tuple[str, str]]()
    for log in folder.glob("**/*.eval"):
        task = log.stem.rpartition("_")[2]  # all attempts at a task have it
        try:
            with opened(log) as archive:
                names = archive.namelist()
        except (OSError, zipfile.BadZipFile):
            continue  # it is being written, or has been replaced
        found |= {(task, name) for name in names if name.startswith(_SAMPLES)}
    return len(found)


def _last_line(said: IO[bytes]) -> str:
    said.seek(0, 2)
    said.seek(max(0, said.tell() - _LAST_WORDS))
    lines = said.read().decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else ""
