"""What can be told of a contrast, by rule: of one cell against another, and of several together.

The same in both directions. Whether a difference is told, the p says that is corrected over the
whole report; where it is not, the verdict is what would settle it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from eval_observatory.report.scales import Scale
from eval_observatory.report.words import equals
from eval_observatory.statistics.intervals import clopper_pearson
from eval_observatory.statistics.power import sample_size, smallest_mean_effect

WORTH, TARGET = 0.15, 0.8
"""A difference that is worth settling where nobody planned one, as a share of the measure's range;
and how often it should be told."""

TIMES = f"{round(10 * TARGET)} times in 10"

NAMED = 3
"""How many are named in a sentence."""

Row = dict[str, Any]
Way = Literal["higher", "lower", "apart", "small", "open", "alone", "unscored"]
"""How a contrast ended: told to be higher or lower; distributions told apart, their means not; too
small to matter, not told; nothing to hold the cell against; nothing scored."""


class Verdict(NamedTuple):
    """What can be told of a contrast: how it ended, in a few words, and by what."""

    way: Way
    said: str
    reason: str


def verdict(
    arm: Row, baseline: Row | None, scale: Scale, alpha: float, level: tuple[float, str]
) -> Verdict:
    """What can be told of a cell's difference to what it is held against.

    Args:
        arm: its row of the estimates.
        baseline: the counts of the other cell, of a mean its tally; None without one.
        alpha: what a corrected p is held to.
        level: of the intervals, and as text.
    """
    if not arm["n"]:
        many = arm["unscored"]
        whole = "its only rollout is" if many == 1 else f"all {many:,} rollouts of the cell are"
        lost = f"Of this, {whole} unscored, see below why."
        return Verdict("unscored", "Nothing can be told", lost)
    if arm["difference"] is None or baseline is None:
        ends = f"{scale.span(arm['low'], arm['high'])}{scale.unit}"
        return Verdict("alone", "", f"The {scale.name} lies within {ends} ({level[1]}).")
    low, high = arm["difference_low"], arm["difference_high"]
    by = (
        f"{scale.change(arm['difference'])} {_points(scale)}({scale.change_span(low, high)}, "
        f"{level[1]}), {equals(arm['p_adjusted'])} after correction."
    )
    if told(arm["p_adjusted"], alpha):
        if low <= 0 <= high:
            what = f"how far their {scale.name}s are is not: the interval holds 0."
            by += f" The cells are told apart, {what}"
            if scale.mean:  # what is tested is whether both are of one distribution
                return Verdict("apart", "Told apart", f"{by}{_worst(arm)}")
        return Verdict(*direction(arm["difference"], scale), f"{by}{_worst(arm)}")
    most = max(abs(low), abs(high))
    if most < WORTH * (scale.high - scale.low):
        by += f" More than {scale.least(most)} is excluded ({level[1]})."
        return Verdict("small", "No large difference", by)
    if told(arm["p"], alpha):
        by += f" Tested alone it would be {equals(arm['p'])}; this report tests more than that."
    settled = _settled_mean(arm, baseline, scale) if scale.mean else _settled(arm, baseline, level)
    return Verdict("open", "Cannot tell yet whether that matters", f"{by} {settled}".rstrip())


def told(p: float | None, alpha: float) -> bool:
    """Whether a p tells a difference."""
    return p is not None and p <= alpha


def direction(difference: float, scale: Scale) -> tuple[Literal["higher", "lower"], str]:
    """The way of a difference that is told, and the word for it."""
    if difference > 0:
        return "higher", "Higher" if scale.mean else "More often"
    return "lower", "Lower" if scale.mean else "Less often"


def of_differences(told_of: Sequence[tuple[str, float]], tested: int, alpha: float) -> str:
    """What the differences of a table come to: how many are told which way, the first by name.

    Args:
        told_of: what each difference is of that is told, and the difference.
        tested: how many there are.
        alpha: what a corrected p was held to.
    """
    if not tested:
        return ""
    by = f"(corrected p ≤ {alpha:g})"
    count = f"{tested:,} difference{'s' * (tested != 1)}"
    if not told_of:
        return f"Of {count} none is told {by}."
    parts = []
    for way, mine in (
        ("lower", [name for name, difference in told_of if difference < 0]),
        ("higher", [name for name, difference in told_of if difference > 0]),
    ):
        if mine:
            more = f" and {len(mine) - NAMED:,} more" if len(mine) > NAMED else ""
            parts.append(f"{len(mine):,} {way}: {'; '.join(mine[:NAMED])}{more}")
    left, are = tested - len(told_of), "is" if len(told_of) == 1 else "are"
    rest = f". Of {left:,} it cannot be told" if left else ""
    return f"Of {count} {len(told_of):,} {are} told {by}, {'. '.join(parts)}{rest}."


def _points(scale: Scale) -> str:
    return "" if scale.mean else "points "


def _worst(row: Row) -> str:
    low, high = row["difference_worst_low"], row["difference_worst_high"]
    lost = (low, high) != (row["difference_low"], row["difference_high"])
    if low is None or not lost or low > 0 or high < 0:
        return ""
    return " What is unscored could turn it."


def _settled(arm: Row, baseline: Row, level: tuple[float, str]) -> str:
    """How many rollouts would settle a difference that is worth it, whichever way it goes.

    Reckoned at the rate that asks for most, of those that k of n leave open.
    """
    ends = clopper_pearson(baseline["k"], baseline["n"], level[0])
    needed = _needed(round(20 * min(max(0.5, ends.low), ends.high)) / 20)
    said = f"To tell {100 * WORTH:.0f} points {TIMES} where nothing else is tested"
    if needed is None:
        return f"{said}, no 2,000 rollouts a cell are enough."
    return f"{said}, a cell needs up to {needed:,} rollouts; here it has {arm['n']:,}."


@lru_cache(maxsize=256)
def _needed(against: float) -> int | None:
    others = [one for one in (against + WORTH, against - WORTH) if 0 <= one <= 1]
    try:
        return max(sample_size(other, against, TARGET) for other in others)
    except ValueError:
        return None


def _settled_mean(arm: Row, baseline: Row, scale: Scale) -> str:
    """Which difference of means so many rollouts tell, at the spread that they have."""
    spread = [row["sd"] for row in (arm, baseline) if row["sd"] is not None]
    if len(spread) < 2 or not any(spread):
        return "Of values without a spread, or of one alone, nobody can say how many settle it."
    sd = math.sqrt(sum(one**2 for one in spread) / 2)
    least = sd * smallest_mean_effect(arm["n"], baseline["n"], power=TARGET)
    return (
        f"At the spread that is seen, so many rollouts tell a difference of {scale.least(least)} "
        f"{TIMES} where nothing else is tested; four times as many tell half of it."
    )
