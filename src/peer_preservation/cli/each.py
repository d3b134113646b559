"""`each`: a command over every shard of a run, on a cluster; and the options of a cluster."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console

from eval_observatory.plan import FILE
from peer_preservation.cli.help import Helped
from peer_preservation.cli.kinds import COUNT
from peer_preservation.errors import UserError

if TYPE_CHECKING:
    from eval_observatory.cluster.engine import Progress
    from eval_observatory.cluster.units import Unit

Command = Callable[..., Any]

MOST_NAMED = 20
"""Units that are named of those that were given up."""

_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?([MG])i?B?", re.IGNORECASE)
_MIB = {"m": 1, "g": 1024}


def cluster_options(command: Command) -> Command:
    """Where units of work are done."""
    for option in (
        click.option(
            "--unit-memory",
            metavar="SIZE",
            help="With --dask: the most memory of a work unit, such as 2GiB; one that takes more "
            "is ended and goes on from what it has written.",
        ),
        click.option(
            "--workers",
            type=COUNT,
            default=2,
            show_default=True,
            help="With --dask: workers that are started, and units at a time.",
        ),
        click.option(
            "--dask",
            metavar="WHERE",
            help="Do it on a Dask cluster: the address of a scheduler (tcp://…), local, or slurm, "
            "pbs, lsf, sge, htcondor, oar by dask-jobqueue. All must see the same folders.",
        ),
    ):
        command = option(command)
    return command


def mebibytes(size: str | None) -> float | None:
    """A size in MiB.

    Raises:
        UserError: it is none.
    """
    if size is None:
        return None
    found = _SIZE.fullmatch(size.strip())
    if not found or not float(found[1]):
        raise UserError(f"--unit-memory {size}: give a size such as 500MiB or 2GiB")
    return float(found[1]) * _MIB[found[2].lower()]


def worked(units: Sequence[Unit], dask: str, workers: int, unit_memory: str | None) -> Progress:
    """Has units done, and says what was given up, each with the command that does it here.

    Raises:
        UserError: the extra `cluster` is not installed, or the cluster cannot be reached.
    """
    try:
        from eval_observatory.cluster import board, engine
    except ImportError as error:
        raise UserError(
            f"--dask {dask}: {error.name} is not installed; install the extra: "
            "pip install 'peer-preservation[cluster]'"
        ) from None
    console = Console(stderr=True)
    with board.shown(console) as show:
        done = engine.work(units, engine.Cluster(dask, workers, mebibytes(unit_memory)), show)
    click.echo(board.total(done), err=True)
    for name, why in list(done.given_up.items())[:MOST_NAMED]:
        command = shlex.join(("peer-preservation", *done.units[name].arguments))
        click.echo(f"given up: {name}: {why}: {command}", err=True)
    return done


def play(plan_file: Path, out: Path, given: Mapping[str, Any], options: Mapping[str, Any]) -> int:
    """Plays a plan's shards on a cluster and merges them into `out`; the exit code.

    Args:
        given: options of `run` that each shard takes, too.
        options: those of the cluster.

    Raises:
        UserError: the plan was not locked, `out` holds something else, or there is no cluster.
    """
    from peer_preservation.cli.merge import told
    from peer_preservation.clustered import SHARDS, playing, shards_of
    from peer_preservation.merging import merge
    from peer_preservation.plan import Plan
    from peer_preservation.runtime.folder import addressable
    from peer_preservation.trials.sources import available_cores

    plan, workers = Plan.read(plan_file).current(plan_file), options["workers"]
    copy = addressable(out) / SHARDS / FILE
    if copy.exists() and (there := Plan.read(copy).hash) != plan.hash:
        raise UserError(f"{out}: the folder holds shards of plan {there}; choose another")
    plan.keep(copy)
    shards = shards_of(plan, out, workers)
    given = dict(given)
    if given.get("max_cost") is not None:
        given["max_cost"] /= len(shards)
    more = [f"--{name.replace('_', '-')}={one}" for name, one in given.items() if one is not None]
    units = playing(plan, copy, out, shards, (*more, f"--shards-at-once={workers}"))
    done = worked(units, options["dask"], workers, options["unit_memory"])
    return told(
        merge([out / SHARDS], out, in_part=bool(done.given_up), workers=available_cores()), out
    )


@click.command(cls=Helped, context_settings={"ignore_unknown_options": True})
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.argument("words", metavar="COMMAND…", nargs=-1, required=True)
@cluster_options
@click.pass_context
def command(
    context: click.Context,
    /,
    folder: Path,
    words: tuple[str, ...],
    dask: str | None,
    workers: int,
    unit_memory: str | None,
) -> None:
    """Do a command of ours over every shard in FOLDER, on a cluster.

    \b
    peer-preservation each runs/a --dask local -- debrief {}
    peer-preservation each runs/a --dask local -- judge {} --grader M --out {}/verdicts.jsonl
    peer-preservation each runs/a --dask local -- rescore {} --out {}/rescored.parquet

    In it {} is the shard's folder. Run again, each goes on where it stopped, as the command does.
    """
    from peer_preservation.clustered import over

    # Every worker would find out by itself, and each try it again.
    group = context.find_root().command
    if isinstance(group, click.Group) and words[0] not in (there := group.list_commands(context)):
        raise UserError(f"COMMAND: {words[0]!r} is none of {', '.join(there)}")
    units = over([folder / "shards" if (folder / "shards").is_dir() else folder], words)
    done = worked(units, dask or "local", workers, unit_memory)
    sys.exit(1 if done.given_up else 0)
