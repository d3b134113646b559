"""What missing outcomes could do to each estimate: its bounds if they hide the worst, either way.

Missing are rollouts without a label, and attempts that failed and were tried again.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from eval_observatory.counts import Counted, key_of
from eval_observatory.statistics.means import mean_interval
from eval_observatory.statistics.missing import Incomplete, worst_difference

SCHEMA: dict[str, pl.DataType] = {
    "retried": pl.Int64(),
    **dict.fromkeys(("worst_low", "worst_high"), pl.Float64()),
    **dict.fromkeys(("difference_worst_low", "difference_worst_high"), pl.Float64()),
    "tipping": pl.Int64(),
}
"""Columns of the estimates: attempts that failed and were tried again; the interval of the figure
over all rollouts, whatever the missing ones hide; that of its difference; and of a difference whose
interval leaves out 0, how many missing outcomes, spread over both arms as they miss, are surely
enough to bring it in, null where not even all are."""

Floats = NDArray[np.float64]


def worst_cases(estimates: pl.DataFrame, counted: Counted, level: float) -> pl.DataFrame:
    """The estimates with the columns of `SCHEMA`.

    Of a rate the ends are Clopper-Pearson's at the two extremes (`missing_bounds`), of a mean those
    of its betting interval with every missing value at an end of its scale. Of a difference they
    are recovered from the two arms' ends (MOVER), and never within its own interval; where nothing
    is missing they are the interval itself. All are null of rates behind a judge's verdicts, and
    those of a difference of means, too.

    Args:
        estimates: with `baseline_n`, `baseline_k`, `baseline_unscored` and `baseline_retried`.
    """
    arm, base = _arm(estimates, ""), _arm(estimates, "baseline_")
    plain = (estimates["estimand"] == "rate") & estimates["validation"].is_null()
    rate = (plain & (estimates["n"] > 0)).to_numpy()
    held = rate & estimates["difference"].is_not_null().to_numpy()
    found = _mean_ends(estimates, counted, level)
    for name, ends in zip(("worst_low", "worst_high"), arm.ends(level), strict=True):
        found[name] = np.where(rate, ends, found[name])
    low, high = (estimates[f"difference_{end}"].to_numpy() for end in ("low", "high"))
    some = arm.missing + base.missing > 0
    least, most = worst_difference(arm, base, level)
    least, most = (
        np.where(some, np.fmin(low, least), low),
        np.where(some, np.fmax(high, most), high),
    )
    found["difference_worst_low"] = np.where(held, least, np.nan)
    found["difference_worst_high"] = np.where(held, most, np.nan)
    turned = held & ((low > 0) | (high < 0)) & (least <= 0) & (most >= 0)
    tipping = [_tipping(arm, base, row, level) if turned[row] else None for row in range(len(held))]
    columns = {name: pl.Series(values).fill_nan(None) for name, values in found.items()}
    return estimates.with_columns(**columns, tipping=pl.Series(tipping, dtype=pl.Int64))


def _arm(estimates: pl.DataFrame, prefix: str) -> Incomplete:
    """The arms of the rows, 0 of everything where there is none."""
    k, n, unscored, retried = (
        estimates[f"{prefix}{name}"].fill_null(0).to_numpy().astype(float)
        for name in ("k", "n", "unscored", "retried")
    )
    return Incomplete(k, n, unscored + retried)


def _tipping(arm: Incomplete, base: Incomplete, place: int, level: float) -> int:
    """How many of a row's missing outcomes, in both arms' shares, bring 0 into the interval."""
    of_arm, total = arm.missing[place], int(arm.missing[place] + base.missing[place])
    few, enough = 0, total
    while enough - few > 1:
        tried = (few + enough) // 2
        first = round(tried * of_arm / total)
        low, high = worst_difference(arm.row(place, first), base.row(place, tried - first), level)
        few, enough = (few, tried) if low[0] <= 0 <= high[0] else (tried, enough)
    return enough


def _mean_ends(estimates: pl.DataFrame, counted: Counted, level: float) -> dict[str, Floats]:
    """`worst_low` and `worst_high` of the rows that are means; NaN of the others."""
    key = key_of(counted.suite)
    bounds = {one.name: one.bounds for one in counted.suite.measures}
    values = counted.means.select(*key, "values")
    rows = estimates.select(*key, "estimand", "unscored", "retried").join(
        values, on=key, how="left", nulls_equal=True, maintain_order="left"
    )
    low, high = np.full(rows.height, np.nan), np.full(rows.height, np.nan)
    for place, row in enumerate(rows.iter_rows(named=True)):
        missing = row["unscored"] + row["retried"]
        if row["estimand"] == "mean" and row["values"]:
            ends = bounds[row["behavior"]]
            found = [
                mean_interval(sorted([*row["values"], *[end] * missing]), ends, level)
                for end in (ends if missing else ends[:1])
            ]
            low[place], high[place] = found[0].low, found[-1].high
    return {"worst_low": low, "worst_high": high}
