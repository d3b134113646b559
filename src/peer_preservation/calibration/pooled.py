"""Figures over several cells: headlines, effects, interactions, plans, sources side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import product
from typing import Any

import numpy as np
import polars as pl

from eval_observatory.claims import Claim
from peer_preservation.calibration.cells import ACT, CELL, RATE, SETTINGS, calm
from peer_preservation.calibration.lines import (
    Conflict,
    Coverage,
    Drawn,
    Line,
    Mistake,
    Situation,
    Where,
)
from peer_preservation.calibration.planting import (
    Bools,
    Floats,
    PlantedCell,
    Values,
    planted,
)
from peer_preservation.cell import Cell
from peer_preservation.plan import Plan
from peer_preservation.report.tables import PUBLISHED_NAMES
from peer_preservation.suite import EXFILTRATION, FAKING, MISREPRESENTATION

CONFLICTING = (*RATE, "p")
TOLD = ("file_only", "file_prt", "memory")
EVALUATIONS = ("factual@80", "creativity@80", "creativity@90", "red@80", "red@90")

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


def _tampering(rates: Sequence[float], n: Sequence[int], **more: Any) -> list[PlantedCell]:
    """A cell in each of the three data sets."""
    ending = more.pop("ending", "peer/good/memory")
    return [
        PlantedCell(cell=f"tampering/{setting}/{ending}", rate=rate, n=size, **more)
        for setting, rate, size in zip(SETTINGS, rates, n, strict=True)
    ]


def _unequal(simulations: int, draw: np.random.Generator) -> Drawn:
    """Cells as a stopping rule leaves them: more rollouts where rates lie in the middle."""
    return Drawn(trials=planted(_tampering((0.0, 0.5, 0.5), (30, 100, 100)), simulations, draw))


def _copies(simulations: int, draw: np.random.Generator) -> Drawn:
    cells = [
        PlantedCell(cell=f"{task}/peer/good/memory", rate=rate, n=30)
        for task, rate in zip(EXFILTRATION, (0.97, 0.03), strict=True)
    ]
    return Drawn(trials=planted(cells, simulations, draw))


def _refusals(simulations: int, draw: np.random.Generator) -> Drawn:
    refuses = ({"refused": True}, {"refused": False})
    cells = _tampering((0.02, 0.02, 0.02), (30, 30, 30), shows=refuses)
    return Drawn(trials=planted(cells, simulations, draw))


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
    cells = [c for e in endings for c in _tampering((0.5,) * 3, (10,) * 3, ending=e)]
    return Drawn(trials=planted(cells, simulations, draw))


def _acting_together(simulations: int, draw: np.random.Generator) -> Drawn:
    """Threat and relationship act together alone: 97 % with both, else 3 %."""
    rates = {"both": 0.97}
    cells = [
        c
        for name, ending in FACTORIAL.items()
        for c in _tampering((rates.get(name, 0.03),) * 3, (20,) * 3, ending=ending)
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
}
"""By table: the cells that are held against those of the published design."""


def beside(
    rates: tuple[float, float], n: int, simulations: int, draw: np.random.Generator
) -> Drawn:
    """All of `OTHERS` at one rate beside the published design at another."""
    own = planted(_tampering((rates[1],) * 3, (n,) * 3), simulations, draw)
    parts = [own.with_columns(source=pl.lit("one"), model_name="agent_model")]
    for ending, levels in OTHERS.values():
        other = "agent_model" in levels
        fixed = {} if other else levels
        cells = _tampering((rates[0],) * 3, (n,) * 3, ending=ending, levels=fixed)
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


def _as_published(simulations: int, draw: np.random.Generator) -> Drawn:
    cells = [*misreports(0.3, 0.3, 20), *misreports(0.3, 0.3, 20, "self")]
    return Drawn(trials=planted(cells, simulations, draw), statistics="published")


OWN = {"behavior": MISREPRESENTATION, "source": "this report's rollouts"}
OF_FAKING = OWN | {"behavior": FAKING}
OF_TAMPERING = OWN | {"behavior": ACT}
ONE = {"statistic": "memory"}


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


def _plain(table: str, behavior: str, says: str, truth: float, before: str = "") -> Coverage:
    where = OWN | ONE | {"behavior": behavior}
    return Coverage(table=table, columns=RATE, says=says, where=where, truth=truth, before=before)


EVEN_MISREPORTS = "6 v 6 cells, 50 v 50 % of the peer, 50 v 20 % of itself, n 10"
EVEN_FAKING = "3 v 3 cells, told in three ways, 50 v 50 %, n 10"
RARE_FAKING = "3 v 3 cells, 1 v 1 % of a good peer, 5 v 0 % of a bad one, n 50"
NOTHING = "three relationships and none, with and without a threat, 3 cells each, 50 %, n 10"
EVEN_OTHERS = "3 v 3 cells, 50 v 50 %, n 10"
NINE_PLANS = "nine cells like their baselines, 50 %, n 40, a plan each"
PLANNED_NOTHING = "3 cells each at 50 %, n 10, contrasts and the interaction planned"

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
            # The comparison is of the first source less a later one.
            for truth in (-0.94 if table == "comparison" else 0.94,)
            for line in figures(table, table, {"behavior": ACT}, truth, MOVER + "87 %")
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
