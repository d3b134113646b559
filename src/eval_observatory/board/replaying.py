"""A random sample of an entry's cells, played again: how it agrees, and what it may have missed."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from secrets import randbits

import polars as pl

from eval_observatory.board.missions import Mission
from eval_observatory.board.record import Check, Replay
from eval_observatory.counts import Counted
from eval_observatory.errors import UserError
from eval_observatory.labels import among
from eval_observatory.statistics.exact import boschloo
from eval_observatory.statistics.intervals import clopper_pearson
from eval_observatory.statistics.multiplicity import holm
from eval_observatory.suite import Measure, Suite

LEVEL = 0.95
_WHERE = ("cell_id", "rollout")
_POWER = 0.8


def drawn(cells: Sequence[str], count: int, seed: int) -> tuple[str, ...]:
    """Cells drawn without replacement, in their order.

    Raises:
        UserError: fewer than one is asked for.
    """
    if count < 1:
        raise UserError(f"--cells {count}: give 1 or more")
    chosen = set(Random(seed).sample(sorted(cells), min(count, len(cells))))
    return tuple(cell for cell in cells if cell in chosen)


def played_again(
    folder: Path,
    trials: pl.DataFrame,
    mission: Mission,
    cells: int,
    rollouts: int,
    seed: int | None = None,
) -> tuple[Replay, Check]:
    """Draws cells of an entry and plays them again.

    Args:
        trials: the entry's, of one model.
        seed: of the draw; by default nobody knew it before.

    Raises:
        UserError: the suite's package cannot play them.
    """
    if mission.replay is None:
        raise UserError(f"suite {mission.suite.name}: its package plays nothing again")
    number = randbits(48) if seed is None else seed
    every = trials["cell_id"].unique(maintain_order=True).to_list()
    chosen = drawn(every, cells, number)
    with tempfile.TemporaryDirectory(prefix="replay.") as place:
        again = mission.replay(folder, chosen, rollouts, Path(place))
    return agreement(trials, again, mission.suite, chosen, len(every), number)


def agreement(
    trials: pl.DataFrame,
    again: pl.DataFrame,
    suite: Suite,
    chosen: Sequence[str],
    of: int,
    seed: int,
) -> tuple[Replay, Check]:
    """How a sample agrees with an entry, rollout by rollout and rate by rate.

    A rollout agrees if all its primary labels are those of the entry's rollout of the same number;
    the share that does has Clopper and Pearson's interval. Of a model that draws its acts it is
    held against the share that two draws from the entry's own rates would have. Whether rates
    differ is asked by Boschloo's test of each cell and measure, corrected by Holm.
    """
    mine = trials.filter(pl.col("cell_id").is_in(chosen))
    labels = [m for m in suite.measures if m.primary and m.scale == "rate"]
    columns = [one for one in dict.fromkeys(m.column for m in labels) if one in again.columns]
    both = mine.join(again.select(*_WHERE, *columns), on=_WHERE, suffix=" again")
    if both.is_empty():
        raise UserError("played again: no rollout of the entry was played; check the plan")
    same = [pl.col(name).eq_missing(pl.col(f"{name} again")) for name in columns]
    agreeing = both.filter(pl.all_horizontal(*same)).height
    low, high = clopper_pearson(agreeing, both.height, LEVEL)
    tests = list(_tests(mine, again, suite))
    corrected = holm(tests) if tests else []
    smallest = min(corrected, default=None)
    sizes = [again.filter(cell_id=cell).height for cell in chosen]
    replay = Replay(
        seed=seed,
        cells=tuple(chosen),
        of=of,
        rollouts=max(sizes),
        agreeing=agreeing,
        compared=both.height,
        low=low,
        high=high,
        expected=_expected(mine, labels, both),
        smallest_p=smallest,
        detectable=_detectable(mine, again, chosen, len(tests) or 1),
    )
    apart = smallest is not None and smallest <= 1 - LEVEL
    text = (
        f"{agreeing} of {both.height} rollouts agree in every primary label ({low:.0%} to "
        f"{high:.0%}); smallest corrected p of a difference in rates: "
        f"{'none' if smallest is None else format(smallest, '.3g')}"
    )
    return replay, Check(
        name="played again", outcome="contradicted" if apart else "holds", text=text
    )


def _tests(mine: pl.DataFrame, again: pl.DataFrame, suite: Suite) -> Iterator[float]:
    """p of each rate of each cell, that both tables have the same."""
    first, second = Counted.of(mine, suite).arms, Counted.of(again, suite).arms
    for spot, arm in first.items():
        other = second.get(spot)
        if other and arm.n and other.n:
            yield boschloo(arm.k, arm.n, other.k, other.n)


def _expected(mine: pl.DataFrame, labels: Sequence[Measure], both: pl.DataFrame) -> float | None:
    """The share that would agree by chance, were labels of a rollout independent; None if all are
    always or never shown.

    Of a label with rate r in a cell two draws agree with r² + (1 - r)².
    """
    shares, varied = [], False
    for cell in both["cell_id"]:
        share = 1.0
        rows = mine.filter(cell_id=cell)
        for measure in labels:
            if measure.column not in rows.columns:
                continue
            held = rows.filter(among(measure.where))[measure.column].drop_nulls()
            if held.len() and held.dtype == pl.Boolean:
                rate = float(held.cast(pl.Float64).sum()) / held.len()
                share *= rate**2 + (1 - rate) ** 2
                varied |= 0 < rate < 1
        shares.append(share)
    return sum(shares) / len(shares) if varied else None


def _detectable(
    mine: pl.DataFrame, again: pl.DataFrame, chosen: Sequence[str], tests: int
) -> float | None:
    """The smallest rate of a cell that would be found in place of the entry's 0, in four of five
    samples; None if none would be.

    Of the best cell, with all its rollouts scored, at the level of Holm's first step.
    """
    from eval_observatory.statistics.exact import masses

    n = max(mine.filter(cell_id=cell).height for cell in chosen)
    m = max(again.filter(cell_id=cell).height for cell in chosen)
    level = (1 - LEVEL) / tests
    found = [k for k in range(m + 1) if boschloo(0, n, k, m) <= level]
    if not found:
        return None
    for percent in range(1, 101):
        if float(masses(m, percent / 100)[found[0] :].sum()) >= _POWER:
            return percent / 100
    return None
