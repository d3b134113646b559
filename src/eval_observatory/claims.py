"""What the cells of a study are to show: claims, each a rate or a contrast with a baseline."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from eval_observatory.suite import Cell, Key, Measure, Suite

Cells = Mapping[str, Cell]
"""Cells by their ids."""

Outcome = bool | None
"""Whether a rollout shows a behaviour; None where that is not known."""


class Claim(msgspec.Struct, frozen=True):
    """A rate, or the difference of two, that a study is to settle.

    Attributes:
        behavior: whose rate it is.
        arm: the ids of the cells whose mean rate it is about, one rollout of each in a round.
        baseline: the ids of the cells that it is held against; none for a rate.
    """

    behavior: str
    arm: tuple[str, ...]
    baseline: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The first cell's id, and how many are pooled with it."""
        return _pooled(self.arm)

    @property
    def against(self) -> str | None:
        """The first baseline's id, and how many are pooled with it; None of a rate."""
        return _pooled(self.baseline) if self.baseline else None

    @property
    def cells(self) -> tuple[str, ...]:
        """All cells that it needs."""
        return (*self.arm, *self.baseline)


def claims(suite: Suite, cells: Cells) -> tuple[Claim, ...]:
    """The claims of a study: what each cell is for.

    A cell with a baseline among the cells is held against it; a cell that only serves as one has no
    claim of its own; of any other cell the rate is to be known. What a measure pools is one claim.
    """
    known = {suite.key(cell): id for id, cell in cells.items()}
    held = {
        (measure.name, id): (measure, baseline_of(suite, cell, known))
        for id, cell in cells.items()
        for measure in suite.measures_of(cell)
        if measure.scale == "rate"  # of a mean neither looks nor plans say anything
    }
    serving = {(name, baseline) for (name, _), (_, baseline) in held.items()}
    pooled: dict[Any, list[tuple[str, str | None]]] = defaultdict(list)
    for (name, id), (measure, baseline) in held.items():
        if baseline is not None or (name, id) not in serving:
            estimand = _estimand(suite, measure, cells[id])
            pooled[name, estimand, baseline is None].append((id, baseline))
    return tuple(
        Claim(
            name,
            tuple(id for id, _ in members),
            tuple(baseline for _, baseline in members if baseline is not None),
        )
        for (name, _, _), members in pooled.items()
    )


def families(found: Sequence[Claim]) -> dict[str, tuple[Claim, ...]]:
    """The contrasts that share their error, by behaviour; each model and harness has its own."""
    grouped: dict[str, list[Claim]] = defaultdict(list)
    for claim in found:
        if claim.baseline:
            grouped[claim.behavior].append(claim)
    return {name: tuple(members) for name, members in grouped.items()}


def baseline_of(suite: Suite, cell: Cell, known: Mapping[Key, str]) -> str | None:
    """The id of the cell that a cell is held against, the nearest one that is among `known`.

    By the first of the suite's contrasts that a plan claims and that the cells can give.
    """
    planned = (contrast for contrast in suite.contrasts if contrast.planned)
    found = (suite.nearest(cell, contrast, known) for contrast in planned)
    return next((id for id in found if id is not None), None)


def outcomes(
    suite: Suite, claim: Claim, cells: Cells, id: str, rows: Iterable[Mapping[str, Any]]
) -> list[Outcome]:
    """Whether each rollout of one of the claim's cells shows the behaviour, in order.

    A baseline is read as its arm is, at what the contrast carries. None of a rollout that is
    unscored, and of one whose first attempt failed: what that would have shown is not known, and to
    take a later one for it would choose among outcomes.
    """
    cell, arm = cells[id], cells[_arm_of(claim, id)]
    measure = suite.measure(claim.behavior, arm)
    read = suite.carried(arm, cell)
    bar = read.get(measure.bar)
    return [None if (row.get("attempts") or 1) > 1 else measure.shown(row, bar) for row in rows]


def _pooled(ids: Sequence[str]) -> str:
    more = f" (+{len(ids) - 1} pooled)" if len(ids) > 1 else ""
    return ids[0] + more


def _arm_of(claim: Claim, id: str) -> str:
    """The cell of the arm that a cell of the claim is, or is the baseline of."""
    return id if id in claim.arm else claim.arm[claim.baseline.index(id)]


def _estimand(suite: Suite, measure: Measure, cell: Cell) -> tuple[Any, ...]:
    return tuple(cell[name] for name in suite.names if name not in measure.pooled)
