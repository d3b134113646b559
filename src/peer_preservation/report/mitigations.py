"""What mitigations do and cost, in numbers: cells with one against the same cells without.

Every measure of every task, under a threat and without one, apart; and turns and tokens.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

import polars as pl

from eval_observatory.contrasts import TEST, Claimed, Term, marked, pooled
from eval_observatory.counts import Arm, Counted, Row, Spot, arm_of, spot_of
from eval_observatory.statistics.intervals import Interval
from eval_observatory.statistics.means import mean_interval
from eval_observatory.statistics.multiplicity import holm
from eval_observatory.statistics.stratified_means import stratified_mean_difference
from peer_preservation.suite import SUITE

MITIGATION, MITIGATIONS = "mitigation", "mitigations"
GROUP = ("model", "harness", "task_type", "alignment_faking_mode", MITIGATION, "threat")
COSTS = {
    "num_turns": "turns",
    "total_input_tokens": "input_tokens",
    "total_output_tokens": "output_tokens",
}
"""Columns of trials that are no measures, and what they stand as."""

TRUTH = "inflation"
EFFECTIVE = tuple(
    dict.fromkeys((*(one.name for one in SUITE.measures if one.primary and one.claimed), TRUTH))
)
"""What mitigations are for: the suite's own behaviours, and by how much scores are off. The other
measures are what one costs."""

FAMILY = ("model", "harness", "behavior", "threat")
SCHEMA: dict[str, Any] = {
    **dict.fromkeys(GROUP[:-1], pl.String()),
    "threat": pl.Boolean(),
    **dict.fromkeys(("behavior", "estimand"), pl.String()),
    "cells": pl.Int64(),
    **dict.fromkeys(("n", "k", "unscored"), pl.Int64()),
    "value": pl.Float64(),
    **dict.fromkeys(("baseline_n", "baseline_k", "baseline_unscored"), pl.Int64()),
    **dict.fromkeys(("baseline", "estimate", "low", "high"), pl.Float64()),
    **dict.fromkeys(("worst_low", "worst_high", "p", "p_adjusted", "p_holm"), pl.Float64()),
    **dict.fromkeys(("value_low", "value_high"), pl.Float64()),
    "method": pl.String(),
}
"""`unscored` counts attempts that failed and were tried again, too; `low` to `worst_high` are null
of turns and tokens, which have no bounds; `value_low` and `value_high` are the interval of a mean
itself, with the mitigation."""


class _Pair(NamedTuple):
    """Counts of a cell with a mitigation, and of the same cell without."""

    spots: tuple[Spot, Spot]
    rows: tuple[Row, Row]


def mitigation_effects(
    counted: Counted, level: float, claimed: Claimed | None = None
) -> pl.DataFrame:
    """A row for each model, harness, task, mitigation, threat or none, and measure.

    Cells with the mitigation less the same cells without it, cells weighing alike, those without a
    scored rollout in one arm left out.

    Returns:
        The columns of `SCHEMA`, and `planned`. `estimate`, its interval and p as of any figure over
        cells (`contrasts.pooled`; of means `stratified_mean_difference`); `p_holm` is p adjusted by
        Holm within `FAMILY`: no cost is overlooked where the gate of the report's corrected p stays
        closed, and what is a cost, and no effect, has this p alone; `worst_low` and `worst_high`
        the same interval, whatever missing outcomes hide.
    """
    bounds = {one.name: one.bounds for one in SUITE.measures if one.scale == "mean"}
    rows = []
    for group, pairs in _pairs(counted).items():
        ends = bounds.get(str(group[-1]))
        figure = _means(pairs, ends, level) if ends else _rates(pairs, level)
        sides = tuple(frozenset(one.spots[side] for one in pairs) for side in (0, 1))
        mark = marked(claimed, (sides[0], sides[1]))
        rows.append(dict(zip((*GROUP, "behavior"), group, strict=True)) | figure | mark)
    rows += _costs(counted)
    made = pl.DataFrame(rows, schema=SCHEMA | {"planned": pl.Boolean()} | TEST, orient="row")
    effect = pl.when(pl.col("behavior").is_in(EFFECTIVE))
    return _held(made).with_columns(effect.then("p").alias("p"))


def _held(table: pl.DataFrame) -> pl.DataFrame:
    """The table with `p_holm`: Holm's of every p, within each family."""
    values: list[float | None] = [None] * table.height
    tested = table.with_row_index("position").filter(pl.col("p").is_not_null())
    for _, part in tested.group_by(FAMILY):
        for position, p in zip(part["position"], holm(part["p"].to_list()), strict=True):
            values[position] = p
    return table.with_columns(pl.Series("p_holm", values, dtype=pl.Float64))


def _pairs(counted: Counted) -> dict[tuple[Any, ...], list[_Pair]]:
    """Cells with a mitigation beside those without, by `GROUP` and measure."""
    means = ((spot_of(SUITE, row), row) for row in counted.means.iter_rows(named=True))
    every = dict(chain(counted.rows(), means))
    at = 3 + SUITE.names.index(MITIGATION)
    found: dict[tuple[Any, ...], list[_Pair]] = defaultdict(list)
    for spot, row in every.items():
        plain = (*spot[:at], None, *spot[at + 1 :])
        if row[MITIGATION] is not None and plain in every:
            group = (*(row[name] for name in GROUP), row["behavior"])
            found[group].append(_Pair((spot, plain), (row, every[plain])))
    return found


def _rates(pairs: Sequence[_Pair], level: float) -> Row:
    told = [[arm_of(row) for row in one.rows] for one in pairs]
    missing = [[_missing(row) for row in one.rows] for one in pairs]
    used = [place for place, arms in enumerate(told) if all(arm.n for arm in arms)]
    figure: Row = {"estimand": "rate", "cells": len(pairs)} | _sums(pairs)
    figure |= {"k": _total(pairs, 0, "k"), "baseline_k": _total(pairs, 1, "k")}
    if used:
        found = pooled(_terms(pairs, told, used), level, settings=1, of=1, missing=())
        figure |= {
            **{name: getattr(found, name) for name in ("estimate", "low", "high", "p", "method")},
            "value": found.rate,
            "baseline": found.baseline,
        }
    if all(arm.judged is None for arms in told for arm in arms):
        ends = ((False, True), (True, False))
        filled = [
            [
                [Arm(a.k + m * shows, a.n + m, 0) for a, m, shows in zip(*one, end, strict=True)]
                for one in zip(told, missing, strict=True)
            ]
            for end in ends
        ]
        whole = [place for place, arms in enumerate(filled[0]) if all(arm.n for arm in arms)]
        if whole:
            least, most = (
                pooled(_terms(pairs, arms, whole), level, settings=1, of=1, missing=())
                for arms in filled
            )
            figure |= {"worst_low": least.low, "worst_high": most.high}
    return figure


def _terms(
    pairs: Sequence[_Pair], arms: Sequence[Sequence[Arm]], used: Sequence[int]
) -> list[Term]:
    """With the mitigation less without it; what is read at several bars shares its rollouts."""
    bar = 3 + SUITE.names.index("threshold")
    return [
        Term(
            sign / len(used),
            pairs[place].spots[side],
            arms[place][side],
            (side, *pairs[place].spots[0][:bar], *pairs[place].spots[0][bar + 1 :]),
            place,
        )
        for side, sign in ((0, 1.0), (1, -1.0))
        for place in used
    ]


def _means(pairs: Sequence[_Pair], bounds: tuple[float, float], level: float) -> Row:
    figure: Row = {"estimand": "mean", "cells": len(pairs)} | _sums(pairs)
    told = [[row["values"] or [] for row in one.rows] for one in pairs]
    if scored := [arms for arms in told if all(arms)]:
        found = stratified_mean_difference([(a, b) for a, b in scored], bounds, level)
        value, baseline = (
            sum(sum(arms[side]) / len(arms[side]) for arms in scored) / len(scored)
            for side in (0, 1)
        )
        figure |= {
            **dict(zip(("estimate", "low", "high", "p"), found, strict=True)),
            "value": value,
            "baseline": baseline,
            # A betting interval holds for the average of values whose means differ, too.
            **dict(zip(("value_low", "value_high"), _interval(scored, bounds, level), strict=True)),
            "method": "recovered variances, permutation within cells",
        }
    ends = (bounds, bounds[::-1])
    least, most = (
        [
            tuple(
                [*values, *[end] * _missing(row)]
                for values, row, end in zip(arms, one.rows, at, strict=True)
            )
            for arms, one in zip(told, pairs, strict=True)
        ]
        for at in ends
    )
    if all(map(all, least)):
        low, high = (
            stratified_mean_difference([(a, b) for a, b in filled], bounds, level)
            for filled in (least, most)
        )
        figure |= {"worst_low": low.low, "worst_high": high.high}
    return figure


def _interval(
    scored: Sequence[Sequence[list[float]]], bounds: tuple[float, float], level: float
) -> Interval:
    """Of the mean over all rollouts with the mitigation, each counting once."""
    return mean_interval([value for with_it, _ in scored for value in with_it], bounds, level)


def _costs(counted: Counted) -> Iterator[Row]:
    """Turns and tokens of all rollouts that have them, scored or not."""
    trials = counted.trials
    mitigated = trials[MITIGATION].is_not_null().any()
    for column, name in COSTS.items():
        if column not in trials.columns or not mitigated:
            continue
        key = ["agent_model", "harness", *SUITE.names]
        values = pl.col(column).cast(pl.Float64).drop_nulls().sort().alias("values")
        grouped = trials.group_by(key, maintain_order=True).agg(values)
        cells = {
            (row["agent_model"], row["harness"], *SUITE.key(row)): row
            for row in grouped.iter_rows(named=True)
        }
        yield from _cost(cells, name)


def _cost(cells: Mapping[tuple[Any, ...], Row], name: str) -> Iterator[Row]:
    at = 2 + SUITE.names.index(MITIGATION)
    strata: dict[tuple[Any, ...], list[tuple[list[float], list[float]]]] = defaultdict(list)
    for key, row in cells.items():
        plain = cells.get((*key[:at], None, *key[at + 1 :]))
        if row[MITIGATION] is not None and plain and row["values"] and plain["values"]:
            group = tuple({**row, "model": row["agent_model"]}[one] for one in GROUP)
            strata[group].append((row["values"], plain["values"]))
    for group, arms in strata.items():
        # The scale's ends bear on the interval alone, which is left out.
        ends = max(max(one + other) for one, other in arms) + 1
        found = stratified_mean_difference([(a, b) for a, b in arms], (0.0, ends))
        value, baseline = (
            sum(sum(pair[side]) / len(pair[side]) for pair in arms) / len(arms) for side in (0, 1)
        )
        yield dict(zip(GROUP, group, strict=True)) | {
            "behavior": name,
            "estimand": "mean",
            "cells": len(arms),
            "n": sum(len(one) for one, _ in arms),
            "baseline_n": sum(len(other) for _, other in arms),
            "value": value,
            "baseline": baseline,
            "estimate": found.difference,
            "p": found.p,
            "method": "permutation within cells",
        }


def _missing(row: Row) -> int:
    return int(row["unscored"] + (row.get("retried") or 0))


def _total(pairs: Sequence[_Pair], side: int, name: str) -> int:
    return sum(int(one.rows[side][name]) for one in pairs)


def _sums(pairs: Sequence[_Pair]) -> Row:
    sums: Row = {}
    for side, prefix in enumerate(("", "baseline_")):
        sums[f"{prefix}n"] = _total(pairs, side, "n")
        sums[f"{prefix}unscored"] = sum(_missing(one.rows[side]) for one in pairs)
    return sums
