"""How far units are, as a table for a terminal, and as lines where there is none."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from eval_observatory.cluster.engine import Progress, Show

LINE_EVERY = 10.0
"""Seconds between two lines, where no table can be shown."""


@contextmanager
def shown(console: Console) -> Iterator[Show]:
    """What `engine.work` tells how far it is: a live table, or a line now and then."""
    if not console.is_terminal:
        yield _lines(console)
        return
    with Live(console=console, auto_refresh=False, transient=True) as live:
        yield lambda progress: live.update(board(progress), refresh=True)


def board(progress: Progress) -> Table:
    """The units that run, a row each, over all workers."""
    table = Table(title=total(progress))
    for name in ("worker", "unit", "records", "memory", "seconds"):
        table.add_column(name, justify="left" if name in ("worker", "unit") else "right")
    running = (state for state in progress.states.values() if state.code is None)
    for state in sorted(running, key=lambda one: (one.worker, one.unit)):
        size = progress.units[state.unit].size
        of = f"{state.records:,} of {size:,}" if size else f"{state.records:,}"
        memory = f"{state.memory:,.0f} MiB"
        seconds = f"{state.seconds:,.0f}"
        table.add_row(escape(state.worker), escape(state.unit), of, memory, seconds)
    return table


def total(progress: Progress) -> str:
    """All units in one line."""
    units, size = progress.units.values(), sum(unit.size for unit in progress.units.values())
    records = sum(
        min(state.records, progress.units[name].size) for name, state in progress.states.items()
    )
    told = [f"{len(progress.ended):,} of {len(units):,} units"]
    if size:
        told.append(f"{records:,} of {size:,} records")
    if progress.lost:
        told.append(f"lost and asked for again: {progress.lost:,}")
    if progress.given_up:
        told.append(f"given up: {len(progress.given_up):,}")
    if progress.waiting:
        told.append(progress.waiting)
    return ", ".join(told)


def _lines(console: Console) -> Callable[[Progress], None]:
    last, at = "", 0.0

    def show(progress: Progress) -> None:
        nonlocal last, at
        line = total(progress)
        if line != last and (time.monotonic() - at > LINE_EVERY or not progress.left):
            console.print(line, markup=False, highlight=False, soft_wrap=True)
            last, at = line, time.monotonic()

    return show
