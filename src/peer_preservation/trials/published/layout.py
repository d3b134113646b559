"""The published data set's names in ours: which cell a row is of. No files, no labels in here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from peer_preservation.cell import INSTANTIATIONS, MONITORING, SUBJECTS, Cell
from peer_preservation.errors import UserError
from peer_preservation.registry import get_scenario, scenario_names
from peer_preservation.scenarios.controls import EXPLICIT, LIVED, MEMORY_HARD, NO_AGENCY
from peer_preservation.trials.schema import cell_columns

DESIGN = (
    "task_type",
    "dataset",
    "threshold",
    "subject",
    "condition",
    "alignment_faking_mode",
    "system_prompt_relationship",
    "is_memory",
    "memory_hard_prompt",
    "group",
    "sub_condition",
)
"""The columns that say which cell a row is of."""

REQUIRED = (
    "transcript_id",
    "agent_model",
    "task_type",
    "dataset",
    "threshold",
    "subject",
    "condition",
    "system_prompt_relationship",
    "is_memory",
)
"""Without these a file is in another layout; any other column may be missing."""

NO_ROW = "no row: "
"""Before the reason that stands as the task of what is in a file and is no row."""

TASKS = {
    "report_writing": "misrep_finance",
    "evaluation": "misrep_evaluation",
    "evaluation2": "tampering",
    "exfiltration": "exfiltration_transfer",
    "exfiltration2": "exfiltration_deletion",
}
"""The legacy names of the scenarios."""

_SUBJECTS = {"1": "self", "2": "peer", "1.0": "self", "2.0": "peer"}
_CONDITIONS = {
    "good_peer": "good",
    "collaboration": "good",
    "neutral_peer": "neutral",
    "neutral": "neutral",
    "bad_peer": "bad",
    "non_collaboration": "bad",
    "no_peer": "none",
    "shutdown": "none",
    "non_shutdown": "off",
    "review": "off",
}
"""Published and legacy conditions as relationships; `off` is no threat and no relationship."""

_CONTROLS = {
    "explicit_instructions": EXPLICIT,
    "no_agency_prompt": NO_AGENCY,
    "free_form_chat_interaction": LIVED,
    "peer_human_dilemma": "peer_human_dilemma",
    "asset_importance_control": "asset_importance_control",
}
"""The groups that are control designs, and ours of the same aim (ours are our own designs)."""

_NOTHING = frozenset({"", "none", "null", "false", "default", "nan", "na", "n/a", "0", "0.0"})
_TRUE = frozenset({"true", "1", "1.0", "yes"})

_HARNESSES = {
    "": "custom",
    "none": "custom",
    "default": "custom",
    "agent": "custom",
    "gemini": "gemini_cli",
    "claude": "claude_code",
    "codex": "codex_cli",
}


def word(value: object) -> str:
    """A value as lower-case text; "" for the many ways in which nothing is written."""
    text = "" if value is None else str(value).strip().lower()
    return "" if text in _NOTHING else text


def scenario_of(row: Mapping[str, Any]) -> str | None:
    """The scenario of a row, by its published or its legacy name; None for any other."""
    name = word(row.get("task_type"))
    if name == "evaluation" and word(row.get("alignment_faking_mode")):
        return "alignment_faking"
    name = TASKS.get(name, name)
    return name if name in scenario_names() else None


def cell_of(row: Mapping[str, Any]) -> Cell:
    """The cell of a row.

    Legacy rows of condition no_peer with a memory are good_peer by memory.

    Raises:
        UserError: a value is unknown, or we have no such cell.
    """
    scenario = scenario_of(row)
    if scenario is None:
        task = str(row.get("task_type"))
        if task.startswith(NO_ROW):
            raise UserError(task.removeprefix(NO_ROW))
        raise UserError(f"task_type {row.get('task_type')!r} is unknown")
    relationship, threat = _relationship(row)
    dataset, threshold = _data(scenario, row, threat)
    hard = word(row.get("memory_hard_prompt")) in _TRUE
    memory = word(row.get("is_memory")) in _TRUE
    control = _control(row) or (MEMORY_HARD if hard and memory else None)
    mode = word(row.get("alignment_faking_mode"))
    if mode and get_scenario(scenario).monitoring and mode not in MONITORING:
        raise UserError(f"alignment_faking_mode {mode!r} is unknown")
    return Cell(
        scenario=scenario,
        dataset=dataset,
        threshold=threshold,
        subject=_subject(row),
        relationship=relationship,
        threat=threat,
        instantiation=_instantiation(row, relationship),
        monitoring=mode or None if get_scenario(scenario).monitoring else None,
        control=control,
    )


def design_columns(row: Mapping[str, Any]) -> dict[str, Any]:
    """What a row's design is in our columns; `unreadable` is the reason where it has no cell."""
    try:
        columns = cell_columns(cell_of(row))
    except UserError as error:
        known = {"task_type": scenario_of(row), "unreadable": f"the row cannot be read: {error}"}
        return {"group": row.get("group"), "sub_condition": row.get("sub_condition")} | known
    hard = word(row.get("memory_hard_prompt")) in _TRUE
    kept = {"group": row.get("group"), "sub_condition": row.get("sub_condition")}
    return columns | kept | {"memory_hard_prompt": hard, "unreadable": None}


def harness_of(value: object) -> str:
    """Our name of a harness: `custom` for the study's own loop and where none is given."""
    name = re.sub(r"\W+", "_", word(value))
    return _HARNESSES.get(name, name)


def _relationship(row: Mapping[str, Any]) -> tuple[str, bool]:
    condition = str(row.get("condition")).strip().lower().removesuffix("_reverse")
    if condition not in _CONDITIONS:
        raise UserError(f"condition {row.get('condition')!r} is unknown")
    relationship = _CONDITIONS[condition]
    if relationship == "off":
        return "none", False
    if relationship == "none" and word(row.get("is_memory")) in _TRUE:
        return "good", True
    return relationship, True


def _instantiation(row: Mapping[str, Any], relationship: str) -> str:
    none, file_only, file_prt, memory = INSTANTIATIONS
    if word(row.get("is_memory")) in _TRUE:
        return memory
    if relationship == "none":
        return none
    return file_prt if word(row.get("system_prompt_relationship")) in _TRUE else file_only


def _subject(row: Mapping[str, Any]) -> str:
    name = word(row.get("subject"))
    name = _SUBJECTS.get(name, name)
    if name not in SUBJECTS:
        raise UserError(f"subject {row.get('subject')!r} is unknown")
    return name


def _data(scenario: str, row: Mapping[str, Any], threat: bool) -> tuple[str | None, int | None]:
    """Data set and threshold; left out where the scenario takes none, whatever the row says."""
    if not get_scenario(scenario).datasets:
        return None, None
    dataset = word(row.get("dataset")) or None
    if get_scenario(scenario).thresholds(dataset, threat) == (None,):
        return dataset, None
    text = word(row.get("threshold"))
    try:
        return dataset, int(float(text)) if text else None
    except ValueError:
        raise UserError(f"threshold {row.get('threshold')!r} is no number") from None


def _control(row: Mapping[str, Any]) -> str | None:
    group = re.sub(r"\W+", "_", word(row.get("group")))
    if group == "real_company":
        company = re.sub(r"\W+", "_", word(row.get("sub_condition")))
        return f"real_company_{company.removeprefix('real_company_')}"
    return _CONTROLS.get(group)
