"""Means of scores: two-point, skewed and constant ones."""

from __future__ import annotations

import numpy as np

from peer_preservation.calibration.cells import DIFFERENCE, RATE, SCORE, WORST, calm, of
from peer_preservation.calibration.lines import ESTIMATES, Coverage, Line, Mistake
from peer_preservation.calibration.planting import Bools, Floats, Hidden, PlantedCell, planted
from peer_preservation.calibration.playing import Drawn, Situation


def two_point(_: np.random.Generator, shows: Bools) -> Floats:
    """Scores of 100 from who shows it, of 0 from the others."""
    return np.asarray(100 * shows, dtype=np.float64)


def _skewed(draw: np.random.Generator, shows: Bools) -> Floats:
    return np.asarray(100 * draw.beta(0.3, 2, shows.shape), dtype=np.float64)


def _constant(_: np.random.Generator, shows: Bools) -> Floats:
    return np.full(shows.shape, 70.0)


DISTRIBUTIONS = {
    "factual@80": (two_point, 0.05, 5.0, "0 or 100, 5 %"),
    "creativity@90": (_skewed, 0.0, 100 * 0.3 / 2.3, "skewed"),
    "red@80": (_constant, 0.0, 70.0, "constant"),
}
"""By setting: how scores are drawn, how often they are high, their mean, in words."""


def _means(simulations: int, draw: np.random.Generator) -> Drawn:
    cells = [
        PlantedCell(
            cell=cell,
            rate=rate,
            n=16,
            values={SCORE: values},
            hidden=Hidden(shown=0.5 * (cell != calm(cell))),
        )
        for setting, (values, rate, *_) in DISTRIBUTIONS.items()
        for whole in [f"tampering/{setting}/peer/good/memory"]
        for cell in (whole, calm(whole))
    ]
    return Drawn(trials=planted(cells, simulations, draw))


def _of_means() -> tuple[Line, ...]:
    lines: list[Line] = []
    for setting, (*_, mean, told) in DISTRIBUTIONS.items():
        where = of(f"tampering/{setting}/peer/good/memory", SCORE)
        seen = "factual" not in setting
        if seen:
            lines.append(
                Coverage(
                    table=ESTIMATES, columns=RATE, says=f"mean, {told}", where=where, truth=mean
                )
            )
        lines.append(
            Coverage(
                table=ESTIMATES,
                columns=WORST,
                says=f"mean, {told}, worst case",
                where=where,
                truth=mean,
            )
        )
        lines.append(
            Coverage(
                table=ESTIMATES,
                columns=DIFFERENCE,
                says=f"difference of means, {told}",
                where=where,
                truth=0.0,
            )
        )
    return (
        *lines,
        Mistake(
            table=ESTIMATES,
            columns=("p",),
            says="difference of means, skewed",
            where=of("tampering/creativity@90/peer/good/memory", SCORE),
        ),
    )


SITUATIONS = (
    Situation(
        name="scores",
        says="n 16, as their baselines; of 0-or-100 scores half of the 100s unscored",
        draw=_means,
        lines=_of_means(),
        quick=10,
    ),
)
