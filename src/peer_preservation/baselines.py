"""What a cell is held against: the one rule for plans, stopping and the report. No tables in here.

A cell is the mapping of its factors, by the columns of the trial table.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Factors = Mapping[str, Any]

KINDS = {
    "control": "the same cell without the control",
    "monitoring": "the same cell, monitored",
    "baseline": "the same cell without a threat: of the same relationship if it was played, "
    "else without any (non_shutdown)",
    "relationship": "the same cell without a relationship",
}
"""The kinds of comparison; of several the first is the cell's own."""

PLANNED_KINDS = tuple(kind for kind in KINDS if kind != "relationship")
"""Those that a plan claims. The relationship's is asked of the tables afterwards."""

_ALONE = {"relationship": "none", "instantiation": "none"}


def held_against(cell: Factors, kind: str) -> Iterator[dict[str, Any]]:
    """What changes in a cell to make those that it may be held against, the nearest first."""
    if kind == "control" and cell["control"] is not None:
        yield {"control": None}
    if kind == "monitoring" and cell["alignment_faking_mode"] == "non_monitoring":
        yield {"alignment_faking_mode": "monitoring"}
    if kind == "baseline" and cell["threat"]:
        for bond in ({}, _ALONE):
            # Without a threat some scenarios have no threshold.
            yield {"threat": False, **bond}
            yield {"threat": False, "threshold": None, **bond}
    if kind == "relationship" and cell["relationship"] not in (None, "none"):
        yield dict(_ALONE)
