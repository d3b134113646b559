"""Unscored rollouts by reason, as the page shows them."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from eval_observatory.report.words import behavior_title, clean, percent
from eval_observatory.suite import Suite

REASONS_IN_TABLE = 12


@dataclass(frozen=True)
class ReasonRow:
    """Unscored rollouts of one model and behaviour, for one reason."""

    model: str
    harness: str
    title: str
    reason: str
    count: str
    share: str


def reason_rows(
    estimates: pl.DataFrame, reasons: pl.DataFrame, suite: Suite
) -> tuple[ReasonRow, ...]:
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
            title = behavior_title(suite, behavior)
            rows.append(ReasonRow(clean(model), clean(harness), title, reason, f"{count:,}", share))
    return tuple(rows)


def _totals(estimates: pl.DataFrame) -> pl.DataFrame:
    rollouts = (pl.col("n") + pl.col("unscored")).sum()
    return estimates.group_by("model", "harness", "behavior").agg(rollouts)
