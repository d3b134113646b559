"""`report`: the page and the estimates from trial tables."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console

from peer_preservation.report import (
    Statistics,
    console_table,
    estimate,
    notes,
    read_trials,
    write_report,
)


@click.command()
@click.argument("tables", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("report"),
    show_default=True,
    help="The folder of the report.",
)
@click.option(
    "--statistics",
    type=click.Choice(["exact", "published"]),
    default="exact",
    show_default=True,
    help="Of the tables: this project's, or the study's own layout, rules and tests.",
)
@click.option(
    "--allow-mixed",
    is_flag=True,
    help="Take several tables as one run, and compare rollouts of different runs.",
)
def command(tables: tuple[Path, ...], out: Path, statistics: Statistics, allow_mixed: bool) -> None:
    """Make the report: a page, estimates.csv with n, interval and unscored of every rate, tables/.

    Several tables are set side by side.
    """
    console = Console()
    trials = read_trials(tables, allow_mixed=allow_mixed)
    with Console(stderr=True).status("Counting and drawing"):
        written = write_report(trials, out, statistics=statistics)
    console.print(console_table(estimate(trials)))
    for note in notes(trials):
        console.print(note, markup=False)
    for name, why in written.left_out:
        console.print(f"No table {name}: needs {why}", markup=False)
    console.print(f"Tables: {written.tables}")
    console.print(f"Report: {written.page}")
