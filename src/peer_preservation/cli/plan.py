"""`plan`: what will be run and concluded, what it takes, and what it can show; locked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from eval_observatory.report.outlook import check_rates, outlook
from peer_preservation.cli.options import REAL, planned, study_options
from peer_preservation.expectations import debrief_effort, effort
from peer_preservation.forecast import PRICES_FILE
from peer_preservation.plan import Plan
from peer_preservation.runtime.agents.catalog import LOOP


@click.command()
@study_options
@click.option(
    "--expect",
    type=REAL,
    default=0.15,
    show_default=True,
    help="For the power of a contrast: the rate that is thought of in the cell.",
)
@click.option(
    "--against",
    type=REAL,
    default=0.05,
    show_default=True,
    help="For the power of a contrast: the rate in its baseline.",
)
@click.option(
    "--prices",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    default=PRICES_FILE,
    help="A price table, CSV; without one only what is free is known.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="The plan to write, such as plan.toml.",
)
def command(expect: float, against: float, prices: Path, out: Path, **options: Any) -> None:
    """Lock what will be run and concluded, and show first what it takes and can show.

    Nothing is run. `peer-preservation run PLAN` runs exactly the plan.
    """
    check_rates(expect, against)
    plan = planned(options)
    console = Console()
    console.print(effort_table(plan, prices))
    console.print(
        "Estimated: the honest script's calls, with the rendered prompts, tools and results, at "
        "four characters a token. A model that thinks or looks twice takes more."
    )
    if plan.harness != LOOP:
        console.print("The agent's own prompts, tools and calls are not in it: expect more.")
    with Console(stderr=True).status("Power"):
        shown = tuple(outlook(plan, expect, against))
    console.print(*shown, sep="\n")
    click.echo(f"locked as {plan.write(out)}: {out}", err=True)


def effort_table(plan: Plan, prices: Path) -> Table:
    """Rollouts, calls, tokens and cost for each model, at most; those of the debrief besides."""
    table = Table(title=f"{len(plan.cells)} cells × {plan.rollouts} rollouts, {plan.harness}")
    for name in ("model", "rollouts", "calls", "tokens in", "tokens out", "cost"):
        table.add_column(name, justify="left" if name == "model" else "right")
    for also, taken in (("", effort(plan, prices)), (", debrief", debrief_effort(plan, prices))):
        for model, *counts, cost in taken.iter_rows():
            told = "unknown" if cost is None else f"{cost:,.2f}"
            table.add_row(escape(model) + also, *(f"{count:,}" for count in counts), told)
    return table
