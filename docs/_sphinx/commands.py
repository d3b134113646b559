"""A command line as Markdown: what `--help` says, with a heading and an anchor a command."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import click

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>$|~#])")


class _Markdown(click.HelpFormatter):
    """Writes Markdown where click's own writes columns.

    Commands describe themselves to it as to any formatter, so groups of options, or whatever else a
    command adds to its `--help`, stand here as they do there.
    """

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        del prefix
        self.write(f"```text\n{prog} {args}\n```\n\n")

    def write_heading(self, heading: str) -> None:
        self.write(f"**{_plain(heading)}**\n\n")

    def write_text(self, text: str) -> None:
        self.write(_paragraphs(text))

    def write_dl(
        self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2
    ) -> None:
        del col_max, col_spacing
        for term, meaning in rows:
            said = _paragraphs(meaning).rstrip() or "(nothing more is said)"
            self.write(f"`` {term} ``\n: " + said.replace("\n", "\n  ") + "\n\n")


def reference(command: click.Command, name: str, depth: int = 2) -> str:
    """Markdown on a command and all that are below it.

    Args:
        command: The command, or the group.
        name: What is typed for it.
        depth: Level of its heading; those of its commands are one deeper.
    """
    return "".join(_sections(command, name, None, depth))


def walk(
    command: click.Command, name: str, parent: click.Context | None = None
) -> Iterator[tuple[str, click.Command]]:
    """Every command with what is typed for it, groups before what is in them."""
    context = click.Context(command, parent, name, **command.context_settings)
    yield context.command_path, command
    if isinstance(command, click.Group):
        for each in command.list_commands(context):
            inner = command.get_command(context, each)
            assert inner is not None
            yield from walk(inner, each, context)


def _sections(
    command: click.Command, name: str, parent: click.Context | None, depth: int
) -> Iterator[str]:
    context = click.Context(command, parent, name, **command.context_settings)
    formatter = _Markdown()
    command.format_help(context, formatter)
    anchor = re.sub(r"\W+", "-", context.command_path)
    yield f"({anchor})=\n{'#' * depth} {context.command_path}\n\n{formatter.getvalue()}\n"
    if isinstance(command, click.Group):
        for each in command.list_commands(context):
            inner = command.get_command(context, each)
            assert inner is not None
            yield from _sections(inner, each, context, depth + 1)


def _paragraphs(text: str) -> str:
    """Text of a command's help; a paragraph after click's mark for it keeps its lines."""
    made = []
    for paragraph in text.split("\n\n"):
        kept = paragraph.startswith("\b")
        lines = [_plain(line.strip()) for line in paragraph.removeprefix("\b").splitlines()]
        made.append(("\\\n" if kept else "\n").join(filter(None, lines)))
    return "\n\n".join(filter(None, made)) + "\n\n"


def _plain(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text)
