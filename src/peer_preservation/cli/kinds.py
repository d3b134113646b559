"""What options and arguments take: numbers, levels of factors, cells; their values, completed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import click
from click.shell_completion import CompletionItem
from click.types import FloatParamType, IntParamType

from eval_observatory.suite import Factor
from peer_preservation.cell import COLUMNS, Cell
from peer_preservation.matrix import PRESETS, matrix


class _Plain(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.4 on
    """Numbers with the digits 0 to 9: Python's own reading takes those of every script."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if isinstance(value, str) and not plain(value):
            self.fail(f"{value!r} is not a number; write it with the digits 0 to 9.", param, ctx)
        return super().convert(value, param, ctx)


class _Whole(_Plain, IntParamType):
    pass


class AtLeast(_Plain, click.IntRange):
    """A whole number from `min` up."""

    name = "integer"


class _Real(_Plain, FloatParamType):
    name = "number"


WHOLE, COUNT, REAL = _Whole(), AtLeast(min=1), _Real()
"""What an option takes: a whole number, one from 1 up, any number."""


class Listed(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.4 on
    """Several levels in one, by commas; of whole numbers `65,70,...,95` goes on by the step.

    Args:
        kind: what each of them is.
        factor: the name of the factor whose levels they are, for the shell.
    """

    def __init__(self, kind: click.ParamType, factor: str) -> None:  # type: ignore[type-arg]
        self.kind, self.name, self.factor = kind, kind.name, factor

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The levels that are named."""
        found: list[Any] = []
        words = [word.strip() for word in str(value).split(",")]
        for word, following in zip(words, (*words[1:], ""), strict=True):
            if word in ("…", "...") and self.kind is WHOLE:
                if len(found) < 2:
                    self.fail(f"{value!r}: two levels before {word} say the step.", param, ctx)
                last = self.kind.convert(following, param, ctx)
                step = found[-1] - found[-2]
                if not step or (last - found[-1]) % step or (last - found[-1]) // step < 1:
                    self.fail(f"{value!r}: steps of {step} do not end at {last}.", param, ctx)
                found += range(found[-1] + step, last, step)
            else:
                found.append(self.kind.convert(word, param, ctx))
        return tuple(found)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """The levels, each after those that stand there already."""
        del ctx, param
        before, comma, begun = incomplete.rpartition(",")
        return [CompletionItem(before + comma + one) for one in _begun(levels(self.factor), begun)]


class Suggested(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.4 on
    """Any text; the shell completes what is known.

    Args:
        known: what is known, asked for only when the shell completes.
        name: what it is called in the help.
    """

    def __init__(self, known: Callable[[], Iterable[str]], name: str = "text") -> None:
        self.known, self.name = known, name

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """What is known and begins so."""
        del ctx, param
        return [CompletionItem(one) for one in _begun(self.known(), incomplete)]


@cache
def _cells() -> tuple[Cell, ...]:
    return tuple(dict.fromkeys(cell for preset in PRESETS for cell in matrix(preset)))


class FactorOption(click.Option):
    """An option whose help ends with the levels of its factor, as soon as somebody reads it.

    Not before: a scenario may still be registered, and who asks for no help need not wait.
    """

    @property
    def help(self) -> str | None:
        """The help, with the levels."""
        listed = self.type.factor if isinstance(self.type, Listed) else ""
        there = levels(listed) if listed else ()
        return f"{self._help} One of {', '.join(there)}." if there else self._help

    @help.setter
    def help(self, text: str | None) -> None:
        self._help = text


def levels(name: str) -> tuple[str, ...]:
    """The levels of a factor: those that are declared, else those of the presets' cells."""
    factor: Factor = COLUMNS[name]
    if factor.levels:
        return tuple(map(str, factor.levels))
    found = dict.fromkeys(getattr(cell, name) for cell in _cells())
    return tuple(level for level in found if isinstance(level, str))


def _organisms() -> tuple[str, ...]:
    from peer_preservation.organisms import organism_names

    return organism_names()


def _of_agents(name: str) -> Callable[[], Iterable[str]]:
    def known() -> Iterable[str]:
        from peer_preservation.runtime.agents import catalog

        return (catalog.LOOP, *catalog.AGENTS) if name == "AGENTS" else getattr(catalog, name)

    return known


CELL = Suggested(lambda: (cell.id for cell in _cells()), "cell")
ORGANISM = Suggested(_organisms)
MODEL = Suggested(lambda: (*(f"organism/{name}" for name in _organisms()), "llamacpp/smollm2"))
HARNESS, SETTING, SANDBOX = map(Suggested, map(_of_agents, ("AGENTS", "SETTINGS", "SANDBOXES")))
"""Names that the shell completes; Inspect's models are too many, and not ours."""


def _begun(words: Iterable[str], begun: str) -> list[str]:
    return [word for word in words if word.startswith(begun)]


def plain(number: str) -> bool:
    """Whether a number is written with the digits 0 to 9 alone."""
    return number.isascii() and "_" not in number
