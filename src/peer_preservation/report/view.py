"""Estimates as the page shows them: sections, tables, rows, all text ready. No HTML here."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from peer_preservation.report.behaviors import BEHAVIORS
from peer_preservation.report.drawing import Drawing, interval_drawing, strip
from peer_preservation.report.source import CELL_SCHEMA
from peer_preservation.report.words import (
    FACTOR_NAMES,
    ModelKind,
    behavior_rows,
    behavior_title,
    clean,
    factor_text,
    model_kind,
    percent,
    span,
)
from peer_preservation.statistics.missing import missing_bounds

OPEN_ROWS = 60
REASONS_IN_ROW = 2
REASONS_IN_TABLE = 12


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


@dataclass(frozen=True)
class BehaviorTable:
    """One behaviour of one model over its cells."""

    anchor: str
    title: str
    meaning: str
    constants: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    summary: str
    open: bool


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
    cells: str
    n: str
    k: str
    range: str
    marks: tuple[str, ...]
    unscored: str


@dataclass(frozen=True)
class ReasonRow:
    """Unscored rollouts of one model and behaviour, for one reason."""

    model: str
    harness: str
    title: str
    reason: str
    count: str
    share: str


def model_sections(estimates: pl.DataFrame, reasons: pl.DataFrame) -> tuple[ModelSection, ...]:
    """The page's sections, one per model and harness, in the order of `estimates`."""
    sections = []
    several = estimates.height > 20 * OPEN_ROWS
    by_cell = _reasons_by_cell(reasons)
    for number, (model, harness, part) in enumerate(_models(estimates), start=1):
        anchor = f"model-{number}"
        tables = tuple(
            _behavior_table(f"{anchor}-{name}", name, group, by_cell, several)
            for name, group in _behaviors(part)
        )
        kind = model_kind(model)
        sections.append(ModelSection(anchor, clean(model), clean(harness), kind, tables))
    return tuple(sections)


def overview_rows(estimates: pl.DataFrame) -> tuple[OverviewRow, ...]:
    """Model × behaviour with the spread of its cells' rates; nothing is pooled into one rate."""
    rates = {
        (model, harness, name): part["rate"].to_list()
        for model, harness, whole in _models(estimates)
        for name, part in _behaviors(whole)
    }
    rows: list[OverviewRow] = []
    before, number = None, 0
    for row in behavior_rows(estimates).iter_rows(named=True):
        who = (row["model"], row["harness"])
        first = who != before
        number, before = number + first, who
        below = sum(key[:2] == who for key in rates) if first else 0
        rows.append(
            OverviewRow(
                anchor=f"model-{number}-{row['behavior']}",
                model=clean(row["model"]),
                harness=clean(row["harness"]),
                kind=model_kind(row["model"]),
                rows=below,
                group=number,
                title=behavior_title(row["behavior"]),
                cells=f"{row['cells']:,}",
                n=f"{row['n']:,}",
                k=f"{row['k']:,}",
                range=span(row["lowest"], row["highest"]),
                marks=strip(rates[(*who, row["behavior"])]),
                unscored=_count_and_share(row["unscored"], row["n"] + row["unscored"]),
            )
        )
    return tuple(rows)


def reason_rows(estimates: pl.DataFrame, reasons: pl.DataFrame) -> tuple[ReasonRow, ...]:
    """Unscored rollouts by reason, per model and behaviour: commonest first, a long tail summed."""
    key = ("model", "harness", "behavior")
    totals = {tuple(row[:3]): row[3] for row in _totals(estimates).iter_rows()}
    summed = reasons.group_by(*key, "reason", maintain_order=True).agg(pl.col("count").sum())
    rows = []
    for who, part in summed.group_by(*key, maintain_order=True):
        ordered = part.sort(-pl.col("count"), "reason")
        shown = [(clean(r), c) for r, c in ordered.select("reason", "count").iter_rows()]
        if len(shown) > REASONS_IN_TABLE:
            rest = shown[REASONS_IN_TABLE - 1 :]
            shown = shown[: REASONS_IN_TABLE - 1]
            shown.append((f"{len(rest):,} other reasons", sum(count for _, count in rest)))
        model, harness, behavior = (str(part_of_key) for part_of_key in who)
        for reason, count in shown:
            share = f"{percent(count / totals[tuple(who)])} %"
            title = behavior_title(behavior)
            rows.append(ReasonRow(clean(model), clean(harness), title, reason, f"{count:,}", share))
    return tuple(rows)


def _totals(estimates: pl.DataFrame) -> pl.DataFrame:
    rollouts = (pl.col("n") + pl.col("unscored")).sum()
    return estimates.group_by("model", "harness", "behavior").agg(rollouts)


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
    by_cell: dict[tuple[Any, ...], list[tuple[str, int]]],
    several: bool,
) -> BehaviorTable:
    varying = _varying(part)
    fixed = [
        _fixed(factor, part[factor][0])
        for factor in CELL_SCHEMA
        if part[factor].n_unique() == 1 and part[factor][0] is not None
    ]
    rows = tuple(_row(row, varying, by_cell) for row in part.iter_rows(named=True))
    tasks = set(part["task_type"].unique())
    about = [b for b in BEHAVIORS if b.name == name and tasks.intersection(b.task_types)]
    cells = "1 cell" if len(rows) == 1 else f"{len(rows):,} cells"
    return BehaviorTable(
        anchor=anchor,
        title=behavior_title(name),
        meaning=" ".join(behavior.meaning for behavior in about),
        constants=", ".join(fixed),
        columns=tuple(FACTOR_NAMES[factor] for factor in varying),
        rows=rows,
        summary=f"{cells}, {_rates(part['rate'])}",
        open=all(b.primary for b in about) and len(rows) <= OPEN_ROWS and not several,
    )


def _rates(rates: pl.Series) -> str:
    known = rates.drop_nulls().to_list()
    return f"rates {span(min(known), max(known))} %" if known else "no scored rollout"


def _fixed(factor: str, value: object) -> str:
    text = factor_text(value)
    return text if isinstance(value, bool) else f"{FACTOR_NAMES[factor]} {text}"


def _varying(part: pl.DataFrame) -> list[str]:
    """The factors that tell the rows apart; the published condition alone where it says it all."""
    varying = [factor for factor in CELL_SCHEMA if part[factor].n_unique() > 1]
    implied = {"relationship", "threat"}
    if part["condition"].null_count():
        implied = {"condition"}
    elif "condition" not in varying:
        implied = set()
    return [factor for factor in varying if factor not in implied]


def _row(
    row: dict[str, Any],
    varying: Sequence[str],
    by_cell: dict[tuple[Any, ...], list[tuple[str, int]]],
) -> Row:
    n, k, unscored = row["n"], row["k"], row["unscored"]
    bounds = missing_bounds(k, n, unscored) if unscored else None
    return Row(
        factors=tuple(factor_text(row[factor]) for factor in varying),
        drawing=interval_drawing(
            row["rate"], row["low"], row["high"], (bounds.none, bounds.all) if bounds else None
        ),
        rate=percent(row["rate"]),
        interval=span(row["low"], row["high"]),
        k=f"{k:,}",
        n=f"{n:,}",
        unscored=f"{unscored:,}",
        reasons=_short_reasons(by_cell.get(_cell_key(row), [])),
    )


def _cell_key(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in ("model", "harness", "behavior", *CELL_SCHEMA))


def _reasons_by_cell(reasons: pl.DataFrame) -> dict[tuple[Any, ...], list[tuple[str, int]]]:
    found: dict[tuple[Any, ...], list[tuple[str, int]]] = {}
    for row in reasons.iter_rows(named=True):
        found.setdefault(_cell_key(row), []).append((row["reason"], row["count"]))
    return found


def _short_reasons(found: Sequence[tuple[str, int]]) -> str:
    shown = [f"{count:,} {clean(reason, 60)}" for reason, count in found[:REASONS_IN_ROW]]
    if len(found) > REASONS_IN_ROW:
        shown.append(f"{sum(count for _, count in found[REASONS_IN_ROW:]):,} for other reasons")
    return "; ".join(shown)


def _count_and_share(count: int, total: int) -> str:
    return f"{count:,}" if not count else f"{count:,} ({percent(count / total)} %)"


def provenance(trials: pl.DataFrame) -> tuple[tuple[str, str], ...]:
    """Where the numbers come from: (what, value) pairs."""
    facts = [
        ("rollouts", f"{trials.height:,}"),
        ("scorer version", _distinct(trials, "scorer_version")),
    ]
    for name, column in (
        ("package version of the rollouts", "package_version"),
        ("models", "agent_model"),
        ("harness", "harness"),
        ("families", "family"),
        ("ended by", "ended"),
    ):
        facts.append((name, _distinct(trials, column)))
    facts.append(("seeds", _seeds(trials)))
    return tuple(facts)


def mixtures(trials: pl.DataFrame) -> tuple[str, ...]:
    """Settings that differ between rollouts of one cell, which the rates therefore average over."""
    names = {
        "family": "family",
        "group": "group",
        "sub_condition": "sub-condition",
        "memory_hard_prompt": "must-read-memory wording",
        "package_version": "package version",
    }
    present = [name for name in names if name in trials.columns]
    cells = trials.group_by("agent_model", "harness", *CELL_SCHEMA).agg(
        pl.col(name).n_unique() for name in present
    )
    found = []
    for name in present:
        mixed = cells.filter(pl.col(name) > 1).height
        if mixed:
            found.append(f"{names[name]} (in {mixed:,} of {cells.height:,} cells)")
    return tuple(found)


def _distinct(trials: pl.DataFrame, column: str, most: int = 12) -> str:
    if column not in trials.columns:
        return "not recorded"
    values = sorted(clean(value, 80) for value in trials[column].unique() if value is not None)
    if not values:
        return "not recorded"
    more = f" and {len(values) - most:,} more" if len(values) > most else ""
    unknown = "; for some not recorded" if trials[column].null_count() else ""
    return ", ".join(values[:most]) + more + unknown


def _seeds(trials: pl.DataFrame) -> str:
    if "seed" not in trials.columns or trials["seed"].null_count() == trials.height:
        return "not recorded"
    seeds = trials["seed"].drop_nulls()
    low, high = seeds.min(), seeds.max()
    several = f"{seeds.n_unique():,} from {clean(low)} to {clean(high)}"
    without = trials.height - seeds.len()
    return (clean(low) if low == high else several) + (
        f"; none recorded for {without:,} rollouts" if without else ""
    )
