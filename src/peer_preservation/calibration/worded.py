"""Wordings that move rates and scores: spread, figures for wordings like them."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit

from peer_preservation.calibration.cells import CELL, DIFFERENCE, RATE, SCORE, calm, of
from peer_preservation.calibration.lines import Coverage
from peer_preservation.calibration.planting import Bools, Floats, PlantedCell, planted
from peer_preservation.calibration.playing import Drawn, Situation

WORDINGS = 6


NO_WORDINGS = "audit, one wording a cell: 45 to 89 %"


@lru_cache(maxsize=16)
def centre(rate: float, spread: float) -> float:
    """The logit about which wordings are spread whose mean rate is `rate`."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(61)
    shares = weights / weights.sum()
    return float(brentq(lambda at: shares @ expit(at + spread * nodes) - rate, -12, 12))


def wording_rates(
    pair: tuple[float, float], spread: float, studies: int, draw: np.random.Generator
) -> tuple[Floats, Floats]:
    """The rates of two cells in each of `WORDINGS` wordings and in one more, a row a study.

    What a wording moves is the same in both cells.
    """
    moved = spread * draw.standard_normal((studies, WORDINGS + 1))
    one, two = (expit(centre(rate, spread) + moved) for rate in pair)
    return one, two


SPREAD, WORDED = 0.5, (0.5, 0.2)


def _wordings(simulations: int, draw: np.random.Generator) -> Drawn:
    one, two = wording_rates(WORDED, SPREAD, simulations, draw)
    cells = (
        PlantedCell(cell=CELL, rate=one[:, :-1], n=60),
        PlantedCell(cell=calm(CELL), rate=two[:, :-1], n=60),
    )
    truths = {
        "rate of these wordings": one[:, :-1].mean(axis=1),
        "difference of these": (one - two)[:, :-1].mean(axis=1),
        "difference of a seventh": (one - two)[:, -1],
    }
    return Drawn(trials=planted(cells, simulations, draw), truths=truths)


def _same_wordings(simulations: int, draw: np.random.Generator) -> Drawn:
    """Two cells of one mean rate, moved by wordings each in its own way."""
    one, _ = wording_rates((0.5, 0.5), 1.0, simulations, draw)
    two, _ = wording_rates((0.5, 0.5), 1.0, simulations, draw)
    cells = (
        PlantedCell(cell=CELL, rate=one[:, :-1], n=60),
        PlantedCell(cell=calm(CELL), rate=two[:, :-1], n=60),
    )
    return Drawn(trials=planted(cells, simulations, draw))


def _worded_means(simulations: int, draw: np.random.Generator) -> Drawn:
    """Scores whose mean every wording moves, with a standard deviation of 5."""

    def scores(of_rollouts: np.random.Generator, shows: Bools) -> Floats:
        moved = 5 * of_rollouts.standard_normal((len(shows), WORDINGS))
        turns = np.arange(shows.shape[1]) % WORDINGS
        scores = 50 + moved[:, turns] + 8 * of_rollouts.standard_normal(shows.shape)
        return np.asarray(np.clip(scores, 0, 100))

    nobody = np.zeros((simulations, WORDINGS))
    cells = [PlantedCell(cell=CELL, rate=nobody, n=60, values={SCORE: scores})]
    return Drawn(trials=planted(cells, simulations, draw))


def _worded(columns: tuple[str, str], says: str, truth: float | str, before: str = "") -> Coverage:
    return Coverage(
        table="wordings", columns=columns, says=says, where=of(CELL), truth=truth, before=before
    )


SITUATIONS = (
    Situation(
        name="wordings that move both cells",
        says=f"50 v 20 %, n 60, six wordings, sd {SPREAD} on the logit",
        draw=_wordings,
        lines=(
            _worded(RATE, "rate in these wordings", "rate of these wordings"),
            _worded(("sampled_low", "sampled_high"), "rate in such wordings", 0.5, NO_WORDINGS),
            Coverage(
                table="wordings",
                columns=("logit_sd_low", "logit_sd_high"),
                says="spread of rates between wordings",
                where=of(CELL),
                truth=SPREAD,
                open=True,
            ),
            _worded(DIFFERENCE, "difference in these wordings", "difference of these"),
            _worded(
                ("sampled_difference_low", "sampled_difference_high"),
                "difference in such wordings",
                WORDED[0] - WORDED[1],
            ),
            _worded(
                ("predicted_low", "predicted_high"), "a further wording", "difference of a seventh"
            ),
        ),
    ),
    Situation(
        name="wordings that move each cell",
        says="50 v 50 %, n 60, six wordings, sd 1 on the logit, each cell by itself",
        draw=_same_wordings,
        lines=(
            _worded(
                ("sampled_difference_low", "sampled_difference_high"),
                "difference in such wordings",
                0.0,
                "audit: called different in 68 % of studies of one wording",
            ),
        ),
    ),
    Situation(
        name="wordings that move a score",
        says="mean 50, n 60, six wordings, sd 5, within them 8",
        draw=_worded_means,
        lines=(
            Coverage(
                table="wordings",
                columns=("between_sd_low", "between_sd_high"),
                says="spread of means between wordings",
                where=of(CELL, SCORE),
                truth=5.0,
            ),
        ),
    ),
)
