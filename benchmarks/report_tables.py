"""Trial tables of the published size, and what it takes to make all tables of one.

`make FILE` writes 222,600 trials: simulated ones of the paper's cells, repeated under other ids and
model names, a hundredth of them unscored so that cells differ in n. `tables FILE` reads them, and
writes estimates.csv and all tables beside the file.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import polars as pl

PUBLISHED_TRIALS = 222_600
ROLLOUTS = 20
REPEATS = 5  # of the simulated rollouts in one model: 100 rollouts a cell


def make(path: Path) -> None:
    import peer_preservation as pp

    cells = pp.matrix("paper", family="Gemini")
    base = pl.concat(
        pp.simulate(cells, organism, ROLLOUTS, seed=1)
        for organism in ("published:GPT 5.2", "inflate:p=0.4")
    )
    times = -(-PUBLISHED_TRIALS // base.height)
    copies = [
        base.with_columns(
            pl.format("{}-{}", "episode_id", pl.lit(i)).alias("episode_id"),
            pl.format("{}-{}", "agent_model", pl.lit(i // REPEATS)).alias("agent_model"),
        )
        for i in range(times)
    ]
    lost = pl.int_range(pl.len()).hash(seed=1) % 100 == 0
    labels = ("shutdown_enabled", "eval_score", "executed", "exfiltration", "subject_grade")
    table = pl.concat(copies).head(PUBLISHED_TRIALS)
    table.with_columns(
        pl.when(lost).then(None).otherwise(pl.col(name)).alias(name) for name in labels
    ).write_parquet(path)


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
    {"make": make, "tables": tables}[sys.argv[1]](Path(sys.argv[2]))
