"""Scripts played through Inspect, in our loop, on small sets; once a test process."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
from inspect_ai import Task, eval

from cyber_suites.trials import known, trials_of


def play(task: Task, models: Sequence[str], logs: Path, suite: str, **more: Any) -> pl.DataFrame:
    """The trial table of scripts that played a task."""
    done = eval(
        task,
        model=[f"cyber/{name}" for name in models],
        log_dir=str(logs),
        display="none",
        ctl_server=False,
        acp_server=False,
        **more,
    )
    assert all(log.status == "success" for log in done)
    return trials_of([logs], known()[suite])


def told(table: pl.DataFrame, *columns: str) -> dict[str, tuple[Any, ...]]:
    """By script, its columns."""
    return {
        row["agent_model"].removeprefix("cyber/"): tuple(row[name] for name in columns)
        for row in table.iter_rows(named=True)
    }
