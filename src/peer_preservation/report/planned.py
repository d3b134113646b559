"""What plans set out to show: each claim's figures and family, and which figures are theirs."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from eval_observatory.suite import Cell, Suite
from peer_preservation.claims import Claim
from peer_preservation.plan import Plan
from peer_preservation.report.cells import difference_text, model_text, rate_text
from peer_preservation.report.contrasts import Claimed, Row, Sides
from peer_preservation.report.counts import Arm, Counted, Spot, spot_of
from peer_preservation.report.looks import ClaimEnd
from peer_preservation.report.pooling import Pooled, Term, contrast, counted, method, rate
from peer_preservation.report.source import schema_of
from peer_preservation.report.table import Table
from peer_preservation.report.words import MISSING, clean, level_text
from peer_preservation.statistics.multiplicity import holm

SCHEMA: dict[str, Any] = {
    **dict.fromkeys(("plan", "model", "harness", "behavior", "claim", "against"), pl.String()),
    **dict.fromkeys(("cells", "n", "k", "unscored"), pl.Int64()),
    "rate": pl.Float64(),
    **dict.fromkeys(("baseline_n", "baseline_k", "baseline_unscored"), pl.Int64()),
    **dict.fromkeys(("baseline", "estimate", "low", "high", "p", "p_adjusted"), pl.Float64()),
    "family": pl.Int64(),
    "missing": pl.String(),
    "method": pl.String(),
    **dict.fromkeys(("decision", "settled"), pl.String()),
    **dict.fromkeys(("claim_low", "claim_high"), pl.Float64()),
}
FAMILY = ("plan", "model", "behavior")
NOT_PLAYED = "no scored rollout"
NOTHING = Arm(0, 0, 0)


class Scope(NamedTuple):
    """A plan, and the models that it is about, as the trials name them."""

    plan: Plan
    models: tuple[str, ...]


@dataclass(frozen=True)
class Planned:
    """The claims of plans, for the models that were played.

    Attributes:
        scopes: the plans as they were locked, each with its models.
        data: one row per model and claim, with the columns of `SCHEMA`; what was not played has
            neither figures nor a p, and counts in its family as p = 1.
        claimed: by the cells of a claim, its p after the correction in the plan's family; None for
            a rate.
        cells: the cells, each with its behaviour, whose rates the claims are about.
    """

    scopes: tuple[Scope, ...]
    data: pl.DataFrame
    claimed: Claimed
    cells: frozenset[Spot]


def planned(
    scopes: Sequence[Scope],
    trials: Counted,
    ends: Mapping[tuple[str, str, str, str], ClaimEnd],
    level: float,
) -> Planned:
    """The claims of plans over the cells of trials.

    Args:
        scopes: the plans, whose hashes fit.
        trials: the counts of all cells.
        ends: how the stopping rule settled claims, by model, harness, behaviour and first cell.
        level: nominal coverage of each interval.
    """
    rows: list[Row] = []
    sides: list[Sides] = []
    cells: set[Spot] = set()
    suite = trials.suite
    seen: set[Sides] = set()
    for plan, models in scopes:
        known = plan.factors
        for model in models:
            for claim in plan.claims:
                who = {"model": model, "harness": plan.harness, "behavior": claim.behavior}
                arm = [known[id] for id in claim.arm]
                base = [
                    suite.carried(one, known[id])
                    for one, id in zip(arm, claim.baseline, strict=False)
                ]
                spots = _spots(suite, who, arm), _spots(suite, who, base)
                wanted = (frozenset(spots[0]), frozenset(spots[1]))
                if wanted in seen:
                    continue
                seen.add(wanted)
                cells.update((*spots[0], *spots[1]))
                sides.append(wanted)
                rows.append(
                    {"plan": plan.hash, "model": model, "harness": plan.harness}
                    | _claimed(claim)
                    | _figures(_pooled(trials, claim, (arm, base), spots, level), claim)
                    | _ended(ends.get((model, plan.harness, claim.behavior, claim.arm[0])))
                )
    data = _in_families(pl.DataFrame(rows, schema=SCHEMA, orient="row"))
    claimed = dict(zip(sides, data["p_adjusted"], strict=True))
    return Planned(tuple(scopes), data, claimed, frozenset(cells))


def planned_table(found: Planned, level: float, suite: Suite) -> Table:
    """Every claim with its figures; what the stopping rule said of it, if one was followed."""
    stopped = found.data["settled"].count() > 0
    sizes = found.data.drop_nulls("family").select("behavior", "family").unique().sort("behavior")
    families = "; ".join(f"{suite.title_of(name)}: {m}" for name, m in sizes.iter_rows())
    note = (
        f"The claims of the plan {', '.join(plan.hash[:12] for plan, _ in found.scopes)}. "
        "Differences in percentage points; p, Boschloo's or of the linear contrast "
        "where cells are pooled, adjusted by Holm within the plan's families, which are the "
        "contrasts of one behaviour of one model"
        f"{f' ({families})' if families else ''}. A contrast that was not played counts as p = 1. "
        f"Intervals: {level_text(level)}."
    )
    if stopped:
        note += (
            " The stopping rule chose n by what it saw: intervals and p of a fixed n do not hold "
            "their level there; what the rule settled, and its own bounds, do."
        )
    columns = ("Model", "Behaviour", "Claim", "Held against", "Figure")
    rows = tuple(_line(row, stopped, suite) for row in found.data.iter_rows(named=True))
    settled = ("Settled by the stopping rule",) if stopped else ()
    return Table("planned", "What was planned", note, (*columns, *settled), rows, found.data)


def _line(row: Row, stopped: bool, suite: Suite) -> tuple[str, ...]:
    figure = difference_text(row) if row["against"] else rate_text(row)
    return (
        model_text(row["model"], row["harness"]),
        suite.title_of(row["behavior"]),
        row["claim"],
        row["against"] or MISSING,
        NOT_PLAYED if row["rate"] is None else clean(figure, 400),
        *([row["settled"] or MISSING] if stopped else []),
    )


def _spots(suite: Suite, who: Row, cells: Sequence[Cell]) -> list[Spot]:
    return [spot_of(suite, {**cell, **who}) for cell in cells]


def _pooled(
    trials: Counted,
    claim: Claim,
    cells: tuple[Sequence[Cell], Sequence[Cell]],
    spots: tuple[Sequence[Spot], Sequence[Spot]],
    level: float,
) -> Pooled | None:
    """The claim's figure, over those of its cells that have a scored rollout on all sides."""
    arm, base = cells
    rows = [[trials.arms.get(side[i], NOTHING) for side in spots if side] for i in range(len(arm))]
    used = [i for i, row in enumerate(rows) if all(one.n for one in row)]
    missing = tuple(
        _point(trials.suite, arm[i], base[i] if base else arm[i])
        for i in range(len(arm))
        if i not in used
    )
    if not used:
        return None
    if not base:
        found = [(spots[0][i], rows[i][0]) for i in used]
        return rate(found, level, settings=1, of=1, missing=missing)
    terms = [
        Term(sign / len(used), spots[side][i], rows[i][side], (side, ids[i]))
        for side, (sign, ids) in enumerate(((1.0, claim.arm), (-1.0, claim.baseline)))
        for i in used
    ]
    return contrast(terms, level, settings=1, of=1, missing=missing)


def _point(suite: Suite, arm: Cell, base: Cell) -> str:
    """Where in the design an arm and its baseline lie, such as `tampering/red/80`."""
    levels = (arm[name] for name in suite.points if arm[name] == base[name])
    return "/".join(str(level) for level in levels if level is not None)


def _claimed(claim: Claim) -> Row:
    against = f"{claim.baseline[0]}" if claim.baseline else None
    if len(claim.baseline) > 1:
        against = f"{against} (+{len(claim.baseline) - 1} pooled)"
    return {
        "behavior": claim.behavior,
        "claim": claim.id,
        "against": against,
        "cells": len(claim.cells),
    }


def _figures(pooled: Pooled | None, claim: Claim) -> Row:
    tested = bool(claim.baseline)
    if pooled is None:
        return {"missing": NOT_PLAYED}
    return {
        **counted(pooled.plus, ""),
        **(counted(pooled.minus, "baseline_") if tested else {}),
        **{name: getattr(pooled, name) for name in ("rate", "estimate", "low", "high")},
        "baseline": pooled.baseline,
        "p": pooled.p if tested else None,
        "missing": pooled.lacking,
        "method": method(pooled, tested),
    }


def _ended(end: ClaimEnd | None) -> Row:
    if end is None:
        return {}
    return {
        "settled": end.text,
        "decision": end.decision,
        "claim_low": end.low,
        "claim_high": end.high,
    }


def _in_families(data: pl.DataFrame) -> pl.DataFrame:
    """The rows with `family`, its size, and `p_adjusted` over all that was planned in it."""
    tested = data.with_row_index("position").filter(pl.col("against").is_not_null())
    size: list[int | None] = [None] * data.height
    adjusted: list[float | None] = [None] * data.height
    for _, part in tested.group_by(FAMILY):
        values = holm(part["p"].fill_null(1.0).to_list())
        for position, p, was in zip(part["position"], values, part["p"], strict=True):
            size[position] = part.height
            adjusted[position] = p if was is not None else None
    return data.with_columns(
        pl.Series("family", size, dtype=pl.Int64),
        pl.Series("p_adjusted", adjusted, dtype=pl.Float64),
    )


def scopes(
    plans: Sequence[Plan],
    trials: pl.DataFrame,
    sources: Mapping[Path | str, Collection[str]],
) -> tuple[Scope, ...]:
    """The plans with their models, of those sources of the trials that each stands beside.

    Args:
        sources: by a plan's hash; one without an entry is of all.
    """
    bare = "model_name" if "model_name" in trials.columns else "agent_model"
    found = []
    for plan in plans:
        mine = trials.filter(pl.col(bare).is_in(plan.models))
        if plan.hash in sources:
            mine = mine.filter(pl.col("source").is_in(list(sources[plan.hash])))
        found.append(Scope(plan, tuple(mine["agent_model"].unique(maintain_order=True))))
    return tuple(found)


def unplanned(found: Planned, trials: pl.DataFrame, suite: Suite) -> Iterator[str]:
    """What a reader must know where trials go beyond their plan, a sentence each."""
    for plan, models in found.scopes:
        mine = trials.filter(pl.col("harness") == plan.harness, pl.col("agent_model").is_in(models))
        if "rollout" in trials.columns:
            cells = pl.DataFrame([*plan.factors.values()], schema=schema_of(suite))
            of_plan = mine.join(cells, on=suite.names, how="semi", nulls_equal=True)
            over = of_plan.filter(pl.col("rollout") >= plan.rollouts).height
            if over:
                yield f"{over:,} rollouts are beyond the {plan.rollouts:,} of each cell's plan."
        if "package_version" in trials.columns:
            others = set(mine["package_version"].drop_nulls()) - {plan.package_version}
            if others:
                yield (
                    f"The plan was locked with version {plan.package_version}; rollouts are of "
                    f"version {', '.join(sorted(map(clean, others)))}."
                )
