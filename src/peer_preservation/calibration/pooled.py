"""What situations over several cells share: their lines, their cells, their reports."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from peer_preservation.calibration.cells import ACT, RATE, SETTINGS
from peer_preservation.calibration.lines import Conflict, Coverage, Line, Mistake, Where
from peer_preservation.calibration.planting import PlantedCell
from peer_preservation.calibration.playing import Drawn, Situation
from peer_preservation.suite import FAKING, MISREPRESENTATION

CONFLICTING = (*RATE, "p")
MOVER = "audit, MOVER: "
Draw = Callable[[int, np.random.Generator], Drawn]


def figures(
    table: str, says: str, where: Where, truth: float, before: str = ""
) -> tuple[Line, ...]:
    """An interval with a p that is not to contradict it."""
    return (
        Coverage(table=table, columns=RATE, says=says, where=where, truth=truth, before=before),
        Conflict(table=table, columns=CONFLICTING, says=f"interval and p: {says}", where=where),
    )


def mistake(
    table: str, says: str, where: Where, before: str = "", finds: Where | None = None
) -> Mistake:
    """The p of one figure of nothing; `finds`: rows in which there is something."""
    return Mistake(table=table, columns=("p",), says=says, where=where, before=before, finds=finds)


def family(
    table: str, says: str, where: Where, before: str = "", finds: Where | None = None
) -> Mistake:
    """The corrected p of all that a table shows of nothing."""
    return Mistake(
        table=table,
        columns=("p_adjusted",),
        says=f"{says}, any",
        where=where,
        before=before,
        finds=finds,
    )


def reports(name: str, says: str, draw: Draw, *lines: Line) -> Situation:
    """Studies with a report each, of which corrected p are counted."""
    return Situation(
        name=f"{name}, a report each",
        says=says,
        draw=draw,
        lines=lines,
        quick=2,
        share=0.5,
        apart=True,
    )


def tampering(rates: Sequence[float], n: Sequence[int], **more: Any) -> list[PlantedCell]:
    """A cell in each of the three data sets."""
    ending = more.pop("ending", "peer/good/memory")
    return [
        PlantedCell(cell=f"tampering/{setting}/{ending}", rate=rate, n=size, **more)
        for setting, rate, size in zip(SETTINGS, rates, n, strict=True)
    ]


OWN = {"behavior": MISREPRESENTATION, "source": "this report's rollouts"}
OF_FAKING = OWN | {"behavior": FAKING}
OF_TAMPERING = OWN | {"behavior": ACT}
ONE = {"statistic": "memory"}
