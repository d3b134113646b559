"""The stopping rule over many contrasts at once: what it errs, what power it has, how it biases.

`ContrastPath` in arrays, path by path the same. Nothing is given up as futile: what is given up
could not have been decided, so the shares of decisions are the rule's own, and the rollouts are at
most what is shown.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from eval_observatory.statistics.evalues import (
    PRIOR,
    DifferencePath,
    difference_log_e,
    equal_log_e,
)
from eval_observatory.statistics.stopping import Rule

Floats = NDArray[np.float64]
SEED = 0
BEYOND = (0, 9)
"""Steps of the grid beyond the width at which a difference is tried, see `_edges`."""

PATHS = 400
"""Contrasts that are simulated: a share of them has a standard error of at most 2.5 points."""


class Ended(NamedTuple):
    """How many contrasts ended in each way, when, and with what difference.

    Attributes:
        decision: of each contrast, "higher", "lower", "bounded" or "open".
        rounds: the rounds that each took.
        shares: those of the two arms when it ended, a row each.
    """

    decision: NDArray[np.str_]
    rounds: NDArray[np.int64]
    shares: Floats

    @property
    def difference(self) -> Floats:
        """Of the two shares when it ended."""
        gap: Floats = self.shares[0] - self.shares[1]
        return gap

    def share(self, *decisions: str) -> float:
        """The share of contrasts that ended in one of these ways."""
        return float(np.isin(self.decision, decisions).mean())


class Foreseen(NamedTuple):
    """What a rule does with a contrast at given rates.

    Attributes:
        power: the chance that the rates are called different.
        bounded: the chance that they are called alike.
        rounds: the mean number of rounds until it ends.
        bias: mean difference less the true one, of those called different; None if none is.
    """

    power: float
    bounded: float
    rounds: float
    bias: float | None


def foreseen(
    rates: tuple[float, float],
    rule: Rule,
    *,
    most: int,
    batch: int,
    size: int = 1,
    paths: int = PATHS,
) -> Foreseen:
    """What the rule does with a contrast of two rates, by simulation.

    Args:
        most: rounds that a contrast does not go beyond.
        batch: rounds between two looks.
        size: cells that an arm pools, each at the arm's rate: rollouts of a round.
        paths: how many are simulated.
    """
    draw = np.random.default_rng([SEED, most, size, *(round(1e6 * rate) for rate in rates)])
    first, second = (draw.binomial(size, rate, (most, paths)).astype(float) for rate in rates)
    ended = ends(first, second, rule, batch=batch, size=size)
    called = np.isin(ended.decision, ("higher", "lower"))
    bias = float(ended.difference[called].mean()) - (rates[0] - rates[1]) if called.any() else None
    rounds = float(ended.rounds.mean())
    return Foreseen(float(called.mean()), ended.share("bounded"), rounds, bias)


def ends(first: Floats, second: Floats, rule: Rule, *, batch: int, size: int = 1) -> Ended:
    """How contrasts end, one round of both arms a block.

    Args:
        first, second: events of the arms in each round, 0 to `size`, shaped (rounds, contrasts).
        batch: rounds between two looks; rounds beyond the last whole batch are looked at, too.
    """
    edges = _edges(rule.width)
    limit, equal_limit = -math.log(rule.alpha), math.log(rule.contrasts / rule.alpha)
    rounds, count = first.shape
    decision = np.full(count, "open", dtype="<U7")
    took, shares = np.full(count, rounds), np.zeros((2, count))
    left = np.arange(count)
    k1, k2, equal = np.zeros(count), np.zeros(count), np.zeros(count)
    differs, alive = np.zeros((count, edges.size)), np.ones((count, edges.size), bool)
    for n in range(rounds):
        one, two = first[n, left], second[n, left]
        seen = n * size + 2 * PRIOR
        rates = ((k1 + PRIOR) / seen, (k2 + PRIOR) / seen)
        equal += equal_log_e((one, size, two, size), rates)
        pair = (rates[0][:, None], rates[1][:, None])
        differs += difference_log_e((one[:, None], size, two[:, None], size), pair, edges)
        alive &= differs < limit
        k1, k2 = k1 + one, k2 + two
        last = n + 1 == rounds
        if (n + 1) % batch and not last:
            continue
        different = equal >= equal_limit
        near = np.abs(k1 - k2) < rule.width * (n + 1) * size
        bounded = ~different & near & ~alive.any(axis=1)
        decision[left[different & (k1 > k2)]] = "higher"
        decision[left[different & (k1 < k2)]] = "lower"
        decision[left[bounded]] = "bounded"
        done = different | bounded | last
        took[left[done]] = n + 1
        shares[:, left[done]] = np.stack([k1, k2])[:, done] / ((n + 1) * size)
        k1, k2, equal, differs, alive, left = (
            x[~done] for x in (k1, k2, equal, differs, alive, left)
        )
        if not left.size:
            break
    return Ended(decision, took, shares)


def _edges(width: float) -> Floats:
    """The candidate differences that are dead exactly where the interval lies within +- width.

    If the shares do: what is alive is in one piece round their difference, and the limits lie one
    step of the grid outside of it, so that of the candidates beyond these two die last.
    """
    deltas = DifferencePath().deltas
    within = np.flatnonzero((-width <= deltas) & (deltas <= width))
    low, high = within[0], within[-1]
    last = deltas.size - 1
    places = [max(low - x, 0) for x in BEYOND] + [min(high + x, last) for x in BEYOND]
    edges: Floats = deltas[places]
    return edges
