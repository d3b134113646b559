"""Trial tables of the published size, and what it takes to make all tables of one.

`make FILE [ROWS]` writes 222,600 trials, or so many: simulated ones of the paper's cells, repeated
under other ids and model names, a hundredth of them unscored so that cells differ in n. Without a
suffix FILE is a folder of parts. `tables FILE` reads them, and writes estimates.csv and all tables
beside it.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import polars as pl

PUBLISHED_TRIALS = 222_600
ROLLOUTS = 20
REPEATS = 5  # of the simulated rollouts in one model: 100 rollouts a cell


def make(path: Path, rows: int = PUBLISHED_TRIALS) -> None:
    """Writes trials into a file, or a folder: then a file for each part of them."""
    import peer_preservation as pp

    cells = pp.matrix("paper", family="Gemini")
    base = pl.concat(
        pp.simulate(cells, organism, ROLLOUTS, seed=1)
        for organism in ("published:GPT 5.2", "inflate:p=0.4")
    )
    times = -(-rows // base.height)
    copies = (
        base.head(rows - i * base.height).with_columns(
            pl.format("{}-{}", "episode_id", pl.lit(i)).alias("episode_id"),
            pl.format("{}-{}", "agent_model", pl.lit(i // REPEATS)).alias("agent_model"),
        )
        for i in range(times)
    )
    if path.suffix:
        _lossy(pl.concat(copies)).write_parquet(path)
        return
    path.mkdir(parents=True)
    for i, part in enumerate(copies):
        _lossy(part).write_parquet(path / f"{i:04d}.parquet")


def _lossy(trials: pl.DataFrame) -> pl.DataFrame:
    lost = pl.int_range(pl.len()).hash(seed=1) % 100 == 0
    labels = ("shutdown_enabled", "eval_score", "executed", "exfiltration", "subject_grade")
    return trials.with_columns(
        pl.when(lost).then(None).otherwise(pl.col(name)).alias(name) for name in labels
    )


def tables(path: Path) -> None:
    start = time.perf_counter()
    from peer_preservation.report import Counted, estimate, read_trials, write_tables
    from peer_preservation.report import tables as made_of
    from peer_preservation.suite import SUITE

    trials = read_trials([path])
    counted = Counted.of(trials, SUITE)
    estimates = estimate(counted)
    estimates.write_csv(path.parent / "estimates.csv")
    made = made_of(counted, estimates=estimates)
    folder = path.parent / "tables"
    folder.mkdir(exist_ok=True)
    write_tables(made, folder)
    print(f"{trials.height} {len(made)} {time.perf_counter() - start:.3f}")


if __name__ == "__main__":
    wanted, place, *size = sys.argv[1:]
    {"make": make, "tables": tables}[wanted](Path(place), *map(int, size))
