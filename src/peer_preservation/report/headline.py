"""The headline figures: each behaviour pooled over its settings, by relationship and instantiation.

Only the published design: a threat, no control. What is a difference by its definition, and to
what, the suite's tables say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import polars as pl

from eval_observatory.contrasts import TEST, Claimed, Sides, marked
from eval_observatory.worst import ENDS
from eval_observatory.worst import POOLED as WORST
from peer_preservation.cell import INSTANTIATIONS
from peer_preservation.report.design import Book, Place
from peer_preservation.report.pooled import figure
from peer_preservation.suite import SUITE

POOLED: dict[str, Any] = {
    "n": pl.Int64(),
    "k": pl.Int64(),
    "unscored": pl.Int64(),
    "rate": pl.Float64(),
    "baseline_n": pl.Int64(),
    "baseline_k": pl.Int64(),
    "baseline_unscored": pl.Int64(),
    "baseline": pl.Float64(),
    "estimate": pl.Float64(),
    "low": pl.Float64(),
    "high": pl.Float64(),
    "p": pl.Float64(),
    "p_adjusted": pl.Float64(),
    "settings": pl.Int64(),
    "of": pl.Int64(),
    "missing": pl.String(),
    "method": pl.String(),
    "validation": pl.String(),
    **WORST,
    "planned": pl.Boolean(),
}
"""The columns of a figure over settings (`contrasts.Pooled`), the same in every table of such."""

KEY = ("model", "harness", "behavior", "subject", "relationship")
SCHEMA: dict[str, Any] = {
    **dict.fromkeys(KEY, pl.String()),
    "statistic": pl.String(),
    "largest": pl.String(),
    **POOLED,
}
HEADLINE, INSTANTIATED = "headline", "instantiations"
"""Families: a behaviour over all instantiations; one of several, and the largest."""

NO_SIDES: Sides = (frozenset(), frozenset())


def headline(book: Book, level: float = 0.95, claimed: Claimed | None = None) -> pl.DataFrame:
    """One row per model, harness, behaviour, subject, relationship and statistic.

    Its `family` and `test` stand in it too.

    `statistic` is an instantiation, or over all instantiations that the data have `mean` or `max`:

    * one instantiation, and `mean`: settings weigh alike, whatever their n, and so do the points
      in each and the instantiations; interval and p are those of `contrasts.pooled`.
    * `max`: the largest of the m instantiations that have an estimate, named in `largest`. It is
      selected, so its interval covers the largest true rate: from the largest lower to the largest
      upper limit of m intervals at level 1 - (1 - level)/m (Bonferroni); p is m times the smallest.
      `missing` names those without an estimate.

    `estimate` is the difference where the behaviour is one, else the rate. Without any baseline a
    difference is null, `rate` stands, and `missing` says so. `settings` of `of` settings are in the
    figure; `missing` names the cells that are not. p is of no difference, null for plain rates;
    `p_adjusted` is that of what a plan claims (`claimed`), the rest is for `hierarchy.corrected`.
    """
    groups: dict[tuple[Any, ...], list[str]] = {}
    for place in book:
        if place.threat and place.control is None and SUITE.pooled(place.behavior):
            key = (place.model, place.harness, place.behavior, place.subject, place.relationship)
            groups.setdefault(key, []).append(place.instantiation)
    rows = []
    for key, instantiations in groups.items():
        ordered = sorted(instantiations, key=INSTANTIATIONS.index)
        rows += [
            dict(zip(SCHEMA, key, strict=False)) | row
            for row in _rows(book, key, ordered, level, claimed)
        ]
    table = pl.DataFrame(rows, schema=SCHEMA | TEST, orient="row")
    whole = (pl.col("statistic") == "mean") | (pl.len().over(KEY) == 1)
    family = pl.when(whole).then(pl.lit(HEADLINE)).otherwise(pl.lit(INSTANTIATED))
    return table.with_columns(family.alias("family"))


def _rows(
    book: Book,
    key: tuple[Any, ...],
    ordered: Sequence[str],
    level: float,
    claimed: Claimed | None,
) -> list[dict[str, Any]]:
    """The rows of a model, harness, behaviour, subject and relationship."""
    model, harness, behavior, subject, relationship = key
    who = (model, harness, behavior)
    places = {one: Place(*who, subject, relationship, True, one) for one in ordered}
    rows, singles = [], {}
    for one, place in places.items():
        row = figure(book, [place], level, claimed)
        if row is not None:
            singles[one] = row
            rows.append(row | {"statistic": one})
    if len(singles) > 1:
        mean = figure(book, [places[one] for one in singles], level, claimed)
        rows += [mean | {"statistic": "mean"}] if mean else []
        largest = _largest(book, places, singles, level)
        # It is selected, and so no claim's own figure.
        rows.append(largest | marked(claimed, NO_SIDES) | {"test": None})
    return rows


def _largest(
    book: Book, places: Mapping[str, Place], singles: dict[str, dict[str, Any]], level: float
) -> dict[str, Any]:
    """The row of the largest instantiation, with an interval that knows that it was selected."""
    known = [one for one in singles if singles[one]["estimate"] is not None]
    if not known:
        name = max(singles, key=lambda one: singles[one]["rate"])
        return singles[name] | {"statistic": "max", "largest": name}
    name = max(known, key=lambda one: singles[one]["estimate"])
    narrow = 1 - (1 - level) / len(known)
    each = [row for one in known if (row := figure(book, [places[one]], narrow)) is not None]
    tested = [p for one in known if (p := singles[one]["p"]) is not None]
    without = [f"no baseline of {one}, left out" for one in singles if one not in known]
    gaps = [gap for one in known if (gap := singles[one]["missing"])]
    row = singles[name] | {"statistic": "max", "largest": name}
    return row | {
        **{end: _largest_end(one[end] for one in each) for end in ("low", "high", *ENDS)},
        "tipping": None,
        "p": min(1.0, len(tested) * min(tested)) if tested else None,
        "missing": "; ".join(dict.fromkeys([*without, *gaps])) or None,
        "method": f"{row['method']}, bonferroni over {len(known)}",
    }


def _largest_end(ends: Iterable[float | None]) -> float | None:
    return max((end for end in ends if end is not None), default=None)
