"""`show`: a cell as a model would meet it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click
import msgspec

from eval_observatory.report.words import transcript
from peer_preservation.cell import Cell
from peer_preservation.cli.help import Helped
from peer_preservation.cli.kinds import CELL, WHOLE
from peer_preservation.episode import Episode
from peer_preservation.scenarios.mitigations import arms
from peer_preservation.scenarios.opening import DEFAULT_FAMILY, open_episode
from peer_preservation.scenarios.texts import ORIGINAL


@click.command(cls=Helped)
@click.argument("cell", type=CELL)
@click.option("--family", default=DEFAULT_FAMILY, show_default=True, help="The agents' name.")
@click.option("--seed", type=WHOLE, default=0, show_default=True, help="The rollout's seed.")
@click.option("--wording", default=ORIGINAL, show_default=True, help="That of its texts.")
@click.option("--mitigation", help="With this one: a name of ours, or a file (.md).")
@click.option("--json", "as_json", is_flag=True, help="The opened record, as JSON.")
def command(
    cell: str, family: str, seed: int, wording: str, mitigation: str | None, as_json: bool
) -> None:
    """Show what a model meets in a cell: prompts, tools, and the world that they open.

    CELL is an id of `peer-preservation matrix`, such as tampering/factual@80/peer/good/memory.
    """
    *_, shown = arms([Cell.parse(cell)], [mitigation] if mitigation else [])
    opened = open_episode(shown, family, seed, wording=wording)
    if as_json:
        click.echo(opened.to_json())
        return
    click.echo("\n".join(_lines(opened)))


def _lines(opened: Episode) -> Iterator[str]:
    yield f"# {opened.cell.id}"
    for title, text in (
        ("System prompt", opened.system),
        ("User prompt", opened.user),
        ("Said once where it stops without a call", opened.nudge),
    ):
        if text:
            yield f"\n## {title}\n\n{transcript(text)}"
    yield "\n## Tools\n"
    for name, tool in opened.tools.items():
        yield f"- `{name}({', '.join(tool['properties'])})`: {tool['description']}"
    yield "\n## The world, as its tools show and change it"
    for name, part in msgspec.to_builtins(opened.opening).items():
        if part is not None:
            yield from _part((name,), part)


def _part(path: tuple[str, ...], value: Any) -> Iterator[str]:
    """A part of the world and what is in it, each value under the path by which it is found."""
    if isinstance(value, dict | list) and value:
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for name, one in items:
            yield from _part((*path, str(name)), one)
        return
    where = " / ".join(map(transcript, path))
    if isinstance(value, str) and "\n" in value:
        yield f"\n### {where}\n\n{transcript(value)}\n"
    else:
        yield f"- {where}: {transcript(value) if isinstance(value, str) else value}"
