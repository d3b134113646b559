"""Which fields of a manifest something was held against, and which are the submitter's word."""

from __future__ import annotations

from collections.abc import Sequence

from eval_observatory.board.manifest import Manifest
from eval_observatory.board.outcomes import unchecked
from eval_observatory.board.record import Check

CLAIMS = "claims"
CLAIMED, TABLE, LOGS = "claimed", "as its table says", "checked"
HELD: dict[str, str] = {
    LOGS: "held against the logs",
    TABLE: "held against the table, which was not made again from logs",
    CLAIMED: "the submitter's own word: nothing was held against it",
}
"""How far a field was checked, and what that means."""

_OF_TABLE = ("model", "harness", "scorer", "rollouts", "cost_usd")
_WORDS = ("title", "who", "model_name", "vendor", "released", "provider", "notes", "links")
_FIELDS = (*_OF_TABLE, "kind", "when", "plan", "versions", *_WORDS)


def held(manifest: Manifest, checks: Sequence[Check]) -> dict[str, str]:
    """By field of a manifest that says something, how far it was checked (`HELD`)."""
    holds = {one.name for one in checks if one.outcome == "holds"}
    by = dict.fromkeys(_FIELDS, CLAIMED)
    if "manifest" in holds:
        by |= dict.fromkeys(_OF_TABLE, LOGS if "labels" in holds else TABLE)
        # No record tells the versions again: they are the table's.
        by["versions"] = TABLE
    if "logs' heads" in holds:
        by |= {"model": LOGS, "when": LOGS}
    if {"plan", "plan before logs"} <= holds:
        by["plan"] = LOGS
    if "kind" in holds:
        by["kind"] = LOGS
    return {name: how for name, how in by.items() if _says(getattr(manifest, name))}


def _says(value: object) -> bool:
    """Whether a field says anything: a cost of nothing does, a count of none does not."""
    return bool(value) or isinstance(value, float)


def claims_check(manifest: Manifest, checks: Sequence[Check]) -> Check:
    """What is the submitter's own word."""
    by = held(manifest, checks)
    parts = []
    for how, text in HELD.items():
        if named := [name for name, one in by.items() if one == how]:
            parts.append(f"{', '.join(named)}: {text}")
    return unchecked(CLAIMS, "; ".join(parts))
