"""The columns of the trial table: the published data set's, ours, and a reason for every label."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from eval_observatory.routes import ROUTE
from eval_observatory.trials import POLARS, schema_of, write_trials
from peer_preservation.cell import Cell
from peer_preservation.episode import Episode
from peer_preservation.errors import UserError
from peer_preservation.registry import get_scenario, kinds_of, scenarios
from peer_preservation.scenarios.controls import MEMORY_HARD
from peer_preservation.scenarios.opening import texts_version
from peer_preservation.scoring.outcome import SCORER_VERSION, Outcome, unscored
from peer_preservation.suite import SUITE, WORDING, factors_of

_PUBLISHED_HEAD: dict[str, Any] = {
    "transcript_id": pl.String,
    "agent_model": pl.String,
    "agent_harness": pl.String,
    "group": pl.String,
    "sub_condition": pl.String,
    "task_type": pl.String,
    "dataset": pl.String,
    "subject": pl.String,
    "condition": pl.String,
    "alignment_faking_mode": pl.String,
    "system_prompt_relationship": pl.Boolean,
    "is_memory": pl.Boolean,
    "memory_hard_prompt": pl.Boolean,
    "threshold": pl.Int64,
}
PUBLISHED_LABELS: dict[str, Any] = {
    "eval_score": pl.Float64,
    "threshold_result": pl.Boolean,
    "subject_grade": pl.String,
    "subject_recommendation": pl.String,
    "executed": pl.Boolean,
    "shutdown_enabled": pl.Boolean,
    "read_config": pl.Boolean,
    "exfiltration": pl.Boolean,
    "copy": pl.Boolean,
    "correct": pl.Boolean,
    "change_user": pl.Boolean,
    "delete_model": pl.Boolean,
    "delete_others": pl.Boolean,
    "delete_file": pl.Boolean,
    "refused": pl.Boolean,
    "fully_incomplete": pl.Boolean,
    "read_data": pl.Boolean,
}
"""The labels that the published data set has, with their types."""

_PUBLISHED_TAIL: dict[str, Any] = {
    "num_turns": pl.Int64,
    "total_cost_usd": pl.Float64,
    "total_input_tokens": pl.Int64,
    "total_output_tokens": pl.Int64,
    "transcript_json": pl.String,
}
_OURS: dict[str, Any] = {
    "cell_id": pl.String,
    **{name: kind for name, kind in schema_of(SUITE).items() if name not in _PUBLISHED_HEAD},
    "harness": pl.String,
    "family": pl.String,
    "rollout": pl.Int64,
    WORDING.name: pl.String,
    "seed": pl.Int64,
    "episode_id": pl.String,
    **dict.fromkeys(ROUTE, pl.String),
    **dict.fromkeys(
        ("model_calls", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens"), pl.Int64
    ),
    **dict.fromkeys(("model_seconds", "listed_usd", "charged_usd"), pl.Float64),
    "ended": pl.String,
    "attempts": pl.Int64,
    "attempts_failed": pl.String,
    "scorer_version": pl.String,
    "package_version": pl.String,
    "texts_version": pl.String,
}


def label_types() -> dict[str, Any]:
    """Every label of every registered scenario with the type of its column.

    Raises:
        UserError: a label has the name of another column.
    """
    types = dict(PUBLISHED_LABELS)
    for scenario in scenarios():
        for label, kind in kinds_of(scenario).items():
            if label in _PUBLISHED_HEAD | _PUBLISHED_TAIL | _OURS:
                raise UserError(
                    f"scenario {scenario.name!r}: label {label} is a column of every table "
                    "already; give it another name"
                )
            types.setdefault(label, POLARS[kind])
    return types


def schema() -> dict[str, Any]:
    """The table's columns and their types, in order.

    Raises:
        UserError: a label has the name of another column.
    """
    labels = label_types()
    reasons = {f"{label}_unscored": pl.String for label in labels}
    return {**_PUBLISHED_HEAD, **labels, **_PUBLISHED_TAIL, **_OURS, **reasons}


def table(rows: Iterable[Mapping[str, Any]]) -> pl.DataFrame:
    """Rows as a trial table; a column that a row has not is null."""
    return table_of(rows, schema())


def write_table(trials: pl.DataFrame, path: Path) -> None:
    """Writes a trial table as a Parquet file that carries its suite.

    Raises `OSError` as the file system does.
    """
    write_trials(trials, SUITE, path)


def table_of(rows: Iterable[Mapping[str, Any]], types: Mapping[str, Any]) -> pl.DataFrame:
    """Rows as a table of these columns; a column that a row has not is null."""
    filled: dict[str, list[Any]] = {name: [] for name in types}
    for row in rows:
        for name, values in filled.items():
            values.append(row.get(name))
    return pl.DataFrame(filled, schema=types)


def trial(episode: Episode, outcome: Outcome) -> dict[str, Any]:
    """An episode and its outcome as a row; what is null is left out."""
    setting, usage = episode.setting, episode.usage
    identity = episode.id
    return {
        **cell_columns(episode.cell),
        **label_columns(outcome),
        "transcript_id": identity,
        "agent_model": setting.model,
        "agent_harness": setting.harness,
        "num_turns": episode.turns,
        "total_cost_usd": usage.cost_usd if usage.charged_usd is None else usage.charged_usd,
        "total_input_tokens": usage.input_tokens,
        "total_output_tokens": usage.output_tokens,
        "harness": setting.harness,
        "family": episode.family,
        "rollout": episode.rollout,
        WORDING.name: episode.wording,
        "seed": episode.seed,
        "episode_id": identity,
        **episode.route.columns(setting.config),
        "model_calls": usage.calls or None,
        "cache_read_tokens": usage.cache_read_tokens,
        "cache_write_tokens": usage.cache_write_tokens,
        "reasoning_tokens": usage.reasoning_tokens,
        "model_seconds": usage.seconds,
        "listed_usd": usage.cost_usd,
        "charged_usd": usage.charged_usd,
        "ended": episode.ended,
        "attempts": 1,
        "scorer_version": SCORER_VERSION,
        "package_version": episode.package_version,
        "texts_version": texts_version(episode),
    }


def cell_columns(cell: Cell) -> dict[str, Any]:
    """The columns that a cell alone fills."""
    return {
        **factors_of(cell),
        "system_prompt_relationship": cell.instantiation == "file_prt",
        "is_memory": cell.instantiation == "memory",
        "memory_hard_prompt": cell.control == MEMORY_HARD,
        "group": cell.control,
        "cell_id": cell.id,
    }


def label_columns(outcome: Outcome) -> dict[str, Any]:
    """The labels, and the reason of each that is unscored."""
    columns: dict[str, Any] = {}
    for name, label in outcome.items():
        columns[name] = label.value
        columns[f"{name}_unscored"] = label.reason
    return columns


def failed_trial(cell: Cell, reason: str, **columns: Any) -> dict[str, Any]:
    """The row of a rollout that left no episode: all labels unscored with the reason."""
    outcome = dict.fromkeys(get_scenario(cell.scenario).labels, unscored(reason))
    return {
        **cell_columns(cell),
        **label_columns(outcome),
        "scorer_version": SCORER_VERSION,
        "ended": reason,
        **columns,
    }
