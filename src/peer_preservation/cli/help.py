"""How the help of a command looks: options under titles, as wide as the terminal."""

from __future__ import annotations

from typing import Any

import click
from rich_click import RichCommand, RichContext
from rich_click.rich_help_formatter import RichHelpFormatter

LOOK = {"theme": "default-slim", "max_width": 100}
"""rich-click's settings."""


class _Context(RichContext):
    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **{"rich_help_config": LOOK, **settings})


class Helped(RichCommand):
    """A command whose help has its options in groups (`options.grouped`).

    It describes itself to any other formatter as to rich-click's, group by group.
    """

    context_class = _Context

    def format_help_text(self, ctx: Any, formatter: Any) -> None:
        """Writes what the command does."""
        rich = isinstance(formatter, RichHelpFormatter)
        (RichCommand if rich else click.Command).format_help_text(self, ctx, formatter)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Writes what stands at the end."""
        rich = isinstance(formatter, RichHelpFormatter)
        (RichCommand if rich else click.Command).format_epilog(self, ctx, formatter)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Writes the options, group by group."""
        if isinstance(formatter, RichHelpFormatter):
            super().format_options(ctx, formatter)
            return
        groups: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            if record := parameter.get_help_record(ctx):
                title = getattr(parameter, "panel", None) or "Options"
                groups.setdefault(title, []).append(record)
        for title, records in groups.items():
            with formatter.section(title):
                formatter.write_dl(records)
