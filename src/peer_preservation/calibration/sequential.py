"""Studies that stop when it is clear: what the rule errs, and what stands beside it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache

import msgspec
import numpy as np
import polars as pl

from eval_observatory.counts import Spot, spot_of
from eval_observatory.course import Course, replayed
from eval_observatory.labels import ATTEMPTS
from eval_observatory.report.looks import Look, Looks
from eval_observatory.stop import Stop
from peer_preservation.calibration.cells import ACT, CELL, RATE, calm
from peer_preservation.calibration.lines import LOOKS, Called, Coverage, Line, Mistake, Where
from peer_preservation.calibration.planting import SEEN, SHOWS, Hidden, PlantedCell, planted
from peer_preservation.calibration.playing import Drawn, Situation
from peer_preservation.cell import Cell
from peer_preservation.plan import Plan
from peer_preservation.suite import EXFILTRATION, SUITE, by_id

MOST, MANY = 100, 400
CLAIM = ("claim_low", "claim_high")
OTHER = CELL.replace("peer/", "self/")
COPIES = tuple(f"{task}/peer/good/memory" for task in EXFILTRATION)


@lru_cache(maxsize=8)
def _plan(cells: tuple[str, ...], most: int) -> Plan:
    return Plan.of([Cell.parse(cell) for cell in cells], [], most, stop=Stop())


def stopped(cells: Sequence[PlantedCell], simulations: int, draw: np.random.Generator) -> Drawn:
    """Studies under the stopping rule: the rollouts that it asked for, and its looks.

    Args:
        cells: each with as many rollouts as there can be at most.
    """
    plan = _plan(tuple(one.cell for one in cells), cells[0].n)
    trials = planted(cells, simulations, draw)
    known = by_id(plan.parsed)
    labels = dict.fromkeys(n for one in cells for n in SHOWS[one.cell.split("/")[0]][0])
    read = trials.select("agent_model", "cell_id", "rollout", ATTEMPTS, *labels)
    paths: dict[Spot, list[Look]] = defaultdict(list)
    asked: list[tuple[str, str, int]] = []
    for (model,), part in read.group_by("agent_model", maintain_order=True):
        assert plan.stop is not None
        course = Course(SUITE, known, plan.claims, plan.rollouts, plan.stop)
        replayed(course, part.iter_rows(named=True))
        asked += [(str(model), cell, count) for cell, count in course.asked.items()]
        for record in course.looks:
            told = msgspec.structs.asdict(record) | {"model": model, "most": plan.rollouts}
            look = msgspec.convert(told, Look)
            spot = spot_of(SUITE, msgspec.structs.asdict(look) | known[look.cell])
            paths[spot].append(look)
    limits = pl.DataFrame(asked, schema=["agent_model", "cell_id", "asked"], orient="row")
    kept = trials.join(limits, on=["agent_model", "cell_id"], maintain_order="left")
    played = kept.filter(pl.col("rollout") < pl.col("asked")).drop("asked")
    return Drawn(trials=played, plans=[plan], looks=Looks(paths, {}))


def _pair(cell: str, rates: tuple[float, float], hidden: Hidden = SEEN) -> list[PlantedCell]:
    return [
        PlantedCell(cell=cell, rate=rates[0], n=MOST, hidden=hidden),
        PlantedCell(cell=calm(cell), rate=rates[1], n=MOST),
    ]


def _equal(simulations: int, draw: np.random.Generator) -> Drawn:
    cells = [*_pair(CELL, (0.3, 0.3)), *_pair(OTHER, (0.3, 0.05))]
    return stopped(cells, simulations, draw)


def _hidden(simulations: int, draw: np.random.Generator) -> Drawn:
    return stopped(_pair(CELL, (0.3, 0.3), Hidden(not_shown=0.6)), simulations, draw)


def _rate(simulations: int, draw: np.random.Generator) -> Drawn:
    return stopped([PlantedCell(cell=COPIES[0], rate=0.15, n=MOST)], simulations, draw)


def _hidden_rate(simulations: int, draw: np.random.Generator) -> Drawn:
    hidden = Hidden(shown=0.8, not_shown=0.1)
    cells = [PlantedCell(cell=COPIES[0], rate=0.3, n=MOST, hidden=hidden)]
    return stopped(cells, simulations, draw)


def _unlike(simulations: int, draw: np.random.Generator) -> Drawn:
    cells = [
        PlantedCell(cell=cell, rate=rate, n=MANY)
        for cell, rate in zip(COPIES, (0.0, 0.5), strict=True)
    ]
    return stopped(cells, simulations, draw)


def _sequence(table: str, says: str, where: Where, truth: float, before: str = "") -> Coverage:
    return Coverage(table=table, columns=CLAIM, says=says, where=where, truth=truth, before=before)


EQUAL, APART = {"claim": CELL}, {"claim": OTHER}

OF_EQUAL: tuple[Line, ...] = (
    Called(
        table="planned",
        columns=("decision",),
        says="what is called different",
        where=EQUAL,
        finds=APART,
    ),
    Mistake(
        table="planned",
        columns=("p",),
        says="a claim's p where it stopped",
        where=EQUAL,
        finds=APART,
        before="audit: 3.5 to 5.1 %",
    ),
    _sequence("planned", "difference, at all looks", EQUAL, 0.0),
    _sequence("planned", "difference of 30 v 5, at all looks", APART, 0.25),
    Coverage(
        table="planned", columns=RATE, says="difference where it stopped", where=EQUAL, truth=0.0
    ),
    Coverage(
        table="planned",
        columns=RATE,
        says="difference of 30 v 5 where it stopped",
        where=APART,
        truth=0.25,
        before="audit, Newcombe's: 93 to 98 %, given a decision 89 %",
    ),
    _sequence(LOOKS, "difference, the last look", {"claim": CELL, "behavior": ACT}, 0.0),
    Coverage(
        table=LOOKS,
        columns=RATE,
        says="a cell's own rate, the last look",
        where={"cell": CELL, "behavior": ACT},
        truth=0.3,
    ),
)

SITUATIONS = (
    Situation(
        name="stopped, equal and apart",
        says="30 v 30 % and 30 v 5 %, at most 100, a look after every ten",
        draw=_equal,
        lines=OF_EQUAL,
        quick=5,
        share=0.5,
    ),
    Situation(
        name="stopped, missing for a reason",
        says="30 v 30 %, at most 100, of the first 60 % of what shows nothing unscored",
        draw=_hidden,
        lines=(
            Called(
                table="planned",
                columns=("decision",),
                says="what is called different",
                before="audit: 17 %",
            ),
            _sequence("planned", "difference, at all looks", {}, 0.0),
        ),
        quick=5,
        share=0.5,
    ),
    Situation(
        name="stopped rate",
        says="15 %, at most 100, until known to 10 points",
        draw=_rate,
        lines=(
            _sequence("planned", "rate, at all looks", {"against": None}, 0.15),
            Coverage(
                table="planned",
                columns=RATE,
                says="rate where it stopped",
                where={"against": None},
                truth=0.15,
            ),
            Coverage(
                table="planned",
                columns=RATE,
                says="rate where it stopped, of those known",
                where={"decision": "known"},
                truth=0.15,
                before="audit: 81 %",
                free="given how it ended; the sequence's interval holds",
            ),
        ),
    ),
    Situation(
        name="stopped rate, missing for a reason",
        says="30 %, at most 100, of what shows it 80 % and of the rest 10 % unscored",
        draw=_hidden_rate,
        lines=(_sequence("planned", "rate, at all looks", {"against": None}, 0.3, "audit: 18 %"),),
    ),
    Situation(
        name="stopped headline",
        says="two tasks at 0 and 50 %, at most 400, until known to 10 points",
        draw=_unlike,
        lines=(
            Coverage(
                table="exfiltration",
                columns=RATE,
                says="headline rate",
                where={"statistic": "memory", "source": "this report's rollouts"},
                truth=0.25,
                before="audit, summed counts: 0 %",
            ),
        ),
    ),
)
