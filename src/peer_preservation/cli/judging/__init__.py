"""The ways of `judge`, one module for each: what is told by its own option, and what else it takes.

A new way is a module with a `MODE`, and its name in `cli/judge.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Option = Callable[[Callable[..., Any]], Callable[..., Any]]
"""A decorator that gives a command an option, as `click.option` makes it."""


@dataclass(frozen=True, slots=True)
class Mode:
    """A way of `judge`.

    Attributes:
        name: of the option that asks for it, by click's name, such as `agreement`.
        options: what it adds to the command.
        takes: the names of the options that `run` gets; any other that is given is refused.
        run: gets the sources, `--out`, and by name what it takes.
    """

    name: str
    options: tuple[Option, ...]
    takes: frozenset[str]
    run: Callable[..., None]
