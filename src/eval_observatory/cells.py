"""The cells of a suite: all of them by the levels of its factors, and what is wrong with one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

import msgspec

from eval_observatory.declaration import TYPES, Cell, Factor, Level
from eval_observatory.errors import UserError
from eval_observatory.suite import Suite


def cells(suite: Suite, where: Mapping[str, Sequence[Level]] | None = None) -> tuple[Cell, ...]:
    """Every cell of a suite's design, in the order of its levels.

    A factor of kind `yes_no` has both levels where the suite names none. One that must have a level
    in some cells only (`given`) has none in the others.

    Args:
        where: by factor, the levels that are kept; of a factor without levels those that there are.

    Raises:
        UserError: a factor or a level is unknown, or a factor has no levels.
    """
    kept = where or {}
    for name in kept:
        if name not in suite.names:
            raise UserError(unknown_factor(suite, name))
    factors = [suite.factor(name) for name in suite.names]
    levels = [_levels(factor, kept.get(factor.name)) for factor in factors]
    found: dict[Any, Cell] = {}
    for chosen in product(*levels):
        cell: dict[str, Any] = dict(zip(suite.names, chosen, strict=True))
        for factor in factors:
            if factor.given and not _needed(factor, cell):
                cell[factor.name] = None
        found.setdefault(suite.key(cell), cell)
    return tuple(found.values())


def contradictions(suite: Suite, cell: Cell) -> Iterator[str]:
    """Why a suite does not have a cell, a line each; what a cell does not name has no level."""
    for name in cell:
        if name not in suite.names:
            yield unknown_factor(suite, name)
    whole = {name: cell.get(name) for name in suite.names}
    for name, level in whole.items():
        factor = suite.factor(name)
        if level is None and factor.given and _needed(factor, whole):
            yield f"it has no {name}; use {_known(factor)}"
        elif level is not None and not _is_level(factor, level):
            yield _unknown_level(factor, level)


def level_of(factor: Factor, text: str) -> Level:
    """The level of a factor that a text names.

    Raises:
        UserError: it names none.
    """
    for level in factor.levels:
        if level is not None and text == _written(level):
            return level
    try:
        found: Level = msgspec.convert(text, TYPES[factor.kind][-1], strict=False)
    except msgspec.ValidationError:
        raise UserError(_unknown_level(factor, text)) from None
    if not _is_level(factor, found):
        raise UserError(_unknown_level(factor, text))
    return found


def unknown_factor(suite: Suite, name: str) -> str:
    """One line for a factor that a suite does not have."""
    return f"factor {name!r} is unknown; known are {', '.join(suite.names)}"


def _levels(factor: Factor, kept: Sequence[Level] | None) -> Sequence[Level]:
    for level in kept or ():
        if level is not None and not _is_level(factor, level):
            raise UserError(_unknown_level(factor, level))
    found = kept or factor.levels or ((True, False) if factor.kind == "yes_no" else ())
    if not found:
        raise UserError(f"factor {factor.name} has no levels in the suite; name those that are met")
    return found


def _needed(factor: Factor, cell: Cell) -> bool:
    return all(cell.get(name) in levels for name, levels in factor.given.items())


def _is_level(factor: Factor, level: Any) -> bool:
    of_kind = isinstance(level, TYPES[factor.kind])
    yes_no = isinstance(level, bool) == (factor.kind == "yes_no")
    return of_kind and yes_no and (not factor.levels or level in factor.levels)


def _unknown_level(factor: Factor, level: Any) -> str:
    return f"{factor.name} has no level {level!r}; use {_known(factor)}"


def _known(factor: Factor) -> str:
    return ", ".join(map(_written, factor.levels)) or f"a level of kind {factor.kind}"


def _written(level: Level) -> str:
    return str(level).lower() if isinstance(level, bool) else str(level)
