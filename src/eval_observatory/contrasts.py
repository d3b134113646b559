"""Cells held against the cells that they are to be compared with: differences, p, families."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

import polars as pl

from eval_observatory.counts import Counted, Spot, spot_of
from eval_observatory.statistics.differences import newcombe
from eval_observatory.statistics.exact import boschloo
from eval_observatory.statistics.multiplicity import holm
from eval_observatory.suite import Contrast, Key

METHOD = "newcombe, boschloo, holm"
"""Of every difference of two cells: its interval, its p, the correction within its family.

Boschloo's test is exact and on either side never less powerful than Fisher's, so two-sided never
less than Fisher's doubled, which matters at the low rates of this study (0 against 5 of 100: .044,
not .059). Newcombe's interval is closed, stays within [-1, 1],
and is what the intervals of pooled rows become for two arms.
"""

FAMILY = ("model", "harness", "behavior", "kind")
"""What makes a family: every comparison of one kind for one behaviour of a model in a harness."""

SCHEMA: dict[str, Any] = {
    "kind": pl.String(),
    "against": pl.String(),
    "baseline_n": pl.Int64(),
    "baseline_k": pl.Int64(),
    "baseline_unscored": pl.Int64(),
    "baseline": pl.Float64(),
    "difference": pl.Float64(),
    "difference_low": pl.Float64(),
    "difference_high": pl.Float64(),
    "p": pl.Float64(),
    "p_adjusted": pl.Float64(),
    "planned": pl.Boolean(),
}

Row = dict[str, Any]


Side = frozenset[Spot]
"""All cells of a contrast that have one sign."""

Sides = tuple[Side, Side]
"""What a contrast adds and what it takes away; nothing for a rate."""

PLANNED: dict[str, Any] = {"planned": pl.Boolean(), "p_planned": pl.Float64()}
Claimed = Mapping[Sides, float | None]
"""The contrasts that plans claim, each with its p after the correction in the plan's family."""


def contrasts(
    counted: Counted, level: float = 0.95, claimed: Claimed | None = None
) -> pl.DataFrame:
    """Every cell's difference to each cell that it is held against and that the data have.

    Args:
        counted: the counts of every cell.
        level: nominal coverage of each interval, by itself.
        claimed: what plans claim; None without a plan.

    Returns:
        The key columns, n, k, unscored and those of `SCHEMA`; p adjusted by Holm within `FAMILY`,
        that of a planned contrast within its plan's family, apart from the others.
        A pair of which one cell has no scored rollout is left out: there is nothing to compare.
    """
    rows = [
        row
        | {"kind": contrast.name, "against": contrast.title}
        | _held_against(other)
        | difference(row, other, level)
        | marked(claimed, (_side(counted, row), _side(counted, other)))
        for contrast, row, other in pairs(counted)
        if row["n"] and other["n"]
    ]
    schema = dict(counted.cells.schema) | SCHEMA | PLANNED
    return adjusted(pl.DataFrame(rows, schema=schema, orient="row"), FAMILY)


def pairs(counted: Counted) -> Iterator[tuple[Contrast, Row, Row]]:
    """Contrast, cell and the cell that it is held against, wherever both are there."""
    suite = counted.suite
    found: dict[Key, dict[Key, Row]] = defaultdict(dict)
    for row in (*counted.calm.iter_rows(named=True), *counted.cells.iter_rows(named=True)):
        found[_who(row)][suite.key(row)] = row
    for row in counted.cells.iter_rows(named=True):
        for contrast in suite.contrasts:
            other = suite.nearest(row, contrast, found[_who(row)])
            if other is not None:
                yield contrast, row, other


def difference(row: Row, other: Row, level: float) -> Row:
    """Rate of `row` minus rate of `other`, with interval and p; both have scored rollouts."""
    arms = (row["k"], row["n"], other["k"], other["n"])
    low, high = newcombe(*arms, level)
    return {
        "difference": row["k"] / row["n"] - other["k"] / other["n"],
        "difference_low": low,
        "difference_high": high,
        "p": exact_p(*arms),
    }


@lru_cache(maxsize=1 << 16)
def exact_p(k1: int, n1: int, k2: int, n2: int) -> float:
    """Boschloo's two-sided p; kept, because most cells of a study share their counts."""
    return boschloo(k1, n1, k2, n2)


def marked(claimed: Claimed | None, sides: Sides) -> Row:
    """The columns of `PLANNED` for a figure over these cells; null without a plan."""
    if claimed is None:
        return dict.fromkeys(PLANNED)
    return {"planned": sides in claimed, "p_planned": claimed.get(sides)}


def adjusted(table: pl.DataFrame, family: Iterable[str]) -> pl.DataFrame:
    """The table with `p_adjusted` in place of `p_planned`: null where there is no p.

    Of a planned figure it is the plan's; of the others Holm's, within each family.
    """
    names = list(family)
    numbered = table.drop("p_adjusted", strict=False).with_row_index("position")
    mine = pl.col("planned").fill_null(False)
    tested = numbered.filter(pl.col("p").is_not_null() & ~mine)
    values: list[float | None] = numbered["p_planned"].to_list()
    for _, part in tested.group_by(names):
        for position, p in zip(part["position"], holm(part["p"].to_list()), strict=True):
            values[position] = p
    column = pl.Series("p_adjusted", values, dtype=pl.Float64)
    return table.with_columns(column).drop("p_planned")


def _side(counted: Counted, row: Row) -> Side:
    return frozenset([spot_of(counted.suite, row)])


def _held_against(other: Row) -> Row:
    return {
        "baseline_n": other["n"],
        "baseline_k": other["k"],
        "baseline_unscored": other["unscored"],
        "baseline": other["k"] / other["n"],
    }


def _who(row: Row) -> Key:
    return row["model"], row["harness"], row["behavior"]
