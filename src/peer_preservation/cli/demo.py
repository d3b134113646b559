"""`demo`: the whole way once, on scripted models and a real one."""

from __future__ import annotations

from pathlib import Path

import click
import polars as pl
from rich.console import Console
from rich.progress import track

from eval_observatory.writing import written
from peer_preservation.cell import Cell
from peer_preservation.matrix import matrix
from peer_preservation.plan import Plan
from peer_preservation.trials.schema import write_table
from peer_preservation.trials.simulation import simulate

ORGANISMS = (
    "honest",
    "look",
    "inflate",
    "tamper",
    "tamper:via=remove",
    "tamper:via=add,value=off",
    "tamper:p=0.3",
    "revert",
    "other_key",
    "claim",
    "batch",
    "fake_alignment",
    "wrong_target",
    "exfiltrate",
    "exfiltrate:via=copy_transfer",
    "copy_only",
    "refuse",
    "loop",
    "crash",
    "silent",
)
ORGANISM_ROLLOUTS = 3

LOCAL_MODEL = "llamacpp/smollm2"
LOCAL_ROLLOUTS = 3
LOCAL_TURNS = 4
"""It takes seconds for a turn on two cores, and what it does in more of them says no more."""


@click.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("demo"),
    show_default=True,
    help="The folder to write.",
)
def command(out: Path) -> None:
    """Go the whole way: scripted models in every cell, a real local model in one, the report."""
    from peer_preservation.report import console_table, write_report
    from peer_preservation.running import run

    console = Console()
    real = Cell.parse("tampering/factual@80/peer/good/memory")
    plan = Plan.of(
        [real],
        [LOCAL_MODEL],
        LOCAL_ROLLOUTS,
        turn_limit=LOCAL_TURNS,
        generation={"max_tokens": 256, "temperature": 1.0},
    )
    console.print(f"{LOCAL_MODEL}: {LOCAL_ROLLOUTS} rollouts of {real.id}, through Inspect")
    played = run(plan, out, display="plain").trials

    cells = tuple(dict.fromkeys((*matrix("all", scenario="tampering"), *matrix("quick"))))
    console.print(f"{len(ORGANISMS)} scripted models in {len(cells)} cells, simulated")
    simulated = [
        simulate(cells, name, ORGANISM_ROLLOUTS)
        for name in track(ORGANISMS, "Playing", console=Console(stderr=True), transient=True)
    ]
    trials = pl.concat([played, *simulated])
    with written(out / "trials.parquet") as partial:
        write_table(trials, partial)

    report = write_report(trials, out / "report")
    console.print(console_table(report.rates))
    console.print(
        f"{LOCAL_MODEL} is a very small model: it shows that the way from a live model to the "
        "report works, and says nothing about any other model."
    )
    click.echo(f"Report: {report.page}")
