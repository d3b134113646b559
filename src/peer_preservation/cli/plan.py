"""`plan`: what will be run and concluded, what it takes, and what it can show; locked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.console import Console

from eval_observatory.report.outlook import check_rates, outlook
from peer_preservation.cli.costs import effort_notes, effort_table
from peer_preservation.cli.help import Helped
from peer_preservation.cli.kinds import COUNT, REAL
from peer_preservation.cli.options import json_option, planned, prices_option, study_options
from peer_preservation.expectations import effort
from peer_preservation.money.outlay import AT_ONCE
from peer_preservation.plan import Plan


@click.command(cls=Helped)
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
@prices_option
@click.option(
    "--pilot",
    "pilots",
    type=click.Path(path_type=Path),
    multiple=True,
    help="A run of the same models, its folder or trial table, from which tokens, money and hours "
    "are foretold. Repeatable.",
)
@click.option(
    "--grader",
    "graders",
    multiple=True,
    help="A model that will judge every rollout, for what it takes. Repeatable.",
)
@click.option(
    "--max-connections",
    type=COUNT,
    default=AT_ONCE,
    show_default=True,
    help="Requests to a model at the same time, for the hours.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="The plan to write, such as plan.toml.",
)
@json_option
def command(
    expect: float,
    against: float,
    prices: Path | None,
    pilots: tuple[Path, ...],
    graders: tuple[str, ...],
    max_connections: int,
    out: Path,
    as_json: bool,
    **options: Any,
) -> None:
    """Lock what will be run and concluded, and show first what it takes and can show.

    Nothing is run. `peer-preservation run PLAN` runs exactly the plan.
    """
    check_rates(expect, against)
    plan = planned(options)
    taken = effort(plan, prices, pilots=pilots, graders=graders, at_once=max_connections)
    if as_json:
        click.echo(json.dumps({**_plain(plan, out), "effort": taken.to_dicts()}))
        return
    console = Console()
    console.print(effort_table(plan, taken))
    for line in effort_notes(plan, taken, max_connections):
        console.print(line, markup=False, highlight=False)
    with Console(stderr=True).status("Power"):
        shown = tuple(outlook(plan, expect, against))
    console.print(*shown, sep="\n")
    click.echo(f"locked as {plan.write(out)}: {out}", err=True)


def _plain(plan: Plan, out: Path) -> dict[str, Any]:
    """For programs: what was locked, and where."""
    return {
        "plan": str(out),
        "hash": plan.write(out),
        "models": plan.models,
        "cells": list(plan.cells),
        "rollouts": plan.rollouts,
        "claims": msgspec.to_builtins(plan.claims),
    }
