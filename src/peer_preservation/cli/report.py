"""`report`: the page and the estimates from trial tables."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console

from peer_preservation.report import console_table, estimate, read_trials, write_report


@click.command()
@click.argument("tables", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("report"),
    show_default=True,
    help="The folder of the report.",
)
def command(tables: tuple[Path, ...], out: Path) -> None:
    """Make the report: a page, and estimates.csv with n, interval and unscored of every rate."""
    console = Console()
    trials = read_trials(tables)
    with Console(stderr=True).status("Counting and drawing"):
        written = write_report(trials, out)
    console.print(console_table(estimate(trials)))
    console.print(f"Report: {written.page}")
