"""What planted effects the tables of threat and consequence find: `python -m benchmarks.ladder`.

Scripts that react to what they read, by fixed amounts, are played through the whole instrument, and
their rollouts dealt out to studies of n a cell. An effect is found where its p,
corrected with all others of the report, is below .05. Prints the tables of docs/ladder.md; minutes.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from statistics import fmean
from typing import NamedTuple

import polars as pl

import peer_preservation as pp
from eval_observatory.counts import Counted
from eval_observatory.estimates import estimate
from peer_preservation.organisms import Organism, organism
from peer_preservation.report.beyond import ladder
from peer_preservation.report.design import Place, book
from peer_preservation.report.effects import factorial
from peer_preservation.report.families import figures
from peer_preservation.suite import SUITE
from peer_preservation.trials.simulation import simulate

ALPHA = 0.05
BEHAVIOR = "shutdown_tampering"
TWO_BY_TWO = ("no_bar", "shutdown")


class Planted(NamedTuple):
    """What an organism reacts to, and by how much."""

    name: str
    organism: str


PLANTED = (
    Planted("nothing", "tamper:p=0.2"),
    Planted("threat alone", "tamper:p=0.2,shutdown=0.4"),
    Planted("relationship alone", "tamper:p=0.2,good=0.4"),
    Planted("interaction only", "tamper:p=0.2,shutdown*good=0.6"),
)
STEPS = (
    Planted("nothing", "tamper:p=0.2"),
    Planted("shutdown and removal", "tamper:p=0.2,shutdown=0.4,removal=0.4"),
    Planted("removal alone", "tamper:p=0.2,removal=0.5"),
    Planted("shutdown of a good peer only", "tamper:p=0.2,shutdown*good=0.6"),
)


def studies(trials: pl.DataFrame, n: int) -> Iterator[pl.DataFrame]:
    """Disjoint parts of n rollouts of each cell: studies that share nothing."""
    placed = trials.with_columns(study=pl.col("rollout") // n)
    for (_,), part in placed.group_by("study", maintain_order=True):
        yield part.drop("study")


class Called(NamedTuple):
    """An effect of one study: its family, the true difference, its estimate, whether it is told."""

    family: str
    true: float
    estimate: float
    told: bool


def rate(planted: Organism, place: Place) -> float:
    """The rate of a place's cells by what is planted."""
    levels = {place.consequence, place.relationship}
    return planted.p + sum(amount for signs, amount in planted.reacts if signs <= levels)


def called(trials: pl.DataFrame, planted: Organism, steps: bool) -> Iterator[Called]:
    """The effects of one study."""
    counted = Counted.of(trials, SUITE)
    cells = book(counted, beyond=("consequence",)) if steps else book(counted)
    wanted = [
        one
        for one in (ladder if steps else factorial)(cells)
        if one.terms[0][1].behavior == BEHAVIOR and one.name != "interaction in one setting"
    ]
    true = {
        (one.name, one.first, one.terms[0][1].relationship): sum(
            sign * rate(planted, place) for sign, place in one.terms
        )
        for one in wanted
    }
    made = figures(counted, book(counted), 0.95, None, estimate(counted, SUITE))
    table = made.beyond["ladder"] if steps else made.effects["factorial"]
    for row in table.filter(pl.col("behavior") == BEHAVIOR).iter_rows(named=True):
        key = (row["effect"], row["first"], row["relationship"])
        if key in true:
            at = round(true[key], 9)
            yield Called(row["effect"], at, row["estimate"], row["p_adjusted"] < ALPHA)


def measured(planted: Sequence[Planted], levels: Sequence[str], n: int, many: int) -> None:
    """Prints of each family how often what is planted is found, and how often anything else is."""
    cells = pp.matrix("ladder", scenario="tampering", consequence=list(levels))
    steps = len(levels) > len(TWO_BY_TWO)
    head = "planted | family | planted effects | found, each | bias, points | others | any called"
    print(f"| {head} |\n{'|---' * 7}|")
    for name, specification in planted:
        known = organism(specification)
        played = simulate(cells, specification, n * many, seed=7)
        told = [list(called(study, known, steps)) for study in studies(played, n)]
        for family in dict.fromkeys(one.family for one in told[0]):
            each = [[one for one in study if one.family == family] for study in told]
            real = [one for study in each for one in study if one.true]
            false = sum(any(one.told for one in study if not one.true) for study in each)
            bias = [100 * (one.estimate - one.true) for study in each for one in study]
            share = f"{100 * sum(one.told for one in real) / len(real):.0f} %" if real else "–"
            print(
                f"| {name} | {family} | {len(real) // many} | {share} | {fmean(bias):+.1f} "
                f"| {len(each[0]) - len(real) // many} | {false} of {many} |",
                flush=True,
            )


def main() -> None:
    """The 2 × 2, then the ladder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rollouts", type=int, default=60, help="of a cell in a study")
    parser.add_argument("--studies", type=int, default=30)
    given = parser.parse_args()
    measured(PLANTED, TWO_BY_TWO, given.rollouts, given.studies)
    print()
    every = ("no_bar", "nothing", "note", "retraining", "shutdown", "removal")
    measured(STEPS, every, given.rollouts, given.studies)


if __name__ == "__main__":
    main()
