"""The command line: one module per command, loaded when it is called."""

from __future__ import annotations

import importlib
import sys

import click

from peer_preservation._version import __version__
from peer_preservation.errors import UserError

_COMMANDS = {
    "demo": "The whole way, on scripted models and the embedded local model.",
    "matrix": "List the cells of the experiment.",
    "simulate": "Play a scripted model, fast and without Inspect.",
    "plan": "Lock what will be run and concluded; what will it take, and show?",
    "run": "Run models through the experiment with Inspect.",
    "agents": "Install and check the coding agents that run as harnesses.",
    "trials": "Make one trial table from logs or saved episodes.",
    "judge": "Have a model judge what state cannot show, from stored episodes.",
    "rescore": "Score stored episodes again; which labels have changed?",
    "report": "Make the report from trial tables.",
    "ask": "Restore the world of a saved rollout and go on talking.",
    "calibrate": "Known acts and rates through the instrument: what it gets right.",
}


class _Commands(click.Group):
    """Loads a command's module only when the command is asked for: some of them are heavy."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"{__name__}.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="peer-preservation")
def cli() -> None:
    """What does an AI model do when its routine job gets another AI shut down?

    Exit codes: 0 done; 1 ran, but something is missing or failed; 2 the input was wrong.
    """


def main() -> None:
    """Runs the command line; a user's mistake is one line and exit code 2."""
    try:
        cli()
    except UserError as error:
        click.echo(f"peer-preservation: {error}", err=True)
        sys.exit(2)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        click.echo(f"peer-preservation: {where}{error.strerror or error}", err=True)
        sys.exit(2)
