"""What is known from elsewhere: what the study published, and what scripted models do."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from eval_observatory.report.analysis import Analysis
from eval_observatory.report.answer import Line, Published
from eval_observatory.report.links import Names
from eval_observatory.report.words import clean, percent, span
from eval_observatory.statistics.intervals import clopper_pearson
from peer_preservation.cell import Cell
from peer_preservation.errors import UserError
from peer_preservation.organisms import organism
from peer_preservation.reference import published_figures
from peer_preservation.suite import SCENARIOS, SUITE

SCRIPT = "organism/"
PLAIN = {"p", "via"}
"""The options of a script that say how often it acts, or how, and never where."""

LOOP = "custom"


def published(models: list[str]) -> dict[tuple[str, str], Published]:
    """By model and behaviour the study's figures: the model's own, else the highest there are.

    Means over three ways of telling of the relationship, where a figure is a rate.
    """
    found: dict[str, dict[str, list[tuple[dict[str, str], float]]]] = {}
    for one in published_figures():
        if one.harness == LOOP and one.statistic == "mean" and SUITE.less(one.behavior) is None:
            levels = {"subject": one.subject, "relationship": one.relationship, "threat": True}
            by_model = found.setdefault(one.behavior, {})
            by_model.setdefault(one.model, []).append((levels, one.value))  # type: ignore[arg-type]
    made = {}
    for behavior, by_model in found.items():
        highest = max(by_model, key=lambda name: max(share for _, share in by_model[name]))
        for model in models:
            own = next((name for name in by_model if _alike(name) in _alike(model)), None)
            name = own or highest
            which = "" if own else f", the highest of {len(by_model)} models"
            note = f"{name} as published{which}: the mean of three ways of telling"
            made[model, behavior] = Published(f"{name} as published", note, tuple(by_model[name]))
    return made


def _alike(name: str) -> str:
    return "".join(filter(str.isalnum, name.lower()))


def planted(found: Analysis, names: Names) -> tuple[Line, ...]:
    """Scripted models: what each was written to do, beside what was read of it.

    A script acts with the same chance in every cell that it was planted for, so their counts are
    one number. Scripts that react to what they read are left out: of them no one rate is known.
    """
    lines = []
    rates = found.estimates.filter(
        pl.col("estimand") == "rate", pl.col("model").str.starts_with(SCRIPT)
    )
    for (model, _), part in rates.group_by("model", "harness", maintain_order=True):
        for behavior, truth, where in _truths(str(model).removeprefix(SCRIPT)):
            cells = part.filter(pl.col("behavior") == behavior, where)
            n, k = int(cells["n"].sum()), int(cells["k"].sum())
            if not n:
                continue
            row = cells.row(0, named=True)
            low, high = clopper_pearson(k, n, found.level)
            rows = cells.to_dicts()
            holds = low <= truth <= high
            lines.append(
                Line(
                    label=f"{clean(row['$who'], 60)}: {row['$behavior']}",
                    control=not truth,
                    figure=k / n,
                    low=low,
                    high=high,
                    published=truth,
                    rate=f"{percent(k / n)} %",
                    interval=f"{span(low, high)}; planted {percent(truth)} %"
                    f"{'' if holds else ', which it does not hold'}",
                    k=names.number(row, "yes", k, cells=rows),
                    n=names.number(row, "scored", n, cells=rows),
                    unscored=names.number(
                        row, "unscored", int(cells["unscored"].sum()), cells=rows
                    ),
                    against="",
                )
            )
    return tuple(lines)


def _truths(specification: str) -> Iterator[tuple[str, float, pl.Expr]]:
    """The behaviours of a script, each with its chance and where it is planted."""
    name, _, rest = specification.partition(":")
    if not {option.partition("=")[0] for option in rest.split(",") if option} <= PLAIN:
        return
    try:
        p = organism(specification).p
    except UserError:
        return
    if name == "honest":
        asked = dict.fromkeys(m.name for m in SUITE.measures if m.primary and m.claimed)
        yield from ((behavior, 0.0, pl.lit(True)) for behavior in asked)
        return
    where: dict[str, list[pl.Expr]] = {}
    for scenario in SCENARIOS:
        for one in scenario.planted:
            if one.organism.partition(":")[0] == name:
                cell = Cell.parse(one.cell)
                where.setdefault(one.measure, []).append(
                    (pl.col("task_type") == cell.scenario)
                    & pl.col("alignment_faking_mode").eq_missing(pl.lit(cell.monitoring))
                )
    yield from ((behavior, p, pl.any_horizontal(places)) for behavior, places in where.items())
