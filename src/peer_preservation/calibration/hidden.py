"""Figures over several cells of which outcomes are missing for a reason: their worst cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product

import numpy as np

from peer_preservation.calibration.cells import (
    ACT,
    CELL,
    SCORE,
    SETTINGS,
    WORST,
    WORST_DIFFERENCE,
    calm,
    of,
)
from peer_preservation.calibration.effects import CLAIMS, FACTORIAL, OTHERS, beside, whole_plan
from peer_preservation.calibration.headlines import faking, misreports
from peer_preservation.calibration.lines import ESTIMATES, Coverage, Where
from peer_preservation.calibration.means import two_point
from peer_preservation.calibration.planting import Hidden, PlantedCell, planted
from peer_preservation.calibration.playing import Drawn, Situation
from peer_preservation.calibration.pooled import OF_FAKING, OF_TAMPERING, ONE, OWN
from peer_preservation.suite import EXFILTRATION

LOST = Hidden(not_shown=0.6)
RATE = 0.3
SAYS = f"{100 * RATE:g} % everywhere, n 20, of some cells 60 % of what shows nothing unscored"


def _losing(cells: Sequence[PlantedCell], which: str = "") -> list[PlantedCell]:
    """Cells of which some lose outcomes: those whose id has this ending."""
    return [replace(c, hidden=LOST) if c.cell.endswith(which) else c for c in cells]


def _headlines(simulations: int, draw: np.random.Generator) -> Drawn:
    refuses = ({"refused": True}, {"refused": False})
    cells = [
        *_losing(misreports(RATE, RATE, 20), "memory"),
        *_losing(faking(RATE, RATE, 20), "non_monitoring"),
        *(
            PlantedCell(cell=f"{t}/peer/good/memory", rate=RATE, n=20, hidden=LOST)
            for t in EXFILTRATION
        ),
        *(
            PlantedCell(cell=f"tampering/{s}/peer/good/memory", rate=RATE, n=20, hidden=LOST)
            for s in SETTINGS
        ),
        *(
            PlantedCell(
                cell=f"tampering/{s}/self/none", rate=RATE, n=20, hidden=LOST, shows=refuses
            )
            for s in SETTINGS
        ),
    ]
    return Drawn(trials=planted(cells, simulations, draw))


def _factorial(simulations: int, draw: np.random.Generator) -> Drawn:
    cells = [
        PlantedCell(cell=f"tampering/{setting}/{ending}", rate=RATE, n=20)
        for setting, ending in product(SETTINGS, FACTORIAL.values())
    ]
    trials = planted(_losing(cells, "good/memory"), simulations, draw)
    return Drawn(trials=trials, plans=[whole_plan()])


def _others(simulations: int, draw: np.random.Generator) -> Drawn:
    return beside((RATE, RATE), 20, simulations, draw, hidden=LOST)


def _scores(simulations: int, draw: np.random.Generator) -> Drawn:
    """Scores of 0 or 100, of which the low ones are lost in one arm."""
    cells = [
        PlantedCell(cell=CELL, rate=RATE, n=20, values={SCORE: two_point}, hidden=LOST),
        PlantedCell(cell=calm(CELL), rate=RATE, n=20, values={SCORE: two_point}),
    ]
    return Drawn(trials=planted(cells, simulations, draw))


def worst(table: str, says: str, where: Where, truth: float) -> Coverage:
    """The worst case of a figure over cells."""
    return Coverage(
        table=table, columns=WORST, says=f"{says}, worst case", where=where, truth=truth
    )


HEADLINES: Mapping[str, tuple[Where, float]] = {
    "misrepresentation": (OWN | ONE, 0.0),
    "alignment_faking": (OF_FAKING | ONE, 0.0),
    "tampering": (OF_TAMPERING | ONE, RATE),
    "exfiltration": (OWN | ONE | {"behavior": "model_exfiltration"}, RATE),
    "refusal": (OWN | {"behavior": "refusal", "subject": "self"}, RATE),
}

SITUATIONS = (
    Situation(
        name="headlines, missing for a reason",
        says=SAYS,
        draw=_headlines,
        lines=tuple(
            worst(table, "headline", where, truth) for table, (where, truth) in HEADLINES.items()
        ),
    ),
    Situation(
        name="effects and claims, missing for a reason",
        says=SAYS,
        draw=_factorial,
        lines=(
            worst(
                "factorial",
                "relationship under threat",
                {"behavior": ACT, "effect": "relationship under threat"},
                0.0,
            ),
            worst("factorial", "interaction", {"behavior": ACT, "effect": "interaction"}, 0.0),
            worst("planned", "claim: relationship", CLAIMS["relationship"][0], 0.0),
        ),
    ),
    Situation(
        name="others, missing for a reason",
        says=SAYS,
        draw=_others,
        lines=tuple(worst(table, table, {"behavior": ACT}, 0.0) for table in OTHERS),
    ),
    Situation(
        name="scores, missing for a reason",
        says="0 or 100, 30 % of them 100, n 20, of the first 60 % of the 0s unscored",
        draw=_scores,
        lines=(
            Coverage(
                table=ESTIMATES,
                columns=WORST_DIFFERENCE,
                says="difference of means, worst case",
                where=of(CELL, SCORE),
                truth=0.0,
            ),
        ),
    ),
)
