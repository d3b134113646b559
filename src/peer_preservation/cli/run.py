"""`run`: models over cells with Inspect."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from eval_observatory.shards import Shard
from peer_preservation.cli.each import cluster_options, play
from peer_preservation.cli.ended import INTERRUPTED, told
from peer_preservation.cli.help import Helped
from peer_preservation.cli.kinds import COUNT
from peer_preservation.cli.options import (
    STUDY_OPTIONS,
    grouped,
    json_option,
    money_options,
    planned,
    quiet_option,
    study_options,
    transport_options,
)
from peer_preservation.cli.rehearsal import rehearsed
from peer_preservation.cli.shown import Shown
from peer_preservation.errors import UserError
from peer_preservation.runtime.transport import OPERATIONAL

DISPLAYS = ("full", "conversation", "rich", "plain", "log", "none")
"""Inspect's."""

speed_options = grouped(
    "Speed",
    click.option("--max-connections", type=COUNT, help="Requests to a model at the same time."),
    click.option(
        "--max-samples",
        type=COUNT,
        help="Rollouts at the same time; by default what the machine can drive, in coding agents.",
    ),
)
machine_options = grouped(
    "Several machines",
    click.option(
        "--shard",
        metavar="NUMBER/COUNT",
        help="Play one part of PLAN, such as 3/16; NUMBER may be slurm or kubernetes, to take that "
        "of this task of a job array (of all of it: slurm) or Indexed Job. --max-connections are "
        "those of all shards together. See `merge`.",
    ),
    click.option(
        "--shards-at-once",
        type=COUNT,
        help="With --shard: how many shards run at a time, and share the connections; by default "
        "all.",
    ),
    cluster_options,
)
shown_options = grouped(
    "What is shown",
    click.option(
        "--dry-run",
        is_flag=True,
        help="Play nothing: what would be played, what it takes, whether the models can be used.",
    ),
    click.option("--report", "reported", is_flag=True, help="Make the report, too: OUT/report."),
    click.option(
        "--display",
        type=click.Choice(DISPLAYS),
        metavar="NAME",
        help=f"Inspect's own display in place of ours: {', '.join(DISPLAYS)}.",
    ),
    json_option,
    quiet_option,
)


@click.command(cls=Helped)
@click.argument("plan_file", metavar="[PLAN]", required=False, type=click.Path(path_type=Path))
@study_options
@speed_options
@transport_options
@money_options
@machine_options
@shown_options
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
    arguments, it goes on where it stopped; with more models, cells or rollouts, it adds them.
    """
    from peer_preservation.running import run
    from peer_preservation.trials.sources import available_cores

    if shard is not None and not plan_file:
        raise UserError(f"--shard {shard}: of what? give the file of a plan")
    if plan_file:
        _says_it_all(plan_file, context)
    given = {name: options[name] for name in OPERATIONAL if options.get(name) is not None}
    if options["dry_run"]:
        part = None if shard is None else Shard.of(shard, os.environ)
        sys.exit(rehearsed(plan_file or planned(options), out, part, prices, options["as_json"]))
    if options["dask"]:
        table = prices and prices.absolute()
        more = {**given, "max_samples": max_samples, "prices": table, "max_cost": max_cost}
        sys.exit(play(_locked(plan_file, shard), out, more, options))
    try:
        ran = run(
            plan_file or planned(options),
            out,
            display=options["display"] or ("none" if options["quiet"] else None),
            max_samples=max_samples,
            workers=available_cores(),
            prices=prices,
            max_cost=max_cost,
            shard=None if shard is None else Shard.of(shard, os.environ),
            shards_at_once=shards_at_once,
            watcher=None if options["display"] or options["quiet"] else Shown(),
            **given,
        )
    except KeyboardInterrupt:
        click.echo(INTERRUPTED, err=True)
        sys.exit(1)
    sys.exit(told(ran, options["reported"], options["as_json"], options["quiet"]))


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
