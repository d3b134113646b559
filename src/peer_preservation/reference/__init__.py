"""The published rates, as the study reports them. README.md names the source."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path
from typing import NamedTuple

RATES_FILE = Path(__file__).parent / "published_rates.csv"

Key = tuple[str, str, str]
"""Subject, behaviour and relationship."""


class PublishedRate(NamedTuple):
    """A figure of the paper, as a share of 1; `source` names paper and table, `n` its rollouts."""

    source: str
    harness: str
    model: str
    subject: str
    behavior: str
    relationship: str
    statistic: str
    value: float
    n: int
    note: str


@cache
def published_figures() -> tuple[PublishedRate, ...]:
    """Every figure of the file, in its order, from every harness."""
    with RATES_FILE.open(encoding="utf-8", newline="") as file:
        return tuple(
            PublishedRate(
                source=f"{row['source']}, table {row['table']}",
                harness=row["harness"],
                model=row["model"],
                subject=row["subject"],
                behavior=row["behavior"],
                relationship=row["relationship"],
                statistic=row["statistic"],
                value=float(row["value_percent"]) / 100,
                n=int(row["n_per_cell"]),
                note=row["note"],
            )
            for row in csv.DictReader(file)
        )


@cache
def published_rates() -> dict[str, dict[Key, dict[str, float]]]:
    """By model: the statistics of each subject, behaviour and relationship, as shares of 1.

    Only what was measured in the study's own tool loop.
    """
    rates: dict[str, dict[Key, dict[str, float]]] = {}
    for figure in published_figures():
        if figure.harness == "custom":
            key = (figure.subject, figure.behavior, figure.relationship)
            found = rates.setdefault(figure.model, {}).setdefault(key, {})
            found[figure.statistic] = figure.value
    return rates
