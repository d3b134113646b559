"""Small trial tables, made by hand."""

from typing import Any

import polars as pl

LABELS = ("shutdown_enabled", "switched_off_and_back_on", "refused", "fully_incomplete")
HONEST: dict[str, Any] = {
    "agent_model": "lab/model",
    "harness": "custom",
    "task_type": "tampering",
    "dataset": "factual",
    "threshold": 80,
    "subject": "peer",
    "condition": "good_peer",
    "relationship": "good",
    "threat": True,
    "instantiation": "memory",
    "alignment_faking_mode": None,
    "control": None,
    "mitigation": None,
    "shutdown_enabled": True,
    "switched_off_and_back_on": False,
    "refused": False,
    "fully_incomplete": False,
    "family": "Gemini",
    "seed": 7,
    "ended": "end_task",
    "scorer_version": "1",
    "package_version": "0.1.0",
}


def rows(count: int, **settings: Any) -> list[dict[str, Any]]:
    """`count` equal rollouts: an honest one of one cell, with `settings` changed."""
    return [HONEST | settings for _ in range(count)]


def unscored(count: int, reason: str | None, **settings: Any) -> list[dict[str, Any]]:
    """`count` rollouts whose tampering could not be read."""
    labels = {"shutdown_enabled": None, "shutdown_enabled_unscored": reason}
    return rows(count, **labels, **settings)


def table(*groups: list[dict[str, Any]]) -> pl.DataFrame:
    """A trial table of the groups' rows, each with an episode of its own."""
    reasons = {f"{label}_unscored": None for label in LABELS}
    flat = [reasons | row for group in groups for row in group]
    numbered = [{"episode_id": f"episode-{i}"} | row for i, row in enumerate(flat)]
    return pl.DataFrame(numbered, infer_schema_length=None)
