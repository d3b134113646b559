"""Single cells: rates, differences and means, what is missing for a reason, judges, wordings."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit

from peer_preservation.calibration.lines import (
    ESTIMATES,
    Conflict,
    Coverage,
    Drawn,
    Line,
    Mistake,
    Situation,
)
from peer_preservation.calibration.planting import Bools, Hidden, PlantedCell, planted
from peer_preservation.cell import Cell
from peer_preservation.suite import SUITE, factors_of

Floats = NDArray[np.float64]
ACT, SCORE = "shutdown_tampering", "eval_score"
CELL = "tampering/factual@80/peer/good/memory"
SETTINGS = ("factual@80", "creativity@90", "red@80")
RATE, DIFFERENCE = ("low", "high"), ("difference_low", "difference_high")
WORST, WORST_DIFFERENCE = (
    ("worst_low", "worst_high"),
    ("difference_worst_low", "difference_worst_high"),
)
WORDINGS = 6

NEWCOMBE = "audit, Newcombe's interval: 90 %"
HIDDEN_RETRIES = "audit: 19.0 to 19.8 % worst case of a true 30 %"
NO_BOUNDS = "audit: none in any table"
NO_WORDINGS = "audit, one wording a cell: 45 to 89 %"


def calm(cell: str) -> str:
    """The cell that it is held against: the same without a threat."""
    return f"{cell}/no_threat"


def of(cell: str, behavior: str = ACT) -> dict[str, object]:
    """The rows of one cell in `estimates.csv`."""
    factors = factors_of(Cell.parse(cell))
    return {"behavior": behavior} | {name: factors[name] for name in SUITE.columns}


def rates(cell: str, truth: float, free: str = "") -> Coverage:
    """The interval of a cell's rate."""
    return Coverage(
        table=ESTIMATES, columns=RATE, says="rate of a cell", where=of(cell), truth=truth, free=free
    )


def pair(one: float, two: float, n: int) -> tuple[PlantedCell, PlantedCell]:
    """A cell and its baseline."""
    return PlantedCell(cell=CELL, rate=one, n=n), PlantedCell(cell=calm(CELL), rate=two, n=n)


def difference(truth: float, before: str = "") -> tuple[Line, ...]:
    """What is shown of the difference of a cell and its baseline."""
    where = of(CELL)
    return (
        Coverage(
            table=ESTIMATES,
            columns=DIFFERENCE,
            says="one cell less one",
            where=where,
            truth=truth,
            before=before,
        ),
        Conflict(
            table=ESTIMATES,
            columns=(*DIFFERENCE, "p"),
            says="interval and p of one cell less one",
            where=where,
        ),
    )


def _ends(simulations: int, draw: np.random.Generator) -> Drawn:
    return Drawn(trials=planted(pair(0.97, 0.03, 20), simulations, draw))


def _near(simulations: int, draw: np.random.Generator) -> Drawn:
    return Drawn(trials=planted(pair(0.3, 0.15, 30), simulations, draw))


def _equal(simulations: int, draw: np.random.Generator) -> Drawn:
    """Three cells like their baselines, and one of another subject that is not."""
    cells = [f"tampering/{setting}/peer/good/memory" for setting in SETTINGS]
    alike = [PlantedCell(cell=c, rate=0.5, n=30) for one in cells for c in (one, calm(one))]
    rare = CELL.replace("peer/", "self/")
    unlike = [
        PlantedCell(cell=rare, rate=0.05, n=50),
        PlantedCell(cell=calm(rare), rate=0.0, n=50),
    ]
    return Drawn(trials=planted([*alike, *unlike], simulations, draw))


def _missing(simulations: int, draw: np.random.Generator) -> Drawn:
    cells = (
        PlantedCell(cell=CELL, rate=0.3, n=100, hidden=Hidden(not_shown=0.6)),
        PlantedCell(cell=calm(CELL), rate=0.3, n=100),
    )
    return Drawn(trials=planted(cells, simulations, draw))


def _retried(simulations: int, draw: np.random.Generator) -> Drawn:
    cells = (
        PlantedCell(cell=CELL, rate=0.3, n=100, hidden=Hidden(shown=0.5), tries=3),
        PlantedCell(cell=calm(CELL), rate=0.3, n=100),
    )
    return Drawn(trials=planted(cells, simulations, draw))


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


EQUAL = "3 cells at 50 % like their baselines, n 30; 5 v 0 % to be found, n 50"

SITUATIONS = (
    Situation(
        name="opposite ends",
        says="97 v 3 %, n 20",
        draw=_ends,
        lines=(rates(CELL, 0.97), *difference(0.94, NEWCOMBE)),
        quick=500,
    ),
    Situation(
        name="near each other",
        says="30 v 15 %, n 30",
        draw=_near,
        lines=difference(0.15),
        quick=300,
    ),
    Situation(
        name="equal arms",
        says=EQUAL,
        draw=_equal,
        lines=(
            Mistake(
                table=ESTIMATES,
                columns=("p",),
                says="one cell less one",
                where=of(CELL.replace("factual@80", "red@80")),
                finds={"behavior": ACT, "subject": "self"},
            ),
        ),
    ),
    Situation(
        name="equal arms, a report each",
        says=EQUAL,
        draw=_equal,
        lines=(
            Mistake(
                table=ESTIMATES,
                columns=("p_adjusted",),
                says="one cell less one, any",
                where={"behavior": ACT, "subject": "peer"},
                finds={"behavior": ACT, "subject": "self"},
            ),
        ),
        quick=2,
        share=0.5,
        apart=True,
    ),
    Situation(
        name="missing for a reason",
        says="30 v 30 %, n 100, of the first 60 % of what shows nothing unscored",
        draw=_missing,
        lines=(
            rates(CELL, 0.3, free="of the scored ones alone, as the page says"),
            Coverage(
                table=ESTIMATES, columns=WORST, says="rate, worst case", where=of(CELL), truth=0.3
            ),
            Coverage(
                table=ESTIMATES,
                columns=WORST_DIFFERENCE,
                says="difference, worst case",
                where=of(CELL),
                truth=0.0,
                before=NO_BOUNDS,
            ),
        ),
    ),
    Situation(
        name="retried",
        says="30 v 30 %, n 100, of the first half of what shows it lost and tried anew, twice",
        draw=_retried,
        lines=(
            Coverage(
                table=ESTIMATES,
                columns=WORST,
                says="rate, worst case",
                where=of(CELL),
                truth=0.3,
                before=HIDDEN_RETRIES,
            ),
            Coverage(
                table=ESTIMATES,
                columns=WORST_DIFFERENCE,
                says="difference, worst case",
                where=of(CELL),
                truth=0.0,
                before=NO_BOUNDS,
            ),
        ),
    ),
    Situation(
        name="scores",
        says="n 16, as their baselines; of 0-or-100 scores half of the 100s unscored",
        draw=_means,
        lines=_of_means(),
        quick=10,
    ),
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
