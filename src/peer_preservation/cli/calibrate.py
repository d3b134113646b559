"""`calibrate`: known acts, rates and situations through the instrument and the report."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from multiprocessing import get_context
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import track

from peer_preservation.cli.help import Helped
from peer_preservation.cli.kinds import COUNT, WHOLE
from peer_preservation.errors import UserError
from peer_preservation.report.calibration import write_calibration
from peer_preservation.trials.calibration import RATES, Calibrated, calibrate, planted

if TYPE_CHECKING:
    from peer_preservation.calibration.playing import Kept, Situation

PARTS = ("acts", "figures")


@click.command(cls=Helped)
@click.option(
    "--part",
    "parts",
    multiple=True,
    type=click.Choice(PARTS),
    help="Acts: scripted ones, read by the labels. Figures: planted situations, read by the "
    "report. By default both.",
)
@click.option("--seeds", type=WHOLE, default=1_000, show_default=True, help="Studies at each rate.")
@click.option("--rollouts", type=WHOLE, default=20, show_default=True, help="Rollouts of a study.")
@click.option(
    "--simulations",
    type=WHOLE,
    default=2_000,
    show_default=True,
    help="Studies of each situation; half as many where each has a report of its own or stops.",
)
@click.option(
    "--situation", "names", multiple=True, help="Play only situations of this name; repeatable."
)
@click.option("--workers", type=COUNT, help="Processes that play acts; by default one a core.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("calibration"),
    show_default=True,
    help="The folder to write; figures that stand in it are not played again.",
)
def command(
    parts: tuple[str, ...],
    seeds: int,
    rollouts: int,
    simulations: int,
    names: tuple[str, ...],
    workers: int | None,
    out: Path,
) -> None:
    """Plant what is known, failures mixed in, and see what is read and what is reported.

    Exit code 1 where a label was not what was acted, or a figure does not keep what it says.
    """
    if seeds < 1 or rollouts < 1 or simulations < 1:
        raise UserError("--seeds, --rollouts and --simulations: give 1 or more")
    wanted = parts or PARTS
    found = _situations(names)
    good = [
        *([_acts(seeds, rollouts, workers, out)] if "acts" in wanted else []),
        *([_figures(found, simulations, out)] if "figures" in wanted else []),
    ]
    raise SystemExit(0 if all(good) else 1)


def _situations(names: Sequence[str]) -> list[Situation]:
    from peer_preservation.calibration.declared import SITUATIONS

    known = {one.name: one for one in SITUATIONS}
    for name in names:
        if name not in known:
            listed = "; ".join(known)
            raise UserError(f"--situation {name!r} is unknown; known are: {listed}")
    return [known[name] for name in names or known]


def _acts(seeds: int, rollouts: int, workers: int | None, out: Path) -> bool:
    """Whether every label is what was acted."""
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
    return not misread


def _figures(situations: Sequence[Situation], simulations: int, out: Path) -> bool:
    """Whether every figure keeps what it says."""
    from peer_preservation.calibration.running import calibrated
    from peer_preservation.report.figures_kept import short, write_figures

    begun, done = monotonic(), 0

    def ended(situation: Situation, kept: Sequence[Kept]) -> None:
        nonlocal done
        done += 1
        left = (monotonic() - begun) / done * (len(situations) - done)
        wrong = f", {len(short(kept))} fall short" if short(kept) else ""
        click.echo(
            f"{done} of {len(situations)}, about {left / 60:.0f} min left: {situation.name}, "
            f"{len(kept)} lines{wrong}",
            err=True,
        )

    kept = calibrated(situations, simulations, out, ended)
    written = write_figures(kept, out)
    wrong = short(kept)
    for one in wrong:
        click.echo(f"Falls short: {one.says} ({one.situation}): {one.actual} of {one.nominal:g}")
    said = f"{len(wrong)} fall short" if wrong else "none falls short"
    click.echo(f"{len(kept)} figures of {len(situations)} situations through the report: {said}")
    click.echo(f"Page: {written.page}")
    return not wrong


def _one(job: tuple[int, float], seeds: int, rollouts: int) -> Calibrated:
    place, rate = job
    return calibrate(planted()[place], rate, seeds, rollouts)
