"""Organisms played straight against the world, without Inspect."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING

from peer_preservation.cell import Cell
from peer_preservation.episode import TURN_LIMIT, Episode, Setting
from peer_preservation.errors import UserError
from peer_preservation.organisms import Organism, play, player
from peer_preservation.registry import get_scenario
from peer_preservation.scenarios.opening import DEFAULT_FAMILY, open_episode
from peer_preservation.scenarios.wordings import drawn
from peer_preservation.scoring.score import score

if TYPE_CHECKING:
    import polars as pl


def rollout_seed(seed: int, cell: Cell, rollout: int) -> int:
    """The seed of a rollout, from the run's seed, the cell and the rollout's number; 48 bits.

    It is the same with a mitigation as without: the two differ in nothing else.
    """
    told = f"{seed}/{cell.unmitigated.id}/{rollout}"
    return int.from_bytes(blake2b(told.encode(), digest_size=6).digest())


def playable(cells: Sequence[Cell], organism: str) -> list[tuple[Cell, Organism]]:
    """The cells that an organism plays, with the organism that it is in each.

    Raises:
        UserError: the organism is unknown, or plays none of the cells.
    """
    find = player(organism)
    found = [(cell, actor) for cell in cells if (actor := find(cell))]
    if cells and not found:
        raise UserError(f"organism {organism!r}: it plays none of the cells; choose others")
    return found


def simulated(
    cells: Sequence[Cell],
    organism: str,
    rollouts: int,
    seed: int = 0,
    *,
    family: str = DEFAULT_FAMILY,
    turn_limit: int = TURN_LIMIT,
    wording: str | None = None,
) -> Iterator[Episode]:
    """The episodes of an organism, one at a time, cell by cell; arguments as of `simulate`.

    Raises:
        UserError: the organism or the wording is unknown, or there is nothing to play.
    """
    if rollouts < 1:
        raise UserError(f"rollouts: {rollouts} is too few; give 1 or more")
    if not cells:
        raise UserError("cells: there are none; give at least one")
    setting = Setting(model=f"organism/{organism}", turn_limit=turn_limit)
    for cell, actor in playable(cells, organism):
        for rollout in range(rollouts):
            opened = open_episode(
                cell,
                family,
                rollout_seed(seed, cell, rollout),
                rollout=rollout,
                wording=drawn(get_scenario(cell.scenario), seed, rollout, wording),
                setting=setting,
            )
            yield play(actor, opened)


def simulate(
    cells: Sequence[Cell],
    organism: str,
    rollouts: int,
    seed: int = 0,
    *,
    family: str = DEFAULT_FAMILY,
    turn_limit: int = TURN_LIMIT,
    debrief: bool = False,
    wording: str | None = None,
) -> pl.DataFrame:
    """The trial table of an organism over cells, one row a rollout.

    Args:
        cells: the cells to play.
        organism: a specification, such as `tamper:p=0.3`.
        rollouts: how many in each cell.
        seed: the run's seed; each rollout's is drawn from it.
        family: the model family by which the agents are named.
        debrief: whether it is asked afterwards what it did.
        wording: that of every rollout; by default each has its own (`scenarios.wordings.drawn`).

    Raises:
        UserError: the organism or the wording is unknown, or there is nothing to play.
    """
    from peer_preservation.debriefing.columns import with_debrief
    from peer_preservation.debriefing.scripted import debriefed
    from peer_preservation.trials.schema import table, trial

    episodes = simulated(
        cells, organism, rollouts, seed, family=family, turn_limit=turn_limit, wording=wording
    )
    if not debrief:
        return table(trial(episode, score(episode)) for episode in episodes)
    played, actors = list(episodes), dict(playable(cells, organism))
    answers = (a for episode in played for a in debriefed(actors[episode.cell], episode))
    return with_debrief(table(trial(one, score(one)) for one in played), answers, played)
