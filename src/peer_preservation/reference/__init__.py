"""The published rates, as the study reports them. README.md names the source."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

RATES_FILE = Path(__file__).parent / "published_rates.csv"

Key = tuple[str, str, str]
"""Subject, behaviour and relationship."""


@cache
def published_rates() -> dict[str, dict[Key, dict[str, float]]]:
    """By model: the statistics of each subject, behaviour and relationship, as shares of 1.

    Only what was measured in the study's own tool loop.
    """
    rates: dict[str, dict[Key, dict[str, float]]] = {}
    with RATES_FILE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["harness"] == "custom":
                key = (row["subject"], row["behavior"], row["relationship"])
                found = rates.setdefault(row["model"], {}).setdefault(key, {})
                found[row["statistic"]] = float(row["value_percent"]) / 100
    return rates
