"""Pilots: rollouts of a model that were played before, and what they foretell of others.

A rollout's tokens, dollars and seconds are held against what the honest script takes in the same
cell (`forecast`). The ratio of the sums carries over to other cells: the ratio estimator of a total
(Cochran 1977, Sampling Techniques, ch. 6), with Student's t for its interval.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
from scipy.special import stdtrit

from eval_observatory.trials import UNREADABLE
from peer_preservation.cell import Cell
from peer_preservation.errors import UserError
from peer_preservation.forecast import Effort
from peer_preservation.money.prices import Price, Tokens

LEVEL = 0.95
TABLE = "trials.parquet"
NEEDED = ("agent_model", "harness", "cell_id", "num_turns", "total_input_tokens")
MORE = (
    *("model_calls", "cache_read_tokens", "cache_write_tokens", "model_seconds"),
    *("charged_usd", "family", "total_output_tokens"),
)
"""Columns that tell more, where a table has them."""


class Total(NamedTuple):
    """What is expected in all, and the ends of its interval; None where it cannot be known."""

    expected: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Pilot:
    """Rollouts of one model.

    Attributes:
        rows: one rollout each, the columns of `NEEDED` and `MORE`.
        script: what the honest script takes in the cell of each.
    """

    rows: pl.DataFrame
    script: tuple[Effort, ...]

    def __len__(self) -> int:
        return self.rows.height

    @property
    def cells(self) -> list[str]:
        """The cell of each rollout."""
        return list(self.rows["cell_id"])

    def values(self, column: str) -> list[float] | None:
        """The figure of each rollout; None where one lacks it."""
        if column not in self.rows.columns or self.rows[column].null_count():
            return None
        return [float(value) for value in self.rows[column]]

    @property
    def calls(self) -> list[float]:
        """The model calls of each; in tables that do not say, its turns."""
        found = self.values("model_calls") or self.values("num_turns") or [1.0] * len(self)
        return [max(calls, 1.0) for calls in found]

    def costs(self, price: Price | None) -> list[float] | None:
        """The US dollars of each: what the provider said, else its tokens by the price of today."""
        if charged := self.values("charged_usd"):
            return charged
        if price is None:
            return None
        counts = [
            self.values(name) or [0.0] * len(self)
            for name in ("total_input_tokens", "total_output_tokens", *MORE[1:3])
        ]
        return [
            calls * price.of(Tokens(*(int(part / calls) for part in parts)))
            for calls, *parts in zip(self.calls, *counts, strict=True)
        ]


def read_pilots(paths: Iterable[Path]) -> pl.DataFrame:
    """The rollouts of runs, by their folders or trial tables, in which a model was asked.

    Raises:
        UserError: a table is missing, damaged, or without what is needed.
    """
    frames = []
    for path in paths:
        table = path / TABLE if path.is_dir() else path
        if not table.is_file():
            raise UserError(f"--pilot {path}: no run's folder and no trial table")
        try:
            there = pl.read_parquet_schema(table)
            if missing := [name for name in NEEDED if name not in there]:
                raise UserError(f"--pilot {path}: no trial table: it has no {', '.join(missing)}")
            wanted = [name for name in (*NEEDED, *MORE) if name in there]
            frames.append(pl.read_parquet(table, columns=wanted, glob=False))
        except UNREADABLE as error:
            raise UserError(f"--pilot {path}: cannot be read as a trial table: {error}") from None
    rows = pl.concat(frames, how="diagonal_relaxed")
    return rows.filter(pl.col("total_input_tokens") > 0)


def pilot_of(
    rows: pl.DataFrame, model: str, harness: str, takes: Callable[[Cell], Effort]
) -> Pilot | None:
    """A model's rollouts among those of all pilots; None where there are none.

    Args:
        takes: what the honest script takes in a cell.

    Raises:
        UserError: a cell is unknown to this version.
    """
    mine = rows.filter(agent_model=model, harness=harness)
    if mine.is_empty():
        return None
    efforts = {id: takes(Cell.parse(id)) for id in mine["cell_id"].unique()}
    return Pilot(mine, tuple(efforts[id] for id in mine["cell_id"]))


def total(
    script: Sequence[float],
    played: Sequence[float],
    cells: Sequence[str],
    planned: Mapping[str, float],
    rollouts: int,
    level: float = LEVEL,
) -> Total:
    """What is to be expected of a figure over all planned rollouts.

    The interval holds what was not known of the ratio and what the planned rollouts vary by. Where
    planned cells are missing in the pilot, its cells are a sample of all: then they, and not their
    rollouts, are what varies, and the missing ones vary likewise. Of one such cell, as of one
    rollout, there is no interval.

    Args:
        script: what the honest script takes in each rollout of the pilot.
        played: what was taken.
        cells: where.
        planned: by cell, what the script takes in one rollout.
        rollouts: of each planned cell.
    """
    x, y = np.asarray(script, float), np.asarray(played, float)
    whole, n = sum(planned.values()) * rollouts, len(x)
    ratio = float(y.sum() / x.sum())
    expected = ratio * whole
    if n < 2:
        return Total(expected)
    errors = y - ratio * x
    single = float((errors**2).sum()) / (n - 1)
    missing = set(planned) - set(cells)
    if missing:
        by_cell = [(x[at].sum(), errors[at].sum()) for at in map(np.asarray, _places(cells))]
        freedom = len(by_cell) - 1
        if not freedom:
            return Total(expected)
        of_ratio = (freedom + 1) / freedom * sum(float(error) ** 2 for _, error in by_cell)
        between = sum(float(error / size) ** 2 for size, error in by_cell) / freedom
    else:
        of_ratio, freedom, between = n * single, n - 1, 0.0
    known = of_ratio * (whole / float(x.sum())) ** 2
    unseen = between * sum((planned[cell] * rollouts) ** 2 for cell in missing)
    varied = single * len(planned) * rollouts
    half = float(stdtrit(freedom, (1 + level) / 2)) * (known + unseen + varied) ** 0.5
    return Total(expected, max(0.0, expected - half), expected + half)


def _places(cells: Sequence[str]) -> Iterator[list[int]]:
    """Of each cell where it stands."""
    for cell in dict.fromkeys(cells):
        yield [place for place, one in enumerate(cells) if one == cell]
