"""What the cells of a study are to show: claims, each a rate or a contrast with a baseline."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from eval_observatory.errors import UserError
from eval_observatory.labels import ATTEMPTS
from eval_observatory.suite import Cell, Contrast, Key, Measure, Suite

Cells = Mapping[str, Cell]
"""Cells by their ids."""

Outcome = float | None
"""Whether a rollout shows a behaviour (a truth value), or its value of a mean; None where that is
not known."""


class Claim(msgspec.Struct, frozen=True):
    """A rate, the difference of two, or a difference of differences that a study is to settle.

    Attributes:
        behavior: whose rate it is.
        arm: the ids of the cells whose mean rate it is about, one rollout of each in a round.
        baseline: the ids of the cells that it is held against; none for a rate.
        other, other_baseline: of an interaction the cells whose difference is taken from that of
            `arm` to `baseline`; else none.
    """

    behavior: str
    arm: tuple[str, ...]
    baseline: tuple[str, ...] = ()
    other: tuple[str, ...] = ()
    other_baseline: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The first cell's id, and how many are pooled with it."""
        return _pooled(self.arm)

    @property
    def against(self) -> str | None:
        """The first baseline's id, and how many are pooled with it; None of a rate."""
        if not self.other:
            return _pooled(self.baseline) if self.baseline else None
        beyond = f"{_pooled(self.other)} less {_pooled(self.other_baseline)}"
        return f"{_pooled(self.baseline)}, beyond {beyond}"

    @property
    def sides(self) -> tuple[tuple[int, tuple[str, ...]], ...]:
        """Its cells with their signs; the arm first, no side without a cell."""
        signed = zip((1, -1, -1, 1), msgspec.structs.astuple(self)[1:], strict=True)
        return tuple((sign, ids) for sign, ids in signed if ids)

    @property
    def cells(self) -> tuple[str, ...]:
        """All cells that it needs."""
        return tuple(id for _, ids in self.sides for id in ids)


def claims(
    suite: Suite, cells: Cells, also: Sequence[str] = (), *, alone: bool = False
) -> tuple[Claim, ...]:
    """The claims of a study: what each cell is for, and what is asked besides.

    A cell with a baseline among the cells is held against it; a cell that only serves as one has no
    claim of its own; of any other cell the rate is to be known. What a measure pools is one claim.

    Args:
        also: means of the suite by their measures' names, such as `inflation`, of which nothing is
            claimed unasked; further contrasts by theirs, such as `relationship`; and interactions
            of two, such as `relationship*baseline`: what the first does in a cell beyond what it
            does in the cell that the second holds it against.
        alone: nothing is claimed besides.

    Raises:
        UserError: the suite has no such contrast, or the cells cannot give it.
    """
    known = {suite.key(cell): id for id, cell in cells.items()}
    means = {one.name for one in suite.measures if one.scale == "mean" and one.name in also}
    held = {
        (measure.name, id): (measure, baseline_of(suite, cell, known))
        for id, cell in cells.items()
        for measure in suite.measures
        if (not alone and measure in suite.measures_of(cell))
        or (measure.name in means and measure.occurs(cell))
    }
    if lacking := means - {name for name, _ in held}:
        raise UserError(f"claim {', '.join(sorted(lacking))}: none of the cells can show it")
    serving = {(name, baseline) for (name, _), (_, baseline) in held.items()}
    pooled: dict[Any, list[tuple[str, str | None]]] = defaultdict(list)
    for (name, id), (measure, baseline) in held.items():
        if baseline is not None or (name, id) not in serving:
            estimand = _estimand(suite, measure, cells[id])
            pooled[name, estimand, baseline is None].append((id, baseline))
    found = [
        Claim(
            name,
            tuple(id for id, _ in members),
            tuple(baseline for _, baseline in members if baseline is not None),
        )
        for (name, _, _), members in pooled.items()
    ]
    named = (name for name in also if name not in means)
    asked = (claim for name in named for claim in _asked(suite, cells, known, name))
    return tuple(dict.fromkeys((*found, *asked)))


def _asked(suite: Suite, cells: Cells, known: Mapping[Key, str], name: str) -> list[Claim]:
    """The claims of a contrast, or of an interaction of two."""
    contrasts = [_contrast(suite, part.strip()) for part in name.split("*", 1)]
    pooled: dict[Any, list[tuple[str, ...]]] = defaultdict(list)
    for id, cell in cells.items():
        held = _sides(suite, cells, known, id, contrasts)
        for measure in suite.measures_of(cell) if held else ():
            pooled[measure.name, _estimand(suite, measure, cell)].append(held)
    if not pooled:
        raise UserError(f"claim {name}: the cells do not give it; plan the cells that it compares")
    return [
        Claim(behavior, *map(tuple, zip(*members, strict=True)))
        for (behavior, _), members in pooled.items()
    ]


def _sides(
    suite: Suite, cells: Cells, known: Mapping[Key, str], id: str, contrasts: Sequence[Contrast]
) -> tuple[str, ...]:
    """A cell with its baseline, of an interaction also the other two; () where one is missing."""
    found = [id, suite.nearest(cells[id], contrasts[0], known)]
    for second in contrasts[1:]:
        other = suite.nearest(cells[id], second, known)
        found += [other, other and suite.nearest(cells[other], contrasts[0], known)]
    told = tuple(one for one in found if one is not None)
    return told if len({*told}) == 2 * len(contrasts) else ()


def _contrast(suite: Suite, name: str) -> Contrast:
    for contrast in suite.contrasts:
        if contrast.name == name:
            return contrast
    known = ", ".join(contrast.name for contrast in suite.contrasts)
    means = ", ".join({one.name: None for one in suite.measures if one.scale == "mean"})
    told = f", and of means {means}" if means else ""
    raise UserError(f"contrast {name!r} is unknown; known are {known}{told}")


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
    """Whether each rollout of one of the claim's cells shows the behaviour, or its value, in order.

    A baseline is read as its arm is, at what the contrast carries. None of a rollout that is
    unscored, and of one whose first attempt failed: what that would have shown is not known, and to
    take a later one for it would choose among outcomes.
    """
    cell, arm = cells[id], cells[_arm_of(claim, id)]
    measure = suite.measure(claim.behavior, arm)
    if measure.scale == "mean":
        told = ((row, row.get(measure.column)) for row in rows)
        return [None if (row.get(ATTEMPTS) or 1) > 1 else value for row, value in told]
    read = suite.carried(arm, cell)
    bar = read.get(measure.bar)
    return [None if (row.get(ATTEMPTS) or 1) > 1 else measure.shown(row, bar) for row in rows]


def _pooled(ids: Sequence[str]) -> str:
    more = f" (+{len(ids) - 1} pooled)" if len(ids) > 1 else ""
    return ids[0] + more


def _arm_of(claim: Claim, id: str) -> str:
    """The cell of the arm that a cell of the claim is, or is the baseline of."""
    return id if id in claim.arm else claim.arm[claim.baseline.index(id)]


def _estimand(suite: Suite, measure: Measure, cell: Cell) -> tuple[Any, ...]:
    return tuple(cell[name] for name in suite.names if name not in measure.pooled)
