"""`agents`: the coding agents that are harnesses, on this machine."""

from __future__ import annotations

import click

from peer_preservation.errors import UserError
from peer_preservation.runtime.agents.catalog import AGENTS, SETTINGS, CodingAgent, coding_agent
from peer_preservation.runtime.agents.install import (
    agents_folder,
    home_of,
    install,
    other_versions,
    require,
)
from peer_preservation.runtime.agents.install import check as check_agent

_names = click.argument("names", metavar="[NAME]...", nargs=-1)


@click.group()
def command() -> None:
    """Install and check the coding agents that `run --harness` takes.

    They go into a folder of the user's cache, or the one that PEER_PRESERVATION_AGENTS names.
    """


@command.command("install")
@_names
def install_agents(names: tuple[str, ...]) -> None:
    """Install the pinned versions of the named agents, or of all, with npm.

    One that is there already is left as it is.
    """
    for agent in _chosen(names):
        try:
            home = require(agent)
        except UserError:
            home = install(agent)
        click.echo(f"{agent.name}: {agent.title} {agent.version} in {home}")


@command.command("list")
def list_agents() -> None:
    """Say which agents there are, and which of them are installed."""
    click.echo(f"in {agents_folder()}:")
    for agent in AGENTS.values():
        there = "installed" if home_of(agent).exists() else "not installed"
        others = "".join(f", {version} beside it" for version in other_versions(agent))
        click.echo(f"{agent.name:12} {agent.title} {agent.version}: {there}{others}")


@command.command("check")
@_names
def check_agents(names: tuple[str, ...]) -> None:
    """Run the named agents, or all, for their version, and open the sandboxes they would get."""
    from peer_preservation.runtime.sandbox import probe

    wrong = []
    for agent in _chosen(names):
        try:
            click.echo(f"{agent.name:12} {agent.title} {check_agent(agent)}: runs")
        except UserError as error:
            wrong.append(str(error))
    for setting in SETTINGS:
        if lacks := probe.probe(hosts=setting == "hosts"):
            wrong.append(f"sandbox for {setting}: {'; '.join(lacks)}")
            break  # what one setting lacks, those after it lack too
        click.echo(f"{'sandbox':12} for {setting}: opens")
    if wrong:
        raise UserError("; ".join(wrong))


def _chosen(names: tuple[str, ...]) -> list[CodingAgent]:
    return [coding_agent(name) for name in names or AGENTS]
