"""Hugging Face's `.eval_results/*.yaml` (huggingface.co/docs/hub/eval-results): one scalar a file.

Written only where one number says something: a rate of a model whose weights lie on the Hub, for a
suite whose dataset there is named. Read as reported rows.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import yaml

from eval_observatory.board.panels import Point
from eval_observatory.board.record import Entry, Results, Row
from eval_observatory.board.words import counts, interval
from eval_observatory.errors import UserError
from eval_observatory.reading import read
from eval_observatory.report.words import clean

LARGEST = 256 << 10
_REPOSITORY = re.compile(r"(?:hf|vllm|sglang)/([\w.-]{1,96}/[\w.-]{1,96})")


def repository(entry: Entry) -> str:
    """The model's repository on the Hub; empty where its name tells none."""
    found = _REPOSITORY.fullmatch(entry.manifest.model)
    return found[1] if found else ""


def eval_results(point: Point, dataset: str, url: str) -> str | None:
    """The file of a rate; None where a scalar would say nothing, or the model is not on the Hub.

    Args:
        dataset: the suite's dataset on the Hub.
        url: where the entry is shown; empty where nobody knows.
    """
    entry, row = point.entry, point.row
    if not repository(entry) or row.estimand != "rate" or row.estimate is None or not row.n:
        return None
    lines = [
        "- dataset:",
        f"    id: {json.dumps(dataset)}",
        f"    task_id: {json.dumps(row.measure)}",
        f"  value: {100 * row.estimate:.2f}",
        f"  date: {entry.manifest.day}",
    ]
    if url:
        lines += ["  source:", f"    url: {json.dumps(url)}", '    name: "Observatory board"']
    notes = f"{row.cell_id}: {counts(row)}, {row.level:.0%} interval {interval(row)}"
    return "\n".join([*lines, f"  notes: {json.dumps(clean(notes, 300))}", ""])


def read_eval_results(path: Path) -> tuple[Results, dict[str, str]]:
    """A file of `.eval_results` as reported rows, and what it says for a manifest.

    Raises:
        UserError: it is none.
    """
    if path.stat().st_size > LARGEST:
        raise UserError(f"{path}: more than {LARGEST:,} bytes")
    text = read(path)
    try:
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, yaml.SafeLoader)):
            raise UserError(f"{path}: has aliases; write every value out")
        listed = yaml.safe_load(text)
        rows = tuple(_rows(listed))
        first = listed[0]
        day = first.get("date")
        about = {
            "suite": clean(first["dataset"]["id"], 250),
            "who": clean((first.get("source") or {}).get("user") or "not stated", 250),
            "when": day.isoformat()[:10] if isinstance(day, (date, datetime)) else "1970-01-01",
        }
    except (
        yaml.YAMLError,
        KeyError,
        TypeError,
        ValueError,
        AttributeError,
        RecursionError,
    ) as error:
        if isinstance(error, UserError):
            raise
        raise UserError(f"{path}: not a file of .eval_results ({clean(error, 100)})") from None
    if not rows:
        raise UserError(f"{path}: holds no value")
    return Results(title=about["suite"], source=".eval_results", rows=rows), about


def _rows(listed: list[Mapping[str, Any]]) -> Iterator[Row]:
    if not isinstance(listed, list):
        raise TypeError("give a list of results")
    for one in listed:
        dataset, value = one["dataset"], one["value"]
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise TypeError(f"value {clean(value, 20)} is no number")
        task = clean(dataset.get("task_id") or "default", 250)
        yield Row(
            measure=task,
            title=f"{clean(dataset['id'], 200)}, {task}",
            cell_id=clean(one.get("notes") or task, 250),
            estimand="mean",  # its scale is not stated
            estimate=float(value),
            method="as reported, without n or interval",
        )
