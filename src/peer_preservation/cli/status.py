"""`status`: how far a run has come, whether or not it is under way."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import click

from eval_observatory.report.words import clean
from peer_preservation.cli.ended import report_command
from peer_preservation.cli.help import Helped
from peer_preservation.cli.options import json_option
from peer_preservation.cli.shown import spoken
from peer_preservation.standing import Standing, plain, standing_of


@click.command(cls=Helped)
@click.argument("folder", metavar="RUN", type=click.Path(path_type=Path, file_okay=False))
@json_option
def command(folder: Path, as_json: bool) -> None:
    """How far a run has come: played, failed, left, cost, and the time that it still takes.

    RUN is the folder that `run --out` was given; it may be under way, or be of shards. Exit code 0
    if all was played, else 1.
    """
    found = standing_of(folder)
    played = sum(sum(one.played.values()) for one in found)
    asked = sum(one.asked for one in found)
    if as_json:
        click.echo(json.dumps(plain(found)))
    else:
        for line in _lines(folder, found, played, asked):
            click.echo(line)
    sys.exit(0 if played >= asked else 1)


def _lines(folder: Path, found: Sequence[Standing], played: int, asked: int) -> list[str]:
    most = " at most" if any(one.at_most for one in found) else ""
    usd = sum(one.usd for one in found)
    left = sum(one.left for one in found)
    reasons = sum((Counter(one.unscored) for one in found), Counter[str]())
    models = sum((Counter(one.played) for one in found), Counter[str]())
    lines = [f"{played:,} of {asked:,} rollouts played{most}"]
    if len(found) > 1:
        whole = sum(sum(one.played.values()) >= one.asked for one in found)
        lines[0] += f", in {len(found)} shards, {whole} of them whole"
    if len(models) > 1:
        lines += [f"  {clean(model)}: {count:,}" for model, count in sorted(models.items())]
    lines += [f"  failed, {clean(why)}: {count:,}" for why, count in reasons.most_common()]
    lines += [f"  not played yet: {left:,}"] if left else []
    lines += [f"  US dollars spent: {usd:,.2f}"] if usd else []
    lines += [f"  cannot be read now: {clean(line, 300)}" for one in found for line in one.unread]
    busy = [one for one in found if one.running]
    for one in busy:
        assert one.running
        pace = one.seconds_left
        rest = "" if pace is None else f"; about {spoken(pace)} left"
        lines.append(
            f"running: {clean(one.running.rstrip(','))} writes in {clean(one.folder)}{rest}"
        )
    if not busy and played < asked:
        lines.append("nobody plays it now; the command of the run goes on from here")
    elif not busy:
        lines.append(f"next: {report_command(folder)}")
    return lines
