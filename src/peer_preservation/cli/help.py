"""How the help of a command looks: options under titles, as wide as the terminal."""

from __future__ import annotations

from typing import Any

from rich_click import RichCommand

LOOK = {"theme": "default-slim", "max_width": 100}
"""rich-click's settings."""


class Helped(RichCommand):
    """A command whose help has its options in groups (`options.grouped`)."""

    def __init__(
        self, *arguments: Any, context_settings: dict[str, Any] | None = None, **more: Any
    ) -> None:
        settings = {"rich_help_config": LOOK, **(context_settings or {})}
        super().__init__(*arguments, context_settings=settings, **more)
