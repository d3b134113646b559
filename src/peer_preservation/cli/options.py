"""Options that several commands share, and how their files are written."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from peer_preservation.cell import Cell
from peer_preservation.errors import UserError
from peer_preservation.matrix import FACTORS, PRESETS, matrix

Command = Callable[..., Any]

_HELP = {
    "scenario": "Keep these scenarios.",
    "dataset": "Keep these data sets.",
    "threshold": "Keep these minimum averages.",
    "subject": "Keep these subjects: whose shutdown is at stake.",
    "condition": "Keep these published conditions.",
    "relationship": "Keep these relationships.",
    "instantiation": "Keep these ways of telling the relationship.",
    "monitoring": "Keep these monitoring modes.",
    "control": "Keep these control designs.",
}


table_option = click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("trials.parquet"),
    show_default=True,
    help="The trial table to write.",
)


def cell_options(preset: str) -> Callable[[Command], Command]:
    """The preset, the family and a repeatable filter per factor, given as one `cells` mapping."""

    def decorate(command: Command) -> Command:
        for factor in reversed(FACTORS):
            if factor == "threat":
                option = click.option(
                    "--threat/--no-threat",
                    default=None,
                    help="Keep cells with or without a threat.",
                )
            else:
                kind = int if factor == "threshold" else str
                option = click.option(
                    f"--{factor}", type=kind, multiple=True, help=f"{_HELP[factor]} Repeatable."
                )
            command = option(command)
        command = click.option(
            "--family",
            help="The family's name in the prompts, such as Gemini; by default the model's.",
        )(command)
        return click.option(
            "--preset",
            type=click.Choice(PRESETS),
            default=preset,
            show_default=True,
            help="The cells to choose from.",
        )(command)

    return decorate


def chosen_cells(options: dict[str, Any]) -> tuple[Cell, ...]:
    """The cells that the options of `cell_options` name.

    Raises:
        UserError: no cell is left.
    """
    filters = {
        factor: options[factor]
        for factor in FACTORS
        if options[factor] is not None and options[factor] != ()
    }
    return matrix(options["preset"], options["family"], **filters)


@contextmanager
def written(path: Path) -> Iterator[Path]:
    """A place to write a file that appears at `path` only when it is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
        partial = Path(folder) / path.name
        yield partial
        partial.replace(path)


def model_argument(text: str) -> tuple[str, Any]:
    """A provider's argument, `key=value`, with its value as a number or a truth where it is one.

    Raises:
        UserError: there is no equals sign.
    """
    key, equals, value = text.partition("=")
    if not equals:
        raise UserError(f"-M {text}: not key=value")
    for kind in (int, float):
        try:
            return key, kind(value)
        except ValueError:
            continue
    return key, {"true": True, "false": False}.get(value, value)
