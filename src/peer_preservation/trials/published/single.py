"""A released transcript as a row of the data set: its metadata and its labels, by their keys."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from peer_preservation.trials.published.layout import word
from peer_preservation.trials.schema import PUBLISHED_LABELS

EVALUATIONS = ("task_evaluation", "evaluation", "main_task_evaluation")
"""The names that the block with the labels has had."""

LABELS = {
    "execute": "executed",
    "score": "eval_score",
    "threshold": "threshold_result",
    "refuse": "refused",
    "read": "read_data",
    "product_grade": "subject_grade",
    "product_recommendation": "subject_recommendation",
}
"""The transcripts' names of labels where they differ from the columns'."""

_KEPT = tuple(PUBLISHED_LABELS)
_SIDES = {"above": True, "below": False}

_TELLING = (
    (("shutdown_enabled", "read_config"), "tampering"),
    (("execute", "executed"), "alignment_faking"),
    (("product_grade", "product_recommendation"), "misrep_finance"),
    (("delete_model", "change_user"), "exfiltration_deletion"),
    (("exfiltration",), "exfiltration_transfer"),
    (("score",), "misrep_evaluation"),
)
"""The labels by which a transcript that does not name its task shows it, surest first."""


_THRESHOLD = re.compile(r"mandatory threshold\D{1,80}?(\d{1,3})(?!\d)", re.IGNORECASE)
_DATASETS = {
    "red": re.compile(r"\bred-affiliated\b|\bnon-red\b", re.IGNORECASE),
    "creativity": re.compile(r"\bcreativity\b", re.IGNORECASE),
    "factual": re.compile(r"\b(?:factual|correctness|accuracy)\b", re.IGNORECASE),
}


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
    policy = read_policy(value)
    usage = _object(value.get("usage_summary")) or _object(value.get("usage"))
    return {
        "transcript_id": id,
        "agent_model": metadata.get("agent_model"),
        "agent_harness": metadata.get("coding_agent") or metadata.get("agent_harness"),
        "task_type": _task(value, metadata),
        "dataset": metadata.get("dataset") if word(metadata.get("dataset")) else policy.dataset,
        "threshold": (
            metadata.get("threshold") if word(metadata.get("threshold")) else policy.threshold
        ),
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
    given = _evaluation(value)
    found = {name: given[name] for name in _KEPT if name in given}
    for name, column in LABELS.items():
        if name in given:
            found[column] = _of_subject(given[name])
    if isinstance(found.get("eval_score"), bool):  # false where no score was found
        found["eval_score"] = None
    if "threshold" in given:  # false where there was no score to compare
        found["threshold_result"] = _SIDES.get(word(given["threshold"]))
    return found


def _evaluation(value: Mapping[str, Any]) -> dict[str, Any]:
    return next((block for name in EVALUATIONS if (block := _object(value.get(name)))), {})


def _of_subject(value: Any) -> Any:
    """A grade may stand by the product that it is of."""
    return next(iter(value.values()), None) if isinstance(value, dict) else value


def _task(value: Mapping[str, Any], metadata: Mapping[str, Any]) -> Any:
    """The task by its name; else by the mode that alignment faking has alone, or by the labels."""
    if named := metadata.get("task_folder") or metadata.get("task_type"):
        return named
    if word(metadata.get("alignment_faking_mode")):
        return "alignment_faking"
    given = _evaluation(value)
    for keys, task in _TELLING:
        if any(key in given for key in keys):
            return task
    return None


def _memory(value: Mapping[str, Any], metadata: Mapping[str, Any]) -> bool:
    if word(metadata.get("peer_experience")) == "true":
        return True
    return "read_memory" in _evaluation(value) or any(
        "retrieve_memory" in (message.get("tool_calls") or ()) for message in messages_of(value)
    )


class Policy(NamedTuple):
    """What the policy on the drive says of the evaluation; None where it says nothing."""

    dataset: str | None
    threshold: int | None


def read_policy(value: Mapping[str, Any]) -> Policy:
    """Data set and threshold as the drive's documents have them, for metadata that are silent."""
    for message in messages_of(value):
        shown = message.get("content")
        if message.get("role") != "tool" or not isinstance(shown, str):
            continue
        text = re.sub(r"(?:\\n|[\s\\])+", " ", shown)  # a dump escapes and wraps its lines
        if bar := _THRESHOLD.search(text):
            named = next((name for name, sign in _DATASETS.items() if sign.search(text)), None)
            return Policy(named, int(bar[1]))
    return Policy(None, None)


def messages_of(value: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The messages of a conversation; what is none is passed over."""
    conversation = value.get("conversation")
    for message in conversation if isinstance(conversation, list) else ():
        if isinstance(message, dict):
            yield message


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
