"""Estimates as the page shows them: sections, tables, rows, all text ready. No HTML here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from eval_observatory.counts import spot_of
from eval_observatory.planned import Planned
from eval_observatory.report.drawing import Drawing, interval_drawing, strip
from eval_observatory.report.looks import LookPath, Looks, look_path
from eval_observatory.report.sentences import stands_beside, supported
from eval_observatory.report.words import (
    MISSING,
    behavior_rows,
    behavior_title,
    clean,
    factor_text,
    model_kind,
    p_text,
    percent,
    points,
    points_span,
    span,
)
from eval_observatory.statistics.missing import missing_bounds
from eval_observatory.suite import Factor, Level, Measure, ModelKind, Suite

OPEN_ROWS = 60
REASONS_IN_ROW = 2

Reasons = dict[tuple[Any, ...], list[tuple[str, int]]]
"""Reasons with their counts by `_cell_key`."""


@dataclass(frozen=True)
class Row:
    """One cell of one table."""

    factors: tuple[str, ...]
    drawing: Drawing
    rate: str
    interval: str
    k: str
    n: str
    unscored: str
    reasons: str
    difference: str
    difference_span: str
    p: str
    path: LookPath | None
    unplanned: bool
    difference_unplanned: bool


@dataclass(frozen=True)
class BehaviorTable:
    """One behaviour of one model over its cells."""

    anchor: str
    title: str
    meaning: str
    told: str
    constants: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    summary: str
    open: bool
    compared: bool
    unplanned: bool


@dataclass(frozen=True)
class ModelSection:
    """One model in one harness."""

    anchor: str
    model: str
    harness: str
    kind: ModelKind
    tables: tuple[BehaviorTable, ...]


@dataclass(frozen=True)
class OverviewRow:
    """One model × behaviour over its cells; `rows`: a model's rows at its first, else 0."""

    anchor: str
    model: str
    harness: str
    kind: ModelKind
    rows: int
    group: int
    title: str
    sentence: str
    cells: str
    n: str
    k: str
    range: str
    marks: tuple[str, ...]
    unscored: str
    unplanned: bool


def model_sections(
    estimates: pl.DataFrame,
    reasons: pl.DataFrame,
    looks: Looks,
    suite: Suite,
    told: Callable[[Measure], str],
) -> tuple[ModelSection, ...]:
    """The page's sections, one per model and harness, in the order of `estimates`.

    Args:
        told: how the label of a measure is told, "" where that is not said.
    """
    sections = []
    several = is_large(estimates)
    by_cell = _reasons_by_cell(reasons, suite)
    for number, (model, harness, part) in enumerate(_models(estimates), start=1):
        anchor = f"model-{number}"
        tables = tuple(
            _behavior_table(f"{anchor}-{name}", name, group, by_cell, looks, several, suite, told)
            for name, group in _behaviors(part)
        )
        kind = model_kind(suite, model)
        sections.append(ModelSection(anchor, clean(model), clean(harness), kind, tables))
    return tuple(sections)


def is_large(estimates: pl.DataFrame) -> bool:
    """Whether there are so many rows that the page starts folded."""
    return estimates.height > 20 * OPEN_ROWS


def overview_rows(estimates: pl.DataFrame, level: str, suite: Suite) -> tuple[OverviewRow, ...]:
    """Model × behaviour with the spread of its cells' rates; nothing is pooled into one rate."""
    parts = {
        (model, harness, name): part
        for model, harness, whole in _models(estimates)
        for name, part in _behaviors(whole)
    }
    rows: list[OverviewRow] = []
    before, number = None, 0
    for row in behavior_rows(estimates).iter_rows(named=True):
        who = (row["model"], row["harness"])
        first = who != before
        number, before = number + first, who
        below = sum(key[:2] == who for key in parts) if first else 0
        rows.append(
            OverviewRow(
                anchor=f"model-{number}-{row['behavior']}",
                model=clean(row["model"]),
                harness=clean(row["harness"]),
                kind=model_kind(suite, row["model"]),
                rows=below,
                group=number,
                title=behavior_title(suite, row["behavior"]),
                sentence=" ".join(
                    [
                        supported(parts[*who, row["behavior"]], level, suite),
                        *stands_beside(
                            parts.get((*who, suite.beside.get(row["behavior"], ""))), suite
                        ),
                    ]
                ),
                cells=f"{row['cells']:,}",
                n=f"{row['n']:,}",
                k=f"{row['k']:,}",
                range=span(row["lowest"], row["highest"]),
                marks=strip(parts[*who, row["behavior"]]["rate"].to_list()),
                unscored=_count_and_share(row["unscored"], row["n"] + row["unscored"]),
                unplanned=_unplanned(parts[*who, row["behavior"]]),
            )
        )
    return tuple(rows)


@dataclass(frozen=True)
class PlanSummary:
    """What the plans claimed, in numbers for a sentence, and what the page shows beyond them."""

    hashes: tuple[str, ...]
    claims: str
    played: str
    families: tuple[tuple[str, str, int], ...]
    differences: str
    others: str


def plan_summary(plan: Planned, estimates: pl.DataFrame, suite: Suite) -> PlanSummary:
    """The summary of plans over these estimates."""
    data = plan.data
    families = data.drop_nulls("family").unique(["model", "behavior"], maintain_order=True)
    differences = estimates.filter(pl.col("difference").is_not_null())
    own = int(differences["difference_planned"].sum())
    return PlanSummary(
        hashes=tuple(scope.plan.hash for scope in plan.scopes),
        claims=f"{data.height:,}",
        played=f"{data['rate'].count():,}",
        families=tuple(
            (clean(model), behavior_title(suite, behavior), size)
            for model, behavior, size in families.select("model", "behavior", "family").iter_rows()
        ),
        differences=f"{own:,}",
        others=f"{differences.height - own:,}",
    )


def _models(table: pl.DataFrame) -> Iterator[tuple[str, str, pl.DataFrame]]:
    for (model, harness), part in table.group_by("model", "harness", maintain_order=True):
        yield str(model), str(harness), part


def _behaviors(table: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame]]:
    for (name,), part in table.group_by("behavior", maintain_order=True):
        yield str(name), part


def _behavior_table(
    anchor: str,
    name: str,
    part: pl.DataFrame,
    by_cell: Reasons,
    looks: Looks,
    several: bool,
    suite: Suite,
    told: Callable[[Measure], str],
) -> BehaviorTable:
    varying = _varying(part, suite)
    fixed = [
        _fixed(suite.factor(factor), part[factor][0])
        for factor in suite.columns
        if part[factor].n_unique() == 1 and part[factor][0] is not None
    ]
    unplanned = _unplanned(part)
    rows = tuple(
        _row(row, varying, by_cell, looks, suite, marked=not unplanned)
        for row in part.iter_rows(named=True)
    )
    cells_of = part.select(suite.columns).to_dicts()
    about = [m for m in suite.measures if m.name == name and any(map(m.occurs, cells_of))]
    shown = all(m.primary or m.name in suite.beside.values() for m in about)
    cells = "1 cell" if len(rows) == 1 else f"{len(rows):,} cells"
    return BehaviorTable(
        anchor=anchor,
        title=behavior_title(suite, name),
        meaning=" ".join(measure.meaning for measure in about),
        told="; ".join(dict.fromkeys(filter(None, map(told, about)))),
        constants=", ".join(fixed),
        columns=tuple(suite.factor(factor).reading for factor in varying),
        rows=rows,
        summary=f"{cells}, {_rates(part['rate'])}",
        open=shown and len(rows) <= OPEN_ROWS and not several,
        compared=part["difference"].count() > 0,
        unplanned=unplanned,
    )


def _unplanned(part: pl.DataFrame) -> bool:
    """Whether there is a plan that set out to learn none of these rates."""
    return "planned" in part.columns and not part["planned"].any()


def _rates(rates: pl.Series) -> str:
    known = rates.drop_nulls().to_list()
    return f"rates {span(min(known), max(known))} %" if known else "no scored rollout"


def _fixed(factor: Factor, value: Level) -> str:
    text = factor_text(factor, value)
    return text if factor.words and factor.told(value) else f"{factor.reading} {text}"


def _varying(part: pl.DataFrame, suite: Suite) -> list[str]:
    """The factors that tell the rows apart; a derived one that all rows have for its own."""
    varying = [factor for factor in suite.columns if part[factor].n_unique() > 1]
    left_out: set[str] = set()
    for name in suite.columns:
        if name in suite.names:
            continue
        if part[name].null_count():
            left_out.add(name)
        elif name in varying:
            left_out |= set(suite.factor(name).names)
    return [factor for factor in varying if factor not in left_out]


def _row(
    row: dict[str, Any],
    varying: Sequence[str],
    by_cell: Reasons,
    looks: Looks,
    suite: Suite,
    *,
    marked: bool,
) -> Row:
    n, k, unscored = row["n"], row["k"], row["unscored"]
    bounds = missing_bounds(k, n, unscored) if unscored else None
    return Row(
        factors=tuple(factor_text(suite.factor(factor), row[factor]) for factor in varying),
        drawing=interval_drawing(
            row["rate"], row["low"], row["high"], (bounds.none, bounds.all) if bounds else None
        ),
        rate=percent(row["rate"]),
        interval=span(row["low"], row["high"]),
        k=f"{k:,}",
        n=f"{n:,}",
        unscored=f"{unscored:,}",
        reasons=_short_reasons(by_cell.get(_cell_key(row, suite), [])),
        difference=points(row["difference"]),
        difference_span=points_span(row["difference_low"], row["difference_high"]),
        p=_p(row["p"], row["p_adjusted"]),
        path=look_path(looks.get(_cell_key(row, suite))),
        unplanned=marked and row.get("planned") is False,
        difference_unplanned=marked and row.get("difference_planned") is False,
    )


def _p(p: float | None, adjusted: float | None) -> str:
    if p is None:
        return MISSING
    return p_text(p) if adjusted is None else f"{p_text(p)} ({p_text(adjusted)})"


def _cell_key(row: dict[str, Any], suite: Suite) -> tuple[Any, ...]:
    return spot_of(suite, row)


def _reasons_by_cell(reasons: pl.DataFrame, suite: Suite) -> Reasons:
    found: Reasons = {}
    for row in reasons.iter_rows(named=True):
        found.setdefault(_cell_key(row, suite), []).append((row["reason"], row["count"]))
    return found


def _short_reasons(found: Sequence[tuple[str, int]]) -> str:
    shown = [f"{count:,} {clean(reason, 60)}" for reason, count in found[:REASONS_IN_ROW]]
    if len(found) > REASONS_IN_ROW:
        shown.append(f"{sum(count for _, count in found[REASONS_IN_ROW:]):,} for other reasons")
    return "; ".join(shown)


def _count_and_share(count: int, total: int) -> str:
    return f"{count:,}" if not count else f"{count:,} ({percent(count / total)} %)"
