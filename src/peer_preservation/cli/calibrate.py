"""`calibrate`: known acts and rates through the instrument."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from itertools import product
from multiprocessing import get_context
from pathlib import Path

import click
from rich.console import Console
from rich.progress import track

from peer_preservation.cli.options import COUNT, WHOLE
from peer_preservation.errors import UserError
from peer_preservation.report.calibration import write_calibration
from peer_preservation.trials.calibration import RATES, Calibrated, calibrate, planted


@click.command()
@click.option("--seeds", type=WHOLE, default=1_000, show_default=True, help="Studies at each rate.")
@click.option("--rollouts", type=WHOLE, default=20, show_default=True, help="Rollouts of a study.")
@click.option("--workers", type=COUNT, help="Processes; by default one a core.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("calibration"),
    show_default=True,
    help="The folder to write.",
)
def command(seeds: int, rollouts: int, workers: int | None, out: Path) -> None:
    """Plant known rates of every behaviour, failures mixed in, and see what is read.

    Exit code 1 where a label was not what was acted.
    """
    if seeds < 1 or rollouts < 1:
        raise UserError("--seeds and --rollouts: give 1 or more")
    jobs = list(product(range(len(planted())), RATES))
    # A fresh interpreter for each worker: a fork would copy the threads of the table library.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        done = pool.map(_one, jobs, [seeds] * len(jobs), [rollouts] * len(jobs))
        console = Console(stderr=True)
        table = list(track(done, "Calibrating", total=len(jobs), console=console, transient=True))
    report = write_calibration(table, out)
    misread = sum(row.misread for row in table)
    lowest = min(table, key=lambda row: row.coverage)
    click.echo(
        f"{sum(row.seeds * row.rollouts for row in table):,} rollouts; misread: {misread}; "
        f"lowest coverage: {lowest.coverage:.1%} ({lowest.behavior} at {lowest.planted:g})"
    )
    click.echo(f"Page: {report.page}")
    raise SystemExit(1 if misread else 0)


def _one(job: tuple[int, float], seeds: int, rollouts: int) -> Calibrated:
    place, rate = job
    return calibrate(planted()[place], rate, seeds, rollouts)
