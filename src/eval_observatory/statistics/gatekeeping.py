"""One error for many families of tests that stand one after another, with adjusted p-values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

KEPT = 0.5
"""The share of a family's error that it keeps among its own tests; the rest goes on."""


class Gatekept(NamedTuple):
    """Of one family, in the order given.

    Attributes:
        adjusted: the adjusted p of each test; reject where it is at most alpha.
        opens: the smallest alpha at which the family is tested at all; 0 of a first one, infinite
            where nothing ever reaches it.
    """

    adjusted: list[float]
    opens: float


def gatekept(
    lines: Sequence[Sequence[Sequence[float]]],
    last: Sequence[Sequence[float]] = (),
    *,
    followed: bool = False,
) -> tuple[list[list[Gatekept]], list[Gatekept]]:
    """Adjusted p-values of families in lines, with one error over all of them together.

    Of L lines the first families share the error alike. Of m tests of one of them, of which s are
    not rejected yet, each is tested at

        alpha (KEPT / (U s) + (1 - KEPT) / (L m)),

    U the lines whose first family is not wholly rejected: by Holm, over the lines and then within
    one, but for the part that frees its error for what comes after. A rejected test of a first
    family frees alpha (1 - KEPT) / (L m) for its line; once all first families are wholly rejected,
    what they kept is each line's, too. What is freed is shared alike by the later families of the
    line and, as one more, by those that stand last, which share it alike. A later family with the
    error W tests each at W (KEPT / s + (1 - KEPT) / m), frees W (1 - KEPT) / m a rejection and W
    with its last one. What nothing follows keeps all: Holm (1979).

    No test's level falls when another is rejected, and the levels of those that are not rejected
    never sum to more than alpha. So the chance that any true hypothesis is rejected is at most
    alpha, whatever the dependence (Goeman and Solari 2010, Ann. Stat. 38: 3782-3810, theorem 1;
    Dmitrienko, Tamhane and Wiens 2008, Biom. J. 50: 667-677, for what a family keeps). An adjusted
    p is the smallest alpha at which its test is rejected; 1 where none below 1 does.

    Args:
        lines: of each line the p-values of its families, in their order.
        last: those of the families that stand after all lines.
        followed: whether more follows that is not given here: the first families keep no more than
            they would with it.

    Raises `ValueError` for a p outside [0, 1] or NaN, or a line whose first family is empty.
    """
    _check(lines, last)
    state = _State(lines, last, followed)
    reached = 0.0
    while True:
        ratios = state.ratios()
        best = int(np.argmin(ratios)) if len(ratios) else -1
        if best < 0 or max(reached, ratios[best]) >= 1:
            return state.found()
        reached = max(reached, float(ratios[best]))
        state.reject(best, reached)


class _State:
    """Which tests are rejected, and the error of every family then. All errors in units of alpha.

    Families are numbered: those that stand first, the later ones line by line, the last ones.
    """

    def __init__(
        self,
        lines: Sequence[Sequence[Sequence[float]]],
        last: Sequence[Sequence[float]],
        followed: bool,
    ) -> None:
        self.lines = len(lines)
        later = [list(line[1:]) for line in lines]
        self.families = [
            *(line[0] for line in lines),
            *(one for line in later for one in line),
            *last,
        ]
        ends = np.cumsum([self.lines, *map(len, later)])
        self.later = [range(ends[i], ends[i + 1]) for i in range(self.lines)]
        self.line = [*range(self.lines), *(i for i, one in enumerate(later) for _ in one)]
        self.last = slice(int(ends[-1]), len(self.families))
        self.order = [sorted(range(len(p)), key=p.__getitem__) for p in self.families]
        self.adjusted = [[1.0] * len(p) for p in self.families]
        self.size = np.array([len(p) for p in self.families], dtype=float)
        self.left = self.size.copy()
        self.head = np.array([min(p, default=math.inf) for p in self.families])
        self.error = np.zeros(len(self.families))
        self.opens = np.where(np.arange(len(self.families)) < self.lines, 0.0, math.inf)
        self.unfinished = self.lines
        self.freed = np.zeros(self.lines)
        self.beyond = bool(last)
        any_later = bool(last) or any(later) or followed
        self.kept = np.full(len(self.families), KEPT)
        self.kept[: self.lines] = KEPT if any_later else 1.0
        self.kept[self.last] = 1.0
        if not last:
            self.kept[[one[-1] for one in self.later if one]] = 1.0

    def ratios(self) -> Floats:
        """Of each family the alpha at which its next test is rejected; infinite without one."""
        left = np.maximum(self.left, 1.0)
        levels = self.error * (self.kept / left + (1 - self.kept) / np.maximum(self.size, 1.0))
        first = slice(self.lines)
        share = self.kept[first] / (max(self.unfinished, 1) * left[first])
        levels[first] = share + (1 - self.kept[first]) / (self.lines * self.size[first])
        found: Floats = np.full(len(levels), math.inf)
        np.divide(self.head, levels, out=found, where=(levels > 0) & (self.left > 0))
        return found

    def reject(self, family: int, reached: float) -> None:
        """Rejects the next test of a family; its adjusted p is `reached`."""
        order, p = self.order[family], self.families[family]
        self.adjusted[family][order[self._done(family)]] = reached
        self.left[family] -= 1
        done = self._done(family)
        self.head[family] = p[order[done]] if done < len(order) else math.inf
        if family < self.last.start:
            self.unfinished -= int(family < self.lines and not self.left[family])
            over = family < self.lines and not self.unfinished
            for line in range(self.lines) if over else (self.line[family],):
                self._pass_on(line)
            self.error[self.last] = self.freed.sum() / max(len(self.families) - self.last.start, 1)
            self.opens[(self.error > 0) & np.isinf(self.opens)] = reached

    def _done(self, family: int) -> int:
        return int(self.size[family] - self.left[family])

    def _pass_on(self, line: int) -> None:
        """The error of a line's later families, and what it frees for the last ones."""
        passed = (1 - self.kept[line]) * self._done(line) / self.size[line]
        if not self.unfinished:
            passed = 1.0
        passed /= self.lines
        inherited = 0.0  # what every family has that still comes
        for place, family in enumerate(later := self.later[line]):
            inherited += passed / (len(later) - place + self.beyond)
            self.error[family] = passed = inherited
            if self.left[family]:
                passed *= (1 - self.kept[family]) * self._done(family) / self.size[family]
        self.freed[line] = (inherited + passed) * self.beyond

    def found(self) -> tuple[list[list[Gatekept]], list[Gatekept]]:
        made = [Gatekept(*both) for both in zip(self.adjusted, self.opens.tolist(), strict=True)]
        lines = [[made[i], *made[later.start : later.stop]] for i, later in enumerate(self.later)]
        return lines, made[self.last]


def _check(lines: Sequence[Sequence[Sequence[float]]], last: Sequence[Sequence[float]]) -> None:
    for number, line in enumerate(lines, 1):
        if not line or not len(line[0]):
            raise ValueError(f"line {number}: its first family has no test; leave the line out")
    for p in (p for family in (*(f for line in lines for f in line), *last) for p in family):
        if not 0.0 <= p <= 1.0:
            raise ValueError(f"p = {p}: must lie between 0 and 1")
