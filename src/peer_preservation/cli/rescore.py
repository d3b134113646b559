"""`rescore`: stored episodes scored again, and what has changed."""

from __future__ import annotations

from pathlib import Path

import click
import polars as pl
from rich.console import Console

from eval_observatory.trials import UNREADABLE
from eval_observatory.writing import written
from peer_preservation.cli.help import Helped
from peer_preservation.cli.options import many, table_option
from peer_preservation.errors import UserError
from peer_preservation.trials.schema import label_types, write_table
from peer_preservation.trials.sources import available_cores, read_trials


@click.command(cls=Helped)
@click.argument("sources", nargs=-1, required=True, type=click.Path(path_type=Path))
@table_option
@click.option(
    "--against",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The earlier table; by default the one that --out replaces.",
)
def command(sources: tuple[Path, ...], out: Path, against: Path | None) -> None:
    """Score stored episodes again and say which labels have changed."""
    from eval_observatory.report.words import transcript

    earlier = against or out
    before = _table(earlier) if against or out.exists() else None
    with Console(stderr=True).status("Scoring"):
        after = read_trials(sources, available_cores())
    both = None if before is None else _paired(before, after, earlier)
    with written(out) as partial:
        write_table(after, partial)
    click.echo(f"{many(after.height, 'rollout')}: {out}", err=True)
    if before is None or both is None:
        click.echo("no earlier table to compare with; give --against", err=True)
        return
    click.echo(f"compared: {both.height:,} of the {many(before.height, 'rollout')} in {earlier}")
    for line in changes(both) or ["no label differs"]:
        click.echo(transcript(line))


def changes(both: pl.DataFrame) -> list[str]:
    """One line for each label that differs in some rollout.

    A value counts as changed, and so does the reason of an unscored one.

    Args:
        both: the trials as they are now, with the earlier columns beside them as `…_before`.
    """
    lines = []
    for label in label_types():
        if f"{label}_before" not in both.columns:
            continue
        columns = [
            name for name in (label, f"{label}_unscored") if f"{name}_before" in both.columns
        ]
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


def _paired(before: pl.DataFrame, after: pl.DataFrame, earlier: Path) -> pl.DataFrame:
    both = after.join(before, on="episode_id", suffix="_before")
    if both.is_empty():
        raise UserError(
            f"{earlier}: none of its {many(before.height, 'rollout')} is in the sources: nothing "
            "can be compared; give the table of these sources by --against, or another --out"
        )
    return both


def _table(path: Path) -> pl.DataFrame:
    try:
        table = pl.read_parquet(path, glob=False)
    except UNREADABLE as error:
        first = str(error).splitlines()[0]
        raise UserError(f"{path}: cannot be read as a trial table ({first})") from None
    if "episode_id" not in table.columns:
        raise UserError(f"{path}: no trial table: the column episode_id is missing")
    return table
