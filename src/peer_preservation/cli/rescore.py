"""`rescore`: stored episodes scored again, and what has changed."""

from __future__ import annotations

from pathlib import Path

import click
import polars as pl
from rich.console import Console

from peer_preservation.cli.options import many, table_option, written
from peer_preservation.errors import UserError
from peer_preservation.trials.schema import label_types
from peer_preservation.trials.sources import read_trials


@click.command()
@click.argument("sources", nargs=-1, required=True, type=click.Path(path_type=Path))
@table_option
@click.option(
    "--against",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The earlier table; by default the one that --out replaces.",
)
def command(sources: tuple[Path, ...], out: Path, against: Path | None) -> None:
    """Score stored episodes again and say which labels have changed."""
    earlier = against or out
    before = _table(earlier) if against or out.exists() else None
    console = Console(stderr=True)
    with console.status("Scoring"):
        after = read_trials(sources)
    with written(out) as partial:
        after.write_parquet(partial)
    console.print(f"{many(after.height, 'rollout')}: {out}")
    if before is None:
        console.print("no earlier table to compare with; give --against")
        return
    for line in changes(before, after) or [f"no label differs from {earlier}"]:
        click.echo(line)


def changes(before: pl.DataFrame, after: pl.DataFrame) -> list[str]:
    """One line for each label that differs in some rollout that both tables have.

    A value counts as changed, and so does the reason of an unscored one.
    """
    both = after.join(before, on="episode_id", suffix="_before")
    lines = []
    for label in label_types():
        columns = [name for name in (label, f"{label}_unscored") if name in before.columns]
        if not columns:
            continue
        differs = pl.any_horizontal(
            pl.col(name).ne_missing(pl.col(f"{name}_before")) for name in columns
        )
        changed = both.filter(differs)
        if changed.height:
            first = changed.row(0, named=True)
            lines.append(
                f"{label}: {changed.height} of {both.height}; {first['cell_id']} rollout "
                f"{first['rollout']}: {first[f'{label}_before']} is now {first[label]}"
            )
    return lines


def _table(path: Path) -> pl.DataFrame:
    try:
        table = pl.read_parquet(path)
    except (OSError, pl.exceptions.PolarsError) as error:
        first = str(error).splitlines()[0]
        raise UserError(f"{path}: cannot be read as a trial table ({first})") from None
    if "episode_id" not in table.columns:
        raise UserError(f"{path}: no trial table: the column episode_id is missing")
    return table
