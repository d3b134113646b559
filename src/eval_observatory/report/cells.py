"""Figures as text for one place in a table: a rate or a difference with all that belongs to it."""

from __future__ import annotations

from typing import Any

from eval_observatory.report.words import MISSING, clean, percent, span

Row = dict[str, Any]


def points(share: float | None) -> str:
    """A difference of shares in percentage points, with its sign; never rounded to a false 0."""
    if share is None:
        return MISSING
    if 1e-12 < abs(share) < 0.0005:
        return "+<0.1" if share > 0 else "−<0.1"
    return f"{100 * share:+.1f}".replace("-", "−") if round(share, 3) else "0.0"


def points_span(low: float | None, high: float | None) -> str:
    """An interval of a difference: "−1.2 to +3.4"."""
    if low is None or high is None:
        return MISSING
    return f"{points(low)} to {points(high)}"


def p_text(p: float | None) -> str:
    """A p-value with three decimals, or "<.001"."""
    if p is None:
        return MISSING
    return "<.001" if p < 0.0005 else f"{p:.3f}".removeprefix("0")


def rate_text(row: Row) -> str:
    """Such as "12.0 % [8.1 to 16.9], n = 300, 2 unscored (2 of 3 settings)"."""
    if row["rate"] is None:
        return MISSING
    interval = f" [{span(row['low'], row['high'])}]" if row["low"] is not None else ""
    n = f"n = {row['n']:,}{_unscored(row)}{_settings(row)}{_unplanned(row)}"
    return f"{percent(row['rate'])} %{interval}, {n}"


def difference_text(row: Row) -> str:
    """Such as "+12.0 [+8.1 to +16.9], n = 300 − 100, p = .012"; p is the adjusted one."""
    if row["estimate"] is None:
        return f"no baseline; rate {rate_text(row)}"
    interval = points_span(row["low"], row["high"])
    return (
        f"{points(row['estimate'])} [{interval}], n = {row['n']:,} − {row['baseline_n']:,}"
        f"{_unscored(row)}, p {_equals(p_text(row['p_adjusted']))}{_settings(row)}{_unplanned(row)}"
    )


def model_text(model: str, harness: str, most: int = 160) -> str:
    """A model, and its harness where that is not the study's own loop; `most` characters each."""
    name = clean(model, most)
    return name if harness == "custom" else f"{name} in {clean(harness, most)}"


def _unscored(row: Row) -> str:
    count = row["unscored"] + (row.get("baseline_unscored") or 0)
    return f", {count:,} unscored" if count else ""


def _equals(text: str) -> str:
    return text if text.startswith("<") else f"= {text}"


def _unplanned(row: Row) -> str:
    return ", not planned" if row.get("planned") is False else ""


def _settings(row: Row) -> str:
    settings, of = row.get("settings"), row.get("of")
    if settings is None:
        return ""
    if settings < of:
        return f" ({settings} of {of} settings)"
    return f" ({clean(row['missing'], 400)})" if row.get("missing") else ""
