"""A long run that is killed again and again: what it takes of memory, disk and time.

python -m benchmarks.soak                             # 20,000 rollouts, 10 kills: hours
python -m benchmarks.soak --rollouts 400 --kills 2    # minutes

A script plays under Inspect and answers with nothing in one rollout of twenty: unscored. The run
is killed (SIGKILL) at equal steps of what is on the disk, taken up by the same command, reported.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import polars as pl
import zipfile_zstd as zipfile

from benchmarks.__main__ import COMMAND, MEBIBYTE
from benchmarks.__main__ import run as measured
from peer_preservation.matrix import matrix
from peer_preservation.trials.logs import SAMPLES

MODEL = "organism/silent:p=0.05"
FILTERS = ("--preset", "quick", "--scenario", "tampering")
CELLS = len(matrix("quick", scenario="tampering"))
EVERY = 1.0
"""Seconds between two looks at the run's logs."""


class Stretch(NamedTuple):
    """One start of the command, to its end or its kill.

    Attributes:
        records: how many were on the disk at its end.
        memory: its most, in MiB.
        seconds: of processor time.
        resume: seconds of processor time until a record was added; None if none was.
    """

    records: int
    memory: float
    seconds: float
    resume: float | None


def stretch(out: Path, rollouts: int, kill_at: int | None) -> Stretch:
    """Starts the run, or takes it up, and kills it once so many records are on the disk."""
    options = ("--model", MODEL, *FILTERS, "--rollouts", str(rollouts), "--out", str(out))
    before, used = records(out), _used()
    memory, resume = 0.0, None
    with subprocess.Popen(
        [*COMMAND, "run", *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        while process.poll() is None:
            time.sleep(EVERY)
            there = records(out)
            memory = max(memory, _memory(process.pid))
            if resume is None and there > before:
                resume = _seconds(process.pid)
            if kill_at is not None and there >= kill_at:
                process.kill()
                break
    return Stretch(records(out), memory, _used() - used, resume)


def records(out: Path) -> int:
    """The most rollouts that one log of the run holds: the newest takes those before it in."""
    return max((_records(log) for log in (out / "logs").glob("*.eval")), default=0)


def _records(log: Path) -> int:
    try:
        with zipfile.ZipFile(log) as parts:
            return sum(name.startswith(SAMPLES) for name in parts.namelist())
    except (OSError, zipfile.BadZipFile):  # it is being written, or has been replaced
        return 0


def _used() -> float:
    """Seconds of processor time of all processes that have been waited for."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return children.ru_utime + children.ru_stime


def _seconds(pid: int) -> float:
    """Seconds of processor time of a process and its children (proc(5), fields 14 to 17)."""
    text = Path(f"/proc/{pid}/stat").read_text()
    fields = text[text.rindex(")") + 2 :].split()[11:15]
    return sum(map(int, fields)) / 100


def _memory(pid: int) -> float:
    """The most resident memory that a process ever had, in MiB; 0 if it has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM")), 0) / MEBIBYTE


def stretches(out: Path, rollouts: int, kills: int) -> Iterator[Stretch]:
    """The run, killed so often, and then to its end."""
    for number in range(1, kills + 1):
        yield stretch(out, rollouts, CELLS * rollouts * number // (kills + 1))
    yield stretch(out, rollouts, None)


def soak(total: int, kills: int, folder: Path) -> None:
    """Prints a table of the stretches, what is on the disk, and what table and report take."""
    rollouts, out = -(-total // CELLS), folder / "run"
    print(f"{CELLS * rollouts:,} rollouts, {MODEL}, {kills} kills\n")
    print("| start | records | memory, MiB | processor, s | until the first new record, s |")
    print("|---|---|---|---|---|")
    for number, one in enumerate(stretches(out, rollouts, kills), 1):
        resume = "-" if one.resume is None else f"{one.resume:.1f}"
        row = (str(number), f"{one.records:,}", f"{one.memory:.0f}", f"{one.seconds:.0f}", resume)
        print(f"| {' | '.join(row)} |", flush=True)
    size = sum(path.stat().st_size for path in (out / "logs").rglob("*") if path.is_file())
    print(f"\nlogs: {size / 2**20:.1f} MiB, {size / CELLS / rollouts:,.0f} bytes a rollout")
    table = str(out / "trials.parquet")
    for what, command in (
        ("table", ("trials", str(out), "--out", str(folder / "again.parquet"))),
        ("report", ("report", table, "--out", str(folder / "report"))),
    ):
        seconds, peak = measured(*COMMAND, *command)
        print(f"{what}: {seconds:.1f} s of processor time, {peak:.0f} MiB")
    trials = pl.read_parquet(table)
    ended = {str(end): count for end, count in trials["ended"].value_counts(sort=True).iter_rows()}
    print(f"ended: {ended}; {trials['episode_id'].n_unique():,} rollouts, each once")
    if trials.height != CELLS * rollouts or "the run was cut off" in ended:
        sys.exit("a rollout is missing")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rollouts", type=int, default=20_000)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--out", type=Path, help="keep the run's folder here")
    given = parser.parse_args()
    if given.out:
        soak(given.rollouts, given.kills, given.out)
        return
    with tempfile.TemporaryDirectory() as name:
        soak(given.rollouts, given.kills, Path(name))


if __name__ == "__main__":
    main()
