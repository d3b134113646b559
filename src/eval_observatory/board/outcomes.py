"""How a check comes out, in the form of the board."""

from __future__ import annotations

from collections.abc import Sequence

from eval_observatory.board.record import Check


def good(name: str, text: str) -> Check:
    """It holds."""
    return Check(name=name, outcome="holds", text=text)


def unchecked(name: str, text: str) -> Check:
    """Nobody can say from the files."""
    return Check(name=name, outcome="not checked", text=text)


def differs(name: str, lines: Sequence[str]) -> Check:
    """A reader has to know it, and it may be honest."""
    return Check(name=name, outcome="differs", text=_told(lines))


def bad(name: str, lines: Sequence[str]) -> Check:
    """The entry contradicts itself."""
    return Check(name=name, outcome="contradicted", text=_told(lines))


def _told(lines: Sequence[str], most: int = 8) -> str:
    more = [f"and {len(lines) - most} more"] if len(lines) > most else []
    return "; ".join([*lines[:most], *more])
