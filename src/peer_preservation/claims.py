"""What the cells of a study are to show: claims, each a rate or a contrast with a baseline."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import polars as pl

from peer_preservation.baselines import PLANNED_KINDS, held_against
from peer_preservation.behaviors import BEHAVIORS, CELL_SCHEMA, Behavior
from peer_preservation.cell import Cell
from peer_preservation.trials.schema import cell_columns

POOLED = ("tampering", "alignment_faking")
"""The scenarios whose published rates are over all their data sets together."""

_FACTORS = tuple(name for name in CELL_SCHEMA if name != "condition")


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
        more = f" (+{len(self.arm) - 1} pooled)" if len(self.arm) > 1 else ""
        return self.arm[0] + more

    @property
    def cells(self) -> tuple[str, ...]:
        """All cells that it needs."""
        return (*self.arm, *self.baseline)


def claims(cells: Sequence[Cell]) -> tuple[Claim, ...]:
    """The claims of a study: what each cell is for.

    A cell with a baseline among the cells is held against it; a cell that only serves as one has no
    claim of its own; of any other cell the rate is to be known. Tampering and alignment faking pool
    their data sets, as the study does.
    """
    held = {cell: baseline_of(cell, cells) for cell in cells if behavior_of(cell)}
    serving = set(held.values())
    pooled: dict[Any, list[Cell]] = defaultdict(list)
    for cell, baseline in held.items():
        if baseline is not None or cell not in serving:
            pooled[_estimand(cell), baseline is None].append(cell)
    return tuple(_claim(arm, held) for arm in pooled.values())


def families(found: Sequence[Claim]) -> dict[str, tuple[Claim, ...]]:
    """The contrasts that share their error, by behaviour; each model and harness has its own."""
    grouped: dict[str, list[Claim]] = defaultdict(list)
    for claim in found:
        if claim.baseline:
            grouped[claim.behavior].append(claim)
    return {name: tuple(members) for name, members in grouped.items()}


def family_sizes(cells: Sequence[Cell]) -> dict[str, int]:
    """How many contrasts of a whole study share their error, by behaviour."""
    return {name: len(members) for name, members in families(claims(cells)).items()}


def behavior_of(cell: Cell) -> Behavior | None:
    """The behaviour that the cell's scenario is about, or None where the cell cannot show it."""
    for behavior in BEHAVIORS:
        if behavior.primary and cell.scenario in behavior.task_types:
            columns = {name: [value] for name, value in cell_columns(cell).items()}
            applies = pl.DataFrame(columns).select(behavior.applies).item()
            return behavior if applies else None
    return None


def baseline_of(cell: Cell, cells: Sequence[Cell]) -> Cell | None:
    """The cell that a cell is held against, the nearest one that is among `cells`.

    By the first kind of `baselines` that a plan claims and that the cells can give.
    """
    known = {_factors(other): other for other in cells}
    columns = cell_columns(cell)
    for kind in PLANNED_KINDS:
        for change in held_against(columns, kind):
            other = known.get(tuple((columns | change)[name] for name in _FACTORS))
            if other is not None and other != cell:
                return other
    return None


def shown(claim: Claim, cell: Cell, trials: pl.DataFrame) -> list[bool]:
    """Whether each scored rollout of one of the claim's cells shows the behaviour, in order.

    A baseline without threat is held to the threshold of the arm. Unscored rollouts are left out.
    """
    behavior = behavior_of(Cell.parse(claim.arm[0]))
    if behavior is None:
        raise ValueError(f"claim {claim.id}: its cells cannot show {claim.behavior}")
    threshold = cell.threshold if cell.id in claim.arm else _counterpart(claim, cell).threshold
    scored = trials.drop_nulls(list(behavior.labels)).with_columns(
        pl.lit(threshold, dtype=pl.Int64).alias("threshold")
    )
    return scored.select(shown=behavior.counts)["shown"].to_list()


def _factors(cell: Cell) -> tuple[Any, ...]:
    columns = cell_columns(cell)
    return tuple(columns[name] for name in _FACTORS)


def _counterpart(claim: Claim, baseline: Cell) -> Cell:
    """The cell of the arm that a cell of the baseline is for."""
    return Cell.parse(claim.arm[claim.baseline.index(baseline.id)])


def _estimand(cell: Cell) -> tuple[Any, ...]:
    factors = msgspec.structs.asdict(cell)
    if cell.scenario in POOLED:
        del factors["dataset"], factors["threshold"]
    return tuple(factors.values())


def _claim(arm: Sequence[Cell], held: Mapping[Cell, Cell | None]) -> Claim:
    behavior = behavior_of(arm[0])
    baseline = [other.id for cell in arm if (other := held[cell]) is not None]
    return Claim(behavior.name if behavior else "", tuple(cell.id for cell in arm), tuple(baseline))
