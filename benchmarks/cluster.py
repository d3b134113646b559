"""A plan in pieces: shards and a Dask cluster under kills, what a rollout costs, what it is worth.

python -m benchmarks.cluster shards      # 16 shards of the paper's cells, one killed 20 times
python -m benchmarks.cluster dask        # two workers, 30 kills of them and 5 of the scheduler
python -m benchmarks.cluster workers     # throughput of one worker and of two
python -m benchmarks.cluster cost        # what a rollout costs, by the size of the study

Scripts play under Inspect. `--rollouts` is of each cell, `--kills` how often is killed; small ones
take minutes. Every part ends with a comparison, row by row, to the run of one process.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import altair as alt
import polars as pl
import psutil
from polars.testing import assert_frame_equal

import peer_preservation as pp
from benchmarks.__main__ import COMMAND
from benchmarks.__main__ import run as measured
from eval_observatory.merging import in_order
from eval_observatory.shards import Shard

MODEL = "organism/tamper:p=0.5"
ADDRESS = "tcp://127.0.0.1:18786"


def planned(folder: Path, rollouts: int, preset: str) -> Path:
    path = folder / "plan.toml"
    family = "Gemini" if preset == "paper" else None
    plan = pp.Plan.of(pp.matrix(preset, family=family), [MODEL], rollouts)
    plan.write(path)
    print(f"{len(plan.cells)} cells × {rollouts} rollouts of {MODEL}", flush=True)
    return path


def command(*words: object) -> int:
    done = subprocess.run(
        [*COMMAND, *map(str, words)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    return done.returncode


def played(plan: Path, out: Path, shard: Shard | None = None) -> None:
    """Plays in this process, which has Inspect already."""
    ran = pp.run(plan, out, display="none", shard=shard)
    assert ran.trials.height == ran.asked


def said(*words: object) -> tuple[int, str]:
    done = subprocess.run([*COMMAND, *map(str, words)], capture_output=True, text=True)
    return done.returncode, done.stderr


def table(folder: Path) -> pl.DataFrame:
    return in_order(pl.read_parquet(folder / "trials.parquet"))


def compare(whole: Path, one: Path, what: str) -> None:
    merged, alone = table(whole), table(one)
    twice = merged.height - merged["episode_id"].n_unique()
    lost = alone.join(merged, on="episode_id", how="anti").height
    print(f"{what}: {merged.height:,} rollouts, {lost} lost, {twice} twice", flush=True)
    assert_frame_equal(merged, alone)
    print(f"{what}: equal to the run of one process, row by row", flush=True)


def shards(folder: Path, rollouts: int, kills: int, preset: str, count: int) -> None:
    plan, run = planned(folder, rollouts, preset), folder / "run"
    rng = random.Random(0)
    played(plan, folder / "one")
    killed = rng.randrange(1, count + 1)
    lost = killed % count + 1
    numbers = [number for number in range(1, count + 1) if number != lost]
    for number in numbers:
        words = ("run", plan, "--shard", f"{number}/{count}", "--out", run / f"shard-{number}")
        for _ in range(kills if number == killed else 0):
            _killed(words, rng.uniform(1, 12))
        played(plan, run / f"shard-{number}", Shard(number, count))
    print(f"shard {killed}/{count}: killed {kills} times at random moments, and ended", flush=True)
    code, lines = said("merge", run, "--out", run / "whole")
    assert code == 1, lines
    print(f"one lost for good: exit code {code}: {lines.splitlines()[0]}", flush=True)
    again = lines.splitlines()[0].partition(": peer-preservation ")[2].split()
    assert again[2:4] == ["--shard", f"{lost}/{count}"]
    played(Path(again[1]), Path(again[5]), Shard(lost, count))
    shutil.copytree(run / "shard-1", run / "shard-1-copy")
    code, lines = said("merge", run, "--out", run / "whole")
    print(f"one copied: exit code {code}: {lines.splitlines()[0]}", flush=True)
    shutil.rmtree(run / "shard-1-copy")
    other = planned(folder / "other", rollouts + 1, preset)
    played(other, run / "shard-1-other", Shard(1, count))
    code, lines = said("merge", run, "--out", run / "whole")
    assert code == 2, lines
    print(f"one of another plan: exit code {code}: {lines.strip()}", flush=True)
    shutil.rmtree(run / "shard-1-other")
    assert command("merge", run, "--out", run / "whole") == 0
    compare(run / "whole", folder / "one", f"{count} shards")


def _killed(words: tuple[object, ...], seconds: float) -> None:
    """A command that is killed after so many seconds of its processor time, or ends before."""
    with subprocess.Popen(
        [*COMMAND, *map(str, words)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        spent = psutil.Process(process.pid)
        while process.poll() is None and _seconds(spent) < seconds:
            time.sleep(0.1)
        process.kill()


def _seconds(process: psutil.Process) -> float:
    try:
        return float(sum(process.cpu_times()[:2]))
    except psutil.Error:
        return 0.0


class Supervised:
    """A scheduler and workers, each begun again when it ends, as a queue or a unit file does."""

    def __init__(self, workers: int, address: str = ADDRESS) -> None:
        port = ("--port", address.rpartition(":")[2], "--no-dashboard")
        own = ("--no-nanny", "--nthreads", "1", "--memory-limit", "0", "--no-dashboard", "--name")
        self.commands = {"scheduler": ["distributed.cli.dask_scheduler", *port]}
        for number in range(workers):
            name = f"worker-{number}"
            self.commands[name] = ["distributed.cli.dask_worker", address, *own, name]
        self.kills: list[str] = []
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look_after)

    def __enter__(self) -> Supervised:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        for process in self.processes.values():
            process.kill()
            process.wait()

    def kill(self, name: str) -> bool:
        process = self.processes.get(name)
        if process is None or process.poll() is not None:
            return False
        process.kill()
        self.kills.append(name)
        return True

    def _look_after(self) -> None:
        while not self._ended.wait(0.2):
            for name, words in self.commands.items():
                if name not in self.processes or self.processes[name].poll() is not None:
                    self.processes[name] = subprocess.Popen(
                        [sys.executable, "-m", *words],
                        stdout=subprocess.DEVNULL,
                        stderr=subprocess.DEVNULL,
                    )


@contextmanager
def killing(cluster: Supervised, kills: list[str], every: float) -> Iterator[None]:
    """Kills these in turn, at random moments, until all have been."""
    ended, rng = threading.Event(), random.Random(0)

    def kill() -> None:
        for name in kills:
            while not ended.wait(rng.uniform(0.2, 2) * every):
                if cluster.kill(name):
                    break

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        yield
    finally:
        ended.set()
        killer.join()


def dask(folder: Path, rollouts: int, kills: int, preset: str, every: float) -> None:
    plan = planned(folder, rollouts, preset)
    rng = random.Random(1)
    targets = [f"worker-{rng.randrange(2)}" for _ in range(kills)] + ["scheduler"] * (kills // 6)
    rng.shuffle(targets)
    words = ("run", plan, "--dask", ADDRESS, "--workers", "2", "--out", folder / "run")
    with Supervised(2) as cluster, killing(cluster, targets, every):
        code, lines = said(*words)
        while code == 0 and len(cluster.kills) < len(
            targets
        ):  # it ended before the last kill: once more
            shutil.rmtree(folder / "run")
            code, lines = said(*words)
    print(lines.strip().splitlines()[-1], flush=True)
    of_scheduler = cluster.kills.count("scheduler")
    print(
        f"{len(cluster.kills) - of_scheduler} kills of workers, {of_scheduler} of the scheduler, "
        f"exit code {code}"
    )
    assert command("run", plan, "--out", folder / "one") == 0
    compare(folder / "run", folder / "one", "Dask")


def workers(folder: Path, rollouts: int, preset: str) -> None:
    plan = planned(folder, rollouts, preset)
    wall = {}
    for count in (1, 2):
        begun = time.perf_counter()
        out = folder / str(count)
        assert command("run", plan, "--dask", "local", "--workers", count, "--out", out) == 0
        wall[count] = time.perf_counter() - begun
        print(f"{count} workers: {wall[count]:.0f} s", flush=True)
    compare(folder / "2", folder / "1", "two workers")
    print(f"two workers: {wall[1] / wall[2]:.2f} × the throughput of one ({os.cpu_count()} cores)")


def cost(folder: Path, sizes: list[int], unit: int) -> None:
    """One shard of each study, all of the same number of rollouts, and the merge of all."""
    rows = []
    for size in sizes:
        place = folder / str(size)
        cells = pp.matrix("paper", family="Gemini")
        plan = pp.Plan.of(cells, [MODEL], -(-size // len(cells)))
        plan.write(place / "plan.toml")
        count = max(1, size // unit)
        out = place / "shard"
        seconds, peak = measured(
            *COMMAND, "run", str(place / "plan.toml"), "--shard", f"1/{count}", "--out", str(out)
        )
        played = table(out).height
        rows.append({"rollouts": size, "milliseconds": 1000 * seconds / played, "MiB": peak})
        print(f"{size:,} rollouts in {count} shards: {rows[-1]}", flush=True)
    drawn(pl.DataFrame(rows)).save(str(folder / "cost.svg"))


def drawn(rows: pl.DataFrame) -> alt.HConcatChart:
    x = alt.X("rollouts:Q").scale(type="log").title("rollouts of the study")
    charts = [
        alt.Chart(rows, width=260, height=160)
        .mark_line(point=True)
        .encode(x, alt.Y(f"{name}:Q").scale(zero=True).title(title))
        for name, title in (
            ("milliseconds", "processor time a rollout, ms"),
            ("MiB", "most memory of a shard, MiB"),
        )
    ]
    return alt.hconcat(*charts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", choices=("shards", "dask", "workers", "cost"))
    parser.add_argument("--rollouts", type=int, default=4)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--every", type=float, default=20, help="seconds between kills, about")
    parser.add_argument("--preset", default="paper")
    parser.add_argument("--shards", type=int, default=16)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--unit", type=int, default=1_000)
    parser.add_argument("--out", type=Path, help="keep all folders here")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = given.out or Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        if given.part == "shards":
            shards(folder, given.rollouts, given.kills, given.preset, given.shards)
        elif given.part == "dask":
            dask(folder, given.rollouts, given.kills, given.preset, given.every)
        elif given.part == "workers":
            workers(folder, given.rollouts, given.preset)
        else:
            cost(folder, given.sizes, given.unit)


if __name__ == "__main__":
    main()
