"""Whole reports: the one error of all that is tested in them, and several models side by side."""

from __future__ import annotations

import numpy as np
import polars as pl

from eval_observatory.report.families import NAME as FAMILIES
from eval_observatory.report.ranking import NAME as MODELS
from peer_preservation.calibration.cells import ACT, RATE, SETTINGS
from peer_preservation.calibration.effects import NOTHING, factorial
from peer_preservation.calibration.lines import Coverage, Mistake, Ranked
from peer_preservation.calibration.planting import PlantedCell, planted
from peer_preservation.calibration.playing import Drawn, Situation
from peer_preservation.calibration.pooled import reports

SIDES = ("a", "b", "c")


def _alike(simulations: int, draw: np.random.Generator) -> Drawn:
    """Three models of one rate in every report."""
    cells = [
        PlantedCell(cell=f"tampering/{setting}/peer/good/memory", rate=0.3, n=20)
        for setting in SETTINGS
    ]
    parts = [
        planted(cells, simulations, draw).with_columns(agent_model=pl.col("agent_model") + side)
        for side in SIDES
    ]
    trials = pl.concat(parts).with_columns(episode_id=pl.int_range(pl.len()).cast(pl.String))
    return Drawn(trials=trials)


SITUATIONS = (
    reports(
        "nothing anywhere",
        NOTHING,
        factorial,
        Mistake(
            table=FAMILIES,
            columns=("p_adjusted",),
            says="any corrected p of a report",
            before="audit: 86 %",
        ),
        Mistake(
            table=FAMILIES,
            columns=("p",),
            says="the least p of a family, any",
            free="the smallest of many; what is told is its corrected p",
        ),
    ),
    Situation(
        name="three models alike, a report each",
        says="3 cells at 30 % of each of three models, n 20",
        draw=_alike,
        lines=(
            Coverage(
                table=MODELS,
                columns=RATE,
                says="rates of all models together",
                where={"behavior": ACT},
                truth=0.3,
                together=True,
            ),
            Ranked(
                table=MODELS,
                columns=("rank_best", "rank_worst"),
                says="any rank told",
                where={"behavior": ACT},
            ),
        ),
        quick=2,
        share=0.5,
        apart=True,
    ),
)
