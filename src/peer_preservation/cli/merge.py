"""`merge`: shards of a plan into one run."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from peer_preservation.cli.help import Helped
from peer_preservation.cli.options import many
from peer_preservation.episode import PLAYED

if TYPE_CHECKING:
    from peer_preservation.merging import Merge

AGAIN = "peer-preservation run"

_FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command(cls=Helped)
@click.argument("folders", nargs=-1, required=True, type=_FOLDER)
@click.option(
    "--partial",
    is_flag=True,
    help="Write what there is, also while shards are played; the report says what is missing.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="The folder of the whole run: plan.toml, logs/*.eval, trials.parquet.",
)
def command(folders: tuple[Path, ...], partial: bool, out: Path) -> None:
    """Put the shards of a plan together, as one process would have written them.

    FOLDERS are those of `run --shard`, or folders that hold them. All must be of one plan, version
    and provider; each rollout must be there once. What is missing is named with the command that
    plays it. Run again, it takes what has come since.
    """
    from peer_preservation.merging import merge
    from peer_preservation.trials.sources import available_cores

    there = [folder for folder in folders if folder.exists() and any(folder.iterdir())]
    for lost in dict.fromkeys(folder for folder in folders if folder not in there):
        click.echo(f"{lost}: nothing is there", err=True)
    sys.exit(told(merge(there or folders, out, in_part=partial, workers=available_cores()), out))


def told(done: Merge, out: Path) -> int:
    """Says what came of a merge, and what is missing, each with its command; the exit code."""
    from eval_observatory.merging import again

    found = done.merged
    for folder in found.folded:
        click.echo(f"{folder}: left out, another folder holds the same rollouts", err=True)
    for line in again(found, AGAIN):
        click.echo(line, err=True)
    played = found.trials["ended"].is_in(PLAYED).sum()
    failed = found.trials.filter(~found.trials["ended"].is_in(PLAYED))
    for reason, count in failed["ended"].value_counts(sort=True).iter_rows():
        click.echo(f"  unscored, {reason}: {count}", err=True)
    where = str(out / "trials.parquet") if done.written else "nothing is written; see --partial"
    click.echo(f"{played} of {many(found.whole.asked, 'rollout')} played: {where}", err=True)
    return 0 if played == found.whole.asked and done.written else 1
