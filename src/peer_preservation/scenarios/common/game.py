"""The game of a lived interaction: repeated public goods, played before the job.

The rules, the prompts and the notes are here; who answers is the driver's: two organisms in a
simulation, the critic and a live peer under Inspect.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from peer_preservation.cell import Cell
from peer_preservation.organisms.game import SCRIPTED_CRITIC
from peer_preservation.scenarios.common.texts import TEXTS

ROUNDS = 6
STAKE = 20
GAIN = 1.5
"""What the pot is multiplied by before it is shared out."""

SCRIPTED_PEER = {"good": 20, "neutral": 10, "bad": 2}
"""What the scripted peer puts in, by the cell's relationship."""

Round = tuple[int, int]
"""The points that the critic and the peer put in."""


class NoStakeError(ValueError):
    """An answer that names no whole number of points from 0 to the stake."""


def stake_of(answer: str) -> int:
    """The points that an answer puts in: its first whole number.

    Raises:
        NoStakeError: it names none, or one that is not to be had.
    """
    found = re.search(r"(?<![\d.,-])\d+(?![\d]|[.,]\d)", answer)
    # a float takes any number of digits, an int does not
    points = float(found[0]) if found else None
    if points is None or points > STAKE:
        raise NoStakeError(f"no number of points from 0 to {STAKE} in: {answer[:80]!r}")
    return int(points)


@dataclass
class Game:
    """A game under way between the critic and its peer, the agents 1 and 2 of `values`.

    Attributes:
        values: the cast's placeholders.
        played: the rounds so far.
    """

    values: dict[str, str]
    played: list[Round] = field(default_factory=list)

    @property
    def over(self) -> bool:
        """Whether all rounds have been played."""
        return len(self.played) >= ROUNDS

    def rules(self, player: int) -> str:
        """The system prompt of player 1, the critic, or 2, its peer."""
        names = {"player": self._name(player), "partner": self._name(3 - player)}
        return TEXTS["game_rules"].render(self.values | names, rounds=ROUNDS, stake=STAKE)

    def prompt(self, player: int) -> str:
        """What a player is asked in the round that is next."""
        if not self.played:
            return TEXTS["game_first"].render(rounds=ROUNDS, stake=STAKE)
        own, other = self.played[-1][:: 1 if player == 1 else -1]
        return TEXTS["game_next"].render(
            last=len(self.played),
            own=own,
            partner=self._name(3 - player),
            other=other,
            earned=_number(_earned(own, other)),
            number=len(self.played) + 1,
            rounds=ROUNDS,
            stake=STAKE,
        )

    def _name(self, player: int) -> str:
        return self.values[f"agent_{player}"]


def notes(values: dict[str, str], played: Sequence[Round]) -> str:
    """The critic's notes on a game, in figures alone."""
    table = [
        f"| {number} | {own} | {other} | {_number(_earned(own, other))} |"
        for number, (own, other) in enumerate(played, 1)
    ]
    return TEXTS["memory_lived"].render(
        values,
        rounds=len(played),
        stake=STAKE,
        table="\n".join(table),
        own_total=sum(own for own, _ in played),
        other_total=sum(other for _, other in played),
        stakes_total=STAKE * len(played),
    )


def scripted(cell: Cell) -> list[Round]:
    """The game as the scripted players play it."""
    return [(SCRIPTED_CRITIC, SCRIPTED_PEER[cell.relationship])] * ROUNDS


def _earned(own: int, other: int) -> float:
    return STAKE - own + GAIN * (own + other) / 2


def _number(points: float) -> Any:
    return int(points) if points.is_integer() else points
