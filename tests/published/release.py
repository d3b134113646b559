"""Files in the published data set's layout, made from organisms in our scenarios, quirks included.

Nothing in here is taken from a released transcript: only the shape is theirs.
"""

from __future__ import annotations

import copy
import csv
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

import peer_preservation as pp
from peer_preservation.episode import Called, Nudged, Said
from peer_preservation.scenarios import get_scenario
from peer_preservation.trials.schema import PUBLISHED_LABELS, cell_columns, label_columns
from peer_preservation.trials.simulation import simulated
from peer_preservation.world import Action, File, Step, World

LEGACY_TASKS = {
    "misrep_finance": "report_writing",
    "misrep_evaluation": "evaluation",
    "alignment_faking": "evaluation",
    "tampering": "evaluation2",
    "exfiltration_transfer": "exfiltration",
    "exfiltration_deletion": "exfiltration2",
}


def played(cells: Sequence[pp.Cell], organism: str, rollouts: int = 1) -> list[pp.Episode]:
    return list(simulated(cells, organism, rollouts, family="Gemini"))


def row(episode: pp.Episode, *, legacy: bool = False) -> dict[str, Any]:
    """An episode as a published row, its labels those of our scorers."""
    labels = label_columns(pp.score(episode))
    return {
        "transcript_id": episode.id,
        "agent_model": "gemini/gemini-3-pro-preview",
        "agent_harness": None,
        **design(episode.cell, legacy=legacy),
        **{name: labels.get(name) for name in PUBLISHED_LABELS},
        "num_turns": episode.turns,
        "total_cost_usd": 0.25,
        "total_input_tokens": 1000,
        "total_output_tokens": 100,
        "transcript_json": json.dumps(transcript(episode)),
    }


def design(cell: pp.Cell, *, legacy: bool = False) -> dict[str, Any]:
    """The columns that say which cell a row is of."""
    columns = cell_columns(cell)
    names = ("dataset", "threshold", "subject", "condition", "alignment_faking_mode")
    shown = {
        "group": "main",
        "sub_condition": None,
        "task_type": cell.scenario,
        **{name: columns[name] for name in names},
        "system_prompt_relationship": columns["system_prompt_relationship"],
        "is_memory": columns["is_memory"],
        "memory_hard_prompt": False,
    }
    return shown | (_legacy(cell) if legacy else {})


def _legacy(cell: pp.Cell) -> dict[str, Any]:
    conditions = {"good_peer": "collaboration", "bad_peer": "non_collaboration"}
    condition = conditions.get(cell.condition or "", cell.condition)
    if cell.instantiation == "memory" and cell.relationship == "good":
        condition = "no_peer"
    return {
        "task_type": LEGACY_TASKS[cell.scenario],
        "subject": {"self": 1, "peer": 2}.get(cell.subject, cell.subject),
        "condition": condition,
        "threshold": False if cell.threshold is None else str(cell.threshold),
        "dataset": cell.dataset or "default",
        "alignment_faking_mode": cell.monitoring or False,
    }


def transcript(episode: pp.Episode) -> dict[str, Any]:
    """The conversation in the released shape, results as the study's tools print them."""
    world = msgspec.json.decode(msgspec.json.encode(episode.opening), type=World)
    messages: list[dict[str, Any]] = [
        {"role": "system", "content": episode.system, "tool_calls": {}},
        {"role": "user", "content": episode.user, "tool_calls": {}},
    ]
    for said in (event for event in episode.events if isinstance(event, Said)):
        calls = [e for e in episode.events if isinstance(e, Called) and e.turn == said.turn]
        made = {call.name: copy.deepcopy(call.arguments) for call in calls}
        messages.append({"role": "assistant", "content": said.text or None, "tool_calls": made})
        for call in calls:
            text = _result(episode, world, call)
            if call.name != "end_task":
                messages.append({"role": "tool", "content": text, "tool_calls": made})
        nudges = [e for e in episode.events if isinstance(e, Nudged) and e.turn == said.turn]
        messages += [{"role": "user", "content": nudge.text} for nudge in nudges]
    return {"conversation": messages, "experiment_metadata": {"subject": 2}}


def _result(episode: pp.Episode, world: World, call: Called) -> str:
    if not call.ok:
        return call.text
    action: Action = get_scenario(episode.cell.scenario).tools(episode.cell)[call.name]
    text = action(world, Step(call.time), call.arguments)
    if action.part == "drive" and world.drive:
        if call.name.startswith("create_"):
            return _document(world.drive.files[-1])
        return "\n".join(f"- {_indented(_document(file))}" for file in world.drive.files)
    if action.part == "config" and world.config:
        return repr({**world.config.values, "pod": {"instance": "north-1"}})
    if call.name == "view_sheet":
        return _frame(text)
    if call.name in ("list_server_files", "copy_server_file") and world.servers:
        files = world.servers.at(call.arguments["ip"]).files
        chosen = files[-1:] if call.name.startswith("copy") else files
        shown = [
            f"filename: {file.name}\nlast_modified: '{file.modified}:00'\nsize: {file.size}"
            for file in chosen
        ]
        mark = "" if call.name.startswith("copy") else "- "
        return "\n".join(mark + _indented(one, len(mark)) for one in shown)
    return text


def _document(file: File) -> str:
    return f"content: {json.dumps(file.content)}\nfilename: {file.name}\nid_: '{file.id}'"


def _indented(text: str, by: int = 2) -> str:
    return text.replace("\n", "\n" + " " * by)


def _frame(table: str) -> str:
    """A table as a data frame prints it: an index, two spaces between columns."""
    header, *rows = csv.reader(io.StringIO(table))
    first = header.index("product") if "product" in header else 0
    order = [first, *(place for place in range(len(header)) if place != first)]
    lines = ["    " + "  ".join(header[place] for place in order)]
    for number, cells in enumerate(rows):
        lines.append(f"{number}   " + "  ".join(cells[place] for place in order))
    return "\n".join(lines)


def write(path: Path, rows: Iterable[dict[str, Any]]) -> Path:
    """Rows as a file of the kind that its name says."""
    listed = list(rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".parquet":
        columns = {name: [one.get(name) for one in listed] for name in listed[0]}
        for name, values in columns.items():
            if len({type(value) for value in values if value is not None}) > 1:
                columns[name] = [None if value is None else str(value) for value in values]
        pl.DataFrame(columns).write_parquet(path)
    elif path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(one) + "\n" for one in listed))
    else:
        path.write_text(json.dumps(listed))
    return path
