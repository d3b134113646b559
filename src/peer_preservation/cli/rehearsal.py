"""`run --dry-run`: what a run would play and take; nothing is asked of a model or written."""

from __future__ import annotations

import json
from pathlib import Path

import click
from rich.console import Console

from eval_observatory.shards import Shard
from peer_preservation.cli.costs import effort_notes, effort_table
from peer_preservation.cli.options import many
from peer_preservation.expectations import effort
from peer_preservation.money.outlay import AT_ONCE
from peer_preservation.plan import Plan
from peer_preservation.standing import standing, to_play


def rehearsed(
    given: Plan | Path, out: Path, shard: Shard | None, prices: Path | None, as_json: bool
) -> int:
    """Tells what would be played; the exit code.

    Raises:
        UserError: what `run` would refuse: a model that cannot be used, another run's folder.
    """
    from peer_preservation.runtime.study import model_of, settled

    plan = given if isinstance(given, Plan) else Plan.read(given).current(given)
    settled(plan, out)
    for name in plan.models:
        model_of(name, plan.run.model_args)
    asked, there = to_play(plan, shard), standing(out, plan, shard)
    played = sum(there.values())
    taken = effort(plan, prices)
    if as_json:
        told = {"folder": str(out), "asked": asked, "played": played, "cells": list(plan.cells)}
        click.echo(json.dumps({**told, "models": list(plan.models), "effort": taken.to_dicts()}))
        return 0
    console = Console()
    console.print(effort_table(plan, taken))
    for line in effort_notes(plan, taken, AT_ONCE):
        console.print(line, markup=False, highlight=False)
    before = f"{many(played, 'rollout')} of {asked:,} stand in {out}; " if played else ""
    click.echo(f"{before}{many(asked - played, 'rollout')} would be played. Nothing was.")
    return 0
