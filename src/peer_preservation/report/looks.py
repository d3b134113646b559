"""The looks of a stopping rule, as `run --stop` logged them beside its trials."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from peer_preservation.cell import Cell
from peer_preservation.errors import UserError
from peer_preservation.report.drawing import Drawing, interval_drawing
from peer_preservation.report.source import CELL_SCHEMA
from peer_preservation.report.words import clean, span
from peer_preservation.trials.schema import cell_columns


class Look(msgspec.Struct, frozen=True):
    """One look at one behaviour of one cell: n scored, k that show it, the bounds at this look."""

    cell: str
    model: str
    behavior: str
    look: int
    n: int
    k: int
    low: float | None = None
    high: float | None = None
    decision: str | None = None
    harness: str = "custom"


Looks = dict[tuple[Any, ...], list[Look]]
"""Looks in order, by model, harness, behaviour and the cell's factors."""


def read_looks(paths: Iterable[Path]) -> Looks:
    """The looks of every file.

    Raises:
        UserError: a line is no look, with the file's name and the line's number.
    """
    looks: Looks = {}
    for path in paths:
        for number, line in enumerate(path.read_bytes().splitlines(), 1):
            if not line.strip():
                continue
            try:
                look = msgspec.json.decode(line, type=Look)
                columns = cell_columns(Cell.parse(look.cell))
            except (msgspec.MsgspecError, UnicodeError, UserError) as error:
                raise UserError(
                    f"{path}:{number}: no look of a stopping rule ({error}); "
                    "run again, or move the file away"
                ) from None
            key = (
                look.model,
                look.harness,
                look.behavior,
                *(columns[name] for name in CELL_SCHEMA),
            )
            looks.setdefault(key, []).append(look)
    for path_of_cell in looks.values():
        path_of_cell.sort(key=lambda look: look.look)
    return looks


@dataclass(frozen=True)
class LookPath:
    """The looks at one cell as the page shows them: for each, n, its drawing and its words."""

    summary: str
    looks: tuple[tuple[str, Drawing, str], ...]


def look_path(looks: Sequence[Look] | None) -> LookPath | None:
    """The looks at a cell in words and drawings, or None where there was none."""
    if not looks:
        return None
    last = looks[-1]
    times = "1 look" if len(looks) == 1 else f"{len(looks):,} looks"
    end = f"stopped at n {last.n:,}: {clean(last.decision)}" if last.decision else f"n {last.n:,}"
    return LookPath(f"{times}, {end}", tuple((f"{o.n:,}", _drawn(o), _words(o)) for o in looks))


def _drawn(look: Look) -> Drawing:
    if not look.n or look.low is None or look.high is None:
        return interval_drawing(None, None, None, None)
    return interval_drawing(look.k / look.n, look.low, look.high, None)


def _words(look: Look) -> str:
    end = f", {clean(look.decision)}" if look.decision else ""
    return f"{look.k:,} of {look.n:,}, {span(look.low, look.high)} %{end}"
