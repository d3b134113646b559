"""What a sampled factor does to figures: each cell's rollouts by the levels that they had."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import msgspec
import numpy as np
import polars as pl

from eval_observatory import counts
from eval_observatory.counts import Counted, Row, Spot, spot_of
from eval_observatory.statistics.clusters import (
    Clusters,
    Tally,
    components,
    logit_sd,
    on_the_logit,
    prediction,
    sampled_difference,
    sampled_mean,
    sampled_rate,
)
from eval_observatory.statistics.intervals import Interval
from eval_observatory.suite import Factor, Suite

FIGURES: dict[str, pl.DataType] = {
    **dict.fromkeys(("sampled", "estimand"), pl.String()),
    **dict.fromkeys(("levels", "n"), pl.Int64()),
    **dict.fromkeys(("estimate", "low", "high", "sampled_low", "sampled_high"), pl.Float64()),
    **dict.fromkeys(("between_sd", "between_sd_low", "between_sd_high"), pl.Float64()),
    **dict.fromkeys(("within_sd", "between_share"), pl.Float64()),
    **dict.fromkeys(("logit_sd", "logit_sd_low", "logit_sd_high"), pl.Float64()),
    "kind": pl.String(),
    **dict.fromkeys(("difference", "difference_low", "difference_high"), pl.Float64()),
    **dict.fromkeys(("sampled_difference_low", "sampled_difference_high"), pl.Float64()),
    **dict.fromkeys(("predicted_low", "predicted_high", "turns"), pl.Float64()),
}
"""Of each cell: its figure and difference with the interval that holds for these levels (`low`,
`high`) and that for levels like these (`sampled_`), the components, and what a further level is to
be expected to show (`predicted_`), with the chance that it turns the sign."""

KEPT = (
    *("n", "estimand", "estimate", "low", "high"),
    *("difference", "difference_low", "difference_high"),
)
"""What is taken from the estimates."""

LOGIT = ("logit_sd", "logit_sd_low", "logit_sd_high")

Cells = dict[Spot, Clusters]


def sampled(counted: Counted, estimates: pl.DataFrame, level: float) -> pl.DataFrame:
    """What each sampled factor does to the figures of cells: the key columns and `FIGURES`.

    One row a factor and cell, of cells of whose rollouts the level is known; a rate that is
    corrected for its judge is not among them. An interval for levels like these is never shorter
    than that for these levels. Where there are fewer than two levels, or one has
    more than twice another's rollouts, it is null; so is a component
    where no level has two rollouts. The interval of the spread is of rates on the logit, of means
    on their own scale; on the logit its upper end is null where no spread is too large.

    Args:
        estimates: of these trials (`estimates.estimate`), whose figures and intervals are kept.
        level: nominal coverage of each interval.
    """
    suite = counted.suite
    schema = {name: estimates.schema[name] for name in counts.key_of(suite)} | FIGURES
    rows = [
        row
        for factor in suite.sampled
        if factor.name in counted.trials.columns
        for row in _rows(counted, factor, estimates, level)
    ]
    return pl.DataFrame(rows, schema=schema, orient="row")


def _rows(counted: Counted, factor: Factor, estimates: pl.DataFrame, level: float) -> Sequence[Row]:
    suite, cells = counted.suite, _cells(counted, factor)
    against: dict[Spot, tuple[str, Spot]] = {}
    for contrast, (spot, _), (baseline, _) in counted.pairs:
        against.setdefault(spot, (contrast.name, baseline))
    made = []
    for row in estimates.select(*counts.key_of(suite), *KEPT).iter_rows(named=True):
        spot = spot_of(suite, row)
        cell = cells.get(spot)
        if cell is None or not _is_of(row, cell):
            continue
        told = row | {"sampled": factor.name, "levels": cell.m}
        if ends := _ends(cell, row["estimand"], level):
            around = _around(ends, Interval(row["low"], row["high"]))
            told |= _named(around, "sampled_{}", _bounds(suite, row))
        told |= _components(cell, row["estimand"], level)
        kind, baseline = against.get(spot, ("", spot))
        if row["difference"] is not None and baseline in cells:
            told |= {"kind": kind} | _compared(cell, cells[baseline], row, suite, level)
        made.append(told)
    _with_logits(made, cells, suite, level)
    return made


def _is_of(row: Row, cell: Clusters) -> bool:
    """Whether an estimate is of these rollouts alone.

    It is not where the level of some is not known, or where it is corrected for what tells it.
    """
    told = row["estimate"]
    return told is not None and cell.n == row["n"] and math.isclose(cell.mean, told, abs_tol=1e-9)


def _cells(counted: Counted, factor: Factor) -> Cells:
    """The tallies of every cell by level, also of cells that are read at others' levels."""
    suite, trials = counted.suite, counted.trials
    split = _split(suite, factor)
    if trials[factor.name].null_count():
        trials = trials.filter(pl.col(factor.name).is_not_null())
    where = ("model", "harness", "behavior", *suite.names, factor.name)
    found: dict[Spot, dict[Any, Tally]] = defaultdict(dict)
    for table in (counts.reread_counts(trials, split), counts.counts(trials, split)):
        for *spot, level, n, k in (
            table.filter(pl.col("n") > 0).select(*where, "n", "k").iter_rows()
        ):
            found[tuple(spot)][level] = Tally(n, k, k)
    squares = (pl.col("values") * pl.col("values")).list.sum().alias("squares")
    sums = counts.tallies(trials, split).filter(pl.col("n") > 0)
    told = sums.select(*where, "n", pl.col("values").list.sum(), squares)
    for *spot, level, n, total, square in told.iter_rows():
        found[tuple(spot)][level] = Tally(n, total, square)
    # Most cells of a study share their counts, many of them 0: what is told of one is kept. In
    # the order of their levels: the last digit of a sum hangs on the order of its parts.
    known: dict[Any, Clusters] = {}
    return {
        spot: known.setdefault(tuple(tallies), Clusters(dict(tallies)))
        for spot, tallies in ((spot, sorted(levels.items())) for spot, levels in found.items())
    }


def _split(suite: Suite, factor: Factor) -> Suite:
    """The suite in which the factor tells cells apart: its cells are the levels' shares of ours."""
    told = msgspec.structs.replace(factor, sampled=False)
    return msgspec.structs.replace(suite, factors=(*suite.designed, told))


@lru_cache(maxsize=1 << 14)
def _ends(cell: Clusters, estimand: str, level: float) -> Interval | None:
    if not cell.even:
        return None
    return sampled_rate(cell, level) if estimand == "rate" else sampled_mean(cell, level)


def _around(one: Interval, other: Interval) -> Interval:
    """An interval for levels like these is never shorter than that for these levels."""
    return Interval(min(one.low, other.low), max(one.high, other.high))


def _bounds(suite: Suite, row: Row) -> Interval:
    return Interval(*(suite.bounds_of(row["behavior"]) or (0.0, 1.0)))


@lru_cache(maxsize=1 << 14)
def _components(cell: Clusters, estimand: str, level: float) -> Row:
    if not (found := components(cell, level)):
        return {}
    ends = {"between_sd_low": found.low, "between_sd_high": found.high}
    return {
        "between_sd": found.between,
        "within_sd": found.within,
        "between_share": found.share,
    } | (ends if estimand == "mean" else {})


def _compared(cell: Clusters, other: Clusters, row: Row, suite: Suite, level: float) -> Row:
    """The difference over levels like these, and what a further level would show of it."""
    ends, others = (_ends(one, row["estimand"], level) for one in (cell, other))
    if not ends or not others:
        return {}
    low, high = _bounds(suite, row)
    most = Interval(low - high, high - low)
    given = Interval(row["difference_low"], row["difference_high"])
    around = _around(sampled_difference(cell, other, ends, others), given)
    made = _named(around, "sampled_difference_{}", most)
    if found := prediction(cell, other, around, level):
        made |= _named(Interval(found.low, found.high), "predicted_{}", most)
        made["turns"] = found.turns if row["difference"] else None
    return made


def _named(ends: Interval, form: str, within: Interval) -> Row:
    return {
        form.format("low"): max(ends.low, within.low),
        form.format("high"): min(ends.high, within.high),
    }


def _with_logits(rows: Sequence[Row], cells: Cells, suite: Suite, level: float) -> None:
    """The spread of rates on the logit, put into their rows."""
    rates = [row for row in rows if row["estimand"] == "rate" and "between_sd" in row]
    if not rates:
        return
    ends = on_the_logit([cells[spot_of(suite, row)] for row in rates], level)
    figures = np.array([[row["estimate"], row["between_sd"]] for row in rates]).T
    for row, around, sd in zip(rates, ends, logit_sd(*figures), strict=True):
        assert around is not None
        told = (sd, around.low, around.high)
        row |= {
            name: float(value) if np.isfinite(value) else None
            for name, value in zip(LOGIT, told, strict=True)
        }
