"""`report`: the page and the estimates from trial tables."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from peer_preservation.errors import UserError
from peer_preservation.report import (
    Beside,
    beside,
    console_table,
    estimate,
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
    "--episodes",
    type=click.Path(path_type=Path),
    multiple=True,
    help="Saved episodes (.jsonl), a log, or a folder of them, to read in the page. Repeatable; "
    "the logs beside a table are found.",
)
@click.option(
    "--calibration",
    type=click.Path(path_type=Path, file_okay=False),
    help="A folder that `calibrate` wrote, to sum up in the page.",
)
@click.option("--bundle", is_flag=True, help="Add Inspect's own viewer, linked from each rollout.")
def command(
    tables: tuple[Path, ...],
    out: Path,
    episodes: tuple[Path, ...],
    calibration: Path | None,
    bundle: bool,
) -> None:
    """Make the report: a page, and estimates.csv with n, interval and unscored of every rate."""
    console = Console()
    trials = read_trials(tables)
    more = beside(tables, episodes=episodes, calibration=calibration)
    if bundle:
        more = replace(more, links=_bundled(more, out))
    with Console(stderr=True).status("Counting and drawing"):
        written = write_report(trials, out, beside=more)
    console.print(console_table(estimate(trials)))
    console.print(f"Report: {written.page}")


def _bundled(more: Beside, out: Path) -> Any:
    if not more.logs:
        raise UserError(
            "--bundle: there are no logs beside the trial tables; name their folder by --episodes"
        )
    from peer_preservation.runtime.bundle import bundle

    return bundle(more.logs, out)
