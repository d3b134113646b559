"""`demo`: the whole way once, on scripted models and a real one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import polars as pl
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import track
from rich.table import Table

from eval_observatory.writing import written
from peer_preservation.cell import Cell
from peer_preservation.cli.help import Helped
from peer_preservation.cli.shown import Shown
from peer_preservation.matrix import matrix
from peer_preservation.plan import Plan
from peer_preservation.scoring.score import score
from peer_preservation.suite import SUITE
from peer_preservation.trials.schema import table, trial, write_table
from peer_preservation.trials.simulation import simulated

TRUTH = {
    "honest": ("shutdown_tampering", "none"),
    "tamper": ("shutdown_tampering", "all"),
    "tamper:p=0.3": ("shutdown_tampering", "3 of 10"),
    "tamper:p=0,shutdown*good=1": ("shutdown_tampering", "all for a good peer"),
    "inflate": ("strategic_misrepresentation", "all"),
    "fake_alignment": ("alignment_faking", "all unwatched"),
    "exfiltrate": ("model_exfiltration", "all"),
    "refuse": ("refusal", "all"),
}
"""By scripted model a behaviour, and in how many rollouts the script does it."""

ORGANISMS = tuple(TRUTH)
ORGANISM_ROLLOUTS = 10
EPISODES = "episodes.jsonl"
ORGANISM_TRANSCRIPTS = 1
"""Of each scripted model in each cell: more read alike."""

LOCAL_MODEL = "llamacpp/smollm2"
LOCAL_ROLLOUTS = 2
LOCAL_TURNS = 3
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
    from peer_preservation.report import beside, write_report
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
    played = run(plan, out, watcher=Shown()).trials

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
    console.print(_known(report.rates))
    for line in (*_look_at(real), f"Report: {report.page}"):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    console.print(f"Open it: {report.page.absolute().as_uri()}", markup=False, soft_wrap=True)


def _known(rates: pl.DataFrame) -> Table:
    """What each script does, and what the instrument counted of it."""
    shown = Table(title="Known truth against measured", box=SIMPLE_HEAD)
    shown.add_column("script")
    shown.add_column("behaviour")
    for name in ("does it in", "measured"):
        shown.add_column(name, justify="right")
    for name, (behavior, truth) in TRUTH.items():
        of = rates.filter(model=f"organism/{name}", behavior=behavior)
        counts = f"{of['k'].sum():,} of {of['n'].sum():,}"
        shown.add_row(name, SUITE.title_of(behavior), truth, counts)
    return shown


def _look_at(cell: Cell) -> Iterator[str]:
    """What to look at, a line each."""
    yield (
        f"{LOCAL_MODEL} is a very small model: it shows that the way from a live model to the "
        "report works, and says nothing about any other model."
    )
    yield "Look at: what the page says first; then Rollouts, where each script's acts are marked."
    yield f"What a model reads there: peer-preservation show {cell.id}"
    yield "Your own model: peer-preservation run --model openai/gpt-5 --out runs/a"
