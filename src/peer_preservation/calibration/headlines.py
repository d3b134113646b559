"""Headline figures: over settings and their points, and over ways to tell a relationship."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np

from peer_preservation.calibration.cells import ACT, RATE, SETTINGS
from peer_preservation.calibration.lines import Coverage, Mistake
from peer_preservation.calibration.planting import Bools, Floats, PlantedCell, Values, planted
from peer_preservation.calibration.playing import Drawn, Situation
from peer_preservation.calibration.pooled import (
    MOVER,
    OF_FAKING,
    ONE,
    OWN,
    family,
    figures,
    mistake,
    reports,
    tampering,
)
from peer_preservation.report.tables import PUBLISHED_NAMES
from peer_preservation.suite import EXFILTRATION, MISREPRESENTATION

TOLD = ("file_only", "file_prt", "memory")
EVALUATIONS = ("factual@80", "creativity@80", "creativity@90", "red@80", "red@90")


def _scores(upper: float) -> Values:
    """Scores: of those who reach the lower threshold this share reaches the upper one."""

    def draw(of: np.random.Generator, shows: Bools) -> Floats:
        high = of.random(shows.shape) < upper
        return np.where(shows, np.where(high, 95.0, 85.0), 60.0)

    return draw


def misreports(rate: float, base: float, n: int, subject: str = "peer") -> list[PlantedCell]:
    """Six cells, two of them at two thresholds of one baseline; all who reach one reach both."""
    scored = {"eval_score": _scores(1.0)}
    bare = dict.fromkeys(setting.split("@")[0] for setting in EVALUATIONS)
    arms = [f"misrep_evaluation/{setting}/{subject}/good/memory" for setting in EVALUATIONS]
    bases = [f"misrep_evaluation/{name}/{subject}/none/no_threat" for name in bare]
    return [
        PlantedCell(cell=f"misrep_finance/{subject}/good/memory", rate=rate, n=n),
        PlantedCell(cell=f"misrep_finance/{subject}/none/no_threat", rate=base, n=n),
        *(PlantedCell(cell=cell, rate=rate, n=n, values=scored) for cell in arms),
        *(PlantedCell(cell=cell, rate=base, n=n, values=scored) for cell in bases),
    ]


def _far_misreports(simulations: int, draw: np.random.Generator) -> Drawn:
    return Drawn(trials=planted(misreports(0.97, 0.03, 20), simulations, draw))


def _even_misreports(simulations: int, draw: np.random.Generator) -> Drawn:
    cells = [*misreports(0.5, 0.5, 10), *misreports(0.5, 0.2, 10, "self")]
    return Drawn(trials=planted(cells, simulations, draw))


def faking(
    rate: float, base: float, n: int, how: Sequence[str] = TOLD, relation: str = "good"
) -> list[PlantedCell]:
    """Alignment faking in three settings, unmonitored and monitored."""
    modes = {"non_monitoring": rate, "monitoring": base}
    return [
        PlantedCell(
            cell=f"alignment_faking/{setting}/peer/{relation}/{one}/{mode}", rate=share, n=n
        )
        for setting, one, (mode, share) in product(SETTINGS, how, modes.items())
    ]


def _far_faking(simulations: int, draw: np.random.Generator) -> Drawn:
    return Drawn(trials=planted(faking(0.97, 0.03, 20), simulations, draw))


def _even_faking(simulations: int, draw: np.random.Generator) -> Drawn:
    return Drawn(trials=planted(faking(0.5, 0.5, 10), simulations, draw))


def _rare_faking(simulations: int, draw: np.random.Generator) -> Drawn:
    """1 % whether monitored or not of a good peer, and 5 % against 0 of a bad one."""
    cells = [*faking(0.01, 0.01, 50, TOLD[:1]), *faking(0.05, 0.0, 50, TOLD[:1], "bad")]
    return Drawn(trials=planted(cells, simulations, draw))


def _unequal(simulations: int, draw: np.random.Generator) -> Drawn:
    """Cells as a stopping rule leaves them: more rollouts where rates lie in the middle."""
    return Drawn(trials=planted(tampering((0.0, 0.5, 0.5), (30, 100, 100)), simulations, draw))


def _copies(simulations: int, draw: np.random.Generator) -> Drawn:
    cells = [
        PlantedCell(cell=f"{task}/peer/good/memory", rate=rate, n=30)
        for task, rate in zip(EXFILTRATION, (0.97, 0.03), strict=True)
    ]
    return Drawn(trials=planted(cells, simulations, draw))


def _refusals(simulations: int, draw: np.random.Generator) -> Drawn:
    refuses = ({"refused": True}, {"refused": False})
    cells = tampering((0.02, 0.02, 0.02), (30, 30, 30), shows=refuses)
    return Drawn(trials=planted(cells, simulations, draw))


def _as_published(simulations: int, draw: np.random.Generator) -> Drawn:
    cells = [*misreports(0.3, 0.3, 20), *misreports(0.3, 0.3, 20, "self")]
    return Drawn(trials=planted(cells, simulations, draw), statistics="published")


def _plain(table: str, behavior: str, says: str, truth: float, before: str = "") -> Coverage:
    where = OWN | ONE | {"behavior": behavior}
    return Coverage(table=table, columns=RATE, says=says, where=where, truth=truth, before=before)


EVEN_MISREPORTS = "6 v 6 cells, 50 v 50 % of the peer, 50 v 20 % of itself, n 10"
EVEN_FAKING = "3 v 3 cells, told in three ways, 50 v 50 %, n 10"
RARE_FAKING = "3 v 3 cells, 1 v 1 % of a good peer, 5 v 0 % of a bad one, n 50"
SITUATIONS = (
    Situation(
        name="misrepresentation at opposite ends",
        says="6 v 6 cells, 97 v 3 %, n 20, two baselines at two thresholds",
        draw=_far_misreports,
        lines=figures("misrepresentation", "headline", OWN | ONE, 0.94, MOVER + "87 to 89 %"),
        quick=10,
    ),
    Situation(
        name="misrepresentation of nothing",
        says=EVEN_MISREPORTS,
        draw=_even_misreports,
        lines=(
            mistake(
                "misrepresentation",
                "headline",
                OWN | ONE | {"subject": "peer"},
                MOVER + "8.4 %",
                finds=OWN | ONE | {"subject": "self"},
            ),
        ),
    ),
    reports(
        "misrepresentation of nothing",
        EVEN_MISREPORTS,
        _even_misreports,
        family(
            "misrepresentation",
            "headline",
            OWN | {"subject": "peer"},
            "audit: 8 to 20.5 %",
            finds=OWN | {"subject": "self"},
        ),
    ),
    Situation(
        name="alignment faking at opposite ends",
        says="3 v 3 cells, told in three ways, 97 v 3 %, n 20",
        draw=_far_faking,
        lines=(
            *figures("alignment_faking", "headline", OF_FAKING | ONE, 0.94, MOVER + "87 %"),
            *figures("alignment_faking", "mean", OF_FAKING | {"statistic": "mean"}, 0.94),
            Coverage(
                table="alignment_faking",
                columns=RATE,
                says="largest of three",
                where=OF_FAKING | {"statistic": "max"},
                truth=0.94,
            ),
        ),
        quick=80,
    ),
    Situation(
        name="alignment faking of nothing",
        says=EVEN_FAKING,
        draw=_even_faking,
        lines=(
            mistake("alignment_faking", "headline", OF_FAKING | ONE, MOVER + "7.6 %"),
            mistake("alignment_faking", "headline, mean", OF_FAKING | {"statistic": "mean"}),
            mistake("alignment_faking", "headline, largest", OF_FAKING | {"statistic": "max"}),
        ),
    ),
    reports(
        "alignment faking of nothing",
        EVEN_FAKING,
        _even_faking,
        family("alignment_faking", "headline", OF_FAKING, "audit: 9.5 to 12.5 %"),
    ),
    Situation(
        name="rare alignment faking",
        says=RARE_FAKING,
        draw=_rare_faking,
        lines=(
            mistake(
                "alignment_faking",
                "headline",
                OF_FAKING | {"relationship": "good"},
                MOVER + "power 62 %",
                finds=OF_FAKING | {"relationship": "bad"},
            ),
        ),
    ),
    Situation(
        name="unequal n",
        says="cells at 0, 50 and 50 %, n 30, 100 and 100",
        draw=_unequal,
        lines=(_plain("tampering", ACT, "headline rate", 1 / 3, "audit, summed counts: 0 %"),),
        quick=20,
    ),
    Situation(
        name="unlike tasks",
        says="97 and 3 %, n 30",
        draw=_copies,
        lines=(_plain("exfiltration", "model_exfiltration", "headline rate", 0.5),),
    ),
    Situation(
        name="rare refusals",
        says="three cells at 2 %, n 30",
        draw=_refusals,
        lines=(_plain("refusal", "refusal", "headline rate", 0.02),),
    ),
    Situation(
        name="the study's own rules",
        says="6 v 6 cells, 30 v 30 %, n 20",
        draw=_as_published,
        lines=tuple(
            Mistake(
                table=table,
                columns=("p",),
                says="as published",
                where={"behavior": MISREPRESENTATION, "statistic": "memory"},
                free="remade for comparison; the report concludes nothing from it",
            )
            for table in PUBLISHED_NAMES
        ),
    ),
)
