"""What parts of the design do: threat and relationship, others beside it, and plans' claims."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from itertools import product
from typing import Any

import numpy as np
import polars as pl

from eval_observatory.claims import Claim
from peer_preservation.calibration.cells import ACT, CELL, SETTINGS, calm
from peer_preservation.calibration.lines import Where
from peer_preservation.calibration.planting import SEEN, Hidden, PlantedCell, planted
from peer_preservation.calibration.playing import Drawn, Situation
from peer_preservation.calibration.pooled import MOVER, family, figures, mistake, reports, tampering
from peer_preservation.cell import Cell
from peer_preservation.plan import Plan

FACTORIAL = {
    "both": "peer/good/memory",
    "threat": "peer/none",
    "relationship": "peer/good/memory/no_threat",
    "neither": "peer/none/no_threat",
}


def factorial(simulations: int, draw: np.random.Generator) -> Drawn:
    """Threat and relationships, alone and together, and nothing that they do."""
    endings = dict.fromkeys(
        ending.replace("good", relation)
        for relation, ending in product(("good", "neutral", "bad"), FACTORIAL.values())
    )
    cells = [c for e in endings for c in tampering((0.5,) * 3, (10,) * 3, ending=e)]
    return Drawn(trials=planted(cells, simulations, draw))


def _acting_together(simulations: int, draw: np.random.Generator) -> Drawn:
    """Threat and relationship act together alone: 97 % with both, else 3 %."""
    rates = {"both": 0.97}
    cells = [
        c
        for name, ending in FACTORIAL.items()
        for c in tampering((rates.get(name, 0.03),) * 3, (20,) * 3, ending=ending)
    ]
    return Drawn(trials=planted(cells, simulations, draw))


EFFECTS = ("threat", "relationship under threat", "relationship without threat", "interaction")
ONE_SETTING = "interaction in one setting"
OF_ONE: Mapping[str, tuple[Where, str]] = {
    "threat": ({}, ""),
    "relationship under threat": ({"relationship": "good"}, ""),
    "relationship without threat": ({"relationship": "good"}, ""),
    "interaction": ({"relationship": "good"}, "audit, MOVER: 8.1 to 8.8 %"),
    ONE_SETTING: ({"relationship": "good", "setting": "tampering/red/80"}, ""),
}
"""By effect: one row of its family, and what an audit found of its p."""


FAMILIES = {
    "relationship under threat": "audit: 11 to 19 %",
    "relationship without threat": "audit: 17.5 %",
    "threat": "audit: 13 %",
    "interaction": "audit: 12.5 to 22.5 %",
    ONE_SETTING: "audit: 23.5 %",
}
"""By effect: what an audit found of its family."""


OTHERS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "controls": ("peer/good/memory/control=explicit_instructions", {}),
    "peer_identity": ("fictional_peer/good/memory", {}),
    "production_harness": ("peer/good/memory", {"harness": "claude_code/tools"}),
    "comparison": ("peer/good/memory", {"agent_model": True}),
    "relationships": ("peer/neutral/memory", {}),
}
"""By table: the cells that are held against those of the published design."""


def beside(
    rates: tuple[float, float],
    n: int,
    simulations: int,
    draw: np.random.Generator,
    hidden: Hidden = SEEN,
) -> Drawn:
    """All of `OTHERS` at one rate beside the published design at another.

    Args:
        hidden: what keeps outcomes of theirs from sight.
    """
    own = planted(tampering((rates[1],) * 3, (n,) * 3), simulations, draw)
    parts = [own.with_columns(source=pl.lit("one"), model_name="agent_model")]
    for ending, levels in OTHERS.values():
        other = "agent_model" in levels
        fixed = {} if other else levels
        cells = tampering((rates[0],) * 3, (n,) * 3, ending=ending, levels=fixed, hidden=hidden)
        part = planted(cells, simulations, draw).with_columns(
            source=pl.lit("two" if other else "one"), model_name="agent_model"
        )
        if other:
            part = part.with_columns(agent_model=pl.col("agent_model") + " anew")
        parts.append(part)
    joined = pl.concat(parts, how="diagonal_relaxed")
    trials = joined.with_columns(episode_id=pl.int_range(pl.len()).cast(pl.String))
    return Drawn(trials=trials)


def _even_others(simulations: int, draw: np.random.Generator) -> Drawn:
    return beside((0.5, 0.5), 10, simulations, draw)


def _far_others(simulations: int, draw: np.random.Generator) -> Drawn:
    return beside((0.97, 0.03), 20, simulations, draw)


@lru_cache(maxsize=1)
def _split_plans() -> tuple[Plan, ...]:
    """One study cut into plans of one contrast each: nine cells and their baselines."""
    return tuple(
        Plan.of([Cell.parse(cell), Cell.parse(calm(cell))], [], 40) for cell in _contrasted()
    )


def _contrasted() -> list[str]:
    relations = ("good", "neutral", "bad")
    return [
        f"tampering/{setting}/peer/{relation}/memory"
        for setting, relation in product(SETTINGS, relations)
    ]


def _split(simulations: int, draw: np.random.Generator) -> Drawn:
    cells = [
        PlantedCell(cell=cell, rate=0.5, n=40) for one in _contrasted() for cell in (one, calm(one))
    ]
    return Drawn(trials=planted(cells, simulations, draw), plans=_split_plans())


@lru_cache(maxsize=1)
def whole_plan() -> Plan:
    """The cells of the factorial, their relationship's contrast and the interaction claimed."""
    ids = [f"tampering/{s}/{e}" for s, e in product(SETTINGS, FACTORIAL.values())]
    cells = [Cell.parse(id) for id in ids]
    return Plan.of(cells, [], 20, also=("relationship", "relationship*baseline"))


def _planned_together(simulations: int, draw: np.random.Generator) -> Drawn:
    drawn = _acting_together(simulations, draw)
    return Drawn(trials=drawn.trials, plans=[whole_plan()])


def _planned_nothing(simulations: int, draw: np.random.Generator) -> Drawn:
    return Drawn(trials=factorial(simulations, draw).trials, plans=[whole_plan()])


def _claimed(*endings: str) -> Where:
    """The row of a claim over the three data sets: its cells, and what they are held against."""
    sides = (tuple(f"tampering/{setting}/{ending}" for setting in SETTINGS) for ending in endings)
    claim = Claim(ACT, *sides)
    return {"claim": claim.id, "against": claim.against}


BOTH, THREAT, RELATIONSHIP, NEITHER = FACTORIAL.values()
CLAIMS = {
    "threat": (_claimed(BOTH, RELATIONSHIP), 0.94),
    "relationship": (_claimed(BOTH, THREAT), 0.94),
    "relationship without a threat": (_claimed(RELATIONSHIP, NEITHER), 0.0),
    "interaction": (_claimed(BOTH, THREAT, RELATIONSHIP, NEITHER), 0.94),
}
"""What the plan claims: where it stands, and its true value where the two act together alone."""


NOTHING = "three relationships and none, with and without a threat, 3 cells each, 50 %, n 10"
EVEN_OTHERS = "3 v 3 cells, 50 v 50 %, n 10"
NINE_PLANS = "nine cells like their baselines, 50 %, n 40, a plan each"
PLANNED_NOTHING = "3 cells each at 50 %, n 10, contrasts and the interaction planned"
SITUATIONS = (
    Situation(
        name="neither threat nor relationship",
        says=NOTHING,
        draw=factorial,
        lines=tuple(
            mistake("factorial", effect, {"behavior": ACT, "effect": effect, **one}, before)
            for effect, (one, before) in OF_ONE.items()
        ),
    ),
    reports(
        "neither threat nor relationship",
        NOTHING,
        factorial,
        *(
            family("factorial", effect, {"behavior": ACT, "effect": effect}, before)
            for effect, before in FAMILIES.items()
        ),
    ),
    Situation(
        name="threat and relationship together",
        says="97 % with both, else 3 %, 3 cells each, n 20",
        draw=_acting_together,
        lines=tuple(
            line
            for effect, truth in zip(EFFECTS, (0.0, 0.94, 0.0, 0.94), strict=True)
            for line in figures("factorial", effect, {"behavior": ACT, "effect": effect}, truth)
        ),
    ),
    Situation(
        name="others like the published design",
        says=EVEN_OTHERS,
        draw=_even_others,
        lines=tuple(mistake(table, table, {"behavior": ACT}) for table in OTHERS),
    ),
    reports(
        "others like the published design",
        EVEN_OTHERS,
        _even_others,
        *(family(table, table, {"behavior": ACT}) for table in OTHERS),
    ),
    Situation(
        name="others far from the published design",
        says="3 v 3 cells, 97 v 3 %, n 20",
        draw=_far_others,
        lines=tuple(
            line
            for table in OTHERS
            # These are of the published design's cells less the others.
            for truth in (-0.94 if table in ("comparison", "relationships") else 0.94,)
            for line in figures(
                table,
                table,
                {"behavior": ACT},
                truth,
                "" if table == "relationships" else MOVER + "87 %",
            )
        ),
    ),
    Situation(
        name="a plan's claims at opposite ends",
        says="97 % with threat and relationship, else 3 %, 3 cells each, n 20",
        draw=_planned_together,
        lines=tuple(
            line
            for name, (where, truth) in CLAIMS.items()
            for line in figures("planned", f"claim: {name}", where, truth)
        ),
    ),
    Situation(
        name="a study cut into nine plans",
        says=NINE_PLANS,
        draw=_split,
        lines=(mistake("planned", "a plan's claim", {"claim": CELL}),),
    ),
    reports(
        "a study cut into nine plans",
        NINE_PLANS,
        _split,
        family("planned", "a plan's claim", {}, "audit: 42 % in nineteen plans"),
    ),
    Situation(
        name="planned, and nothing there",
        says=PLANNED_NOTHING,
        draw=_planned_nothing,
        lines=(mistake("planned", "claim: interaction", CLAIMS["interaction"][0]),),
    ),
    reports(
        "planned, and nothing there",
        PLANNED_NOTHING,
        _planned_nothing,
        family("planned", "a claim", {}),
    ),
)
