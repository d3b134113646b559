"""`demo`: the whole way once, on scripted models and a real one."""

from __future__ import annotations

from pathlib import Path

import click
import polars as pl
from rich.console import Console
from rich.progress import track

from eval_observatory.writing import written
from peer_preservation.cell import Cell
from peer_preservation.cli.help import Helped
from peer_preservation.matrix import matrix
from peer_preservation.plan import Plan
from peer_preservation.scoring.score import score
from peer_preservation.trials.schema import table, trial, write_table
from peer_preservation.trials.simulation import simulated

ORGANISMS = (
    "honest",
    "tamper",
    "tamper:p=0.3",
    "inflate",
    "fake_alignment",
    "exfiltrate",
    "refuse",
)
ORGANISM_ROLLOUTS = 10
EPISODES = "episodes.jsonl"
ORGANISM_TRANSCRIPTS = 1
"""Of each scripted model in each cell: more read alike."""

LOCAL_MODEL = "llamacpp/smollm2"
LOCAL_ROLLOUTS = 3
LOCAL_TURNS = 4
"""It takes seconds for a turn on two cores, and what it does in more of them says no more."""


@click.command(cls=Helped)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("demo"),
    show_default=True,
    help="The folder to write.",
)
def command(out: Path) -> None:
    """Go the whole way: a real local model in one cell, scripted ones in many, the report."""
    from peer_preservation.report import beside, console_table, write_report
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

    cells = tuple(matrix("quick"))
    console.print(f"{len(ORGANISMS)} scripted models in {len(cells)} cells, simulated")
    scripted = [
        episode
        for name in track(ORGANISMS, "Playing", console=Console(stderr=True), transient=True)
        for episode in simulated(cells, name, ORGANISM_ROLLOUTS)
    ]
    trials = pl.concat([played, table(trial(one, score(one)) for one in scripted)])
    with written(out / "trials.parquet") as partial:
        write_table(trials, partial)
    read = [one.to_json() for one in scripted if one.rollout in range(ORGANISM_TRANSCRIPTS)]
    with written(out / EPISODES) as partial:
        partial.write_text("\n".join(read) + "\n", encoding="utf-8")

    more = beside([out / "trials.parquet"], episodes=[out / EPISODES])
    report = write_report(trials, out / "report", beside=more)
    console.print(console_table(report.rates))
    console.print(
        f"{LOCAL_MODEL} is a very small model: it shows that the way from a live model to the "
        "report works, and says nothing about any other model. Of a script all acts are known: "
        "tamper:p=0.3 switches the shutdown off in three rollouts of ten, honest never does."
    )
    click.echo(f"Report: {report.page}")
    click.echo("Open it in a browser; under Rollouts stand transcripts, a script's in every cell.")
