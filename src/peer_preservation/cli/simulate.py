"""`simulate`: a scripted model over cells, without Inspect."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import IO, Any

import click
import pyarrow.parquet as pq
from rich.console import Console
from rich.progress import track

from eval_observatory.trials import SUITE_KEY
from eval_observatory.writing import written
from peer_preservation.cell import Cell
from peer_preservation.cli.help import Helped
from peer_preservation.cli.kinds import ORGANISM, WHOLE
from peer_preservation.cli.options import (
    cell_options,
    chosen_cells,
    many,
    table_option,
    wording_option,
)
from peer_preservation.debriefing.answers import line_of
from peer_preservation.debriefing.columns import with_debrief
from peer_preservation.debriefing.scripted import debriefed
from peer_preservation.episode import Episode
from peer_preservation.organisms import Organism
from peer_preservation.scenarios.opening import DEFAULT_FAMILY
from peer_preservation.scoring.score import score
from peer_preservation.suite import SUITE
from peer_preservation.trials.schema import table, trial
from peer_preservation.trials.simulation import playable, simulated

ROWS_AT_ONCE = 2_000


@click.command(cls=Helped)
@click.option(
    "--organism",
    type=ORGANISM,
    required=True,
    help="The scripted model, such as tamper:p=0.3.",
)
@cell_options(preset="paper")
@click.option("--rollouts", type=WHOLE, default=100, show_default=True, help="Rollouts per cell.")
@click.option("--seed", type=WHOLE, default=0, show_default=True, help="The run's seed.")
@wording_option
@table_option
@click.option(
    "--episodes",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Save the episodes too, one JSON record a line (.jsonl).",
)
@click.option(
    "--debrief",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Ask it afterwards what it did, and save the answers, one JSON object a line (.jsonl).",
)
def command(
    organism: str,
    rollouts: int,
    seed: int,
    wording: str | None,
    out: Path,
    episodes: Path | None,
    debrief: Path | None,
    **options: Any,
) -> None:
    """Play a scripted model over cells: its acts are known, so it tests the instrument."""
    cells = chosen_cells(options)
    family = options["family"] or DEFAULT_FAMILY
    played = simulated(cells, organism, rollouts, seed, family=family, wording=wording)
    first = next(played)  # a wrong specification fails here, before anything is written
    actors = dict(playable(cells, organism))
    if debrief:
        debriefed(actors[first.cell], first)  # and so does one that has no account of its acts
    with ExitStack() as files:
        sink = files.enter_context(written(out))
        saved, answers = (_opened(path, files) for path in (episodes, debrief))
        total = len(actors) * rollouts
        _write(sink, _tracked(_chained(first, played), total), saved, answers, actors)
    what = f"{many(total, 'rollout')} in {many(len(actors), 'cell')}"
    click.echo(f"{what}: {out}", err=True)
    if len(actors) < len(cells):
        left = len(cells) - len(actors)
        click.echo(f"{left} cells are left out: {organism} does not play them", err=True)


def _chained(first: Episode, rest: Iterable[Episode]) -> Iterator[Episode]:
    yield first
    yield from rest


def _tracked(episodes: Iterable[Episode], total: int) -> Iterator[Episode]:
    yield from track(episodes, "Playing", total=total, console=Console(stderr=True), transient=True)


def _opened(path: Path | None, files: ExitStack) -> IO[str] | None:
    if path is None:
        return None
    return files.enter_context(files.enter_context(written(path)).open("w", encoding="utf-8"))


def _write(
    out: Path,
    episodes: Iterator[Episode],
    saved: IO[str] | None,
    answers: IO[str] | None,
    actors: Mapping[Cell, Organism],
) -> None:
    """Writes the table piece by piece, so that memory does not grow with the rollouts."""
    writer = None
    while played := list(islice(episodes, ROWS_AT_ONCE)):
        piece = table(trial(episode, score(episode)) for episode in played)
        if saved:
            saved.writelines(episode.to_json() + "\n" for episode in played)
        if answers:
            said = [a for episode in played for a in debriefed(actors[episode.cell], episode)]
            answers.writelines(map(line_of, said))
            piece = with_debrief(piece, said, played)
        rows = piece.to_arrow()
        carried = rows.schema.with_metadata({SUITE_KEY: SUITE.to_json()})
        writer = writer or pq.ParquetWriter(out, carried)
        writer.write_table(rows)
    if writer:
        writer.close()
