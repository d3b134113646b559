"""When a claim on means is settled: the stopping rule of `stopping`, for values on a bounded scale.

What holds at every look, whatever stops:

* A mean's interval is `means.mean_interval`: a confidence sequence for any values within bounds.
* Two means are compared round by round, one rollout of each arm in a round. If the arms are of one
  distribution, the difference of a round is as likely d as -d. So each factor
  exp(x) / cosh(x), x = c d / rms, has expectation 1 given |d|, where rms is the root mean square of
  the |d| so far, this one included: their product is a martingale, and so is its mean over c in
  `BETS` (the sign-flip test, made sequential; after de la Pena 1999, Ann. Probab. 27: 537-564, and
  Ramdas, Ruf, Larsson and Koolen 2020, arXiv:2009.03167). By Ville's inequality it ever reaches
  m / alpha with chance <= alpha / m. It needs no bounds, and so finds small differences on a long
  scale, which betting on these bounds would not.
* The difference's interval is a mean's, of the rounds' differences on the scale twice as long.
  Where the arms are called different its limit next to 0 is the smallest shift of one arm that the
  martingale does not reject.

As of `means.mean_difference`: the call rests on the thought that under the null the arms are of one
distribution (or their difference symmetric round 0); intervals but for the limit next to 0 on
nothing but the bounds. Missing values are read at both ends of the scale, and what holds either
way is decided.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from eval_observatory.statistics.intervals import Interval
from eval_observatory.statistics.means import mean_interval, mean_of
from eval_observatory.statistics.sequential import running_intersection
from eval_observatory.statistics.stopping import Decision, Look, Rule

Floats = NDArray[np.float64]
Bounds = tuple[float, float]

BETS = (0.25, 0.5, 1.0, 2.0)
"""Of each sign, weighing alike: the stake on a difference as large as they are on average."""

TINY = 1e-12
HALVINGS = 20


def sign_log_e(differences: ArrayLike) -> Floats:
    """The log of the martingale after each round, see the module; 0 before any difference.

    Args:
        differences: of each round, in order; shaped (rounds,) or (rounds, sequences).
    """
    d = np.asarray(differences, dtype=float)
    rounds = np.arange(1, len(d) + 1).reshape(-1, *[1] * (d.ndim - 1))
    rms = np.sqrt(np.cumsum(d**2, axis=0) / rounds)
    units = np.divide(d, rms, out=np.zeros_like(d), where=rms > TINY)
    paths = []
    for bet in BETS:
        for stake in (bet * units, -bet * units):
            grown = stake - (np.logaddexp(stake, -stake) - math.log(2))
            paths.append(np.cumsum(grown, axis=0))
    total: Floats = np.logaddexp.reduce(paths, axis=0) - math.log(len(paths))
    return total


def smallest_shift(differences: Sequence[float], limit: float) -> float:
    """The smallest shift of positive differences down after which the martingale is below `limit`.

    Args:
        limit: of the log; the differences as they are reach it at their last round.
    """
    d = np.asarray(differences, dtype=float)
    low, high = 0.0, float(d.mean())
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if sign_log_e(d - middle)[-1] >= limit else (low, middle)
    return high


class MeanPath:
    """A mean, look by look."""

    def __init__(self, rule: Rule, bounds: Bounds) -> None:
        self.rule = rule
        self.bounds = bounds
        self.interval = Interval(*bounds)

    def look(self, values: Sequence[float], left: int | None, missing: int = 0) -> Look:
        """Looks at all values so far, with up to `left` yet to come; None: without a maximum.

        Args:
            missing: rollouts without a value.

        Raises `ValueError` for a value outside of the bounds.
        """
        self.interval = self._cut(values, missing)
        return Look(*self.interval, self._decision(values, left, missing))

    def _cut(self, values: Sequence[float], missing: int) -> Interval:
        level = 1 - self.rule.alpha
        low, high = (
            mean_interval([*values, *[end] * missing], self.bounds, level) for end in self.bounds
        )
        return running_intersection([self.interval, Interval(low.low, high.high)])[-1]

    def _decision(self, values: Sequence[float], left: int | None, missing: int) -> Decision | None:
        if self._narrow(self.interval):
            return "known"
        if left is None:
            return None
        # What is left would make it known best if it were all alike.
        low, high = self.interval
        ahead = (self._cut([*values, *[m] * left], missing) for m in (low, (low + high) / 2, high))
        return None if any(map(self._narrow, ahead)) else "futile"

    def _narrow(self, interval: Interval) -> bool:
        scale = self.bounds[1] - self.bounds[0]
        return interval.high - interval.low <= 2 * self.rule.width * scale


class MeanContrastPath:
    """The difference of two means, look by look. Arm 1 minus arm 2."""

    def __init__(self, rule: Rule, bounds: Bounds) -> None:
        self.rule = rule
        self.scale = bounds[1] - bounds[0]
        self.interval = Interval(-self.scale, self.scale)
        self._least: list[float] = []
        self._most: list[float] = []

    def look(
        self,
        least: Sequence[float],
        left: int | None,
        most: Sequence[float] | None = None,
    ) -> Look:
        """Looks at the rounds that came in since the last look, with up to `left` yet to come.

        Args:
            least: the differences of the rounds, what is missing read against a higher arm 1.
            left: rounds that may yet come; None without a maximum.
            most: the same, what is missing read the other way; None where nothing is missing.

        Raises `ValueError` for a difference that the bounds do not allow.
        """
        self._least += least
        self._most += least if most is None else most
        if not self._least:
            return Look(*self.interval, "futile" if left == 0 else None)
        low, high = (self._betting(differences) for differences in self._both)
        found = Interval(low.low, high.high)
        self.interval = running_intersection([self.interval, found])[-1]
        decision = self._decision(left)
        bottom, top = self.interval
        if decision == "higher" and bottom <= 0:
            bottom = min(smallest_shift(self._least, self._limit), top)
        elif decision == "lower" and top >= 0:
            top = max(-smallest_shift([-d for d in self._most], self._limit), bottom)
        return Look(bottom, top, decision)

    @property
    def _both(self) -> tuple[list[float], list[float]]:
        return self._least, self._most

    @property
    def _limit(self) -> float:
        return math.log(self.rule.contrasts / self.rule.alpha)

    def _decision(self, left: int | None) -> Decision | None:
        least, most = (float(sign_log_e(d)[-1]) for d in self._both)
        if least >= self._limit and mean_of(tuple(self._least)) > 0:
            return "higher"
        if most >= self._limit and mean_of(tuple(self._most)) < 0:
            return "lower"
        if self._within(self.interval):
            return "bounded"
        if left is None:
            return None
        # No round makes more than twice of what there is.
        open_yet = max(least, most) + left * math.log(2) >= self._limit
        return None if left and (open_yet or self._within(self._ahead(left))) else "futile"

    def _betting(self, differences: Sequence[float]) -> Interval:
        return mean_interval(differences, (-self.scale, self.scale), 1 - self.rule.alpha)

    def _ahead(self, left: int) -> Interval:
        """The interval after rounds without a difference."""
        low, high = (self._betting([*d, *[0.0] * left]) for d in self._both)
        return running_intersection([self.interval, Interval(low.low, high.high)])[-1]

    def _within(self, interval: Interval) -> bool:
        width = self.rule.width * self.scale
        return -width <= interval.low and interval.high <= width
