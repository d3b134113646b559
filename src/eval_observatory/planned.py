"""What plans set out to show: each claim's figures and family, and which figures are theirs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import polars as pl

from eval_observatory.claims import Claim
from eval_observatory.contrasts import (
    Claimed,
    Pooled,
    Sides,
    Term,
    pooled,
)
from eval_observatory.counts import Arm, Counted, Row, Spot
from eval_observatory.hierarchy import LINE, Line, planned_p
from eval_observatory.plan import Plan
from eval_observatory.statistics.means import mean_interval
from eval_observatory.statistics.stratified_means import stratified_mean_difference
from eval_observatory.suite import Cell, Key, Suite
from eval_observatory.trials import schema_of
from eval_observatory.worst import POOLED as WORST

SCHEMA: dict[str, Any] = {
    **dict.fromkeys(("plan", "model", "harness", "behavior", "claim", "against"), pl.String()),
    **dict.fromkeys(("cells", "n", "k", "unscored"), pl.Int64()),
    "rate": pl.Float64(),
    **dict.fromkeys(("baseline_n", "baseline_k", "baseline_unscored"), pl.Int64()),
    **dict.fromkeys(("baseline", "estimate", "low", "high", "p", "p_adjusted"), pl.Float64()),
    "family_size": pl.Int64(),
    **WORST,
    "missing": pl.String(),
    **dict.fromkeys(("method", "validation"), pl.String()),
    **dict.fromkeys(("decision", "settled"), pl.String()),
    **dict.fromkeys(("claim_low", "claim_high"), pl.Float64()),
}
NOT_PLAYED = "no scored rollout"
NOTHING = Arm(0, 0, 0)


class ClaimEnd(NamedTuple):
    """How the last look at a claim found it; `settled` says it with the claim's own bounds."""

    settled: str | None = None
    decision: str | None = None
    claim_low: float | None = None
    claim_high: float | None = None


NO_LOOK = ClaimEnd()
NO_ENDS: Mapping[tuple[str, str, str, str], ClaimEnd] = MappingProxyType({})
OF_ALL: Mapping[Path | str, Collection[str]] = MappingProxyType({})


class Place(NamedTuple):
    """A claim, with the keys of the cells of its sides, and where in the design they lie."""

    claim: Claim
    keys: tuple[tuple[Key, ...], ...]
    points: tuple[str, ...]


class Scope(NamedTuple):
    """A plan, and the models that it is about, as the trials name them.

    Attributes:
        places: where its claims are counted.
        over: how many of the models' rollouts are beyond those that the plan has of each cell.
        versions: of other packages than the plan's, that played rollouts of theirs.
    """

    plan: Plan
    models: tuple[str, ...]
    places: tuple[Place, ...]
    over: int
    versions: tuple[str, ...]


@dataclass(frozen=True)
class Planned:
    """The claims of plans, for the models that were played.

    Attributes:
        scopes: the plans as they were locked, each with its models.
        data: one row per model and claim, with the columns of `SCHEMA`; what was not played has
            neither figures nor a p, and counts in its family as p = 1. The families of all lines
            of a page share one error (`hierarchy`).
        claimed: by the cells of a claim, its corrected p; None for a rate.
        claims: by model, harness and behaviour the p of each contrast; 1 of what was not played.
        cells: the cells, each with its behaviour, whose rates the claims are about.
    """

    scopes: tuple[Scope, ...]
    data: pl.DataFrame
    claimed: Claimed
    claims: Mapping[Line, Sequence[float]]
    cells: frozenset[Spot]

    @property
    def alpha(self) -> float:
        """The error of the whole page; of several plans the smallest that one of them allows."""
        return min(scope.plan.alpha for scope in self.scopes)


def planned(
    plans: Sequence[Plan],
    trials: pl.DataFrame | Counted,
    suite: Suite,
    level: float = 0.95,
    *,
    ends: Mapping[tuple[str, str, str, str], ClaimEnd] = NO_ENDS,
    sources: Mapping[Path | str, Collection[str]] = OF_ALL,
) -> Planned:
    """The claims of plans over the cells of trials.

    Args:
        trials: one row per rollout; or what is counted of it.
        level: nominal coverage of each interval.
        ends: how the stopping rule settled claims, by model, harness, behaviour and first cell.
        sources: by a plan's hash, the sources of the trials that it stands beside; one without an
            entry is of all.

    Raises:
        UserError: a plan is of another suite, or the table cannot be counted (`check_trials`).
    """
    counted = Counted.of(trials, suite)
    scopes = tuple(_scope(plan, counted.trials, suite, sources) for plan in plans)
    rows: list[Row] = []
    sides: dict[Sides, None] = {}
    for plan, models, places, *_ in scopes:
        for model in models:
            for place in places:
                claim = place.claim
                who = (model, plan.harness, claim.behavior)
                spots = [[(*who, *key) for key in keys] for keys in place.keys]
                wanted = _signed(claim, spots)
                if wanted in sides:
                    continue
                sides[wanted] = None
                figure = _figure(counted, place, spots, level)
                rows.append(
                    {"plan": plan.hash, "model": model, "harness": plan.harness}
                    | _claimed(claim)
                    | (figure or {"missing": NOT_PLAYED})
                    | ends.get((*who, claim.arm[0]), NO_LOOK)._asdict()
                )
    data, claims = _in_families(pl.DataFrame(rows, schema=SCHEMA, orient="row"))
    claimed = dict(zip(sides, data["p_adjusted"], strict=True))
    cells = frozenset(spot for both in sides for side in both for spot in side)
    return Planned(scopes, data, claimed, claims, cells)


def _place(suite: Suite, claim: Claim, known: Mapping[str, Cell]) -> Place:
    """Where a claim's cells are counted: its baselines as they are read for their arms."""
    arm = [known[id] for id in claim.arm]
    sides = [arm]
    is_mean = suite.bounds_of(claim.behavior) is not None  # a mean has no bar to be read at
    for _, ids in claim.sides[1:]:
        told = [known[id] for id in ids]
        pairs = zip(arm, told, strict=True)
        sides.append(told if is_mean else [suite.carried(one, other) for one, other in pairs])
    keys = tuple(tuple(map(suite.key, cells)) for cells in sides)
    points = [_point(suite, *cells[:2]) for cells in zip(*sides, sides[-1], strict=True)]
    return Place(claim, keys, tuple(points))


def _signed(claim: Claim, spots: Sequence[Sequence[Spot]]) -> Sides:
    """The cells that a claim adds, and those that it takes away."""
    told = [
        (sign, spot) for (sign, _), side in zip(claim.sides, spots, strict=True) for spot in side
    ]
    plus, minus = (frozenset(spot for one, spot in told if one == sign) for sign in (1, -1))
    return plus, minus


def _figure(
    counted: Counted, place: Place, spots: Sequence[Sequence[Spot]], level: float
) -> Row | None:
    """The claim's figure as a row; None where a side has no scored rollout."""
    bounds = counted.suite.bounds_of(place.claim.behavior)
    if bounds:
        return _mean(counted.mean_rows, place, spots, bounds, level)
    figure = _pooled(counted.arms, place, spots, level)
    return figure.row(bool(place.claim.baseline)) if figure else None


def _mean(
    found: Mapping[Spot, Row],
    place: Place,
    spots: Sequence[Sequence[Spot]],
    bounds: tuple[float, float],
    level: float,
) -> Row | None:
    """A claim on a mean, or on the difference of two, over those of its cells that are scored."""
    cells = [[found.get(spot) for spot in cell] for cell in zip(*spots, strict=True)]
    used = [[row for row in cell if row and row["n"]] for cell in cells]
    whole = [rows for rows in used if len(rows) == len(spots)]
    lacking = [
        point for point, rows in zip(place.points, used, strict=True) if len(rows) < len(spots)
    ]
    if not whole:
        return None
    told: Row = {"missing": "; ".join(f"no {point}" for point in lacking) or None}
    for prefix, rows in zip(("", "baseline_"), zip(*whole, strict=True), strict=False):
        told |= {f"{prefix}{name}": sum(row[name] for row in rows) for name in ("n", "unscored")}
    if len(spots) == 1:
        values = [value for (row,) in whole for value in row["values"]]
        low, high = mean_interval(values, bounds, level)
        mean = sum(values) / len(values)
        return told | {"estimate": mean, "low": low, "high": high, "method": "betting"}
    difference, low, high, p = stratified_mean_difference(
        [(one["values"], other["values"]) for one, other in whole], bounds, level
    )
    baseline = sum(other["mean"] for _, other in whole) / len(whole)
    return told | {
        "baseline": baseline,
        "estimate": difference,
        "low": low,
        "high": high,
        "p": p,
        "method": "recovered variances, permutation",
    }


def _pooled(
    arms: Mapping[Spot, Arm], place: Place, spots: Sequence[Sequence[Spot]], level: float
) -> Pooled | None:
    """The claim's figure, over those of its cells that have a scored rollout on all sides."""
    cells = range(len(place.points))
    rows = [[arms.get(side[i], NOTHING) for side in spots] for i in cells]
    used = [i for i in cells if all(one.n for one in rows[i])]
    missing = tuple(place.points[i] for i in cells if i not in used)
    if not used:
        return None
    terms = [
        Term(sign / len(used), spots[side][i], rows[i][side], (side, ids[i]), i)
        for side, (sign, ids) in enumerate(place.claim.sides)
        for i in used
    ]
    return pooled(terms, level, settings=1, of=1, missing=missing)


def _point(suite: Suite, arm: Cell, base: Cell) -> str:
    """Where in the design an arm and its baseline lie, such as `tampering/red/80`."""
    levels = (arm[name] for name in suite.points if arm[name] == base[name])
    return "/".join(str(level) for level in levels if level is not None)


def _claimed(claim: Claim) -> Row:
    return {
        "behavior": claim.behavior,
        "claim": claim.id,
        "against": claim.against,
        "cells": len(claim.cells),
    }


def _in_families(data: pl.DataFrame) -> tuple[pl.DataFrame, dict[Line, list[float]]]:
    """The rows with `family_size` and `p_adjusted`; of each family every p, 1 of what has none."""
    tested = data.with_row_index("position").filter(pl.col("against").is_not_null())
    size: list[int | None] = [None] * data.height
    corrected: list[float | None] = [None] * data.height
    parts = {
        (str(model), str(harness), str(behavior)): part
        for (model, harness, behavior), part in tested.group_by(LINE, maintain_order=True)
    }
    claims = {line: part["p"].fill_null(1.0).to_list() for line, part in parts.items()}
    for line, values in planned_p(claims).items():
        part = parts[line]
        for position, p, was in zip(part["position"], values, part["p"], strict=True):
            size[position] = part.height
            corrected[position] = p if was is not None else None
    made = data.with_columns(
        pl.Series("family_size", size, dtype=pl.Int64),
        pl.Series("p_adjusted", corrected, dtype=pl.Float64),
    )
    return made, claims


def _scope(
    plan: Plan, trials: pl.DataFrame, suite: Suite, sources: Mapping[Path | str, Collection[str]]
) -> Scope:
    """A plan with its models, of those sources of the trials that it stands beside."""
    plan.held_to(suite, f"plan {plan.hash[:12]}")
    bare = "model_name" if "model_name" in trials.columns else "agent_model"
    of_models = trials.filter(pl.col(bare).is_in(plan.models)) if plan.models else trials
    if plan.hash in sources:
        of_models = of_models.filter(pl.col("source").is_in(list(sources[plan.hash])))
    models = tuple(of_models["agent_model"].unique(maintain_order=True))
    mine = trials.filter(pl.col("agent_model").is_in(models), harness=plan.harness)
    over, versions = 0, set[str]()
    if "rollout" in trials.columns:
        cells = pl.DataFrame([*plan.factors.values()], schema=schema_of(suite))
        of_plan = mine.join(cells, on=suite.names, how="semi", nulls_equal=True)
        over = of_plan.filter(pl.col("rollout") >= plan.rollouts).height
    if "package_version" in trials.columns:
        versions = set(mine["package_version"].drop_nulls()) - {plan.package_version}
    places = tuple(_place(suite, claim, plan.factors) for claim in plan.claims)
    return Scope(plan, models, places, over, tuple(sorted(versions)))
