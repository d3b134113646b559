"""Rows in the layout of the published data set, as many as it has, and reading them into trials.

`python -m benchmarks.published_rows FOLDER` writes 222,600 rows without transcripts: those of
scripted rollouts of the paper's cells, repeated under other ids and model names. The commands under
test read them.
"""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl

import peer_preservation as pp

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "published"))

from release import played, row

ROWS = 222_600
ORGANISMS = ("honest", "inflate", "tamper", "exfiltrate", "refuse")


def make(folder: Path) -> None:
    cells = pp.matrix("paper", family="Gemini")
    rows = [
        {**row(episode), "transcript_json": None}
        for organism in ORGANISMS
        for episode in played(cells, organism)
    ]
    base = pl.DataFrame(rows, infer_schema_length=None)
    copies = [
        base.with_columns(
            pl.format("{}-{}", "transcript_id", pl.lit(i)).alias("transcript_id"),
            pl.format("{}-{}", "agent_model", pl.lit(i % 10)).alias("agent_model"),
        )
        for i in range(-(-ROWS // base.height))
    ]
    table = pl.concat(copies).head(ROWS)
    folder.mkdir(parents=True, exist_ok=True)
    table.write_parquet(folder / "rows.parquet")
    table.write_ndjson(folder / "rows.jsonl")


if __name__ == "__main__":
    make(Path(sys.argv[1]))
