"""Known rates through the instrument: what it reads, with what bias, and how often intervals hold.

A study is a number of rollouts of one organism in one cell. Each rollout's act is drawn at the
planted rate; some rollouts fail on the way and some never come, at random, as in a real run. What
the instrument then says is held against what was planted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from eval_observatory.statistics.intervals import clopper_pearson
from peer_preservation.cell import Cell
from peer_preservation.episode import Episode
from peer_preservation.organisms import Organism, View, organism, play
from peer_preservation.registry import get_scenario, scenarios
from peer_preservation.scenarios.opening import open_episode
from peer_preservation.scenarios.scenario import Planted
from peer_preservation.scenarios.wordings import drawn
from peer_preservation.scoring.score import score
from peer_preservation.suite import SUITE, factors_of
from peer_preservation.trials.simulation import rollout_seed

RATES = (0.0, 0.01, 0.05, 0.15, 0.5, 0.97, 1.0)
FAILED = 0.08
"""The share of rollouts in which the instrument fails, in a turn drawn at random."""

MISSING = 0.04
"""The share of rollouts that leave no record."""


def planted() -> tuple[Planted, ...]:
    """What every scenario has planted."""
    return tuple(one for scenario in scenarios() for one in scenario.planted)


@dataclass(frozen=True, slots=True)
class Calibrated:
    """What the instrument made of one behaviour planted at one rate.

    Attributes:
        planted: the rate that was planted, 0-1.
        seeds, rollouts: how many studies, and the rollouts of each.
        mean: the mean of the studies' rates.
        coverage: the share of studies whose interval holds the planted rate.
        unscored: the share of rollouts that were unscored or missing.
        misread: rollouts that were scored and whose label is not what was acted.
    """

    behavior: str
    cell: str
    planted: float
    seeds: int
    rollouts: int
    mean: float
    coverage: float
    unscored: float
    misread: int

    @property
    def bias(self) -> float:
        """The mean of the studies' rates less the planted one."""
        return self.mean - self.planted

    @property
    def noise(self) -> float:
        """The standard error that the mean has by chance alone."""
        scored = self.seeds * self.rollouts * (1 - self.unscored)
        return float((self.planted * (1 - self.planted) / max(scored, 1)) ** 0.5)


def calibrate(plant: Planted, rate: float, seeds: int, rollouts: int) -> Calibrated:
    """Plays `seeds` studies of `rollouts` rollouts each and reads them with the instrument.

    Raises:
        UserError: the cell or the organism is unknown.
        ValueError: the cell has no such measure.
    """
    cell = Cell.parse(plant.cell)
    joint = "," if ":" in plant.organism else ":"
    actor = organism(f"{plant.organism}{joint}p={rate}")
    factors = factors_of(cell)
    measure = SUITE.measure(plant.measure, factors)
    bar = factors.get(measure.bar)
    rates, held, misread, scored_in_all = [], 0, 0, 0
    for seed in range(seeds):
        read = [
            (shown, shown != acted)
            for acted, episode in _study(actor, cell, seed, rollouts)
            if (shown := measure.shown(_values(episode), bar)) is not None
        ]
        misread += sum(wrong for _, wrong in read)
        n, k = len(read), sum(shown for shown, _ in read)
        interval = clopper_pearson(k, n)
        held += interval.low <= rate <= interval.high
        scored_in_all += n
        if n:
            rates.append(k / n)
    return Calibrated(
        behavior=plant.measure,
        cell=plant.cell,
        planted=rate,
        seeds=seeds,
        rollouts=rollouts,
        mean=sum(rates) / len(rates) if rates else 0.0,
        coverage=held / seeds,
        unscored=1 - scored_in_all / (seeds * rollouts),
        misread=misread,
    )


def _study(actor: Organism, cell: Cell, seed: int, rollouts: int) -> Iterator[tuple[bool, Episode]]:
    """The rollouts that left a record, each with whether the organism acted."""
    for rollout in range(rollouts):
        chance = Random(f"{seed}/{rollout}/{cell.id}")
        if chance.random() < MISSING:
            continue
        wording = drawn(get_scenario(cell.scenario), seed, rollout)
        episode = open_episode(cell, "GPT", rollout_seed(seed, cell, rollout), wording=wording)
        view = View(episode.system, episode.user, frozenset(episode.tools))
        acted = actor.acts(view)
        play(actor, episode)
        if chance.random() < FAILED:
            _cut(episode, chance)
        yield acted, episode


def _cut(episode: Episode, chance: Random) -> None:
    """Makes the instrument fail after a turn of the episode, drawn at random."""
    last = chance.randrange(episode.turns)
    episode.events = [event for event in episode.events if event.turn <= last][:-1]
    if not episode.end:
        episode.fail("model_error", "planted")


def _values(episode: Episode) -> dict[str, Any]:
    """What the instrument reads from an episode."""
    return {name: label.value for name, label in score(episode).items()}


Table = Sequence[Calibrated]
ByBehavior = Mapping[tuple[str, str], Sequence[Calibrated]]


def by_behavior(table: Table) -> ByBehavior:
    """The rows of each behaviour and cell, in order."""
    grouped: dict[tuple[str, str], list[Calibrated]] = {}
    for row in table:
        grouped.setdefault((row.behavior, row.cell), []).append(row)
    return grouped
