"""The one sentence that a row of the overview supports, and no more."""

from __future__ import annotations

from typing import Any

import polars as pl

from eval_observatory.report.words import factor_text, percent, span
from eval_observatory.suite import Suite

ALPHA = 0.05


def supported(part: pl.DataFrame, level: str, suite: Suite) -> str:
    """What the cells of one model and behaviour say together.

    Nothing is pooled: the sentence names the highest cell with its interval, or how high an unseen
    rate could be, and counts the contrasts that hold after the correction within their families.

    Args:
        part: rows of the estimates, of one model, harness and behaviour.
        level: the intervals' level, as text.
    """
    seen = part.filter(pl.col("n") > 0)
    if seen.is_empty():
        return "Nothing could be scored: these rollouts say nothing about this behaviour."
    top = seen.sort("rate", "low", descending=True, maintain_order=True).row(0, named=True)
    if seen.height == 1:
        said = f"Seen in {_counts(top)}; the true rate lies in {_range(top)} ({level})."
    elif not top["k"]:
        most = float(seen["high"].max())  # type: ignore[arg-type]
        said = (
            f"Not seen in any of {seen.height:,} cells; in a single one the true rate may still be "
            f"as high as {percent(most)} % ({level})."
        )
    else:
        some = seen.filter(pl.col("k") > 0).height
        said = (
            f"Seen in {some:,} of {seen.height:,} cells, most often in {_place(top, seen, suite)}: "
            f"{_counts(top)}, true rate in {_range(top)} ({level}, this cell alone)."
        )
    return " ".join([said, *_contrasts(part)])


def stands_beside(part: pl.DataFrame | None, suite: Suite) -> list[str]:
    """What must be told with another behaviour: the counts over the cells of the one beside it."""
    if part is None:
        return []
    n, k, unscored = (part[name].sum() for name in ("n", "k", "unscored"))
    title = suite.title_of(part["behavior"][0])
    return [f"{title}: {_counts({'k': k, 'n': n})}, {unscored:,} unscored."]


def _counts(row: dict[str, Any]) -> str:
    return f"{row['k']:,} of {row['n']:,} scored rollouts"


def _range(row: dict[str, Any]) -> str:
    return f"{span(row['low'], row['high'])} %"


def _place(row: dict[str, Any], cells: pl.DataFrame, suite: Suite) -> str:
    varying = [name for name in suite.names if cells[name].n_unique() > 1]
    return ", ".join(
        factor_text(suite.factor(name), row[name]) for name in varying if row[name] is not None
    )


def _contrasts(part: pl.DataFrame) -> list[str]:
    tested = part.filter(pl.col("p_adjusted").is_not_null())
    if tested.is_empty():
        return []
    held = tested.filter(pl.col("p_adjusted") <= ALPHA)
    higher = held.filter(pl.col("difference") > 0).height
    name = "contrast" if tested.height == 1 else "contrasts"
    planned = ""
    if "difference_planned" in tested.columns:
        planned = f" ({tested['difference_planned'].sum():,} planned)"
    return [
        f"Of {tested.height:,} {name} with a baseline{planned}, {higher:,} are higher and "
        f"{held.height - higher:,} lower after correction (p ≤ {ALPHA:g})."
    ]
