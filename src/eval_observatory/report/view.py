"""Estimates as the page shows them: sections, tables, rows, all text ready. No HTML here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from eval_observatory.counts import Spot, key_of, spot_of
from eval_observatory.report.analysis import Analysis
from eval_observatory.report.links import Linked, Names
from eval_observatory.report.looks import LookPath
from eval_observatory.report.scales import Drawing, Scale
from eval_observatory.report.words import (
    MISSING,
    clean,
    factor_text,
    is_unplanned,
    missing_text,
    p_text,
    percent,
)
from eval_observatory.suite import Factor, Measure, ModelKind, Suite

OPEN_ROWS = 60
REASONS_IN_ROW = 2
REASONS_IN_TABLE = 12


@dataclass(frozen=True)
class Row:
    """One cell of one table.

    Attributes:
        rate: the figure, a rate or a mean.
        k: of a rate; of a mean the standard deviation of its values.
        against: what the difference is to, by what the other cell has otherwise.
        difference_worst: whether missing outcomes could turn a difference that is told.
        stopped, difference_stopped: the stopping rule's bounds, and how far the figure is off.
    """

    factors: tuple[str, ...]
    drawing: Drawing
    rate: str
    interval: str
    k: Linked
    n: Linked
    unscored: Linked
    reasons: str
    difference: str
    against: str
    difference_span: str
    difference_worst: str
    stopped: str
    difference_stopped: str
    p: str
    path: LookPath | None
    unplanned: bool
    difference_unplanned: bool


@dataclass(frozen=True)
class BehaviorTable:
    """One measure of one model over its cells; `lost` is whether any rollout is unscored."""

    anchor: str
    title: str
    meaning: str
    told: str
    constants: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    scale: Scale
    summary: str
    open: bool
    compared: bool
    lost: bool
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
class ReasonRow:
    """Unscored rollouts of one model and behaviour, for one reason."""

    model: str
    harness: str
    title: str
    reason: str
    count: str
    share: str


def is_large(estimates: pl.DataFrame) -> bool:
    """Whether there are so many rows that the page starts folded."""
    return estimates.height > 6 * OPEN_ROWS


def model_sections(
    found: Analysis,
    kinds: Mapping[str, ModelKind],
    paths: Mapping[Spot, LookPath],
    names: Names,
    told: Callable[[Measure], str],
) -> tuple[ModelSection, ...]:
    """The page's sections, one per model and harness, in the order of the estimates.

    Args:
        found: what the trials say, in words (`analysis.in_words`).
        kinds: the kind of each model.
        paths: the looks at cells.
        names: what models and cells are called in the list of rollouts.
        told: how the label of a measure is told, "" where that is not said.
    """
    suite = names.suite
    large, against = is_large(found.estimates), _baselines(found, suite)
    shown = _with_reasons(found.estimates, found.reasons, suite)
    sections = []
    for number, ((model, _), part) in enumerate(_parts(shown, "model", "harness"), start=1):
        anchor, first = f"model-{number}", part.row(0, named=True)
        tables = tuple(
            _behavior_table(
                f"{anchor}-{name}",
                group,
                found.scales[name],
                paths,
                names,
                against,
                told,
                folded=large,
            )
            for (name,), group in _parts(part, "behavior")
        )
        who = first["$model"], first["$harness"]
        sections.append(ModelSection(anchor, *who, kinds[model], tables))
    return tuple(sections)


def _baselines(found: Analysis, suite: Suite) -> dict[Spot, str]:
    """What each cell is held against first, by what that has otherwise."""
    made: dict[Spot, str] = {}
    for _, (spot, row), (_, other) in found.counted.pairs:
        if spot not in made:
            apart = [name for name in suite.names if row[name] != other[name]]
            said = [name for name in apart if suite.says(other, name)] or apart[:1]
            told = (factor_text(suite.factor(name), other[name]) for name in said)
            made[spot] = ", ".join(told)
    return made


def reason_rows(estimates: pl.DataFrame, reasons: pl.DataFrame) -> tuple[ReasonRow, ...]:
    """Unscored rollouts by reason, per model and behaviour: commonest first, a long tail summed.

    Both in words (`analysis.in_words`).
    """
    key = ("model", "harness", "behavior")
    rollouts = (pl.col("n") + pl.col("unscored")).sum()
    totals = {row[:3]: row[3] for row in estimates.group_by(key).agg(rollouts).iter_rows()}
    told = ("$model", "$harness", "$behavior", "$reason")
    summed = reasons.group_by(*key, "reason", maintain_order=True).agg(
        *(pl.col(name).first() for name in told), pl.col("count").sum()
    )
    rows = []
    for who, part in _parts(summed, *key):
        ordered = part.sort(-pl.col("count"), "reason")
        shown = ordered.select("$reason", "count").rows()
        if len(shown) > REASONS_IN_TABLE:
            rest = shown[REASONS_IN_TABLE - 1 :]
            shown = shown[: REASONS_IN_TABLE - 1]
            shown.append((f"{len(rest):,} other reasons", sum(count for _, count in rest)))
        model, harness, behavior = ordered.select(told[:3]).row(0)
        for reason, count in shown:
            share = f"{percent(count / totals[who])} %"
            rows.append(ReasonRow(model, harness, behavior, reason, f"{count:,}", share))
    return tuple(rows)


def _parts(table: pl.DataFrame, *by: str) -> Iterator[tuple[tuple[str, ...], pl.DataFrame]]:
    for names, part in table.group_by(by, maintain_order=True):
        yield tuple(map(str, names)), part


def _with_reasons(estimates: pl.DataFrame, reasons: pl.DataFrame, suite: Suite) -> pl.DataFrame:
    """The estimates with `$reasons`: why rollouts of the cell are unscored, in a few words."""
    key = key_of(suite)
    listed = reasons.group_by(key, maintain_order=True).agg("reason", "count")
    short = [_short(*of_cell) for of_cell in listed.select("reason", "count").iter_rows()]
    told = listed.select(*key, pl.Series("$reasons", short, dtype=pl.String))
    return estimates.join(told, on=key, how="left", nulls_equal=True, maintain_order="left")


def _short(reasons: Sequence[str], counts: Sequence[int]) -> str:
    most = REASONS_IN_ROW
    shown = [
        f"{count:,} {clean(reason, 60)}" for reason, count in zip(reasons, counts, strict=True)
    ]
    if len(shown) > most:
        shown[most:] = [f"{sum(counts[most:]):,} for other reasons"]
    return "; ".join(shown)


def _behavior_table(
    anchor: str,
    part: pl.DataFrame,
    scale: Scale,
    paths: Mapping[Spot, LookPath],
    names: Names,
    against: Mapping[Spot, str],
    told: Callable[[Measure], str],
    *,
    folded: bool,
) -> BehaviorTable:
    suite = names.suite
    varying, first = _varying(part, suite), part.row(0, named=True)
    fixed = [
        _fixed(factor, first[f"${factor.name}"])
        for factor in suite.designed
        if part[factor.name].n_unique() == 1 and suite.says(first, factor.name)
    ]
    unplanned = is_unplanned(part)
    name = first["behavior"]
    rows = tuple(
        _row(
            row,
            varying,
            paths.get(spot := spot_of(suite, row)),
            scale,
            names,
            against.get(spot, ""),
            marked=not unplanned,
        )
        for row in part.iter_rows(named=True)
    )
    cells_of = part.select(suite.columns).to_dicts()
    about = [m for m in suite.measures if m.name == name and any(map(m.occurs, cells_of))]
    shown = all(m.primary or m.name in suite.beside.values() for m in about)
    cells = "1 cell" if len(rows) == 1 else f"{len(rows):,} cells"
    return BehaviorTable(
        anchor=anchor,
        title=first["$behavior"],
        meaning=" ".join(measure.meaning for measure in about),
        told="; ".join(dict.fromkeys(filter(None, map(told, about)))),
        constants=", ".join(fixed),
        columns=tuple(factor.reading for factor in varying),
        rows=rows,
        scale=scale,
        summary=f"{cells}, {_range(part['estimate'], scale)}",
        open=shown and len(rows) <= OPEN_ROWS and not folded,
        compared=part["difference"].count() > 0,
        lost=bool(part.select(pl.col("unscored", "retried").sum()).sum_horizontal().item()),
        unplanned=unplanned,
    )


def _range(figures: pl.Series, scale: Scale) -> str:
    known = figures.drop_nulls().to_list()
    if not known:
        return "no scored rollout"
    return f"{scale.name}s {scale.span(min(known), max(known))}{scale.unit}"


def _completed(row: dict[str, Any]) -> str:
    """The share of the rollouts that could be scored, where some could not."""
    n, unscored = row["n"], row["unscored"]
    return f"completion {percent(n / (n + unscored))} %" if unscored else ""


def _fixed(factor: Factor, text: str) -> str:
    """A level that all rows have; the factor's name is left out where the level says it."""
    return text if text in factor.words.values() else f"{factor.reading} {text}"


def _varying(part: pl.DataFrame, suite: Suite) -> list[Factor]:
    """The factors that tell the rows apart; a derived one that all rows have for its own."""
    rows = part.select(suite.columns).to_dicts()
    varying = [
        factor
        for factor in suite.designed
        if part[factor.name].n_unique() > 1 and any(suite.says(row, factor.name) for row in rows)
    ]
    left_out: set[str] = set()
    for factor in suite.designed:
        if factor.derived and part[factor.name].null_count():
            left_out.add(factor.name)
        elif factor.derived and factor in varying:
            left_out |= set(factor.names)
    return [factor for factor in varying if factor.name not in left_out]


def _row(
    row: dict[str, Any],
    varying: Sequence[Factor],
    path: LookPath | None,
    scale: Scale,
    names: Names,
    against: str,
    *,
    marked: bool,
) -> Row:
    return Row(
        factors=tuple(row[f"${factor.name}"] for factor in varying),
        drawing=scale.drawing(row["estimate"], row["low"], row["high"], scale.worst(row)),
        rate=scale.value(row["estimate"]),
        interval=scale.span(row["low"], row["high"]),
        k=Linked(scale.value(row["sd"]), "") if scale.mean else names.number(row, "yes", row["k"]),
        n=names.number(row, "scored", row["n"]),
        unscored=names.number(row, "unscored", row["unscored"]),
        reasons="; ".join(
            filter(None, [_completed(row), row["$reasons"], _tried_again(row["retried"])])
        ),
        difference=scale.change(row["difference"]),
        against=against if row["difference"] is not None else "",
        difference_span=scale.change_span(row["difference_low"], row["difference_high"]),
        difference_worst=_worst(row, scale),
        stopped=_stopped(row, "", scale.span),
        difference_stopped=_stopped(row, "difference_", scale.change_span),
        p=_p(row["p"], row["p_adjusted"]),
        path=path,
        unplanned=marked and row.get("planned") is False,
        difference_unplanned=marked and row.get("difference_planned") is False,
    )


def _tried_again(attempts: int) -> str:
    return f"{attempts:,} tried again" if attempts else ""


def _worst(row: dict[str, Any], scale: Scale) -> str:
    """What missing outcomes could make of a difference whose interval leaves out 0."""
    low, high = row["difference_worst_low"], row["difference_worst_high"]
    ends = row["difference_low"], row["difference_high"]
    if low is None or (low, high) == ends or ends[0] <= 0 <= ends[1]:
        return ""
    if low > 0 or high < 0:
        return "holds whatever the missing hide"
    turns = "" if row["tipping"] is None else f": {missing_text(row['tipping'])} could turn it"
    return f"at worst {scale.change_span(low, high)}{turns}"


def _stopped(
    row: dict[str, Any], of: str, span: Callable[[float | None, float | None], str]
) -> str:
    """Of a figure whose n a stopping rule chose: the rule's own bounds, and how far it is off."""
    low, high = row.get(f"{of}sequence_low"), row.get(f"{of}sequence_high")
    if low is None or high is None:
        return ""
    bias, text = row[f"{of}stopped_bias"], f"by the stopping rule {span(low, high)}"
    if bias is None:
        return text
    way = (
        "too far from 0"
        if of and bias * row["difference"] > 0
        else "too high"
        if bias > 0
        else "too low"
    )
    return f"{text}; on average such estimates lie up to {percent(abs(bias))} points {way}"


def _p(p: float | None, adjusted: float | None) -> str:
    if p is None:
        return MISSING
    return p_text(p) if adjusted is None else f"{p_text(p)} ({p_text(adjusted)})"
