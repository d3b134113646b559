"""What a plan can show, for a terminal, before anything runs."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl
from rich.markup import escape
from rich.table import Table

from eval_observatory.errors import UserError
from eval_observatory.expectations import MOST, POWER, mean_power, power, precision, stopped_power
from eval_observatory.plan import Plan


def check_rates(expect: float, against: float) -> None:
    """Raises `UserError` if two rates are none whose difference has a power."""
    for name, rate in (("--expect", expect), ("--against", against)):
        if not 0 <= rate <= 1:
            raise UserError(f"{name} {rate}: give a share between 0 and 1")
    if expect == against:
        raise UserError(f"--expect and --against are both {expect}: give two rates")


def outlook(plan: Plan, expect: float, against: float) -> Iterator[Table | str]:
    """Of each family the power, of each rate the precision, and how the stopping rule changes both.

    Args:
        expect, against: the rates that are thought of in a cell and in its baseline.
    """
    means = mean_power(plan)
    rates = len(plan.families) > means.height
    if rates:
        yield power_table(plan, expect, against)
        yield (
            "m contrasts in the family; level: of each, its share of the error of the whole "
            "report, which the families of all models named here have alike; cells and rollouts "
            f"of an arm; smallest: the difference above {against:.1%} with a power of {POWER:.0%}."
        )
    if means.height:
        yield means_table(means)
        yield (
            "Standard deviations are those of the values in a cell: of scores whose standard "
            "deviation is 5 points, one of 0.5 is 2.5 points."
        )
    if precision(plan).height:
        yield precision_table(plan)
    if plan.stop:
        yield (
            f"Looks after every {plan.stop.batch} rollouts: a cell ends once its rate is known to "
            f"± {plan.stop.width:.0%}, its contrast decided, or neither can be any more. "
            "The figures above are the most that the plan allows, of a test at the full n."
        )
        if rates:
            yield stopped_table(plan, expect, against)
            yield (
                "The rule's own figures, by simulation, if all is scored: how often it calls the "
                "rates different, or alike; rollouts of an arm; by how many points the difference "
                "is off on average where it is called, for what happens to be large is decided "
                "first. Unscored rollouts cost power: the rule reads them against itself."
            )


def power_table(plan: Plan, expect: float, against: float) -> Table:
    """For each family and size of its arms: the power, what is enough, what would be found."""
    table = Table(title=f"Power: {expect:.1%} against {against:.1%}, by the report's tests")
    table.add_column("family, of each model")
    for name in ("m", "level", "cells", "rollouts", "power", f"for {POWER:.0%}", "smallest"):
        table.add_column(name, justify="right")
    for row in power(plan, expect, against).iter_rows(named=True):
        enough = f"> {MOST}" if row["enough"] is None else str(row["enough"])
        shown = (
            str(row["family_size"]),
            f"{row['level']:.2g}",
            str(row["cells"]),
            str(row["n"]),
            f"{row['power']:.1%}",
        )
        smallest = "none" if row["smallest"] is None else f"+ {row['smallest']:.1%}"
        name = row["behavior"] + (", interactions" if row["of"] == "interactions" else "")
        table.add_row(_named(name, row["validation"]), *shown, enough, smallest)
    return table


def means_table(means: pl.DataFrame) -> Table:
    """For each family of contrasts of means the smallest difference that is found."""
    table = Table(title=f"Means: the smallest difference with a power of {POWER:.0%}")
    table.add_column("family, of each model")
    for name in ("m", "level", "rollouts", "smallest, in standard deviations"):
        table.add_column(name, justify="right")
    for behavior, size, level, n, smallest in means.iter_rows():
        table.add_row(behavior, str(size), f"{level:.2g}", str(n), f"{smallest:.2f}")
    return table


def stopped_table(plan: Plan, expect: float, against: float) -> Table:
    """For each family and size of its arms, what the stopping rule does."""
    table = Table(title=f"The stopping rule: {expect:.1%} against {against:.1%}")
    table.add_column("family, of each model")
    for name in ("m", "at most", "different", "alike", "spent", "bias"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in stopped_power(plan, expect, against).iter_rows(named=True):
        bias = "–" if row["bias"] is None else f"{100 * row['bias']:+.1f}"
        shares = (f"{row['power']:.0%}", f"{row['bounded']:.0%}", f"{row['expected']:.0f}", bias)
        table.add_row(row["behavior"], str(row["family_size"]), str(row["n"]), *shares)
    return table


def precision_table(plan: Plan) -> Table:
    """How well the rates that have no baseline will be known, by the exact interval."""
    table = Table(title="Rates: half of the exact 95 % interval, if all rollouts are scored")
    for name in ("behaviour", "rates", "rollouts", "at half", "at none: at most"):
        table.add_column(name, justify="left" if name == "behaviour" else "right")
    for behavior, count, n, half, none, told in precision(plan).iter_rows():
        table.add_row(_named(behavior, told), str(count), str(n), f"± {half:.1%}", f"{none:.1%}")
    return table


def _named(behavior: str, validation: str | None) -> str:
    return f"{behavior} (judge, {validation})" if validation else behavior


def claims_table(plan: Plan) -> Table:
    """Every claim: a rate, or a contrast with what it is held against."""
    size = len(plan.cells)
    played = f"{size} cell{'s' * (size != 1)} × {plan.rollouts} rollout{'s' * (plan.rollouts != 1)}"
    table = Table(title=f"{played} = {size * plan.rollouts}")
    for name in ("claim", "in", "held against"):
        table.add_column(name, overflow="fold")
    for claim in plan.claims:
        shown = (claim.behavior, claim.id, claim.against or "")
        table.add_row(*map(escape, shown))
    return table
