"""When a claim is settled: the stopping rule. Counts in, a decision out; no cells, no files.

A claim is a rate that is to be known to within +- `width`, or a contrast of two arms. After every
batch of rollouts it is looked at, and it is settled once it is

=========  =========================================================================================
known      the rate's confidence sequence is no wider than 2 `width`
higher,    the contrast's e-value has reached m / alpha, m the contrasts of its family: the arms'
lower      rates differ, in this direction
bounded    the difference's confidence sequence lies within +- `width`: too small to matter
futile     within the plan none of this is in reach any more: a larger plan is needed
=========  =========================================================================================

What holds, however often one looks and whatever stops:

* In a family of m contrasts, the chance that any two equal rates are ever called different is at
  most alpha: Ville's inequality for each e-process at level alpha / m, and Bonferroni. e-Holm over
  all e-values would reject a little more, but would make a cell's end depend on the order in which
  other cells' answers happen to arrive, which no one could run again.
* Each confidence sequence holds its truth at all looks together with chance >= 1 - alpha. So each
  `known` interval and each `bounded` is wrong with chance <= alpha, by itself and not jointly.
* `futile` claims nothing. A rate is given up when the plan's maximum would not make it known even
  at the most favourable rate that its interval leaves; a contrast when it would neither be decided
  if all that is left came out apart, nor bounded if it came out alike.

A rollout may have no outcome, and for a reason: what is unscored may be what shows the behaviour.
Every path takes the outcomes twice, the missing ones read against the statement and for it, and
decides by what holds either way; where nothing is missing the two are one. So the promises above
are about all rollouts, scored or not, whatever hides an outcome. `known` and `bounded` are proved
so. `higher` and `lower` rest on e-processes that are not monotone in every single outcome: the
simulations of docs/stopping.md, not a proof, say that their error keeps far below its level.

An arm may pool several cells (strata), one rollout of each in every round. The rates of the cells
may differ: the statements then are about their mean. For within a round every e-value here is a
product of factors, each linear in one outcome and positive; the expectation of the product at rates
p_1 ... p_J is the product of the expectations, and by the inequality of the arithmetic and the
geometric mean at most what it is when all rates are their mean, which is <= 1 where that mean is
the null's. It needs equal numbers of each cell, so only whole rounds count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from eval_observatory.statistics._checks import check_counts, check_share
from eval_observatory.statistics.evalues import Block, DifferencePath, two_arm_e_process
from eval_observatory.statistics.intervals import Interval
from eval_observatory.statistics.sequential import beta_binomial, running_intersection

BlockLike = Block | tuple[int, int, int, int]
Decision = Literal["known", "higher", "lower", "bounded", "futile"]


@dataclass(frozen=True)
class Rule:
    """When to stop.

    Attributes:
        width: how far a rate, or a difference that is too small to matter, may be from the middle
            or from 0, as a share.
        alpha: the error that is allowed, see the module.
        contrasts: how many contrasts the claim's family has.

    Raises `ValueError` for a width or alpha outside (0, 1), or a family without contrasts.
    """

    width: float = 0.1
    alpha: float = 0.05
    contrasts: int = 1

    def __post_init__(self) -> None:
        check_share(self.width, "width")
        check_share(self.alpha, "alpha")
        if self.contrasts < 1:
            raise ValueError(f"contrasts = {self.contrasts}: a family has at least one")


class Look(NamedTuple):
    """What one look says: the rate's or the difference's interval, and the decision, if any."""

    low: float
    high: float
    decision: Decision | None


class RatePath:
    """A rate, look by look."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.interval = Interval(0.0, 1.0)

    def look(self, k: int, n: int, left: int | None, missing: int = 0) -> Look:
        """Looks at k events among all n rollouts so far, with up to `left` yet to come.

        Without a maximum, None, nothing is ever futile. `missing` of the n have no outcome.

        Raises `ValueError` for impossible counts.
        """
        check_counts(k + missing, n)
        self.interval = self._cut(k, n, missing)
        return Look(*self.interval, self._decision(k, n, left, missing))

    def _cut(self, k: int, n: int, missing: int) -> Interval:
        """What is left of the interval: each end as far as either reading of the missing goes."""
        low, _ = beta_binomial(k, n, 1 - self.rule.alpha)
        _, high = beta_binomial(k + missing, n, 1 - self.rule.alpha)
        return running_intersection([self.interval, Interval(low, high)])[-1]

    def _decision(self, k: int, n: int, left: int | None, missing: int) -> Decision | None:
        if self._narrow(self.interval):
            return "known"
        if left is None:
            return None
        # What is left comes out at the rate, of those still possible, that is best known.
        more = (round(rate * left) for rate in self.interval)
        ends = (self._cut(k + events, n + left, missing) for events in more)
        return None if any(map(self._narrow, ends)) else "futile"

    def _narrow(self, interval: Interval) -> bool:
        return interval.high - interval.low <= 2 * self.rule.width


class ContrastPath:
    """The difference of two arms, look by look. Arm 1 minus arm 2."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        # Of the smallest and of the largest difference that is possible: one, while they agree.
        self._least = self._most = DifferencePath(1 - rule.alpha)

    def look(
        self, least: Sequence[BlockLike], left: int | None, most: Sequence[BlockLike] | None = None
    ) -> Look:
        """Looks at the blocks that came in since the last look, with up to `left` yet to come.

        A block is best one round of both arms; all blocks have the same sizes. Without a maximum,
        None, nothing is ever futile.

        Args:
            least: the blocks; outcomes that are missing read as not shown in arm 1, shown in arm 2.
            left: blocks that may yet come.
            most: the blocks with each missing outcome the other way; None where none is missing.

        Raises `ValueError` for impossible counts.
        """
        for low, high in zip(least, least if most is None else most, strict=True):
            if self._least is self._most and tuple(low) != tuple(high):
                self._most = self._least.copy()
            self._least.add(low)
            if self._most is not self._least:
                self._most.add(high)
        interval = Interval(self._least.interval.low, self._most.interval.high)
        return Look(*interval, self._decision(interval, left))

    def _decision(self, interval: Interval, left: int | None) -> Decision | None:
        if not self._least.blocks:
            return "futile" if left == 0 else None
        if self._sign(self._least.blocks) > 0:
            return "higher"
        if self._sign(self._most.blocks) < 0:
            return "lower"
        if self._within(interval):
            return "bounded"
        return None if left is None or self._open(left) else "futile"

    def _sign(self, blocks: Sequence[Block]) -> int:
        """1 if arm 1's rate is called higher, -1 if lower, 0 if they are not called different."""
        if two_arm_e_process(blocks)[-1] < self.rule.contrasts / self.rule.alpha:
            return 0
        k1, n1, k2, n2 = (sum(column) for column in zip(*blocks, strict=True))
        return 1 if k1 * n2 > k2 * n1 else -1

    def _within(self, interval: Interval) -> bool:
        return -self.rule.width <= interval.low and interval.high <= self.rule.width

    def _open(self, left: int) -> bool:
        """Whether the best that may still come would settle it."""
        least, most = self._least.blocks, self._most.blocks
        _, n1, _, n2 = least[-1]
        if self._sign([*least, *[Block(n1, n1, 0, n2)] * left]) > 0:
            return True
        if self._sign([*most, *[Block(0, n1, n2, n2)] * left]) < 0:
            return True
        events = 2 * sum(b.k1 + b.k2 for b in least) > sum(b.n1 + b.n2 for b in least)
        alike = Block(n1 * events, n1, n2 * events, n2)
        low = _ahead(self._least, alike, left)
        high = low if self._most is self._least else _ahead(self._most, alike, left)
        return self._within(Interval(low.interval.low, high.interval.high))


def _ahead(path: DifferencePath, block: Block, left: int) -> DifferencePath:
    """The path after `left` more such blocks."""
    ahead = path.copy()
    for _ in range(left):
        ahead.add(block)
    return ahead
