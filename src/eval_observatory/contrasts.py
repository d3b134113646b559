"""Cells held against cells, two or several: figures, intervals, p, families; of rates and means."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from eval_observatory.corrected import (
    by_people,
    corrected_rate_of,
    corrected_sum,
    known,
    method_of,
    validation_of,
)
from eval_observatory.counts import Arm, Counted, Row, Spot, arm_of
from eval_observatory.hierarchy import CELLS, FURTHER, corrected
from eval_observatory.judged import Judged
from eval_observatory.statistics.contrasts import linear_contrast
from eval_observatory.statistics.intervals import Interval, clopper_pearson
from eval_observatory.statistics.means import mean_difference
from eval_observatory.statistics.two_rates import exact_difference
from eval_observatory.worst import POOLED, worst_pooled

if TYPE_CHECKING:
    from eval_observatory.planned import Planned

METHOD = "berger_boos, boschloo, gatekeeping"
"""Of every difference of two cells: its interval, its p, the correction of that (`hierarchy`).

Boschloo's test is exact and on either side never less powerful than Fisher's, so two-sided never
less than Fisher's doubled, which matters at the low rates of this study (0 against 5 of 100: .044,
not .059). The interval is exact, and leaves out 0 exactly where that test rejects
(`statistics.two_rates`).
"""

JUDGED_METHOD, PEOPLE_METHOD = "melded, boschloo, gatekeeping", "melded, melded, gatekeeping"
"""The same of rates behind a judge's verdicts, and where people labelled a sample of one of them.

An error that both cells share makes no difference of verdicts, and the test is of these.
"""

MEAN_METHOD = "recovered variances, permutation, gatekeeping"
"""The same of means: see `statistics.means.mean_difference`."""

SCHEMA: dict[str, Any] = {
    "kind": pl.String(),
    "against": pl.String(),
    "baseline_n": pl.Int64(),
    "baseline_k": pl.Int64(),
    "baseline_unscored": pl.Int64(),
    "baseline_retried": pl.Int64(),
    "baseline": pl.Float64(),
    "difference": pl.Float64(),
    "difference_low": pl.Float64(),
    "difference_high": pl.Float64(),
    "p": pl.Float64(),
    "p_adjusted": pl.Float64(),
    "planned": pl.Boolean(),
    "method": pl.String(),
}


Side = frozenset[Spot]
"""All cells of a contrast that have one sign."""

Sides = tuple[Side, Side]
"""What a contrast adds and what it takes away; nothing for a rate."""

Claimed = Mapping[Sides, float | None]
"""The contrasts that plans claim, each with its corrected p."""


def contrasts(counted: Counted, level: float = 0.95, plan: Planned | None = None) -> pl.DataFrame:
    """Every cell's difference to each cell that it is held against and that the data have.

    Args:
        counted: the counts of every cell.
        level: nominal coverage of each interval, by itself.
        plan: what was planned, if anything was.

    Returns:
        The key columns, n, k, unscored and those of `SCHEMA`, k null of means. The corrected p has
        one error over all rows: what is planned stands first, then each cell's difference to the
        first of its baselines, then those to others (`hierarchy`). A pair of which one cell has no
        scored rollout is left out: there is nothing to compare.
    """
    made = compared(counted, level, plan.claimed if plan else None)
    own = pl.struct("model", "harness", "behavior", *counted.suite.names).is_first_distinct()
    kind = pl.when(own).then(pl.lit(CELLS)).otherwise(pl.lit(FURTHER)).alias("family")
    claims = plan.claims if plan else None
    found = corrected({CELLS: made.with_columns(kind)}, counted.suite, claims=claims)
    return found.frames[CELLS].drop("family", "test")


def compared(counted: Counted, level: float, claimed: Claimed | None) -> pl.DataFrame:
    """The same, with the corrected p of what is planned alone."""
    suite = counted.suite
    bounds = {one.name: one.bounds for one in suite.measures if one.scale == "mean"}
    rows = []
    for contrast, (spot, row), (baseline, other) in counted.pairs:
        ends = bounds.get(row["behavior"])
        held = {f"baseline_{name}": other.get(name) for name in ("n", "k", "unscored", "retried")}
        rows.append(
            {name: row.get(name) for name in counted.cells.columns}
            | {"kind": contrast.name, "against": contrast.title, **held}
            | (
                difference_of_means(row, other, ends, level)
                if ends
                else difference(row, other, level)
            )
            | marked(claimed, (frozenset([spot]), frozenset([baseline])))
        )
    return pl.DataFrame(rows, schema=dict(counted.cells.schema) | SCHEMA | TEST, orient="row")


def difference(row: Row, other: Row, level: float) -> Row:
    """The baseline, rate of `row` less rate of `other`, interval and p; both are scored.

    Of a judge's verdicts the rates behind them, as far as its errors are known (`corrected`).
    """
    arms = arm_of(row), arm_of(other)
    told = exact_difference(*arms[0][:2], *arms[1][:2], level)
    found, base = corrected_sum(arms, (1.0, -1.0), level), corrected_rate_of(arms[1], level)
    if found:
        shared = not any(map(by_people, arms)) and not math.isnan(found.estimate)
        return {
            "baseline": known(base.estimate if base else math.nan),
            "difference": known(found.estimate),
            "difference_low": found.low,
            "difference_high": found.high,
            "p": told.p if shared else found.p,
            "method": JUDGED_METHOD if shared else PEOPLE_METHOD,
        }
    return {
        "baseline": other["k"] / other["n"],
        "difference": told.difference,
        "difference_low": told.low,
        "difference_high": told.high,
        "p": told.p,
        "method": METHOD,
    }


def difference_of_means(row: Row, other: Row, bounds: tuple[float, float], level: float) -> Row:
    """Mean of `row` less mean of `other`, the same columns; both have scored rollouts."""
    found = mean_difference(row["values"], other["values"], bounds, level)
    return {
        "baseline": other["mean"],
        "difference": found.difference,
        "difference_low": found.low,
        "difference_high": found.high,
        "p": found.p,
        "method": MEAN_METHOD,
    }


def marked(claimed: Claimed | None, sides: Sides) -> Row:
    """Whether a plan claims a figure over these cells, and its corrected p; null without a plan.

    `test` is the same for figures over the same cells: they are one test, and have one corrected p.
    """
    test = {"test": hash(sides)}
    if claimed is None:
        return {"planned": None, "p_adjusted": None} | test
    return {"planned": sides in claimed, "p_adjusted": claimed.get(sides)} | test


TEST: dict[str, Any] = {"test": pl.Int64()}


def own_tests(counted: Counted) -> dict[Spot, int]:
    """Of each cell that is held against another the `test` of its difference in the estimates."""
    found: dict[Spot, int] = {}
    for _, (spot, _), (baseline, _) in counted.pairs:
        found.setdefault(spot, hash((frozenset([spot]), frozenset([baseline]))))
    return found


class Figure(NamedTuple):
    """A figure over cells, its interval, and the p that it is 0; NaN of a rate."""

    estimate: float
    low: float
    high: float
    p: float


class Term(NamedTuple):
    """A cell of a figure, with its weight.

    Attributes:
        shares: the same for terms that share rollouts.
        point: where in the design it lies, apart from what the figure compares.
    """

    weight: float
    spot: Spot
    arm: Arm
    shares: Hashable
    point: Hashable


@dataclass(frozen=True)
class Pooled:
    """One figure over cells.

    Attributes:
        estimate: the contrast; `low` and `high` its interval, `p` that it is 0 (NaN for a rate).
        plus, minus: the summed counts of the cells of positive and of negative weight.
        rate, baseline: the weighted rates of the two; `baseline` is None without a second.
        settings, of: how many settings are in it, of how many in the design.
        missing: the names of the points of the design that are not in it.
        sides: the cells of positive and those of negative weight.
        method: how interval and p were made.
        worst: what missing outcomes could do to it, the columns of `worst.POOLED`.
        validation: what is known of the judge; None where none was asked.
    """

    estimate: float
    low: float
    high: float
    p: float
    plus: Arm
    minus: Arm
    rate: float
    baseline: float | None
    settings: int
    of: int
    missing: tuple[str, ...]
    sides: Sides
    method: str
    worst: Row
    validation: str | None = None

    @property
    def lacking(self) -> str | None:
        """What is missing, in words."""
        return "; ".join(f"no {name}" for name in self.missing) or None

    def row(self, tested: bool) -> Row:
        """The figure as columns; without a test it has neither baseline counts nor a p."""
        minus = _counts(self.minus, "baseline_") if tested else {}
        figures = ("rate", "baseline", "estimate")
        names = ("low", "high", "settings", "of", "method", "validation")
        return {
            **_counts(self.plus, ""),
            **minus,
            **{
                name: known(value) for name in figures if (value := getattr(self, name)) is not None
            },
            **{name: getattr(self, name) for name in names},
            "p": self.p if tested else None,
            "missing": self.lacking,
            **self.worst,
        }


def pooled(
    terms: Sequence[Term], level: float, *, settings: int, of: int, missing: tuple[str, ...]
) -> Pooled:
    """The weighted sum of the rates of cells, each with a scored rollout: a rate or a contrast.

    One cell has its exact interval, and so has one against one, with Boschloo's test. What is a
    difference of two means is tested within points too, see `statistics.contrasts`; cells that
    share rollouts lie in one of them.

    Raises `ValueError` for a level outside (0, 1).
    """
    plus, minus = (total(t.arm for t in terms if t.weight * sign > 0) for sign in (1, -1))
    rates = [
        sum(abs(t.weight) * _rate(t.arm, level) for t in terms if t.weight * sign > 0)
        for sign in (1, -1)
    ]
    found, method = _figure(terms, level)
    validation = validation_of([term.arm for term in terms])
    return Pooled(
        estimate=found.estimate,
        low=found.low,
        high=found.high,
        p=found.p if minus.n else math.nan,
        plus=plus,
        minus=minus,
        rate=rates[0],
        baseline=rates[1] if minus.n else None,
        settings=settings,
        of=of,
        missing=missing,
        sides=(_signed(terms, 1), _signed(terms, -1)),
        method=method,
        worst=dict.fromkeys(POOLED) if validation else _worst(terms, found, level),
        validation=validation,
    )


def _figure(terms: Sequence[Term], level: float) -> tuple[Figure, str]:
    """Estimate, interval and p, and how they were made."""
    arms = [(term.arm.k, term.arm.n) for term in terms]
    weights = [term.weight for term in terms]
    if found := _corrected([term.arm for term in terms], weights, level):
        return found
    if weights == [1.0]:
        (k, n) = arms[0]
        return Figure(k / n, *clopper_pearson(k, n, level), math.nan), "clopper_pearson"
    if weights == [1.0, -1.0]:
        return Figure(*exact_difference(*arms[0], *arms[1], level)), "berger_boos, boschloo"
    strata, shared = _strata(terms), [term.shares for term in terms]
    made = linear_contrast(arms, weights, level, shared, strata)
    return Figure(*made), "tail_inversion, zelen" if strata else "tail_inversion"


def _worst(terms: Sequence[Term], found: Figure, level: float) -> Row:
    """What missing outcomes could do to a figure of rates."""
    arms, weights = [term.arm for term in terms], [term.weight for term in terms]
    own, shared = Interval(found.low, found.high), [term.shares for term in terms]
    return worst_pooled(arms, weights, own, level, shared, _strata(terms))


def _corrected(
    arms: Sequence[Arm], weights: Sequence[float], level: float
) -> tuple[Figure, str] | None:
    """The same of the rates behind a judge's verdicts; None where these stand as they are.

    A rate over several cells is, as yet, that of all their verdicts together.
    """
    if min(weights) > 0:
        whole = total(arms)
        rate, method = corrected_rate_of(whole, level), method_of(whole)
        return (Figure(*rate[:3], math.nan), method) if rate and method else None
    found = corrected_sum(arms, weights, level)
    if not found:
        return None
    if list(weights) == [1.0, -1.0] and not any(map(by_people, arms)):
        # An error that both cells share makes no difference of verdicts.
        p = exact_difference(*arms[0][:2], *arms[1][:2], level).p
        return Figure(*found[:3], p), "melded, boschloo"
    return Figure(*found), "melded"


def _rate(arm: Arm, level: float) -> float:
    found = corrected_rate_of(arm, level)
    return found.estimate if found else arm.k / arm.n


def _strata(terms: Sequence[Term]) -> list[Hashable] | None:
    """Of each term the first point among all that are bound together by shared rollouts.

    None of what is no difference of two means, and so is not tested within points.
    """
    if not math.isclose(sum(term.weight for term in terms if term.weight < 0), -1.0):
        return None
    strata: dict[Hashable, Hashable] = {term.point: term.point for term in terms}
    holds: dict[Hashable, Hashable] = {}
    for term in terms:
        own, other = strata[term.point], strata[holds.setdefault(term.shares, term.point)]
        strata = {point: other if label == own else label for point, label in strata.items()}
    return [strata[term.point] for term in terms]


def _counts(arm: Arm, prefix: str) -> dict[str, int]:
    return {f"{prefix}n": arm.n, f"{prefix}k": arm.k, f"{prefix}unscored": arm.unscored}


def total(arms: Iterable[Arm]) -> Arm:
    """The sum of the counts of cells."""
    listed = list(arms)
    counted = ("k", "n", "unscored", "retried")
    k, n, unscored, retried = (sum(getattr(arm, of) for arm in listed) for of in counted)
    judged = [arm.judged for arm in listed if arm.judged is not None]
    return Arm(k, n, unscored, reduce(Judged.plus, judged) if judged else None, retried)


def _signed(terms: Sequence[Term], sign: int) -> Side:
    return frozenset(term.spot for term in terms if term.weight * sign > 0)
