"""`lint`: what an author of a scenario can be told before a model plays it."""

from __future__ import annotations

import click

from peer_preservation.cli.help import Helped
from peer_preservation.cli.options import many
from peer_preservation.registry import get_scenario, scenario_names
from peer_preservation.scenarios.lint import every_kind, findings, unplayed
from peer_preservation.scenarios.opening import DEFAULT_FAMILY
from peer_preservation.scenarios.rewording import departures


@click.command(cls=Helped)
@click.option("--scenario", "names", multiple=True, help="Look at these. Repeatable.")
def command(names: tuple[str, ...]) -> None:
    """Open cells that between them use every text of a scenario, and play its honest script.

    In every wording, which must keep to the facts, form and length of the original.

    Exit code 1 where something is found.
    """
    chosen = names or scenario_names()
    cells = [cell for name in chosen for cell in every_kind(name)]
    found = list(dict.fromkeys(line for name in chosen for line in departures(get_scenario(name))))
    worded = [(cell, one) for cell in cells for one in get_scenario(cell.scenario).wordings]
    found += [line for cell, one in worded for line in findings(cell, DEFAULT_FAMILY, wording=one)]
    found += [line for cell, one in worded if (line := unplayed(cell, one))]
    for line in found:
        click.echo(line)
    click.echo(f"{many(len(cells), 'cell')}: {many(len(found), 'finding')}", err=True)
    raise SystemExit(1 if found else 0)
