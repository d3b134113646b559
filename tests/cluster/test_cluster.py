"""Work units: they end with their worker, go on elsewhere, and are named where they cannot."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from benchmarks.cluster import Supervised
from rich.console import Console

from eval_observatory.cluster.board import board, total
from eval_observatory.cluster.engine import Cluster, Progress, work
from eval_observatory.cluster.units import State, Unit
from peer_preservation.cli.each import mebibytes
from peer_preservation.errors import UserError

HERE = str(Path(__file__).parent)
RECORDS = 6
ADDRESS = "tcp://127.0.0.1:18787"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A cluster of two workers that come back when they are killed."""
    os.environ["PYTHONPATH"] = HERE
    with Cluster("local", workers=2).opened() as address:
        yield address


def unit(name: str, function: str, folder: Path, *arguments: object) -> Unit:
    words = (str(folder), *map(str, arguments))
    return Unit(name, f"cluster_programs:{function}", words, str(folder))


def counting(folder: Path, count: int, seconds: float) -> list[Unit]:
    return [
        unit(f"{number}", "count", folder / str(number), RECORDS, seconds)
        for number in range(count)
    ]


def records(folder: Path) -> list[int]:
    return [len(list(one.glob("record-*"))) for one in sorted(folder.iterdir())]


def test_every_unit_is_done_and_one_that_fails_is_named(address: str, tmp_path: Path) -> None:
    failing = unit("full", "fail", tmp_path / "full")
    units = [*counting(tmp_path / "well", 3, 0), failing]
    seen: list[str] = []
    done = work(units, Cluster(address), lambda progress: seen.append(total(progress)))
    assert records(tmp_path / "well") == [RECORDS] * 3
    assert sorted(done.ended) == ["0", "1", "2"]
    assert done.given_up == {"full": f"{tmp_path / 'full'}: No space left on device"}
    assert len(list((tmp_path / "full").iterdir())) == 3
    assert seen[-1] == "3 of 4 units, given up: 1"


def test_a_unit_that_takes_too_much_memory_is_ended_and_named(address: str, tmp_path: Path) -> None:
    done = work([unit("big", "swell", tmp_path)], Cluster(address, memory=150), lambda _: None)
    assert list(done.given_up) == ["big"]
    assert "MiB of memory, more than 150" in done.given_up["big"]


def _worker_of_a_unit(folder: Path) -> psutil.Process | None:
    """A worker that does a unit now, by the process that the unit tells of."""
    for place in folder.glob("*/pid-*"):
        try:
            worker = psutil.Process(int(place.name.removeprefix("pid-"))).parent()
        except psutil.Error:
            continue  # it has ended
        if worker and "dask_worker" in " ".join(worker.cmdline()):
            return worker
    return None


def test_units_of_workers_that_are_killed_are_done_once(address: str, tmp_path: Path) -> None:
    ended = threading.Event()
    kills: list[int] = []

    def kill() -> None:
        while not ended.wait(2.5) and len(kills) < 3:
            if worker := _worker_of_a_unit(tmp_path):
                worker.kill()
                kills.append(worker.pid)

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        done = work(counting(tmp_path, 4, 0.7), Cluster(address), lambda _: None)
    finally:
        ended.set()
        killer.join()
    assert kills
    assert len(done.ended) == 4
    assert len(list(tmp_path.glob("*/pid-*"))) > 4, "no unit was begun again"
    assert records(tmp_path) == [RECORDS] * 4


def test_a_scheduler_that_is_lost_is_waited_for(tmp_path: Path) -> None:
    os.environ["PYTHONPATH"] = HERE
    with Supervised(1, ADDRESS) as supervised:

        def kill() -> None:
            _wait(lambda: any(tmp_path.glob("*/record-*")))
            supervised.kill("scheduler")

        killer = threading.Thread(target=kill)
        killer.start()
        done = work(counting(tmp_path, 2, 1.5), Cluster(ADDRESS), lambda _: None)
        killer.join()
    assert len(done.ended) == 2
    assert supervised.kills == ["scheduler"]
    assert records(tmp_path) == [RECORDS] * 2


def test_a_unit_does_not_outlive_its_worker(tmp_path: Path) -> None:
    words = ["cluster_programs:count", str(tmp_path), "1", "600"]
    worker = (
        "import subprocess, sys, time; subprocess.Popen([sys.executable, '-m', "
        "'eval_observatory.cluster.leash', *sys.argv[1:]], stdin=subprocess.PIPE, "
        "start_new_session=True); time.sleep(600)"
    )
    environment = {**os.environ, "PYTHONPATH": HERE}
    with subprocess.Popen([sys.executable, "-c", worker, *words], env=environment) as process:
        _wait(lambda: any(tmp_path.glob("pid-*")))
        (place,) = tmp_path.glob("pid-*")
        pid = int(place.name.removeprefix("pid-"))
        assert psutil.pid_exists(pid)
        process.send_signal(signal.SIGKILL)
    _wait(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == "zombie")


def _wait(condition: object, seconds: float = 60) -> None:
    assert callable(condition)
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_the_table_shows_what_runs_and_the_line_all() -> None:
    units = {name: Unit(name, "", (), "", 100) for name in ("1/2", "2/2")}
    progress = Progress(units)
    progress.tell(State("1/2", "w0", 40, 512.4, 61))
    progress.ended["2/2"] = State("2/2", "w1", 100, 600, 9, 0)
    progress.states["2/2"] = progress.ended["2/2"]
    progress.tell(State("2/2", "w1", 99, 600, 9))  # late, and of no use
    progress.lost = 3
    assert total(progress) == "1 of 2 units, 140 of 200 records, lost and asked for again: 3"
    console = Console(width=100, record=True, file=open(os.devnull, "w"))  # noqa: SIM115
    console.print(board(progress))
    said = console.export_text()
    assert "40 of 100" in said
    assert "512 MiB" in said
    assert "w1" not in said


@pytest.mark.parametrize(
    ("where", "line"),
    [
        ("tcp", "--dask tcp: give the address of a scheduler (tcp://…), local, or one of slurm"),
        ("slurm", "--dask slurm: there is no sbatch here; start it where jobs are sent"),
        ("nonsense://x", "--dask nonsense://x: no scheduler answers there"),
    ],
)
def test_what_is_no_cluster_is_one_line(where: str, line: str, tmp_path: Path) -> None:
    with pytest.raises(UserError) as raised:
        work(counting(tmp_path, 1, 0), Cluster(where), lambda _: None)
    assert str(raised.value).startswith(line)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("size", "mib"), [("500MiB", 500), ("2GiB", 2048), ("1.5 g", 1536), ("2GB", 2048), (None, None)]
)
def test_a_size_is_read(size: str | None, mib: float | None) -> None:
    assert mebibytes(size) == mib


@pytest.mark.parametrize("size", ["2", "0GiB", "GiB", "-1GiB", "2 TiB", "x"])
def test_what_is_no_size_is_refused(size: str) -> None:
    with pytest.raises(UserError, match="give a size such as 500MiB"):
        mebibytes(size)
