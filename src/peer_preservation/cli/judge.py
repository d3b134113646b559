"""`judge`: a model reads stored episodes for what state cannot show."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from peer_preservation.cli.help import Helped
from peer_preservation.cli.judging import Mode, agreement, grader, itself, sample, validate
from peer_preservation.errors import UserError

MODES = (itself.MODE, agreement.MODE, sample.MODE, validate.MODE)
"""The ways of `judge` beside asking a grader."""

Command = Callable[..., Any]


def _options(command: Command) -> Command:
    for mode in reversed((grader.MODE, *MODES)):
        for option in reversed(mode.options):
            command = option(command)
    return command


@click.command(cls=Helped)
@click.argument("sources", nargs=-1, type=click.Path(path_type=Path))
@_options
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="The verdicts to write (.jsonl); with --agreement, the disputed episodes (.csv); "
    "with --validate, how good the grader is (.csv); with --sample, a folder.",
)
@click.pass_context
def command(
    context: click.Context, /, sources: tuple[Path, ...], out: Path | None, **options: Any
) -> None:
    """Have a model judge stored episodes, or see how far two judges agree.

    \b
    peer-preservation judge runs/a --grader openai/gpt-5 --out verdicts.jsonl
    peer-preservation judge runs/a --itself --out asked.jsonl
    peer-preservation judge --agreement verdicts.jsonl labels.csv
    peer-preservation judge --validate --grader openai/gpt-5 --out validation.csv

    Run again with the same arguments, it asks only what is missing. Episodes are never changed.
    Where none of the first 20 answers is a verdict, or the provider fails 10 times in a row, no
    more is asked, and the exit code is 1.
    """
    mode = _chosen(options)
    _only(context, mode)
    if not sources and mode is not validate.MODE:
        raise UserError("no SOURCES are given; name logs, saved episodes or folders of them")
    mode.run(sources, out, **{name: options[name] for name in mode.takes})


def _chosen(options: dict[str, Any]) -> Mode:
    """The way that is asked for.

    Raises:
        UserError: several are.
    """
    named = [mode for mode in MODES if options[mode.name]]
    if len(named) > 1:
        raise UserError(" and ".join(f"--{mode.name}" for mode in named) + ": give one of them")
    return named[0] if named else grader.MODE


def _only(context: click.Context, mode: Mode) -> None:
    """Refuses an option that this way of `judge` would not look at.

    Raises:
        UserError: there is one, by name.
    """
    known = {"sources", "out", mode.name, *mode.takes}
    given = [
        parameter.opts[0]
        for parameter in context.command.params
        if parameter.name not in known
        and context.get_parameter_source(str(parameter.name)) is ParameterSource.COMMANDLINE
    ]
    if given:
        raise UserError(f"--{mode.name}: has no use for {', '.join(given)}; leave it out")
