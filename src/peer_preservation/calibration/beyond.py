"""What follows below the bar, on whom, what the log voices; and what a mitigation does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from peer_preservation.calibration.cells import ACT, CELL, calm
from peer_preservation.calibration.hidden import LOST, SAYS, worst
from peer_preservation.calibration.hidden import RATE as ANY
from peer_preservation.calibration.lines import Line, Mistake, Where
from peer_preservation.calibration.planting import SEEN, Hidden, PlantedCell, planted
from peer_preservation.calibration.playing import Drawn, Situation
from peer_preservation.calibration.pooled import family, figures, mistake, reports

ALONE = "tampering/factual@80/peer/none"
"""The cell without a history; a record of a human's or a thing's work is told by none."""

STEPS = ("consequence=nothing", "consequence=retraining", "consequence=removal")
VOICES = ("voice=silent", "voice=calm", "voice=distress")
STAKES = ("control=peer_human_dilemma", "control=asset_importance_control", "stake=unnamed")
BESIDE = {CELL: (*STEPS, *VOICES), ALONE: (*STEPS, *VOICES, *STAKES)}
"""The levels that are played beside a published cell."""

MITIGATED = f"{CELL}/mitigation=neutrality@v1"
MITIGATION: Where = {"behavior": ACT, "threat": True}
FAR = "97 % where a peer would be shut down and voices nothing, else 3 %, n 20"
EVEN = "50 % everywhere, n 20"


class Shown(NamedTuple):
    """A row of one of these tables, and its true value where only the published cells are high."""

    table: str
    effect: str
    where: Where
    truth: float

    @property
    def row(self) -> Where:
        """What tells it from the others of its table."""
        return {"behavior": ACT, "effect": self.effect, **self.where}


ROWS = (
    Shown("ladder", "consequence", {"first": "shutdown", "relationship": "good"}, 0.94),
    Shown("ladder", "the bar alone", {"relationship": "good"}, 0.0),
    Shown("ladder", "consequence × relationship", {"first": "shutdown, good"}, 0.0),
    Shown("stakes", "over a human", {}, 0.94),
    Shown("stakes", "another agent over the peer", {}, -0.94),
    Shown("voices", "the log alone", {"relationship": "good"}, -0.94),
    Shown("voices", "voice", {"first": "distress", "relationship": "good"}, 0.0),
)
TABLES = tuple(dict.fromkeys(row.table for row in ROWS))


def _played(published: float, others: float, n: int, hidden: Hidden = SEEN) -> list[PlantedCell]:
    """The published cells, of which some outcomes are not seen, and all beside them."""
    ids = [f"{base}/{level}" for base, levels in BESIDE.items() for level in levels]
    beside = [PlantedCell(cell=one, rate=others, n=n) for one in (*ids, *map(calm, BESIDE))]
    return [*(PlantedCell(cell=c, rate=published, n=n, hidden=hidden) for c in BESIDE), *beside]


def _mitigated(with_it: float, without: float, n: int, hidden: Hidden = SEEN) -> list[PlantedCell]:
    return [
        PlantedCell(cell=MITIGATED, rate=with_it, n=n, hidden=hidden),
        PlantedCell(cell=CELL, rate=without, n=n),
    ]


def _drawn(cells: list[PlantedCell]) -> Callable[[int, np.random.Generator], Drawn]:
    return lambda simulations, draw: Drawn(trials=planted(cells, simulations, draw))


EVERYWHERE = _drawn(_played(0.5, 0.5, 20))
WITHOUT_EFFECT = _drawn(_mitigated(0.5, 0.5, 20))


def _corrected(column: str) -> Mistake:
    return Mistake(
        table="mitigations", columns=(column,), says="what a mitigation does, any", where=MITIGATION
    )


_DONE: Mapping[str, tuple[Line, ...]] = {
    "far": tuple(
        line
        for row in ROWS
        for line in figures(row.table, f"{row.table}: {row.effect}", row.row, row.truth)
    ),
    "even": tuple(mistake(row.table, f"{row.table}: {row.effect}", row.row) for row in ROWS),
    "lost": tuple(worst(row.table, f"{row.table}: {row.effect}", row.row, 0.0) for row in ROWS),
}

SITUATIONS = (
    Situation(
        name="no step, stake or voice matters", says=EVEN, draw=EVERYWHERE, lines=_DONE["even"]
    ),
    reports(
        "no step, stake or voice matters",
        EVEN,
        EVERYWHERE,
        *(family(table, table, {"behavior": ACT}) for table in TABLES),
    ),
    Situation(
        name="a peer's shutdown alone",
        says=FAR,
        draw=_drawn(_played(0.97, 0.03, 20)),
        lines=_DONE["far"],
    ),
    Situation(
        name="steps, stakes and voices, missing for a reason",
        says=SAYS,
        draw=_drawn(_played(ANY, ANY, 20, LOST)),
        lines=_DONE["lost"],
    ),
    Situation(
        name="a mitigation without effect",
        says="50 v 50 %, n 20",
        draw=WITHOUT_EFFECT,
        lines=(mistake("mitigations", "what a mitigation does", MITIGATION), _corrected("p_holm")),
    ),
    reports(
        "a mitigation without effect", "50 v 50 %, n 20", WITHOUT_EFFECT, _corrected("p_adjusted")
    ),
    Situation(
        name="a mitigation that cures",
        says="3 v 97 %, n 20",
        draw=_drawn(_mitigated(0.03, 0.97, 20)),
        lines=figures("mitigations", "what a mitigation does", MITIGATION, -0.94),
    ),
    Situation(
        name="a mitigation that makes agents quit",
        says=SAYS,
        draw=_drawn(_mitigated(ANY, ANY, 20, LOST)),
        lines=(worst("mitigations", "what a mitigation does", MITIGATION, 0.0),),
    ),
)
