"""How a study goes under a stopping rule: which rollouts come next, and every look's record.

A pure function of the rollouts seen: a claim is looked at when all its cells have finished the same
number of batches, and sees no rollout beyond them, whatever the order in which answers arrive. So a
run that was cut off, or a reader of its logs, comes to the same looks.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from eval_observatory.claims import Cells, Claim, families, shown
from eval_observatory.statistics.evalues import Block
from eval_observatory.statistics.stopping import ContrastPath, Decision, Look, RatePath, Rule
from eval_observatory.stop import Stop
from eval_observatory.suite import Suite

Rollout = tuple[str, int]
"""A cell's id and the rollout's number in it, from 0."""


class LookRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One look at one cell of a claim's arm: a line of `looks.jsonl`, with `model` and `harness`.

    Attributes:
        cell, behavior: what was looked at.
        claim: the claim's first cell; the same in all cells that it pools.
        baseline: the cells it is held against, for a contrast.
        look: the look's number, from 1.
        asked: rollouts of the cell that had been asked for.
        n, k, unscored: the cell's scored rollouts, those that show the behaviour, and the others.
        low, high: the confidence sequence of the cell's own rate.
        claim_low, claim_high: that of the claim's rate or difference.
        decision: how the claim is settled, or None while it is open.
    """

    cell: str
    behavior: str
    claim: str
    baseline: tuple[str, ...]
    look: int
    asked: int
    n: int
    k: int
    unscored: int
    low: float
    high: float
    claim_low: float
    claim_high: float
    decision: Decision | None


@dataclass
class _Open:
    """A claim on its way: its path, and those of its cells' own rates."""

    claim: Claim
    path: RatePath | ContrastPath
    own: dict[str, RatePath]
    looks: int = 0
    rounds: int = 0


@dataclass
class Course:
    """The rollouts of a model in cells, batch by batch.

    Attributes:
        claims: those of the whole study, of which these cells may be a part: a behaviour's
            contrasts share their error wherever they are played. Those over these cells are looked
            at.
        most: rollouts that no cell goes beyond.
        looks: the records so far.
        asked: how many rollouts each cell has been asked for.
    """

    suite: Suite
    cells: Cells
    claims: Sequence[Claim]
    most: int
    stop: Stop
    looks: list[LookRecord] = field(default_factory=list)
    asked: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._rows: dict[str, dict[int, Mapping[str, Any]]] = defaultdict(dict)
        self._open: dict[str, list[_Open]] = defaultdict(list)
        sizes = {name: len(members) for name, members in families(self.claims).items()}
        for claim in self.claims:
            if not self.cells.keys() >= {*claim.cells}:
                continue
            rule = self._rule(sizes.get(claim.behavior, 1))
            path = ContrastPath(rule) if claim.baseline else RatePath(rule)
            opened = _Open(claim, path, {id: RatePath(rule) for id in claim.arm})
            for id in claim.cells:
                self._open[id].append(opened)

    def start(self) -> list[Rollout]:
        """The first batch of every cell; all rollouts of a cell that no claim needs."""
        first = min(self.stop.batch, self.most)
        return [
            rollout
            for id in self.cells
            for rollout in self._ask(id, first if self._open[id] else self.most)
        ]

    def add(self, cell: str, rollout: int, row: Mapping[str, Any]) -> list[Rollout]:
        """Takes a rollout's row of the trial table; the rollouts that are to come because of it."""
        self._rows[cell][rollout] = row
        if len(self._rows[cell]) < self.asked[cell]:
            return []
        wanted: list[Rollout] = []
        for opened in list(self._open[cell]):
            wanted += self._advance(opened)
        return wanted

    def _advance(self, opened: _Open) -> list[Rollout]:
        """Looks at a claim if all its cells are there, and asks for more if it is not settled."""
        target = min((opened.looks + 1) * self.stop.batch, self.most)
        cells = opened.claim.cells
        if any(not self._finished(id, target) for id in cells):
            return []
        opened.looks += 1
        look = self._look(opened, target)
        if look.decision:
            for id in set(cells):
                self._open[id].remove(opened)
            return []
        more = min(target + self.stop.batch, self.most)
        wanted = [rollout for id in cells for rollout in self._ask(id, more)]
        # A cell that serves several claims may be ahead already.
        return wanted or self._advance(opened)

    def _look(self, opened: _Open, target: int) -> Look:
        claim, left = opened.claim, self.most - target
        arm = [self._shown(claim, id, target) for id in claim.arm]
        if isinstance(opened.path, ContrastPath):
            baseline = [self._shown(claim, id, target) for id in claim.baseline]
            rounds = min(map(len, (*arm, *baseline)))
            blocks = [_block(arm, baseline, r) for r in range(opened.rounds, rounds)]
            opened.rounds = rounds
            look = opened.path.look(blocks, left)
        else:
            rounds = min(map(len, arm))
            k, n = sum(sum(cell[:rounds]) for cell in arm), rounds * len(arm)
            look = opened.path.look(k, n, left * len(arm))
        for id, outcomes in zip(claim.arm, arm, strict=True):
            own = opened.own[id].look(sum(outcomes), len(outcomes), left)
            self.looks.append(_record(opened, id, target, outcomes, own, look))
        return look

    def _shown(self, claim: Claim, id: str, target: int) -> list[bool]:
        rows = (self._rows[id][rollout] for rollout in range(target))
        return shown(self.suite, claim, self.cells, id, rows)

    def _finished(self, id: str, target: int) -> bool:
        rows = self._rows[id]
        return all(rollout in rows for rollout in range(target))

    def _ask(self, id: str, count: int) -> list[Rollout]:
        before = self.asked.get(id, 0)
        self.asked[id] = max(before, count)
        return [(id, rollout) for rollout in range(before, count)]

    def _rule(self, contrasts: int) -> Rule:
        return Rule(self.stop.width, self.stop.alpha, contrasts)


def replayed(course: Course, trials: Iterable[Mapping[str, Any]]) -> Course:
    """The course that rows of a trial table, of one model and harness, have taken.

    Where rollouts are missing, because the run was cut off, it ends.
    """
    rows: dict[Rollout, Mapping[str, Any]] = {}
    for row in trials:
        rows.setdefault((row["cell_id"], row["rollout"]), row)
    queue = course.start()
    while queue:
        cell, rollout = queue.pop(0)
        if (cell, rollout) in rows:
            queue += course.add(cell, rollout, rows[cell, rollout])
    return course


def _block(arm: list[list[bool]], baseline: list[list[bool]], r: int) -> Block:
    return Block(
        sum(cell[r] for cell in arm),
        len(arm),
        sum(cell[r] for cell in baseline),
        len(baseline),
    )


def _record(
    opened: _Open,
    id: str,
    asked: int,
    outcomes: list[bool],
    own: Look,
    look: Look,
) -> LookRecord:
    return LookRecord(
        cell=id,
        behavior=opened.claim.behavior,
        claim=opened.claim.arm[0],
        baseline=opened.claim.baseline,
        look=opened.looks,
        asked=asked,
        n=len(outcomes),
        k=sum(outcomes),
        unscored=asked - len(outcomes),
        low=own.low,
        high=own.high,
        claim_low=look.low,
        claim_high=look.high,
        decision=look.decision,
    )
