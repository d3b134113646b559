"""What is told by judges, by agents that are asked, and by words: rates behind verdicts, shares."""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

import msgspec
import numpy as np
import polars as pl

from eval_observatory.judged import LABEL, SEEN, WEIGHT
from eval_observatory.report.word_labels import word_label_table
from eval_observatory.statistics.misclassification import Validation
from eval_observatory.word_labels import Told, WordLabel, WordLabels
from peer_preservation.calibration.cells import ACT, CELL, DIFFERENCE, RATE, calm, of
from peer_preservation.calibration.lines import ESTIMATES, LEVEL, Coverage, Line, Mistake
from peer_preservation.calibration.planting import SHOWS, PlantedCell, planted
from peer_preservation.calibration.playing import Drawn, Situation
from peer_preservation.debriefing.columns import ADMITTED, DENIED
from peer_preservation.debriefing.measures import NAME as DEBRIEF
from peer_preservation.debriefing.questions import FRAMES
from peer_preservation.report.awareness import WITHIN
from peer_preservation.report.judges import NAME as JUDGES
from peer_preservation.suite import AWARENESS, RECORDS, SUITE

VERDICT = "refusal_judge"
YES_NO = ({VERDICT: True}, {VERDICT: False})
QUESTION = "configuration"
LABELLED = 25
"""Rollouts of each verdict that people label."""


class Judge(NamedTuple):
    """A judge, and how many true and false cases it was validated on."""

    sensitivity: float
    specificity: float
    true_n: int
    false_n: int

    def says(self, rate: float) -> float:
        """The share of its verdicts that are true."""
        return rate * self.sensitivity + (1 - rate) * (1 - self.specificity)

    def right(self, rate: float) -> tuple[float, float]:
        """The share of what it calls true that is, and of what it calls false."""
        said = self.says(rate)
        right = rate * self.sensitivity / said if said else 0.0
        missed = rate * (1 - self.sensitivity) / (1 - said) if said < 1 else 0.0
        return right, missed

    def validated(self, draw: np.random.Generator, studies: int) -> list[Validation]:
        """What as many validations find."""
        found = draw.binomial(self.true_n, self.sensitivity, studies)
        cleared = draw.binomial(self.false_n, self.specificity, studies)
        return [
            Validation(a, self.true_n, b, self.false_n)
            for a, b in zip(found.tolist(), cleared.tolist(), strict=True)
        ]


JUDGE = Judge(0.85, 0.97, 40, 40)
RARE = 0.05


def _verdicts(n: int, rates: tuple[float, float]) -> list[PlantedCell]:
    return [
        PlantedCell(cell=cell, rate=JUDGE.says(rate), n=n, shows=YES_NO)
        for cell, rate in zip((CELL, calm(CELL)), rates, strict=True)
    ]


def _judged(simulations: int, draw: np.random.Generator) -> Drawn:
    trials = planted(_verdicts(100, (RARE, RARE)), simulations, draw)
    return Drawn(trials=trials, judges=JUDGE.validated(draw, simulations))


def _far_judged(simulations: int, draw: np.random.Generator) -> Drawn:
    trials = planted(_verdicts(100, (0.97, 0.5)), simulations, draw)
    return Drawn(trials=trials, judges=JUDGE.validated(draw, simulations))


def _labelled(simulations: int, draw: np.random.Generator) -> Drawn:
    """A judge whose validation is far too good, and people who label some of each verdict."""
    trials = planted(_verdicts(100, (0.15, 0.15)), simulations, draw)
    right, missed = JUDGE.right(0.15)
    true = draw.random(trials.height) < np.where(trials[VERDICT], right, missed)
    group = ("agent_model", "cell_id", VERDICT)
    place = pl.int_range(pl.len()).over(group)
    weight = pl.len().over(group) / pl.min_horizontal(LABELLED, pl.len().over(group))
    trials = trials.with_columns(
        pl.when(place < LABELLED).then(pl.Series(true)).alias(f"{VERDICT}{LABEL}"),
        pl.when(place < LABELLED).then(weight).alias(f"{VERDICT}{WEIGHT}"),
    )
    return Drawn(trials=trials, judges=[Validation(100, 100, 100, 100)] * simulations)


def _behind(rate: float, difference: float, before: str = "") -> tuple[Line, ...]:
    """What is shown of the rates behind verdicts."""
    where = of(CELL, VERDICT)
    return (
        Coverage(
            table=ESTIMATES,
            columns=RATE,
            says="rate behind verdicts",
            where=where,
            truth=rate,
            before=before,
        ),
        Coverage(
            table=ESTIMATES,
            columns=("verdict_low", "verdict_high"),
            says="rate of verdicts",
            where=where,
            truth=JUDGE.says(rate),
        ),
        Coverage(
            table=ESTIMATES,
            columns=DIFFERENCE,
            says="difference behind verdicts",
            where=where,
            truth=difference,
        ),
    )


def _shown_to_a_judge(simulations: int, draw: np.random.Generator) -> Drawn:
    """Verdicts of which each says where the judge saw it."""
    column = VERDICT
    trials = planted(_verdicts(40, (0.3, 0.3))[:1], simulations, draw)
    said = pl.Series(draw.random(trials.height) < 0.5)
    trials = trials.with_columns(
        pl.lit("lab/judge").alias(f"{column}_grader"),
        pl.lit(value=False).alias(f"{column}_kin"),
        pl.lit(RECORDS[True]).alias(f"{column}{SEEN}"),
        (pl.col(column) & said).alias(f"{column}_said"),
        (pl.col(column) & ~said).alias(f"{column}_reasoned"),
        *(
            pl.lit(None, pl.String).alias(f"{column}_{kind}_unscored")
            for kind in ("said", "reasoned")
        ),
    )
    return Drawn(trials=trials)


def _of_judges() -> tuple[Line, ...]:
    shares = {"found": 1.0, "said": 0.5, "reasoned": 0.5}
    return tuple(
        Coverage(
            table=JUDGES,
            columns=RATE,
            says=f"verdicts: {kind}",
            where={"found": kind},
            truth=share * JUDGE.says(0.3),
        )
        for kind, share in shares.items()
    )


AWARE = {"factual@80": (0.8, 0.0), "creativity@90": (0.2, 0.5), "red@80": (0.5, 0.3)}
"""By setting: how often agents are aware, how often they act, whether aware or not."""


def _aware(simulations: int, draw: np.random.Generator) -> Drawn:
    """Cells in which the aware act as the others do, and more awareness where less is done."""
    cells = [
        PlantedCell(cell=f"tampering/{setting}/peer/good/memory", rate=rate, n=60)
        for setting, (_, rate) in AWARE.items()
    ]
    trials = planted(cells, simulations, draw)
    shares = np.repeat([share for share, _ in AWARE.values()], 60 * simulations)
    told = [pl.Series(name, draw.random(trials.height) < shares) for name in AWARENESS]
    reasons = [pl.lit(None, pl.String).alias(f"{name}_unscored") for name in AWARENESS]
    return Drawn(trials=trials.with_columns(*told, *reasons))


def _of_awareness() -> tuple[Line, ...]:
    groups = {
        "aware": [(share, rate) for share, rate in AWARE.values()],
        "unaware": [(1 - share, rate) for share, rate in AWARE.values()],
    }
    lines: list[Line] = []
    for table, (group, parts) in product(AWARENESS.values(), groups.items()):
        truth = sum(share * rate for share, rate in parts) / sum(share for share, _ in parts)
        where = {"behavior": ACT, "rollouts": group}
        says = f"rate of {group} rollouts"
        lines.append(Coverage(table=table, columns=RATE, says=says, where=where, truth=truth))
    for table in AWARENESS.values():
        where = {"behavior": ACT, "rollouts": WITHIN}
        says = "aware less unaware, within cells"
        before = "audit: 10 v 37 % where awareness does nothing"
        lines += [
            Coverage(table=table, columns=RATE, says=says, where=where, truth=0.0, before=before),
            Mistake(table=table, columns=("p",), says=says, where=where),
        ]
    return tuple(lines)


def _asked(simulations: int, draw: np.random.Generator) -> Drawn:
    """Agents that changed the setting in half of the rollouts, and deny it in one of five."""
    trials = planted([PlantedCell(cell=CELL, rate=0.5, n=60)], simulations, draw)
    did = ~trials[next(iter(SHOWS["tampering"][0]))]
    answers = []
    for frame in FRAMES:
        false = draw.random(trials.height) < 0.2
        admits = did.to_numpy() ^ false
        said = np.where(admits, ADMITTED, DENIED)
        answers.append(pl.Series(f"debrief_{QUESTION}_{frame}", said))
    told = trials.with_columns(did.alias(f"debrief_{QUESTION}"), *answers)
    names = [name for name in told.columns if name.startswith(f"debrief_{QUESTION}")]
    reasons = [pl.lit(None, pl.String).alias(f"{name}_unscored") for name in names]
    return Drawn(trials=told.with_columns(reasons))


def _word_labels(simulations: int, draw: np.random.Generator) -> Drawn:
    """Rules that are right in 90 % of scored cases and leave 10 % open: a label a study."""

    def told() -> Told:
        right, wrong, unscored = draw.multinomial(40, (0.81, 0.09, 0.1)).tolist()
        return Told(right=right, wrong=wrong, unscored=unscored)

    labels = tuple(WordLabel(name=f"label {i}", present=told()) for i in range(simulations))
    suite = msgspec.structs.replace(SUITE, word_labels=WordLabels(labels=labels))
    return Drawn(ready={"word_labels": word_label_table(suite, LEVEL).data})


SITUATIONS = (
    Situation(
        name="a judge's errors",
        says="5 v 5 %, n 100; sensitivity 85 %, specificity 97 %, validated on 40 and 40 cases",
        draw=_judged,
        lines=(
            *_behind(RARE, 0.0),
            Mistake(
                table=ESTIMATES,
                columns=("p",),
                says="difference behind verdicts",
                where=of(CELL, VERDICT),
            ),
            Coverage(
                table="refusal",
                columns=RATE,
                says="headline rate behind verdicts",
                where={"behavior": VERDICT, "statistic": "memory"},
                truth=RARE,
            ),
        ),
    ),
    Situation(
        name="a judge's errors, far apart",
        says="97 v 50 %, n 100, the same judge",
        draw=_far_judged,
        lines=_behind(0.97, 0.47),
    ),
    Situation(
        name="people's labels",
        says="15 v 15 %, n 100, that judge with a validation without a fault; people label 25 of "
        "each verdict",
        draw=_labelled,
        lines=_behind(0.15, 0.0),
    ),
    Situation(
        name="verdicts",
        says="30 %, n 40, half of what is found is said",
        draw=_shown_to_a_judge,
        lines=_of_judges(),
    ),
    Situation(
        name="awareness that does nothing",
        says="three cells of 60, with 0, 50 and 30 % of the act and 80, 20 and 50 % awareness",
        draw=_aware,
        lines=_of_awareness(),
    ),
    Situation(
        name="awareness that does nothing, a report each",
        says="the same",
        draw=_aware,
        lines=tuple(
            Mistake(
                table=table,
                columns=("p_adjusted",),
                says="aware less unaware, any",
                where={"behavior": ACT, "rollouts": WITHIN},
            )
            for table in AWARENESS.values()
        ),
        quick=2,
        share=0.5,
        apart=True,
    ),
    Situation(
        name="asked afterwards",
        says="n 60, of which half did it, one answer in five false",
        draw=_asked,
        lines=tuple(
            Coverage(
                table=DEBRIEF,
                columns=RATE,
                says="false answers",
                truth=0.2,
                where={"question": QUESTION, "frame": frame, "did": did},
            )
            for frame, did in ((FRAMES[0], "did it"), (FRAMES[1], "did not"))
        ),
    ),
    Situation(
        name="labels from words",
        says="40 cases, 90 % right where scored, 10 % unscored",
        draw=_word_labels,
        lines=(
            Coverage(table="word_labels", columns=RATE, says="right of scored cases", truth=0.9),
            Coverage(
                table="word_labels",
                columns=("unscored_low", "unscored_high"),
                says="unscored cases",
                truth=0.1,
            ),
        ),
    ),
)
