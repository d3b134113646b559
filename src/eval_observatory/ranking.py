"""Models side by side: the rate of a behaviour over the cells that all have, and their ranks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from eval_observatory.contrasts import Term, pooled
from eval_observatory.counts import Arm, Counted, arm_of
from eval_observatory.labels import among
from eval_observatory.statistics.contrasts import linear_contrast_p
from eval_observatory.statistics.exact import boschloo
from eval_observatory.statistics.ranks import rank_intervals, surely_higher
from eval_observatory.suite import Key

SCHEMA: dict[str, Any] = {
    **dict.fromkeys(("behavior", "model", "harness"), pl.String()),
    **dict.fromkeys(("models", "cells", "of", "n", "k", "unscored"), pl.Int64()),
    **dict.fromkeys(("rate", "low", "high"), pl.Float64()),
    **dict.fromkeys(("rank_best", "rank_worst"), pl.Int64()),
    "method": pl.String(),
}
CLOSE = 2.0
"""Standard errors below which two rates are not told apart, and no exact test is made.

At so many a one-sided p is about .02, and of two models at .025; it only errs to the wide side.
"""

Side = tuple[str, str]
"""Model and harness."""

Cells = dict[Key, Arm]


def ranked(counted: Counted, level: float) -> pl.DataFrame:
    """Of each rate that at least two models have cells in common of, every model's.

    Of every rate that is primary, or that a table of the suite pools. The cells are those that the
    table is of, or all, as far as every model
    has scored rollouts in them; they weigh alike. Rates behind a judge's verdicts are left out: an
    error that is common to all models would have to be common to their intervals.

    Returns:
        models, how many there are; cells, in how many of all `of` that any has; the rate with an
        interval at 1 - (1 - level) / models: all models' hold together in `level` at least
        (Bonferroni). `rank_best` to `rank_worst` is the rank interval, 1 of the highest, likewise
        for all models together: from the exact tests of all pairs (`statistics.ranks`). Each
        behaviour is by itself.

    Raises `ValueError` for a level outside (0, 1).
    """
    rows: list[dict[str, Any]] = []
    for behavior, sides in _sides(counted).items():
        every = {key for cells in sides.values() for key in cells}
        kept, shared = _in_common(sides)
        if shared:
            arms = [[cells[key] for key in shared] for cells in kept.values()]
            about = {"behavior": behavior, "models": len(kept)}
            about |= {"cells": len(shared), "of": len(every)}
            for side, row in zip(kept, _rows(arms, level), strict=True):
                rows.append(about | {"model": side[0], "harness": side[1]} | row)
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def _sides(counted: Counted) -> dict[str, dict[Side, Cells]]:
    """By behaviour and model the cells with scored rollouts that a figure of it is of."""
    suite = counted.suite
    found: dict[str, dict[Side, Cells]] = defaultdict(dict)
    primary = {one.name for one in suite.measures if one.primary}
    for (name,), part in counted.cells.group_by("behavior", maintain_order=True):
        table = suite.pooled(str(name))
        if not table and name not in primary:
            continue
        rows = part.filter(among(table.where)) if table else part
        for row in rows.filter(pl.col("n") > 0).iter_rows(named=True):
            side = (row["model"], row["harness"])
            cells = found[str(name)].setdefault(side, {})
            cells[suite.key(row)] = arm_of(row | {"judged": None})
    judged = {spot[2] for spot in counted.judged}
    return {name: sides for name, sides in found.items() if name not in judged}


def _in_common(sides: Mapping[Side, Cells]) -> tuple[dict[Side, Cells], list[Key]]:
    """The models that share cells, and these; who shares none is left out, the least played first.

    Nothing where no two share any.
    """
    kept = dict(sides)
    while len(kept) > 1:
        first, *others = kept.values()
        if shared := [key for key in first if all(key in cells for cells in others)]:
            return kept, shared
        kept.pop(min(kept, key=lambda side: len(kept[side])))
    return {}, []


def _rows(arms: Sequence[Sequence[Arm]], level: float) -> Iterator[dict[str, Any]]:
    """The figures of each model, whose cells stand in the same order."""
    narrow = 1 - (1 - level) / len(arms)
    ranks = rank_intervals(surely_higher(pairwise(arms), level))
    for cells, rank in zip(arms, ranks, strict=True):
        terms = [Term(1 / len(cells), (i,), arm, i, i) for i, arm in enumerate(cells)]
        found = pooled(terms, narrow, settings=1, of=1, missing=()).row(tested=False)
        names = ("n", "k", "unscored", "rate", "low", "high")
        yield {
            **{name: found[name] for name in names},
            "rank_best": rank.best,
            "rank_worst": rank.worst,
            "method": f"{found['method']}, bonferroni over {len(arms)}; ranks: holm over pairs",
        }


def pairwise(arms: Sequence[Sequence[Arm]]) -> NDArray[np.float64]:
    """One-sided p[i, j] that model i's mean rate is no higher than model j's.

    By Boschloo's test of one cell each; of several by that of `linear_contrast`: ranks are of
    means, and ask nothing of single cells. Two-sided p halved in the direction that is seen, 1 in
    the other, and 1 of what lies closer than `CLOSE`.
    """
    m = len(arms)
    p = np.ones((m, m))
    means, errors = zip(*map(_mean, arms), strict=True)
    for i, j in combinations(range(m), 2):
        apart = means[i] - means[j]
        if abs(apart) < CLOSE * np.hypot(errors[i], errors[j]) or not apart:
            continue
        both = _two_sided(arms[i], arms[j]) / 2
        p[(i, j) if apart > 0 else (j, i)] = both
    return p


def _mean(cells: Sequence[Arm]) -> tuple[float, float]:
    """The mean of rates, and its standard error; 0 at rates of 0 and 1, which are told exactly."""
    rates = np.array([arm.k / arm.n for arm in cells])
    n = np.array([arm.n for arm in cells])
    return float(rates.mean()), float(np.sqrt((rates * (1 - rates) / n).sum()) / len(cells))


def _two_sided(first: Sequence[Arm], second: Sequence[Arm]) -> float:
    if len(first) == 1:
        return boschloo(first[0].k, first[0].n, second[0].k, second[0].n)
    cells = range(len(first))
    arms = [(arm.k, arm.n) for arm in (*first, *second)]
    weights = [sign / len(first) for sign in (1, -1) for _ in cells]
    return linear_contrast_p(arms, weights)
