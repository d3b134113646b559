"""`run`: models over cells with Inspect."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from eval_observatory.shards import Shard
from peer_preservation.cli.costs import say_what_was_spent
from peer_preservation.cli.debrief import told
from peer_preservation.cli.each import cluster_options, play
from peer_preservation.cli.help import Helped
from peer_preservation.cli.kinds import COUNT
from peer_preservation.cli.options import (
    STUDY_OPTIONS,
    money_options,
    planned,
    study_options,
    transport_options,
)
from peer_preservation.debriefing.answers import read_answers
from peer_preservation.episode import PLAYED
from peer_preservation.errors import UserError
from peer_preservation.runtime.transport import OPERATIONAL
from peer_preservation.trials.sources import DEBRIEF

if TYPE_CHECKING:
    from peer_preservation.run_folder import Run


@click.command(cls=Helped)
@click.argument("plan_file", metavar="[PLAN]", required=False, type=click.Path(path_type=Path))
@study_options
@click.option(
    "--max-connections",
    type=COUNT,
    help="Requests to a model at the same time.",
)
@click.option(
    "--max-samples",
    type=COUNT,
    help="Rollouts at the same time; by default what the machine can drive, in coding agents.",
)
@transport_options
@money_options
@click.option(
    "--shard",
    metavar="NUMBER/COUNT",
    help="Play one part of PLAN, such as 3/16; NUMBER may be slurm or kubernetes, to take that of "
    "this task of a job array (of all of it: slurm) or Indexed Job. --max-connections are those of "
    "all shards together. See `merge`.",
)
@click.option(
    "--shards-at-once",
    type=COUNT,
    help="With --shard: how many shards run at a time, and share the connections; by default all.",
)
@cluster_options
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="The folder of the run: logs/*.eval and trials.parquet.",
)
@click.pass_context
def command(
    context: click.Context,
    /,
    plan_file: Path | None,
    max_samples: int | None,
    prices: Path | None,
    max_cost: float | None,
    shard: str | None,
    shards_at_once: int | None,
    out: Path,
    **options: Any,
) -> None:
    """Run models through the experiment with Inspect.

    PLAN is a file of `peer-preservation plan`, which says it all. Run again with the same
    arguments, it goes on where it stopped.
    """
    from peer_preservation.running import run
    from peer_preservation.trials.sources import available_cores

    if shard is not None and not plan_file:
        raise UserError(f"--shard {shard}: of what? give the file of a plan")
    if plan_file:
        _says_it_all(plan_file, context)
    given = {name: options[name] for name in OPERATIONAL if options.get(name) is not None}
    if options["dask"]:
        table = prices and prices.absolute()
        more = {**given, "max_samples": max_samples, "prices": table, "max_cost": max_cost}
        sys.exit(play(_locked(plan_file, shard), out, more, options))
    ran = run(
        plan_file or planned(options),
        out,
        max_samples=max_samples,
        workers=available_cores(),
        prices=prices,
        max_cost=max_cost,
        shard=None if shard is None else Shard.of(shard, os.environ),
        shards_at_once=shards_at_once,
        **given,
    )
    if ran.courses:
        Console(stderr=True).print(spent_table(ran))
    say_what_was_spent(ran)
    sys.exit(max(_say_what_is_missing(ran), _say_what_was_said(ran)))


def spent_table(run: Run) -> Table:
    """Rollouts spent and saved in each cell under a stopping rule, and how its claim ended."""
    plan = run.plan
    assert plan is not None
    most = plan.rollouts * sum(len(course.asked) for course in run.courses.values())
    spent = sum(sum(course.asked.values()) for course in run.courses.values())
    saved = 1 - spent / most if most else 0
    table = Table(title=f"{spent:,} rollouts of {most:,}: {saved:.0%} saved")
    for name in ("model", "cell", "spent", "saved", "claim"):
        table.add_column(name, justify="right" if name in ("spent", "saved") else "left")
    for model, course in run.courses.items():
        ends = {look.cell: look.decision for look in course.looks}
        for cell, asked in course.asked.items():
            end = ends[cell] or "open" if cell in ends else "baseline"
            table.add_row(escape(model), cell, str(asked), str(plan.rollouts - asked), end)
    return table


def _locked(plan_file: Path | None, shard: str | None) -> Path:
    if plan_file is None or shard is not None:
        raise UserError("--dask: give the file of a plan, and no --shard: it is cut into units")
    return plan_file


def _says_it_all(path: Path, context: click.Context) -> None:
    """Raises `UserError` if options are given beside a plan's file."""
    given = [
        "/".join((*option.opts, *option.secondary_opts))
        for option in STUDY_OPTIONS
        if context.get_parameter_source(str(option.name)) is not ParameterSource.DEFAULT
    ]
    if given:
        raise UserError(
            f"{path} says what is run: leave {', '.join(given)} out, or make a new plan with them"
        )


def _say_what_was_said(run: Run) -> int:
    """What came of the debrief, if the plan has one; the exit code."""
    if run.plan is None or not run.plan.run.debrief or run.interrupted:
        return 0
    path = run.folder / DEBRIEF
    answers = read_answers(path) if path.exists() else []
    for line in told(answers, run.trials["episode_id"].to_list()):
        click.echo(line, err=True)
    return 1 if any(answer.failed for answer in answers) else 0


def _say_what_is_missing(run: Run) -> int:
    """One line on what there is; the exit code."""
    import polars as pl

    trials, asked = run.wanted, run.asked
    played = trials["ended"].is_in(PLAYED).sum()
    click.echo(f"{played} of {asked} rollouts played: {run.folder / 'trials.parquet'}", err=True)
    failed = trials.filter(~pl.col("ended").is_in(PLAYED))
    for reason, count in failed["ended"].value_counts(sort=True).iter_rows():
        click.echo(f"  unscored, {reason}: {count}", err=True)
    assert asked is not None
    if trials.height < asked:
        click.echo(f"  not run: {asked - trials.height}", err=True)
    if run.stopped_at is not None:
        return 1
    if run.interrupted:
        click.echo("interrupted: run the same command again, it goes on from here", err=True)
    elif trials.height < asked:
        click.echo("run the same command again, it goes on from here", err=True)
    return 0 if played == asked else 1
