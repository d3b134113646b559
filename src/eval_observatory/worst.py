"""What missing outcomes could do to each estimate: its bounds if they hide the worst, either way.

Missing are rollouts without a label, and attempts that failed and were tried again. The formulas
stand in `statistics.missing`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from functools import cache, partial

import numpy as np
import polars as pl
from numpy.typing import NDArray

from eval_observatory.counts import Arm, Counted, Row, Spot, spot_of
from eval_observatory.statistics.intervals import Interval
from eval_observatory.statistics.missing import (
    Extremes,
    Incomplete,
    Limit,
    mean_extremes,
    rate_extremes,
    tipping,
    worst,
    worst_difference,
    worst_sum,
)

ENDS = ("worst_low", "worst_high")
POOLED: dict[str, pl.DataType] = {**dict.fromkeys(ENDS, pl.Float64()), "tipping": pl.Int64()}
"""Columns of a figure over cells: its interval over all rollouts, whatever the missing ones hide;
and of a difference whose interval leaves out 0, how many missing outcomes, spread over the cells as
they miss, are surely enough to bring it in, null where not even all are."""

DIFFERENCE = ("difference_worst_low", "difference_worst_high")
SCHEMA: dict[str, pl.DataType] = {
    "retried": pl.Int64(),
    **dict.fromkeys((*ENDS, *DIFFERENCE), pl.Float64()),
    "tipping": pl.Int64(),
}
"""Columns of the estimates: attempts that failed and were tried again; then the same of the cell's
figure and of its difference."""

Floats = NDArray[np.float64]
Found = dict[str, Floats]
Tipping = dict[int, int | None]


def worst_cases(estimates: pl.DataFrame, counted: Counted, level: float) -> pl.DataFrame:
    """The estimates with the columns of `SCHEMA`.

    Of a rate the ends are Clopper-Pearson's at the two extremes, of a mean those of its betting
    interval with every missing value at an end of its scale. Of a difference they are recovered
    from the two arms' ends (MOVER), and never within its own interval; where nothing is missing
    they are the interval itself. All are null of rates behind a judge's verdicts.

    Args:
        estimates: with `baseline_n`, `baseline_k`, `baseline_unscored` and `baseline_retried`.
    """
    found, tipping_at = _of_rates(estimates, level)
    _add_means(found, tipping_at, estimates, counted, level)
    columns = {name: pl.Series(values).fill_nan(None) for name, values in found.items()}
    told = [tipping_at.get(row) for row in range(estimates.height)]
    return estimates.with_columns(**columns, tipping=pl.Series(told, dtype=pl.Int64))


def worst_pooled(
    arms: Sequence[Arm],
    weights: Sequence[float],
    own: Interval,
    level: float,
    shares: Sequence[Hashable],
    strata: Sequence[Hashable] | None,
) -> Row:
    """The columns of `POOLED`, of a weighted sum of rates whose interval is `own`.

    Args:
        shares: the same for arms that share rollouts, whose missing outcomes count once.
        strata: as the sum is tested.
    """
    lost: dict[Hashable, int] = {}
    for arm, of in zip(arms, shares, strict=True):
        lost[of] = max(lost.get(of, 0), arm.missing)

    def limit(part: Sequence[int], upper: bool) -> float:
        told = dict(zip(lost, part, strict=True))
        left = [
            Incomplete(arm.k, arm.n, min(told[of], arm.missing))
            for arm, of in zip(arms, shares, strict=True)
        ]
        if list(weights) == [1.0, -1.0]:
            return float(worst_difference(*map(partial(_extremes, level=level), left))[upper])
        if list(weights) == [1.0]:
            return float(_extremes(left[0], level)[-1 if upper else 0])
        return worst_sum(left, weights, level, shares, strata, upper=upper)

    low, high, tips = worst(own, [*lost.values()], limit)
    return {"worst_low": low, "worst_high": high, "tipping": tips if min(weights) < 0 else None}


def _extremes(arm: Incomplete, level: float) -> Extremes:
    return rate_extremes(*arm, level)


def _of_rates(estimates: pl.DataFrame, level: float) -> tuple[Found, Tipping]:
    """The columns of rates, NaN of other rows; tipping points by row."""
    arm, base = _arms(estimates, ""), _arms(estimates, "baseline_")
    plain = (estimates["estimand"] == "rate") & estimates["validation"].is_null()
    rate = (plain & (estimates["n"] > 0)).to_numpy()
    held = rate & estimates["difference"].is_not_null().to_numpy()
    ends = rate_extremes(*arm, level)
    low, high = (estimates[f"difference_{end}"].to_numpy() for end in ("low", "high"))
    least, most = worst_difference(ends, rate_extremes(*base, level))
    missing = arm[2] + base[2] > 0
    least = np.where(missing, np.fmin(low, least), low)
    most = np.where(missing, np.fmax(high, most), high)
    found = {name: np.where(rate, end, np.nan) for name, end in zip(ENDS, ends[::3], strict=True)}
    for name, end in zip(DIFFERENCE, (least, most), strict=True):
        found[name] = np.where(held, end, np.nan)
    turned = held & ((low > 0) | (high < 0)) & (least <= 0) & (most >= 0)
    told = {}
    for row in map(int, np.flatnonzero(turned)):
        pair = [Incomplete(*(int(one[row]) for one in side)) for side in (arm, base)]
        own = Interval(float(low[row]), float(high[row]))
        around = Interval(float(least[row]), float(most[row]))
        told[row] = tipping(own, around, [one.missing for one in pair], _limit_of(pair, level))
    return found, told


def _limit_of(pair: Sequence[Incomplete], level: float) -> Limit:
    def limit(part: Sequence[int], upper: bool) -> float:
        left = (arm._replace(missing=m) for arm, m in zip(pair, part, strict=True))
        return float(worst_difference(*(_extremes(arm, level) for arm in left))[upper])

    return limit


def _arms(estimates: pl.DataFrame, prefix: str) -> tuple[Floats, Floats, Floats]:
    """k, n and missing of the rows' arms, 0 of everything where there is none."""
    k, n, unscored, retried = (
        estimates[f"{prefix}{name}"].fill_null(0).to_numpy().astype(float)
        for name in ("k", "n", "unscored", "retried")
    )
    return k, n, unscored + retried


def _add_means(
    found: Found,
    told: dict[int, int | None],
    estimates: pl.DataFrame,
    counted: Counted,
    level: float,
) -> None:
    """The columns of means, put into those of rates."""
    suite = counted.suite
    rows = {spot_of(suite, row): row for row in counted.means.iter_rows(named=True)}
    against: dict[Spot, Spot] = {}
    for _, (spot, _), (other, _) in counted.pairs:
        if spot in rows:
            against.setdefault(spot, other)

    @cache
    def of(spot: Spot, missing: int) -> Extremes:
        bounds = suite.bounds_of(rows[spot]["behavior"])
        assert bounds is not None
        return mean_extremes(rows[spot]["values"], missing, bounds, level)

    for place, row in enumerate(estimates.iter_rows(named=True)):
        bounds = suite.bounds_of(row["behavior"])
        if row["estimand"] != "mean" or not row["n"] or bounds is None:
            continue
        spot, most = spot_of(suite, row), bounds[1] - bounds[0]
        own = of(spot, _missing(rows[spot]))
        found[ENDS[0]][place], found[ENDS[1]][place] = own.low, own.high
        if row["difference"] is not None:
            given = Interval(row["difference_low"], row["difference_high"])
            pair = spot, against[spot]
            missing = [_missing(rows[one]) for one in pair]
            low, high, told[place] = worst(given, missing, _limit_of_means(pair, of, most))
            found[DIFFERENCE[0]][place], found[DIFFERENCE[1]][place] = low, high


def _limit_of_means(
    pair: Sequence[Spot], of: Callable[[Spot, int], Extremes], most: float
) -> Limit:
    def limit(part: Sequence[int], upper: bool) -> float:
        ends = worst_difference(*(of(spot, m) for spot, m in zip(pair, part, strict=True)))
        return min(max(float(ends[upper]), -most), most)

    return limit


def _missing(row: Row) -> int:
    return int(row["unscored"] + row["retried"])
