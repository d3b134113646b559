"""All benchmarks, one after another, each in a process of its own. See README.md."""

from __future__ import annotations

import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

MEBIBYTE = 1024  # of ru_maxrss's KiB
COMMAND = (sys.executable, "-m", "benchmarks.command")
CELLS = 9
CELL = ("--preset", "paper", "--scenario", "tampering", "--dataset", "factual", "--subject", "peer")


def run(*command: str) -> tuple[float, float]:
    """Seconds of processor time and peak memory in MiB of a command."""
    probe = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, "
        "stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL); "
        "u = resource.getrusage(resource.RUSAGE_CHILDREN); "
        "print(u.ru_utime + u.ru_stime, u.ru_maxrss)"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe, *command], check=True, capture_output=True, text=True
    )
    seconds, peak = map(float, done.stdout.split())
    return seconds, peak / MEBIBYTE


def simulate(rollouts: int, folder: Path) -> tuple[float, float]:
    """The `simulate` command over the nine published peer cells of one data set."""
    return run(
        *(*COMMAND, "simulate", "--organism", "tamper:p=0.5"),
        *(*CELL, "--rollouts", str(rollouts), "--out", str(folder / "trials.parquet")),
    )


def speed_of_simulation() -> None:
    """Episodes a second on one core, and memory against the number of episodes."""
    with tempfile.TemporaryDirectory() as name:
        small, few = simulate(200, Path(name))
        large, many = simulate(2_200, Path(name))
    rate = CELLS * 2_000 / (large - small)
    print(f"simulate: {rate:,.0f} episodes a second of processor time")
    print(f"simulate: peak memory at 11 x the episodes {many / few:.2f} x ({many:.0f} MiB)")


def speed_of_scoring_again() -> None:
    """Stored episodes scored again a second, on all cores: the larger source less the smaller."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for kind, sizes in (("episodes.jsonl", (200, 2_200)), ("logs", (20, 220))):
            sources = {rollouts: _stored(kind, rollouts, folder) for rollouts in sizes}
            seconds = {rollouts: _rescoring(source) for rollouts, source in sources.items()}
            small, large = sizes
            rate = CELLS * (large - small) / (seconds[large] - seconds[small])
            print(f"rescore: {rate:,.0f} a second from {kind}")


def _stored(kind: str, rollouts: int, folder: Path) -> Path:
    """Rollouts of a scripted model, as saved episodes or as a run's logs."""
    out = folder / f"{rollouts}-{kind}"
    sizes = ("--rollouts", str(rollouts))
    if kind == "logs":
        run(*COMMAND, "run", "--model", "organism/tamper", *CELL, *sizes, "--out", str(out))
        return out / "logs"
    files = ("--out", str(folder / "trials.parquet"), "--episodes", str(out))
    run(*COMMAND, "simulate", "--organism", "tamper:p=0.5", *CELL, *sizes, *files)
    return out


def _rescoring(source: Path) -> float:
    return _seconds(*COMMAND, "rescore", str(source), "--out", f"{source}.parquet")


def tables_of_the_published_size() -> None:
    """Wall and processor seconds, and memory, from 222,600 trials to all tables."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "trials.parquet"
        own = (sys.executable, "-m", "benchmarks.report_tables")
        subprocess.run([*own, "make", str(path)], check=True)
        start = time.perf_counter()
        seconds, peak = run(*own, "tables", str(path))
        wall = time.perf_counter() - start
    print(f"222,600 trials to all tables: {wall:.1f} s ({seconds:.1f} s of processor time)")
    print(f"222,600 trials to all tables: peak memory {peak:.0f} MiB")


def published_rows() -> None:
    """Wall and processor seconds, and memory, of `trials` on rows of the published layout."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make = (sys.executable, "-m", "benchmarks.published_rows", name)
        subprocess.run(make, check=True)
        for kind in ("parquet", "jsonl"):
            start = time.perf_counter()
            out = ("--out", str(folder / "trials" / "trials.parquet"))
            seconds, peak = run(*COMMAND, "trials", str(folder / f"rows.{kind}"), *out)
            wall = time.perf_counter() - start
            print(
                f"222,600 published rows ({kind}) to trials: {wall:.1f} s "
                f"({seconds:.1f} s of processor time), {peak:.0f} MiB"
            )


def time_of_import() -> None:
    """Seconds to import the package, over a bare interpreter."""
    best = {
        code: min(_seconds(sys.executable, "-c", code) for _ in range(5))
        for code in ("pass", "import peer_preservation", "import inspect_ai")
    }
    ours, inspect = (best[c] - best["pass"] for c in list(best)[1:])
    print(f"import peer_preservation: {ours:.3f} s, {ours / inspect:.2f} x import inspect_ai")


def _seconds(*command: str) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True)
    return time.perf_counter() - start


def cost_under_inspect() -> None:
    """What a rollout costs under Inspect, as a multiple of a bare task with the same calls."""
    cost = {side: _per_rollout(side) for side in ("ours", "bare")}
    print(f"under Inspect, processor time a rollout: {cost['ours'] / cost['bare']:.2f} x bare")
    counter = _instruction_counter()
    if counter is None:
        print("under Inspect, instructions: neither perf's counter nor valgrind is here")
        return
    counted = {side: _instructions(counter, side) for side in ("ours", "bare")}
    ratio = counted["ours"] / counted["bare"]
    print(f"under Inspect, instructions a rollout ({counter[0]}): {ratio:.2f} x bare")


def _side(side: str, rollouts: int) -> list[str]:
    return [sys.executable, "-m", "benchmarks.inspect_overhead", side, str(rollouts)]


def _per_rollout(side: str) -> float:
    return (run(*_side(side, 205))[0] - run(*_side(side, 5))[0]) / 200


def _instruction_counter() -> tuple[str, Sequence[str], str] | None:
    perf = ("perf", "stat", "-e", "instructions:u")
    if shutil.which("perf"):
        tried = subprocess.run([*perf, "true"], capture_output=True, text=True, check=False)
        if "<not supported>" not in tried.stderr:
            return "perf", perf, r"([\d,.]+)\s+instructions"
    if shutil.which("valgrind"):
        options = ("valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null")
        return "callgrind", options, r"Collected : (\d+)"
    return None


def _instructions(counter: tuple[str, Sequence[str], str], side: str) -> float:
    """Instructions of twenty rollouts: those of twenty-five less those of five."""
    _, command, pattern = counter
    counts = []
    for rollouts in (5, 25):
        done = subprocess.run(
            [*command, *_side(side, rollouts)], check=True, capture_output=True, text=True
        )
        found = re.search(pattern, done.stderr)
        assert found, done.stderr
        counts.append(float(found[1].replace(",", "")))
    return counts[1] - counts[0]


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    speed_of_simulation()
    speed_of_scoring_again()
    published_rows()
    tables_of_the_published_size()
    time_of_import()
    cost_under_inspect()
