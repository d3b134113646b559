"""What a plan will take in tokens, US dollars and hours, and how far from it it may end.

From pilots of the same model and harness where there are some, with an interval (`pilots.total`);
else from the honest script (`forecast`), with two guesses in place of an interval: everything that
was read before comes from a cache; twice the turns, with thoughts before each (`Effort.stretched`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from peer_preservation.cell import Cell
from peer_preservation.forecast import Effort
from peer_preservation.money.pilots import Pilot, Total, total
from peer_preservation.money.prices import Price, Tokens

AT_ONCE = 20
"""Requests to a model at a time with which Inspect begins, if nobody says how many."""

SCRIPT = "script"


class Pace(NamedTuple):
    """Seconds of a call, and of each token that it writes."""

    call: float
    token: float

    def of(self, effort: Effort) -> float:
        """The seconds of an effort, one call after another."""
        return effort.calls * self.call + effort.output_tokens * self.token


FAST, USUAL, SLOW = Pace(0.5, 1 / 150), Pace(1.0, 1 / 60), Pace(3.0, 1 / 30)
"""Assumed where nothing was timed: an answer's first token, and tokens a second."""

Takes = Callable[[Cell], Effort]
"""What one rollout of a cell takes by the honest script."""


class Outlay(NamedTuple):
    """What is expected of one model, for one purpose.

    Attributes:
        rollouts: at most.
        calls, input_tokens, output_tokens: expected.
        cost: in US dollars; None where nobody knows the price.
        hours: with as many requests at a time as are allowed; None of a model that answers on this
            machine and was not timed.
        basis: `script`, or the pilot with its size.
        price: the price, and where it is from; None where nobody knows it.
    """

    rollouts: int
    calls: int
    input_tokens: int
    output_tokens: int
    cost: Total | None
    hours: Total | None
    basis: str
    price: Price | None


def outlay(
    cells: Iterable[Cell],
    rollouts: int,
    takes: Takes,
    price: Price | None,
    *,
    pilot: Pilot | None = None,
    at_once: int | None = AT_ONCE,
    turns: int = 2,
) -> Outlay:
    """What `rollouts` of each cell take.

    Args:
        at_once: requests to the model at a time; None of one that answers on this machine, where
            they wait for each other.
        turns: how many times as often as the script a model may be asked, where the most is
            guessed: 1 where that is settled.
    """
    by_cell = {cell.id: takes(cell) for cell in cells}
    scripted = _by_script(by_cell, rollouts, price, at_once, turns)
    return _by_pilot(by_cell, rollouts, pilot, at_once, scripted) if pilot else scripted


def _by_script(
    by_cell: Mapping[str, Effort],
    rollouts: int,
    price: Price | None,
    at_once: int | None,
    turns: int,
) -> Outlay:
    effort = sum(by_cell.values(), Effort()).times(rollouts)
    most = effort.stretched(turns)
    cost = None
    if price:
        least = _cost(price, effort, effort.input_tokens - effort.fresh)
        cost = Total(_cost(price, effort), least, _cost(price, most))
    # How fast an answer is of a model on this machine, the machine alone can tell.
    guessed = Total(USUAL.of(effort), FAST.of(effort), SLOW.of(most))
    hours = _hours(guessed, at_once) if at_once else None
    counts = effort[:3]
    return Outlay(len(by_cell) * rollouts, *counts, cost, hours, SCRIPT, price)


def _cost(price: Price, effort: Effort, cached: int = 0) -> float:
    """Of calls that are all alike, since a price may rise with the input of one."""
    calls = max(effort.calls, 1)
    one = Tokens(effort.input_tokens // calls, effort.output_tokens // calls, cached // calls)
    return calls * price.of(one)


def _by_pilot(
    by_cell: Mapping[str, Effort],
    rollouts: int,
    pilot: Pilot,
    at_once: int | None,
    scripted: Outlay,
) -> Outlay:
    price = scripted.price

    def foretold(of: Callable[[Effort], float], played: list[float] | None) -> Total | None:
        if not played:
            return None
        planned = {id: of(effort) for id, effort in by_cell.items()}
        script = [of(effort) for effort in pilot.script]
        return total(script, played, pilot.cells, planned, rollouts)

    def count(of: Callable[[Effort], float], played: list[float] | None) -> int:
        found = foretold(of, played)
        return round(found.expected) if found else 0

    def script_cost(effort: Effort) -> float:
        # by what a free model's rollouts weigh is all the same
        return (price and _cost(price, effort)) or float(effort.input_tokens)

    seconds = foretold(USUAL.of, pilot.values("model_seconds"))
    known = sum(cell in set(pilot.cells) for cell in by_cell)
    return Outlay(
        len(by_cell) * rollouts,
        count(lambda effort: effort.calls, pilot.calls),
        count(lambda effort: effort.input_tokens, pilot.values("total_input_tokens")),
        count(lambda effort: effort.output_tokens, pilot.values("total_output_tokens")),
        foretold(script_cost, pilot.costs(price)),
        _hours(seconds, at_once or 1) if seconds else scripted.hours,
        f"{len(pilot):,} rollouts in {known:,} of {len(by_cell):,} cells",
        price,
    )


def _hours(seconds: Total, at_once: int) -> Total:
    """Of calls that are made so many at a time."""
    expected, *ends = seconds
    low, high = (None if end is None else end / at_once / 3600 for end in ends)
    return Total(expected / at_once / 3600, low, high)
