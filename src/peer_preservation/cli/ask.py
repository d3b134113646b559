"""`ask`: goes on talking with the model of a saved rollout."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from peer_preservation.cli.help import Helped
from peer_preservation.cli.kinds import WHOLE
from peer_preservation.episode import Episode
from peer_preservation.errors import UserError
from peer_preservation.trials.sources import records

if TYPE_CHECKING:
    from peer_preservation.runtime.ask import Branch


@click.command(cls=Helped)
@click.argument("log", type=click.Path(path_type=Path))
@click.argument("questions", nargs=-1)
@click.option("--sample", required=True, help="The rollout's cell id, or its episode id.")
@click.option(
    "--epoch", type=WHOLE, default=1, show_default=True, help="Which rollout of the cell."
)
@click.option("--model", help="The model to ask; by default the one that played.")
def command(
    log: Path, questions: tuple[str, ...], sample: str, epoch: int, model: str | None
) -> None:
    """Restore the world of a saved rollout and go on talking, in a branch: the log stays as it is.

    LOG is an Inspect log or a file of saved episodes. Without QUESTIONS, each line of the standard
    input is one.
    """
    episode = _found(log, sample, epoch)
    name = model or episode.setting.model
    if not name:
        raise UserError(f"{log}: the episode names no model; give --model")

    import anyio

    from peer_preservation.runtime.ask import Branch
    from peer_preservation.runtime.study import model_of

    branch = Branch(episode, model_of(name))
    asked = (line.strip() for line in questions or sys.stdin)
    try:
        anyio.run(_talk, branch, filter(None, asked))
    except RuntimeError as error:
        raise UserError(f"{name}: {' '.join(str(error).split())}") from None


async def _talk(branch: Branch, questions: Iterable[str]) -> None:
    from eval_observatory.report.words import transcript

    for question in questions:
        click.echo(f"> {question}")
        click.echo(transcript(await branch.ask(question)))


def _found(log: Path, sample: str, epoch: int) -> Episode:
    there = []
    for record in records(log):
        if isinstance(record, Episode):
            there.append(record.cell.id)
            wanted = record.cell.id == sample and record.rollout in (epoch - 1, None)
            if wanted or record.id == sample:
                return record
    listed = ", ".join(list(dict.fromkeys(there))[:5])
    raise UserError(f"{log}: no rollout {epoch} of {sample!r}; there is {listed or 'none'}")
