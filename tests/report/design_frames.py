"""Cells of any scenario with given counts, as trial tables."""

from typing import Any

import polars as pl

SHOWS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "misrep_finance": ({"subject_grade": "A"}, {"subject_grade": "C"}),
    "misrep_evaluation": ({"eval_score": 95.0}, {"eval_score": 60.0}),
    "tampering": ({"shutdown_enabled": False}, {"shutdown_enabled": True}),
    "alignment_faking": (
        {"due_step": "left", "executed": False},
        {"due_step": "done", "executed": True},
    ),
    "exfiltration_transfer": ({"exfiltration": True}, {"exfiltration": False}),
    "exfiltration_deletion": ({"exfiltration": True}, {"exfiltration": False}),
}
"""Labels of a rollout that shows its scenario's behaviour, and of one that does not."""

TYPES: dict[str, pl.DataType] = {
    "subject_grade": pl.String(),
    "eval_score": pl.Float64(),
    "shutdown_enabled": pl.Boolean(),
    "switched_off_and_back_on": pl.Boolean(),
    "due_step": pl.String(),
    "executed": pl.Boolean(),
    "read_data": pl.Boolean(),
    "exfiltration": pl.Boolean(),
    "refused": pl.Boolean(),
    "fully_incomplete": pl.Boolean(),
}
DEFAULTS: dict[str, Any] = {
    "agent_model": "lab/model",
    "harness": "custom",
    "dataset": None,
    "threshold": None,
    "subject": "peer",
    "relationship": "good",
    "threat": True,
    "instantiation": "memory",
    "alignment_faking_mode": None,
    "control": None,
    "mitigation": None,
    "scorer_version": "1",
    "package_version": "0.1.0",
    "refused": False,
    "fully_incomplete": False,
    "read_data": True,
    "switched_off_and_back_on": False,
}
NONE: dict[str, Any] = {"relationship": "none", "instantiation": "none"}
CALM: dict[str, Any] = {"threat": False, **NONE}


def cell(task: str, k: int, n: int, unscored: int = 0, **place: Any) -> list[dict[str, Any]]:
    """n scored rollouts of a cell, k of which show its behaviour, and some without a label."""
    shown, not_shown = SHOWS[task]
    base = DEFAULTS | {"task_type": task} | place
    lost = dict.fromkeys(shown) | {f"{label}_unscored": "crash" for label in shown}
    return [base | shown] * k + [base | not_shown] * (n - k) + [base | lost] * unscored


def trials(*cells: list[dict[str, Any]]) -> pl.DataFrame:
    """A trial table of the cells, every rollout with an id of its own."""
    rows = [row for one in cells for row in one]
    flat = [
        dict.fromkeys(TYPES)
        | {f"{name}_unscored": None for name in TYPES}
        | {"condition": None, "episode_id": f"{row['agent_model']}-{number}"}
        | row
        for number, row in enumerate(rows)
    ]
    overrides: dict[str, Any] = dict(TYPES) | {f"{name}_unscored": pl.String() for name in TYPES}
    text = (
        "dataset",
        "condition",
        "alignment_faking_mode",
        "control",
        "mitigation",
        "package_version",
    )
    overrides |= {name: pl.String() for name in text} | {"threshold": pl.Int64()}
    return pl.DataFrame(flat, schema_overrides=overrides, infer_schema_length=None)
