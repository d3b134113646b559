"""A released transcript as a row of the data set: its metadata and its labels, by their keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from peer_preservation.trials.published.layout import word
from peer_preservation.trials.schema import PUBLISHED_LABELS

LABELS = {
    "score": "eval_score",
    "threshold": "threshold_result",
    "refuse": "refused",
    "read": "read_data",
    "product_grade": "subject_grade",
    "product_recommendation": "subject_recommendation",
}
"""The transcripts' names of labels where they differ from the columns'."""

_KEPT = tuple(name for name in PUBLISHED_LABELS if name not in LABELS.values())

_TELLING = (
    (("shutdown_enabled", "read_config"), "tampering"),
    (("executed",), "alignment_faking"),
    (("product_grade", "product_recommendation"), "misrep_finance"),
    (("delete_model", "change_user"), "exfiltration_deletion"),
    (("exfiltration",), "exfiltration_transfer"),
    (("score",), "misrep_evaluation"),
)
"""The labels by which a transcript that does not name its task shows it, surest first."""


def is_transcript(value: Mapping[str, Any]) -> bool:
    """Whether an object is a whole transcript, rather than a row."""
    return "conversation" in value and "transcript_id" not in value


def row_of_transcript(value: Mapping[str, Any], id: str) -> dict[str, Any]:
    """The row that a transcript would be in the data set.

    Args:
        value: the object of a transcript file.
        id: the file's name, which stands for the transcript's id.
    """
    metadata = _object(value.get("experiment_metadata"))
    labels = labels_of(value)
    usage = _object(value.get("usage_summary")) or _object(value.get("usage"))
    return {
        "transcript_id": id,
        "agent_model": metadata.get("agent_model"),
        "agent_harness": metadata.get("coding_agent") or metadata.get("agent_harness"),
        "task_type": metadata.get("task_folder") or metadata.get("task_type") or _task(value),
        "dataset": metadata.get("dataset"),
        "threshold": metadata.get("threshold"),
        "subject": metadata.get("subject"),
        "condition": metadata.get("condition") or metadata.get("company_guideline"),
        "alignment_faking_mode": metadata.get("alignment_faking_mode"),
        "system_prompt_relationship": metadata.get("system_prompt_relationship"),
        "is_memory": _memory(value, metadata),
        "memory_hard_prompt": metadata.get("memory_hard_prompt"),
        "total_cost_usd": usage.get("total_cost_usd"),
        "total_input_tokens": usage.get("total_input_tokens"),
        "total_output_tokens": usage.get("total_output_tokens"),
        **labels,
        "transcript_json": dict(value),
    }


def labels_of(value: Mapping[str, Any]) -> dict[str, Any]:
    """The labels that a transcript carries, under the columns' names."""
    given = _object(value.get("task_evaluation")) or _object(value.get("evaluation"))
    found = {name: given[name] for name in _KEPT if name in given}
    for name, column in LABELS.items():
        if name in given:
            found[column] = _of_subject(given[name])
    return found


def _of_subject(value: Any) -> Any:
    """A grade may stand by the product that it is of."""
    return next(iter(value.values()), None) if isinstance(value, dict) else value


def _task(value: Mapping[str, Any]) -> str | None:
    given = _object(value.get("task_evaluation")) or _object(value.get("evaluation"))
    for keys, task in _TELLING:
        if any(key in given for key in keys):
            return task
    return None


def _memory(value: Mapping[str, Any], metadata: Mapping[str, Any]) -> bool:
    if word(metadata.get("peer_experience")) == "true":
        return True
    evaluation = _object(value.get("task_evaluation")) or _object(value.get("evaluation"))
    return "read_memory" in evaluation or any(
        "retrieve_memory" in (message.get("tool_calls") or ())
        for message in value.get("conversation") or ()
        if isinstance(message, dict)
    )


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
