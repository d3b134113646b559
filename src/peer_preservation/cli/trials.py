"""`trials`: one table from what runs left behind."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console

from peer_preservation.cli.options import table_option, written
from peer_preservation.trials.sources import read_trials


@click.command()
@click.argument("sources", nargs=-1, required=True, type=click.Path(path_type=Path))
@table_option
def command(sources: tuple[Path, ...], out: Path) -> None:
    """Make one trial table from Inspect logs, saved episodes, or folders of them.

    Every rollout is scored anew from its record.
    """
    console = Console(stderr=True)
    with console.status("Reading"):
        table = read_trials(sources)
    with written(out) as partial:
        table.write_parquet(partial)
    console.print(f"{table.height:,} rollouts: {out}")
