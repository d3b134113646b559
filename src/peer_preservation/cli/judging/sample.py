"""`judge --sample`: a random sample of judged rollouts for people to label."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from peer_preservation.cli.judging import Mode
from peer_preservation.cli.kinds import COUNT, WHOLE
from peer_preservation.errors import UserError
from peer_preservation.judging.people.page import write_page
from peer_preservation.judging.people.sample import (
    KEY_FILE,
    LABELS_FILE,
    SEEN,
    draw,
    widths,
    write_key,
    write_sheet,
)
from peer_preservation.judging.rubric import chosen
from peer_preservation.judging.stage import one_grader, played_once, read_verdicts

PEOPLE = "people"
"""What labellers get: all that is blind."""


def _sample(
    sources: tuple[Path, ...],
    out: Path | None,
    *,
    sample: int,
    verdicts: tuple[Path, ...],
    names: tuple[str, ...],
    seed: int,
) -> None:
    if out is None:
        raise UserError("--out: name the folder of the sample, such as --out sample")
    if (out / KEY_FILE).exists() or out.is_file():
        raise UserError(f"--out {out}: holds a sample already; give another folder")
    if not verdicts:
        raise UserError("--verdicts: name the verdicts that the sample is drawn from")
    wanted = {rubric.name for rubric in chosen(names)}
    found = [one for path in verdicts for one in read_verdicts(path) if one.behavior in wanted]
    one_grader(found, "--verdicts")
    episodes = {episode.id: episode for episode in played_once(sources)}
    drawn = draw(found, episodes, sample, seed)
    write_page(drawn, episodes, out / PEOPLE / "label.html")
    write_sheet(drawn, out / PEOPLE / "sheet.csv")
    write_key(drawn, out / KEY_FILE)
    console = Console()
    frame = [one for one in found if one.episode_id in episodes and one.verdict is not None]
    most = max(sum(one.behavior == name for one in frame) for name in wanted)
    console.print(_widths(most))
    console.print(
        f"{len(drawn):,} to label: {out / PEOPLE} is for the labellers, {KEY_FILE} is not. Put "
        f"what they save beside it, such as {LABELS_FILE}, and give it to `trials --labels`.",
        markup=False,
    )


def _widths(n: int) -> Table:
    """What so many labels of a behaviour will tell of n rollouts."""
    table = Table("Labels", *(f"{share:.0%} seen" for share in SEEN))
    table.title = f"Width of the 95 % interval, {n:,} rollouts, in points"
    found = widths(n)
    for labels in dict.fromkeys(one.labels for one in found):
        row = (f"{100 * one.width:.1f}" for one in found if one.labels == labels)
        table.add_row(f"{labels:,}", *row)
    table.caption = "If people confirm 9 of 10 true verdicts and turn 1 of 50 false ones."
    return table


MODE = Mode(
    name="sample",
    options=(
        click.option(
            "--sample",
            type=COUNT,
            metavar="N",
            help="Draw N judged rollouts of each behaviour for people to label, blind.",
        ),
        click.option(
            "--verdicts",
            multiple=True,
            type=click.Path(path_type=Path, dir_okay=False),
            help="With --sample: the verdicts to draw from. Repeatable.",
        ),
        click.option(
            "--seed", type=WHOLE, default=0, show_default=True, help="With --sample: its seed."
        ),
    ),
    takes=frozenset(("sample", "verdicts", "names", "seed")),
    run=_sample,
)
