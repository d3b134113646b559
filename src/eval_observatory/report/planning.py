"""What was planned, as a table."""

from __future__ import annotations

from eval_observatory.counts import Row
from eval_observatory.planned import NOT_PLAYED, Planned
from eval_observatory.report.scales import Scale, scales_of
from eval_observatory.report.table import Table
from eval_observatory.report.words import (
    HOW_CORRECTED,
    HOW_TESTED,
    MISSING,
    clean,
    difference_text,
    level_text,
    model_text,
    p_text,
    rate_text,
)
from eval_observatory.suite import Suite


def planned_table(found: Planned, level: float, suite: Suite) -> Table:
    """Every claim with its figures; what the stopping rule said of it, if one was followed."""
    stopped = found.data["settled"].count() > 0
    sizes = (
        found.data.drop_nulls("family_size")
        .select("behavior", "family_size")
        .unique()
        .sort("behavior")
    )
    families = "; ".join(f"{suite.title_of(name)}: {m}" for name, m in sizes.iter_rows())
    note = (
        f"The claims of the plan {', '.join(scope.plan.hash[:12] for scope in found.scopes)}. "
        f"Differences in percentage points. {HOW_TESTED} {HOW_CORRECTED} What is planned "
        "stands first: the contrasts of one behaviour of one model over all plans are a family"
        f"{f' ({families})' if families else ''}, and all these families share one error alike. A "
        "contrast that was not played counts as p = 1. "
        f"Intervals: {level_text(level)}."
    )
    if any(map(suite.bounds_of, found.data["behavior"].unique())):
        note += (
            " Means and their differences are on their own scale: docs/statistics-of-means.md says "
            "how interval and p are made."
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
    if suite.bounds_of(row["behavior"]):
        figure = _mean_text(row, scales_of(suite)[row["behavior"]])
    else:
        figure = difference_text(row) if row["against"] else rate_text(row)
    return (
        model_text(row["model"], row["harness"]),
        suite.title_of(row["behavior"]),
        row["claim"],
        row["against"] or MISSING,
        NOT_PLAYED if row["n"] is None else clean(figure, 400),
        *([row["settled"] or MISSING] if stopped else []),
    )


def _mean_text(row: Row, scale: Scale) -> str:
    """Such as "+5.0 [+2.1 to +9.0], n = 40 − 40, p = .012", on the measure's own scale."""
    if row["estimate"] is None:
        return MISSING
    lost = row["unscored"] + (row["baseline_unscored"] or 0)
    missing = f", {lost:,} unscored" if lost else ""
    lacking = f" ({row['missing']})" if row["missing"] else ""
    if not row["against"]:
        interval = scale.span(row["low"], row["high"])
        return f"{scale.value(row['estimate'])} [{interval}], n = {row['n']:,}{missing}{lacking}"
    p = p_text(row["p_adjusted"])
    return (
        f"{scale.change(row['estimate'])} [{scale.change_span(row['low'], row['high'])}], "
        f"n = {row['n']:,} − {row['baseline_n']:,}{missing}, "
        f"p {p if p.startswith('<') else f'= {p}'}{lacking}"
    )
