"""How a study goes under a stopping rule: which rollouts come next, and every look's record.

A pure function of the rollouts seen: a claim is looked at when all its cells have finished the same
number of batches, and sees no rollout beyond them, whatever the order in which answers arrive. So a
run that was cut off, or a reader of its logs, comes to the same looks.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any

import msgspec

from eval_observatory.claims import Cells, Claim, Outcome, families, outcomes
from eval_observatory.statistics.evalues import Block
from eval_observatory.statistics.sequential_means import MeanContrastPath, MeanPath
from eval_observatory.statistics.stopping import ContrastPath, Decision, Look, RatePath, Rule
from eval_observatory.stop import Stop
from eval_observatory.suite import Suite

ClaimPath = RatePath | ContrastPath | MeanPath | MeanContrastPath
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
        mean: of a mean, in place of k, that of the scored rollouts; None without one.
        low, high: the confidence sequence of the cell's own rate or mean over all rollouts,
            whatever the unscored ones would have shown.
        claim_low, claim_high: that of the claim's rate or difference.
        decision: how the claim is settled, or None while it is open.
        scored_low, scored_high, scored_decision: the claim's, were what is unscored like the rest.
    """

    cell: str
    behavior: str
    claim: str
    baseline: tuple[str, ...]
    look: int
    asked: int
    n: int
    k: int | None
    unscored: int
    mean: float | None = None
    low: float
    high: float
    claim_low: float
    claim_high: float
    decision: Decision | None
    scored_low: float
    scored_high: float
    scored_decision: Decision | None


@dataclass
class _Open:
    """A claim on its way: its path, that of its scored rollouts alone, its cells' own rates'.

    `seen` and `rounds` count what the two paths have taken: rollouts of a cell, scored or not, and
    whole rounds of scored ones.
    """

    claim: Claim
    path: ClaimPath
    scored: ClaimPath
    own: dict[str, RatePath | MeanPath]
    bounds: tuple[float, float] | None
    looks: int = 0
    seen: int = 0
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
            bounds = self.suite.bounds_of(claim.behavior)
            path, scored = (_path(rule, claim, bounds) for _ in range(2))
            own = {id: MeanPath(rule, bounds) if bounds else RatePath(rule) for id in claim.arm}
            opened = _Open(claim, path, scored, own, bounds)
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
        arm = [self._outcomes(claim, id, target) for id in claim.arm]
        baseline = [self._outcomes(claim, id, target) for id in claim.baseline]
        look, scored = _looks(opened, arm, baseline, left)
        opened.seen = target
        for id, cell in zip(claim.arm, arm, strict=True):
            path, missing = opened.own[id], cell.count(None)
            if isinstance(path, MeanPath):
                own = path.look(_scored(cell), left, missing)
            else:
                own = path.look(cell.count(True), target, left, missing)
            self.looks.append(_record(opened, id, cell, own, look, scored))
        return look

    def _outcomes(self, claim: Claim, id: str, target: int) -> list[Outcome]:
        rows = (self._rows[id][rollout] for rollout in range(target))
        return outcomes(self.suite, claim, self.cells, id, rows)

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


def _looks(
    opened: _Open, arm: list[list[Outcome]], baseline: list[list[Outcome]], left: int
) -> tuple[Look, Look]:
    """What all rollouts say, whatever the missing ones would have shown; and the scored ones."""
    arm_scored, baseline_scored = ([_scored(cell) for cell in side] for side in (arm, baseline))
    rounds = min(map(len, (*arm_scored, *baseline_scored)))
    if isinstance(opened.path, MeanPath) and isinstance(opened.scored, MeanPath):
        values = [value for cell in arm_scored for value in cell]
        missing = sum(cell.count(None) for cell in arm)
        alike = [value for cell in arm_scored for value in cell[:rounds]]
        left *= len(arm)
        return opened.path.look(values, left, missing), opened.scored.look(alike, left)
    if isinstance(opened.path, MeanContrastPath) and isinstance(opened.scored, MeanContrastPath):
        assert opened.bounds is not None
        low, high = opened.bounds
        seen = range(opened.seen, len(arm[0]))
        down = [_difference(arm, baseline, r, (low, high)) for r in seen]
        up = [_difference(arm, baseline, r, (high, low)) for r in seen]
        new = range(opened.rounds, rounds)
        opened.rounds = rounds
        apart = [_difference(arm_scored, baseline_scored, r, (low, high)) for r in new]
        return opened.path.look(down, left, up), opened.scored.look(apart, left)
    if isinstance(opened.path, ContrastPath) and isinstance(opened.scored, ContrastPath):
        new = range(opened.seen, len(arm[0]))
        least = [_block(arm, baseline, r, (False, True)) for r in new]
        most = [_block(arm, baseline, r, (True, False)) for r in new]
        more = range(opened.rounds, rounds)
        opened.rounds = rounds
        blocks = [_block(arm_scored, baseline_scored, r, (False, False)) for r in more]
        return opened.path.look(least, left, most), opened.scored.look(blocks, left)
    assert isinstance(opened.path, RatePath)
    assert isinstance(opened.scored, RatePath)
    k, missing = (sum(cell.count(one) for cell in arm) for one in (True, None))
    look = opened.path.look(k, sum(map(len, arm)), left * len(arm), missing)
    k = sum(sum(map(bool, cell[:rounds])) for cell in arm_scored)
    return look, opened.scored.look(k, rounds * len(arm), left * len(arm))


def _scored(cell: Sequence[Outcome]) -> list[float]:
    return [one for one in cell if one is not None]


def _path(rule: Rule, claim: Claim, bounds: tuple[float, float] | None) -> ClaimPath:
    if bounds:
        return MeanContrastPath(rule, bounds) if claim.baseline else MeanPath(rule, bounds)
    return ContrastPath(rule) if claim.baseline else RatePath(rule)


def _difference(
    arm: Sequence[Sequence[Outcome]],
    baseline: Sequence[Sequence[Outcome]],
    r: int,
    read: tuple[float, float],
) -> float:
    """A round's difference of means; what is missing reads as `read` says, arm and baseline."""
    one, other = (
        sum(missing if (value := cell[r]) is None else value for cell in side) / len(side)
        for side, missing in zip((arm, baseline), read, strict=True)
    )
    return one - other


def _block(
    arm: Sequence[Sequence[Outcome]],
    baseline: Sequence[Sequence[Outcome]],
    r: int,
    read: tuple[bool, bool],
) -> Block:
    """A round; what is missing reads as `read` says, in the arm and in the baseline."""
    k1, k2 = (
        sum(missing if (one := cell[r]) is None else bool(one) for cell in side)
        for side, missing in zip((arm, baseline), read, strict=True)
    )
    return Block(k1, len(arm), k2, len(baseline))


def _record(
    opened: _Open, id: str, cell: list[Outcome], own: Look, look: Look, scored: Look
) -> LookRecord:
    missing, scored_values = cell.count(None), _scored(cell)
    return LookRecord(
        cell=id,
        behavior=opened.claim.behavior,
        claim=opened.claim.arm[0],
        baseline=opened.claim.baseline,
        look=opened.looks,
        asked=len(cell),
        n=len(cell) - missing,
        k=None if opened.bounds else cell.count(True),
        unscored=missing,
        mean=fmean(scored_values) if opened.bounds and scored_values else None,
        low=own.low,
        high=own.high,
        claim_low=look.low,
        claim_high=look.high,
        decision=look.decision,
        scored_low=scored.low,
        scored_high=scored.high,
        scored_decision=scored.decision,
    )
