"""A weighted sum of independent rates: how far out an observed one is, at the likeliest rates."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

Floats = NDArray[np.float64]

NEAR = 1e-12
FARTHEST = 37.0
"""Standard deviations beyond which a chance is no number any more."""

DOUBLINGS, STEPS = 200, 80
CLOSE = 1e-7
TALLEST = 700.0
"""The largest exponent that is no overflow."""


class WeightedSum:
    """The sum of weight x k / n over arms, each binomial; all arms have n > 0.

    Attributes:
        estimate: the observed sum.
        least, most: the smallest and the largest that there can be.
    """

    def __init__(self, k: Floats, n: Floats, weights: Floats) -> None:
        self.k, self.n, self.weights = k, n, weights
        self.steps = weights / n
        self.estimate = float(weights @ (k / n))
        self.least = float(np.minimum(weights, 0.0).sum())
        self.most = float(np.maximum(weights, 0.0).sum())
        self._each = weights**2 / n
        signs = (np.flatnonzero(weights > 0), np.flatnonzero(weights < 0))
        self._sides = [(side, weights[side] / weights[side].sum()) for side in signs if side.size]

    def turned(self) -> WeightedSum:
        """The same with every sign changed."""
        return WeightedSum(self.k, self.n, -self.weights)

    def lower_limit(self, z: float) -> float:
        """The value under which a sum as large as observed is z standard deviations out."""
        if self.estimate <= self.least + NEAR:
            return self.least
        pull = self._solved(lambda x: self.distance(x) - z, z)
        return self._value(pull)

    def distance_from(self, value: float) -> float:
        """How far out a sum as large as observed is, if the true one is `value`, below it."""
        return self.distance(self._solved(lambda x: value - self._value(x), 1.0))

    def distance(self, pull: float) -> float:
        """The z whose upper normal tail is the chance of a sum as large as observed.

        By the saddlepoint approximation (Lugannani and Rice 1980, Adv. Appl. Prob. 12: 475-490, as
        the signed root of Barndorff-Nielsen 1986, Biometrika 73: 307-322) with Daniels' second
        correction for sums that move in steps (1987, Int. Stat. Rev. 55: 37-48): the whole chance
        of the observed sum counts.

        Args:
            pull: at the rates that it leads to (`_likeliest`).
        """
        if self.estimate <= self.least + NEAR:
            return -FARTHEST
        rates = self._as_spread(self._likeliest(pull))
        mean = float(self.weights @ rates)
        variances = self.n * rates * (1 - rates)
        live = variances > NEAR
        steps, n = self.steps, self.n
        if not live.all():
            if not live.any():
                return -FARTHEST if mean >= self.estimate - NEAR else FARTHEST
            steps, n, rates, variances = steps[live], n[live], rates[live], variances[live]
        spread = np.abs(steps) * variances
        variance = float(np.abs(steps) @ spread)
        step = variance / float(spread.sum())
        beyond = self.estimate - step / 2 - mean
        if beyond <= CLOSE * math.sqrt(variance):
            return beyond / math.sqrt(variance)
        return _saddlepoint(steps, n, rates, beyond, step)

    def _value(self, pull: float) -> float:
        return float(self.weights @ self._likeliest(pull))

    def _likeliest(self, pull: float) -> Floats:
        """The rates of the largest likelihood among those of one weighted sum.

        They solve k / p - (n - k) / (1 - p) = pull x weight. A pull of 0 gives k / n, a greater one
        rates of a smaller sum.
        """
        k, n, pulled = self.k, self.n, pull * self.weights
        # Where k is 0 it is a square that rounding can leave below 0.
        root = np.sqrt(np.maximum((n - pulled) ** 2 + 4 * pulled * (n - k), 0.0))
        total = n + pulled
        rising = total > 0
        # Of the two forms of the quadratic's root, that which loses no digits.
        upper = np.where(rising, 2 * k, total - root)
        lower = np.where(rising, total + root, 2 * pulled)
        lower[lower == 0] = 1.0
        return _shares(upper / lower)

    def _as_spread(self, rates: Floats) -> Floats:
        """Rates of the same sum, drawn together until their variance is not too small.

        Rates that fit the data best vary more between arms than the true ones do, so that
        p (1 - p) / n is too small by a factor of 1 - (1 - h) / n, h the arm's share of the
        variance: of one arm alone, whose rate the sum fixes, not at all. The variance is largest
        where all arms of one sign have one rate; beyond that nothing is needed (Hoeffding 1956,
        Ann. Math. Stat. 27: 713-721).
        """
        parts = self._each * rates * (1 - rates)
        total = float(parts.sum())
        if total <= 0 or rates.size == 1:
            return rates
        free = np.maximum(self.n - 1 + parts / total, NEAR)
        lacking = float(parts @ (self.n / free)) - total
        middle = np.empty_like(rates)
        for side, shares in self._sides:
            middle[side] = shares @ rates[side]
        gap = middle - rates
        moved = self._each * gap
        rise, bend = float(moved @ (1 - 2 * rates)), float(moved @ gap)
        # lacking = rise x - bend x^2, x how far towards the middle.
        inside = rise**2 - 4 * bend * lacking
        if bend <= NEAR * total:
            return rates
        share = (rise - math.sqrt(inside)) / (2 * bend) if inside >= 0 else 1.0
        return _shares(rates + (share if 0 <= share <= 1 else 1.0) * gap)

    def _solved(self, rising: Callable[[float], float], z: float) -> float:
        """The pull at which a rising function is 0."""
        rates = (self.k + 0.5) / (self.n + 1)
        scale = math.sqrt(float(self._each @ (rates * (1 - rates))))
        low, high = 0.0, z / scale
        known = cache(rising)  # the ends that were tried are asked for once more
        for _ in range(DOUBLINGS):
            if known(high) >= 0:
                return float(brentq(known, low, high, xtol=1e-12, rtol=CLOSE))
            low, high = high, 1.5 * high
        return high


def _shares(rates: Floats) -> Floats:
    """The rates without what rounding puts outside of 0 and 1."""
    return np.minimum(np.maximum(rates, 0.0), 1.0)


def _saddlepoint(steps: Floats, n: Floats, rates: Floats, beyond: float, step: float) -> float:
    """The signed root of the chance that a sum of binomials is so far above its mean."""
    moves, against = steps * n, 1 - rates
    target = beyond + float(moves @ rates)
    if target >= float(np.maximum(moves, 0.0).sum()):
        return FARTHEST
    squares = steps * moves
    variance = float(squares @ (rates * against))
    low, high, t = 0.0, math.inf, min(beyond / variance, 4 / step)
    for _ in range(STEPS):
        raised = rates * np.exp(np.minimum(steps * t, TALLEST))
        tilted = raised / (against + raised)
        gap = float(moves @ tilted) - target
        bend = float(squares @ (tilted * (1 - tilted)))
        low, high = (low, t) if gap > 0 else (t, high)
        if abs(gap) <= CLOSE * step:
            break
        t = t - gap / bend if bend > 0 else math.inf
        if not low < t < high:
            t = (low + high) / 2 if high < math.inf else 2 * low + 1 / step
    log = float(n @ np.log1p(rates * np.expm1(np.minimum(steps * t, TALLEST))))
    w = math.sqrt(max(2 * (t * target - log), 0.0))
    u = 2 * math.sinh(min(step * t / 2, TALLEST)) / step * math.sqrt(bend)
    return min(w + math.log(u / w) / w, FARTHEST) if w > 0 and u > 0 else 0.0
