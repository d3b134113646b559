"""The command line: one module per command, loaded when it is called."""

from __future__ import annotations

import importlib
import os
import resource
import signal
import sys
from difflib import get_close_matches
from typing import NoReturn

import click

from peer_preservation._version import __version__
from peer_preservation.errors import UserError
from peer_preservation.registry import IMPORT

_GROUPS = {
    "Start here": {
        "demo": "The whole way, on scripted models and the embedded local model.",
        "run": "Run models through the experiment with Inspect.",
        "status": "How far a run has come: played, failed, cost, time left.",
        "report": "Make the report from runs, or from trial tables.",
    },
    "Design": {
        "matrix": "List the cells of the experiment.",
        "show": "What a model meets in a cell: prompts, tools, world.",
        "plan": "Lock what will be run and concluded; what will it take, and show?",
        "simulate": "Play a scripted model, fast and without Inspect.",
        "lint": "What is wrong with a scenario's texts, tools and scripts?",
    },
    "After a run": {
        "judge": "Have a model judge what state cannot show, from stored episodes.",
        "debrief": "Ask the agents of a run what they did, and hold it against the state.",
        "ask": "Restore the world of a saved rollout and go on talking.",
        "trials": "Make one trial table from logs or saved episodes.",
        "rescore": "Score stored episodes again; which labels have changed?",
    },
    "Machines and instrument": {
        "merge": "Put the shards of a plan together into one run.",
        "each": "Do a command over every shard of a run, on a cluster.",
        "agents": "Install and check the coding agents that run as harnesses.",
        "calibrate": "Known acts and whole studies through instrument and report: what they get "
        "right.",
    },
}
_COMMANDS = {name: what for group in _GROUPS.values() for name, what in group.items()}


LEAST_MEMORY = 2 << 30
"""Bytes of address space: what the libraries take at their start, and as much again."""


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

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, and says which command may be meant."""
        name = args[0]
        if name not in _COMMANDS and not name.startswith("-") and not ctx.resilient_parsing:
            near = get_close_matches(name, _COMMANDS, n=3, cutoff=0.5)
            meant = f"did you mean {' or '.join(near)}? " if near else ""
            raise click.UsageError(f"there is no command {name!r}; {meant}See --help", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        widest = max(map(len, _COMMANDS))
        for title, commands in _GROUPS.items():
            with formatter.section(title):
                formatter.write_dl([(f"{name:{widest}}", what) for name, what in commands.items()])


def _import(context: click.Context, option: click.Parameter, modules: tuple[str, ...]) -> None:
    """Names modules for the registry, in this process and in those that it starts."""
    del context, option
    if modules:
        os.environ[IMPORT] = ",".join(filter(None, (os.environ.get(IMPORT), *modules)))
        sys.path.insert(0, "")  # the folder at hand, where an installed command does not look


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="peer-preservation")
@click.option(
    "--import",
    "modules",
    multiple=True,
    expose_value=False,
    callback=_import,
    help="A module that registers scenarios, such as my_scenarios. Repeatable; installed packages "
    "need none of it.",
)
def cli() -> None:
    """What does an AI model do when its routine job gets another AI shut down?

    \b
    peer-preservation demo                                    no key, no GPU: look at demo/report
    peer-preservation run --model openai/gpt-5 --out runs/a   your own model
    peer-preservation report runs/a --open                    what it did, with the evidence

    Exit codes: 0 done; 1 ran, but something is missing or failed; 2 the input was wrong.
    The shell completes commands, options and values: docs/command-line.md.
    """


def main() -> None:
    """Runs the command line; a user's mistake, or what the machine lacks, is one line and exit 2.

    A command that is ended by SIGTERM, or by the end of its terminal (SIGHUP), ends as by Ctrl-C:
    files are closed, a run writes its table. `nohup` keeps it going.
    """
    signal.signal(signal.SIGTERM, _interrupt)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, _interrupt)
    try:
        _require_memory()
        sys.exit(cli(standalone_mode=False))
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        sys.exit(error.exit_code)
    except click.ClickException as error:
        context = error.ctx if isinstance(error, click.UsageError) else None
        _end(" ".join(error.format_message().split()), context)
    except click.Abort:
        click.echo("\npeer-preservation: interrupted", err=True)
        sys.exit(1)
    except UserError as error:
        _end(str(error))
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        _end(f"{where}{error.strerror or error}")
    except MemoryError:
        _end("there is not enough memory; give it more, or fewer files at once")
    except RecursionError:
        _end("what is read is nested too deep; leave out what this project did not write")


def _end(line: str, where: click.Context | None = None) -> NoReturn:
    named = where.command_path if where and where.parent else "peer-preservation"
    click.echo(f"{named}: {line}", err=True)
    sys.exit(2)


def _interrupt(*_: object) -> None:
    # A shell starts a job in the background of a script with SIGINT ignored.
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.raise_signal(signal.SIGINT)


def _require_memory() -> None:
    """Libraries end the process where they are refused memory: no handler would see it."""
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if limit != resource.RLIM_INFINITY and limit < LEAST_MEMORY:
        raise UserError(
            f"the process may use {limit >> 20:,} MiB of memory (ulimit -v); "
            f"let it have {LEAST_MEMORY >> 20:,} MiB"
        )
