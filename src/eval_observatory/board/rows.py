"""An entry's rows, counted and compared from its trials by the layer's own statistics."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from eval_observatory.board.record import Row
from eval_observatory.plan import FILE, Plan
from eval_observatory.report.analysis import analyse
from eval_observatory.report.beside import Beside
from eval_observatory.report.words import clean, factor_text
from eval_observatory.stop import LOOKS
from eval_observatory.suite import Key, Suite

LEVEL = 0.95
_SAME = (
    *("n", "k", "unscored", "estimate", "low", "high", "method", "baseline", "difference"),
    *("difference_low", "difference_high", "p", "p_adjusted", "worst_low", "worst_high"),
)
"""Columns of estimates that are a row's own, by the same name."""


def rows_of(
    trials: pl.DataFrame, suite: Suite, folder: Path | None = None, lower: bool | None = None
) -> tuple[Row, ...]:
    """The rows of a trial table: every measure in every cell, with what it is held against.

    Args:
        trials: of one model in one harness.
        lower: whether less of each primary measure is better, where anyone says so.
        folder: where its plan and looks lie; what was planned is known by them.

    Raises:
        UserError: the table cannot be counted, or the plan does not fit it.
    """
    plan: Plan | None = None
    looks: tuple[Path, ...] = ()
    if folder is not None:
        if (folder / FILE).is_file():
            plan = Plan.read(folder / FILE).held_to(suite, FILE)
        looks = tuple(path for path in [folder / LOOKS] if path.is_file())
    locked = (plan,) if plan and plan.locked else ()
    asked = _asked(locked, suite)
    found = analyse(trials, suite, LEVEL, Beside(plans=locked, looks=looks))
    counted = found.counted
    suite = counted.suite
    tried = {spot: row["retried"] for spot, row in (*counted.own, *counted.mean_rows.items())}
    held = _controls(counted.pairs, suite)
    names = _names(counted.trials, suite)
    primary = {measure.name for measure in suite.measures if measure.primary}
    made = []
    for one in found.estimates.iter_rows(named=True):
        cell = {name: one[name] for name in suite.names if one[name] is not None}
        spot = (one["model"], one["harness"], one["behavior"], *suite.key(one))
        made.append(
            Row(
                measure=one["behavior"],
                title=suite.title_of(one["behavior"]),
                cell=cell,
                cell_id=names.get(suite.key(one)) or suite.cell_id(one),
                where=_where(suite, one),
                primary=one["behavior"] in primary,
                lower=lower if one["behavior"] in primary else None,
                estimand=one["estimand"],
                retried=tried.get(spot),
                asked=asked.get(suite.key(one)),
                bounds=suite.bounds_of(one["behavior"]),
                level=LEVEL,
                control=held.get(spot, "") if one["difference"] is not None else "",
                planned=one.get("planned"),
                difference_planned=one.get("difference_planned"),
                **{name: one[name] for name in _SAME},
            )
        )
    return tuple(made)


def _names(trials: pl.DataFrame, suite: Suite) -> dict[Key, str]:
    """By cell, the name that its trials have, where all of them have the same."""
    if "cell_id" not in trials.columns:
        return {}
    named = trials.select(*suite.names, "cell_id").unique()
    once = named.filter(~named.select(suite.names).is_duplicated())
    return {suite.key(row): str(row["cell_id"]) for row in once.iter_rows(named=True)}


def _where(suite: Suite, cell: dict[str, Any]) -> str:
    """A cell in words: the levels that do not go without saying."""
    told = []
    for name in suite.names:
        factor, level = suite.factor(name), cell[name]
        if suite.says(cell, name):
            plain = isinstance(level, str) or str(level).lower() in factor.words
            word = factor_text(factor, level)
            told.append(word if plain else f"{factor.reading} {word}")
    return clean(", ".join(told), 300)


def _asked(plans: tuple[Plan, ...], suite: Suite) -> dict[Key, int]:
    """By cell, the rollouts that a plan asks for; nothing under a rule, which decides how many."""
    return {
        suite.key({name: cell.get(name) for name in suite.columns}): plan.rollouts
        for plan in plans
        if not plan.stop
        for cell in plan.factors.values()
    }


def _controls(pairs: Any, suite: Suite) -> dict[tuple[Any, ...], str]:
    """By where a row stands, the first contrast that holds it against something, in words."""
    found: dict[tuple[Any, ...], str] = {}
    for contrast, (spot, _), (_, other) in pairs:
        found.setdefault(spot, contrast.title or suite.cell_id(other))
    return found
