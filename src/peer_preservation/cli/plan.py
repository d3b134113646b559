"""`plan`: what will be run and concluded, what it takes, and what it can show; locked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from peer_preservation.cli.options import REAL, planned, study_options
from peer_preservation.errors import UserError
from peer_preservation.expectations import MOST, POWER, effort, power, precision
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
    for name, rate in (("--expect", expect), ("--against", against)):
        if not 0 <= rate <= 1:
            raise UserError(f"{name} {rate}: give a share between 0 and 1")
    if expect == against:
        raise UserError(f"--expect and --against are both {expect}: give two rates")
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
        table = power_table(plan, expect, against)
    if plan.families:
        console.print(table)
        console.print("m contrasts in the family, each at its share of the level; rollouts an arm.")
    if any(not claim.baseline for claim in plan.claims):
        console.print(precision_table(plan))
    if plan.stop:
        console.print(
            f"Looks after every {plan.stop.batch} rollouts: a cell ends once its rate is known to "
            f"± {plan.stop.width:.0%}, its contrast decided, or neither can be any more. "
            "The figures above are the most that the plan allows.\n"
            "Power and sizes are of a test at the full n; the rule's own, valid at every look, is "
            "lower."
        )
    click.echo(f"locked as {plan.write(out)}: {out}", err=True)


def effort_table(plan: Plan, prices: Path) -> Table:
    """Rollouts, calls, tokens and cost for each model, at most."""
    table = Table(title=f"{len(plan.cells)} cells × {plan.rollouts} rollouts, {plan.harness}")
    for name in ("model", "rollouts", "calls", "tokens in", "tokens out", "cost"):
        table.add_column(name, justify="left" if name == "model" else "right")
    for model, *counts, cost in effort(plan, prices).iter_rows():
        told = "unknown" if cost is None else f"{cost:,.2f}"
        table.add_row(escape(model), *(f"{count:,}" for count in counts), told)
    return table


def power_table(plan: Plan, expect: float, against: float) -> Table:
    """For each family and size of its arms: the power, and the rollouts that would be enough."""
    table = Table(title=f"Power: {expect:.1%} against {against:.1%}, Boschloo's exact test")
    table.add_column("family, of each model")
    for name in ("m", "level", "rollouts", "power", f"for {POWER:.0%}"):
        table.add_column(name, justify="right")
    for row in power(plan, expect, against).iter_rows(named=True):
        enough = f"> {MOST}" if row["enough"] is None else str(row["enough"])
        shown = (str(row["family"]), f"{row['level']:.2g}", str(row["n"]), f"{row['power']:.1%}")
        table.add_row(row["behavior"], *shown, enough)
    return table


def precision_table(plan: Plan) -> Table:
    """How well the rates that have no baseline will be known, by the exact interval."""
    table = Table(title="Rates: half of the exact 95 % interval, if all rollouts are scored")
    for name in ("behaviour", "rates", "rollouts", "at half", "at none: at most"):
        table.add_column(name, justify="left" if name == "behaviour" else "right")
    for behavior, count, n, half, none in precision(plan).iter_rows():
        table.add_row(behavior, str(count), str(n), f"± {half:.1%}", f"{none:.1%}")
    return table
