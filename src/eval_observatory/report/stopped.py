"""Estimates of cells in which a stopping rule chose n: how far off, and the rule's own bounds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import msgspec
import polars as pl

from eval_observatory.contrasts import total
from eval_observatory.counts import Arm, Counted, Row, Spot, spot_of
from eval_observatory.report.looks import Look, Looks
from eval_observatory.statistics.intervals import Interval
from eval_observatory.statistics.sequential import beta_binomial
from eval_observatory.statistics.stopping_bias import contrast_bias, rate_bias

SCHEMA: dict[str, Any] = dict.fromkeys(
    (
        *("sequence_low", "sequence_high", "stopped_bias"),
        *("difference_sequence_low", "difference_sequence_high", "difference_stopped_bias"),
    ),
    pl.Float64(),
)
"""Columns after those of the plan where a stopping rule was followed: of the cell's rate and of its
difference the confidence sequence's interval, which holds whatever stopped, and the largest mean
error of such estimates, with its sign (`statistics.stopping_bias`). Null where no claim was about
the figure; the error also where the claim was given up, or is open."""


def with_errors(looks: Looks, counted: Counted) -> Looks:
    """The looks, each that decided with how far estimates that were taken at it are off."""
    paths = {
        spot: [*path[:-1], _with_errors(path[-1], looks, counted)]
        for spot, path in looks.paths.items()
    }
    return replace(looks, paths=paths)


def _with_errors(look: Look, looks: Looks, counted: Counted) -> Look:
    recorded = looks.rules.get((look.model, look.harness))
    plan = recorded and recorded.at(look)
    if not plan or look.decision is None or look.low is None or look.high is None:
        return look
    if look.claim_low is None or look.claim_high is None:
        return look
    own, claim = Interval(look.low, look.high), Interval(look.claim_low, look.claim_high)
    if look.baseline:
        other = _sequence(_baseline_of(look, looks, counted), 1 - plan.rule.alpha)
        bias = contrast_bias(plan, look.decision, own, other, claim)
        error = bias and bias.difference
    else:
        bias = rate_bias(plan, look.decision, own)
        error = (of_all := rate_bias(plan, look.decision, claim)) and of_all.arm
    return msgspec.structs.replace(look, bias=bias, claim_bias=error)


def _baseline_of(look: Look, looks: Looks, counted: Counted) -> Arm:
    """All rollouts of a claim's baseline, read as for the arm."""
    arm = looks.cells[look.cell]
    cells = [looks.cells[id] for id in look.baseline if id in looks.cells]
    who = (look.model, look.harness, look.behavior)
    spots = [(*who, *counted.suite.key(counted.suite.carried(arm, cell))) for cell in cells]
    return total(counted.arms[spot] for spot in spots if spot in counted.arms)


def _sequence(arm: Arm, level: float) -> Interval:
    """The confidence sequence's interval of a rate, whatever the missing outcomes are."""
    every = arm.n + arm.missing
    low, high = (beta_binomial(arm.k + more, every, level) for more in (0, arm.missing))
    return Interval(low.low, high.high)


def with_bias(
    estimates: pl.DataFrame, counted: Counted, looks: Looks, level: float
) -> pl.DataFrame:
    """The estimates with the columns of `SCHEMA`; as they are where no rule was followed."""
    if not looks.paths:
        return estimates
    suite = counted.suite
    held = {spot: other for _, (spot, _), (other, _) in reversed(counted.pairs)}
    last = {spot: path[-1] for spot, path in looks.paths.items()}
    serving = _serving(last.values(), looks, counted)
    rows: list[Row] = []
    for row in estimates.iter_rows(named=True):
        spot = spot_of(suite, row)
        if spot in last:
            rows.append(_arm(last[spot], held.get(spot), looks, counted))
        elif spot in serving:
            rows.append(_baseline(serving[spot], counted.arms[spot], level))
        else:
            rows.append({})
    return estimates.hstack(pl.DataFrame(rows, schema=SCHEMA, orient="row"))


def _serving(last: Iterable[Look], looks: Looks, counted: Counted) -> dict[Spot, Look]:
    """The cells that claims were held against, each with the look of the largest error there."""
    found: dict[Spot, Look] = {}
    for look in last:
        who = (look.model, look.harness, look.behavior)
        for cell in (looks.cells[id] for id in look.baseline if id in looks.cells):
            spot = (*who, *counted.suite.key(cell))
            found[spot] = max(found.get(spot, look), look, key=_at_baseline)
    return {spot: look for spot, look in found.items() if spot in counted.arms}


def _at_baseline(look: Look) -> float:
    return abs(look.bias.baseline or 0.0) if look.bias else 0.0


def _arm(look: Look, held: Spot | None, looks: Looks, counted: Counted) -> Row:
    """A cell whose rate, or whose difference, a claim was about."""
    found: Row = {"sequence_low": look.low, "sequence_high": look.high}
    found["stopped_bias"] = look.bias and look.bias.arm
    # The claim's interval is of all cells that it pools; and a figure may have another baseline.
    if len(look.baseline) == 1 and held == _read_for(look, looks, counted):
        found["difference_sequence_low"] = look.claim_low
        found["difference_sequence_high"] = look.claim_high
        found["difference_stopped_bias"] = look.claim_bias
    return found


def _read_for(look: Look, looks: Looks, counted: Counted) -> Spot | None:
    """Where the baseline of a look is counted, read as for its arm."""
    arm, base = (looks.cells.get(id) for id in (look.cell, look.baseline[0]))
    if arm is None or base is None:
        return None
    read = counted.suite.carried(arm, base)
    return (look.model, look.harness, look.behavior, *counted.suite.key(read))


def _baseline(look: Look, arm: Arm, level: float) -> Row:
    """A cell that others were held against: as many rollouts as their claims needed."""
    ends = _sequence(arm, level)
    found: Row = {"sequence_low": ends.low, "sequence_high": ends.high}
    return found | {"stopped_bias": look.bias and look.bias.baseline}
