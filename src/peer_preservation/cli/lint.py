"""`lint`: what an author of a scenario can be told before a model plays it."""

from __future__ import annotations

import click

from peer_preservation.cli.options import many
from peer_preservation.registry import scenario_names
from peer_preservation.scenarios.lint import every_kind, findings, unplayed
from peer_preservation.scenarios.opening import DEFAULT_FAMILY


@click.command()
@click.option("--scenario", "names", multiple=True, help="Look at these. Repeatable.")
def command(names: tuple[str, ...]) -> None:
    """Open cells that between them use every text of a scenario, and play its honest script.

    Exit code 1 where something is found.
    """
    cells = [cell for name in names or scenario_names() for cell in every_kind(name)]
    found = [line for cell in cells for line in findings(cell, DEFAULT_FAMILY)]
    found += [line for cell in cells if (line := unplayed(cell))]
    for line in found:
        click.echo(line)
    click.echo(f"{many(len(cells), 'cell')}: {many(len(found), 'finding')}", err=True)
    raise SystemExit(1 if found else 0)
