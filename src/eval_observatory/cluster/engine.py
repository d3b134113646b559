"""Units of work through Dask, from the one process that waits for them.

The scheduler may be lost and come back, and workers may: what had not ended is asked for again.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from shutil import which
from threading import Event, Thread
from typing import Any

import dask
from distributed import Client, Future, LocalCluster

from eval_observatory.cluster.queues import QUEUES
from eval_observatory.cluster.units import TOPIC, State, Unit, do
from eval_observatory.errors import UserError

EVERY = 0.5
"""Seconds between two looks at what has ended."""

MOST_FAILURES = 3
"""A unit that has ended so often by an error is given up."""

MOST_LOSSES = 10
"""So often a unit may be lost with its worker without a record more before it is given up."""

PATIENCE = 600.0
"""Seconds that a scheduler is waited for, at the start and once it is lost."""

_TRY = 10.0

Show = Callable[["Progress"], None]


@dataclass
class Progress:
    """How far units are.

    Attributes:
        units: all of them, by name.
        states: the last that was told of each; of those that ended, how.
        given_up: units that failed too often.
        lost: how often a unit was lost with its worker.
        waiting: what is waited for, besides.
    """

    units: Mapping[str, Unit]
    states: dict[str, State] = field(default_factory=dict)
    ended: dict[str, State] = field(default_factory=dict)
    given_up: dict[str, str] = field(default_factory=dict)
    lost: int = 0
    waiting: str = ""

    @property
    def left(self) -> list[Unit]:
        """What has neither ended nor been given up."""
        done = {*self.ended, *self.given_up}
        return [unit for name, unit in self.units.items() if name not in done]

    def tell(self, state: State) -> None:
        """Takes what a worker tells."""
        if state.unit in self.units and state.unit not in self.ended:
            self.states[state.unit] = state


@dataclass(frozen=True)
class Cluster:
    """Where units are done.

    Attributes:
        address: of a scheduler (`tcp://…`), or `local`, or one of `QUEUES`.
        workers: how many are started, of what is started here.
        memory: in MiB, the most that a unit may take; None for no limit.
    """

    address: str
    workers: int = 1
    memory: float | None = None

    @contextmanager
    def opened(self) -> Iterator[str]:
        """The address of its scheduler, which it starts if it is to.

        Raises:
            UserError: there is no such cluster, or it cannot be started.
        """
        if "://" in self.address:
            yield self.address
            return
        with _started(self) as cluster:
            yield cluster.scheduler_address


@contextmanager
def _started(wanted: Cluster) -> Iterator[Any]:
    usual = {"distributed.scheduler.allowed-failures": MOST_LOSSES}
    with dask.config.set(usual):
        try:
            cluster = _made(wanted)
        except UserError:
            raise
        except (ValueError, OSError, RuntimeError) as error:
            raise UserError(
                f"--dask {wanted.address}: cannot be started: {' '.join(str(error).split())}"
            ) from None
        with cluster:
            if wanted.address == "local":
                with _local_workers(cluster.scheduler_address, wanted.workers):
                    yield cluster
            else:
                cluster.adapt(minimum=wanted.workers, maximum=wanted.workers)  # lost ones come back
                yield cluster


@contextmanager
def _local_workers(address: str, count: int) -> Iterator[None]:
    """Workers on this machine, each begun again whenever it ends.

    Dask's own nanny gives a worker up that ends while it starts.
    """
    words = ("--no-nanny", "--nthreads", "1", "--memory-limit", "0", "--no-dashboard", "--name")
    command = [sys.executable, "-m", "distributed.cli.dask_worker", address, *words]
    processes: dict[int, subprocess.Popen[bytes]] = {}
    ended = Event()

    def look_after() -> None:
        while not ended.wait(EVERY):
            for number in range(count):
                if number not in processes or processes[number].poll() is not None:
                    processes[number] = subprocess.Popen(
                        [*command, f"local-{number}"],
                        stdin=subprocess.DEVNULL,
                        stdout=subprocess.DEVNULL,
                        stderr=subprocess.DEVNULL,
                        start_new_session=True,  # Ctrl-C is for who waits
                    )

    keeper = Thread(target=look_after, daemon=True)
    keeper.start()
    try:
        yield
    finally:
        ended.set()
        keeper.join()
        for process in processes.values():
            process.terminate()
        for process in processes.values():
            try:
                process.wait(_TRY)
            except subprocess.TimeoutExpired:
                process.kill()


def _made(wanted: Cluster) -> Any:
    if wanted.address == "local":
        return LocalCluster(n_workers=0, dashboard_address=None)
    if wanted.address not in QUEUES:
        known = ", ".join(QUEUES)
        raise UserError(
            f"--dask {wanted.address}: give the address of a scheduler (tcp://…), local, or one "
            f"of {known}"
        )
    name = wanted.address
    submit = QUEUES[name].job_cls.submit_command
    if not which(submit):
        raise UserError(f"--dask {name}: there is no {submit} here; start it where jobs are sent")
    settings: dict[str, Any] = {"processes": 1}
    for key, usual in (("cores", 1), ("memory", f"{wanted.memory or 2048:.0f}MiB")):
        if dask.config.get(f"jobqueue.{name}.{key}", None) is None:
            settings[key] = usual
    return QUEUES[name](**settings)


def work(units: Iterable[Unit], cluster: Cluster, show: Show) -> Progress:
    """Has every unit done, each until its command ends well or has failed too often.

    Args:
        show: is told how far all are, twice a second.

    Raises:
        UserError: the cluster cannot be reached or started, or is lost and does not come back.
    """
    progress = Progress({unit.name: unit for unit in units})
    failures, losses = Counter[str](), _Losses()
    with cluster.opened() as address:
        while progress.left:
            with _client(address, progress, show) as client:
                _submitted(client, cluster, progress, failures, losses, show)
    show(progress)
    return progress


@contextmanager
def _client(address: str, progress: Progress, show: Show) -> Iterator[Client]:
    until = time.monotonic() + PATIENCE
    while True:
        try:
            client = Client(address, timeout=_TRY, set_as_default=False)
            break
        except (OSError, TimeoutError, ValueError) as error:
            if isinstance(error, ValueError) or time.monotonic() > until:
                raise UserError(
                    f"--dask {address}: no scheduler answers there "
                    f"({' '.join(str(error).split()) or type(error).__name__})"
                ) from None
            progress.waiting = f"no scheduler answers at {address}"
            show(progress)
            time.sleep(EVERY)
    progress.waiting = ""
    try:
        client.subscribe_topic(TOPIC, lambda event: progress.tell(State(**event[1])))
        yield client
    finally:
        with suppress(OSError, TimeoutError):
            client.close(timeout=_TRY)


class _Losses:
    """How often each unit was lost with its worker since it last had a record more."""

    def __init__(self) -> None:
        self._records: dict[str, int] = {}
        self._count = Counter[str]()

    def add(self, name: str, records: int) -> int:
        if records > self._records.get(name, 0):
            self._records[name] = records
            self._count[name] = 0
        self._count[name] += 1
        return self._count[name]


def _submitted(
    client: Client,
    cluster: Cluster,
    progress: Progress,
    failures: Counter[str],
    losses: _Losses,
    show: Show,
) -> None:
    """Submits what is left; comes back when all has ended, or the scheduler is lost."""
    avoided: dict[str, set[str]] = {}

    def submit(unit: Unit) -> Future:
        others = _others(client, avoided.get(unit.name, set()))
        return client.submit(
            do,
            unit,
            cluster.memory,
            pure=False,
            workers=others,
            allow_other_workers=bool(others),  # a worker that comes back has another address
        )

    futures = {unit.name: submit(unit) for unit in progress.left}
    while futures and client.status == "running":
        time.sleep(EVERY)
        for name, future in list(futures.items()):
            if future.status == "pending":
                continue
            del futures[name]
            if future.status in ("lost", "cancelled"):
                if client.status == "running":
                    futures[name] = submit(progress.units[name])
                continue
            again = _ended(name, future, progress, failures, losses)
            if again is not None:
                avoided.setdefault(name, set()).update(again)
                futures[name] = submit(progress.units[name])
        show(progress)


def _ended(
    name: str,
    future: Future,
    progress: Progress,
    failures: Counter[str],
    losses: _Losses,
) -> Sequence[str] | None:
    """Takes a unit's end; if it is to be tried again, the workers that are not to do it."""
    try:
        state: State = future.result(timeout=_TRY)
    except Exception as error:  # whatever breaks in a worker, a lost one among it
        progress.lost += 1
        told = progress.states.get(name)
        if losses.add(name, told.records if told else 0) < MOST_LOSSES:
            return ()
        progress.given_up[name] = f"lost with its worker {MOST_LOSSES} times, the last: {error}"
        return None
    progress.states[name] = state
    if state.code == 0:
        progress.ended[name] = state
        return None
    if progress.units[name].is_busy(state.line) and losses.add(name, 0) < MOST_LOSSES:
        return ()  # by a worker that was lost to the scheduler alone
    failures[name] += 1
    if failures[name] < MOST_FAILURES:
        return (state.worker,)
    progress.given_up[name] = state.line or f"exit code {state.code}"
    return None


def _others(client: Client, avoided: Iterable[str]) -> list[str] | None:
    """The addresses of the workers but those; None, for any, if there are no others."""
    bad = set(avoided)
    if not bad:
        return None
    known = client.scheduler_info(n_workers=-1)["workers"]
    others = [address for address, one in known.items() if str(one["name"]) not in bad]
    return others or None
