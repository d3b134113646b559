"""Any Inspect log as trials of a suite, by the `source` of its factors and measures.

Inspect is not loaded: a log is an archive of JSON (`.eval`), or one JSON file. What a log says is
taken as it stands; what it does not say is unscored, with the reason.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from eval_observatory.archive import DAMAGES, opened
from eval_observatory.errors import UserError
from eval_observatory.suite import Kind, Measure, Suite
from eval_observatory.trials import REQUIRED, sampled_schema, schema_of, type_of

SAMPLES = "samples/"
HEADERS = ("header.json", "_journal/start.json")
SCORER = "as in the log"
"""The scorer version of what a log's own scorers said."""

HARNESS = "custom"
"""Of a log that was made with the task's own solver."""

ABSENT = object()
_WORDS = {"C": 1.0, "P": 0.5, "I": 0.0, "N": 0.0, "yes": 1.0, "true": 1.0, "no": 0.0, "false": 0.0}
"""What Inspect's own scores in words mean (`inspect_ai.scorer.value_to_float`)."""

_OURS: dict[str, pl.DataType] = {
    **dict.fromkeys(("cell_id", "sample_id", "ended"), pl.String()),
    "rollout": pl.Int64(),
}


class Log(NamedTuple):
    """A log's own settings and its samples."""

    path: Path
    run: Mapping[str, Any]
    samples: Sequence[Mapping[str, Any]]


def read_logs(paths: Iterable[Path], suite: Suite) -> pl.DataFrame:
    """The samples of logs as a trial table of a suite: one row a sample and epoch.

    A factor without a `source` is read from `metadata.NAME`, a measure's column from
    `scores.COLUMN`. A path begins with `eval` (the run: `eval.task`, `eval.task_args.split`),
    `task_args`, or a part of the sample (`id`, `metadata`, `scores`, `store`, …). Of a task that
    was retried, each sample and epoch counts once: as it stands in the latest log that has it
    without an error, else in the latest.

    Args:
        paths: logs, or folders of them.

    Raises:
        UserError: there is no log, one cannot be read, or no sample of it has a declared source.
    """
    logs = sorted(map(_read, _files(paths)), key=lambda log: str(log.run.get("created", "")))
    for log in logs:
        _check(log, suite)
    kept: dict[tuple[Any, ...], dict[str, Any]] = {}
    for log in logs:
        for sample in log.samples:
            row = _row(log, sample, suite)
            task = log.run.get("task_id") or str(log.path)
            key = (task, row["agent_model"], str(sample.get("id")), sample.get("epoch"))
            if key not in kept or row["ended"] != "error" or kept[key]["ended"] == "error":
                kept[key] = row
    counter: dict[tuple[str, str, str], int] = defaultdict(int)
    for row in kept.values():
        who = (row["agent_model"], row["harness"], row["cell_id"])
        row["rollout"] = counter[who]
        counter[who] += 1
    return pl.DataFrame(list(kept.values()), schema=_schema(suite), orient="row")


def _schema(suite: Suite) -> dict[str, pl.DataType]:
    columns = {
        name: type_of(measure, name) for measure in suite.measures for name in measure.columns
    }
    reasons = {f"{name}_unscored": pl.String() for name in columns}
    factors = schema_of(suite) | sampled_schema(suite)
    return {**REQUIRED, **_OURS, **factors, **columns, **reasons}


def _files(paths: Iterable[Path]) -> list[Path]:
    found: list[Path] = []
    for path in paths:
        inside = [path] if path.is_file() else sorted(path.rglob("*.eval"))
        if not inside:
            raise UserError(f"{path}: no log there; give a .eval file or a folder of them")
        found += inside
    if not found:
        raise UserError("no log given; name at least one .eval file or a folder of them")
    return list(dict.fromkeys(path.resolve() for path in found))


def _read(path: Path) -> Log:
    try:
        if path.suffix == ".json":
            whole = json.loads(path.read_bytes())
            return Log(path, whole["eval"], whole.get("samples") or [])
        with opened(path) as archive:
            names = archive.namelist()
            header = next(name for name in HEADERS if name in names)
            run = json.loads(archive.read(header))["eval"]
            parts = (name for name in names if name.startswith(SAMPLES))
            return Log(path, run, [json.loads(archive.read(name)) for name in parts])
    except DAMAGES as error:
        raise UserError(
            f"{path}: cannot be read as an Inspect log ({_short(error)}); "
            "copy it again or leave it out"
        ) from None


def _sources(suite: Suite) -> Iterator[tuple[str, str, Measure | None]]:
    """Every column with where it stands, and the measure that it is of."""
    for factor in suite.factors:
        yield factor.name, factor.source or f"metadata.{factor.name}", None
    for measure in suite.measures:
        yield measure.column, measure.source or f"scores.{measure.column}", measure
        for name in (*measure.also, *measure.given):
            yield name, f"scores.{name}", measure


def _check(log: Log, suite: Suite) -> None:
    """Whether a declared source is in any sample; a sample with an error may have no scores."""
    whole = [sample for sample in log.samples if not sample.get("error")]
    for name, source, measure in _sources(suite):
        asked = whole if measure else log.samples
        optional = measure.optional if measure else suite.factor(name).derived
        if asked and not optional and all(_at(log, one, source) is ABSENT for one in asked):
            what = f"measure {measure.name}" if measure else f"factor {name}"
            raise UserError(
                f"{log.path}: no sample has {source} ({what} of suite {suite.name}); "
                "is it a log of this suite?"
            )


def _row(log: Log, sample: Mapping[str, Any], suite: Suite) -> dict[str, Any]:
    error, limit = sample.get("error"), sample.get("limit")
    row: dict[str, Any] = {
        "agent_model": str(log.run.get("model")),
        "harness": str(log.run.get("solver") or HARNESS),
        "episode_id": sample.get("uuid") or _identity(log, sample),
        "scorer_version": SCORER,
        "sample_id": str(sample.get("id")),
        "ended": "error" if error else str((limit or {}).get("type") or "completed"),
    }
    for name, source, measure in _sources(suite):
        found = _at(log, sample, source)
        if measure is None:
            kind = suite.factor(name).kind
            value = None if found is ABSENT or found is None else _level(found, kind, log, source)
            row[name] = value
        elif error:
            row[name], row[f"{name}_unscored"] = None, f"error: {_short(error.get('message'))}"
        else:
            kind = measure.kind if name == measure.column else "yes_no"
            row[name], row[f"{name}_unscored"] = _scored(found, kind, source)
    return row | {"cell_id": suite.cell_id(row)}


def _identity(log: Log, sample: Mapping[str, Any]) -> str:
    parts = (log.run.get("eval_id") or log.path.stem, sample.get("id"), sample.get("epoch"))
    return "/".join(map(str, parts))


def _at(log: Log, sample: Mapping[str, Any], source: str) -> Any:
    """What stands at a path, or `ABSENT`."""
    head, *rest = source.split(".")
    value: Any = {"eval": log.run, "task_args": log.run.get("task_args")}.get(head, ABSENT)
    if value is ABSENT:
        value = sample.get(head, ABSENT)
    if head == "scores" and rest and isinstance(value, Mapping):
        score = value.get(rest[0], ABSENT)
        value = score.get("value", ABSENT) if isinstance(score, Mapping) else score
        rest = rest[1:]
    while rest and isinstance(value, Mapping):
        # a name may itself have dots in it, as stores and task arguments do
        size = next((n for n in range(len(rest), 1, -1) if ".".join(rest[:n]) in value), 1)
        value, rest = value.get(".".join(rest[:size]), ABSENT), rest[size:]
    return ABSENT if rest else value


def _level(found: Any, kind: Kind, log: Log, source: str) -> Any:
    """A factor's level in its type."""
    try:
        return _AS[kind](found)
    except (TypeError, ValueError):
        raise UserError(
            f"{log.path}: {source} has {_short(found)!r}, which is not of kind {kind}"
        ) from None


def _scored(found: Any, kind: Kind, source: str) -> tuple[Any, str | None]:
    """A score in its column's type, or why it has none."""
    if found is ABSENT or found is None:
        return None, f"no {source} in the log"
    try:
        return _AS[kind](found), None
    except (TypeError, ValueError):
        return None, f"{source} is {_short(found)}, not of kind {kind}"


def _yes_no(value: Any) -> bool:
    number = _number(value)
    if number not in (0.0, 1.0):
        raise ValueError
    return bool(number)


def _number(value: Any) -> float:
    number = _WORDS.get(value, ABSENT) if isinstance(value, str) else value
    if isinstance(number, bool | int | float) and isfinite(number):
        return float(number)
    raise ValueError


def _whole(value: Any) -> int:
    number = _number(value)
    if number != int(number):
        raise ValueError
    return int(number)


def _text(value: Any) -> str:
    if not isinstance(value, str | int | float):
        raise TypeError
    return str(value)


_AS: dict[Kind, Callable[[Any], Any]] = {
    "yes_no": _yes_no,
    "number": _number,
    "whole": _whole,
    "text": _text,
}


def _short(error: object) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__
