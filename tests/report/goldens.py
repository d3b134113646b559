"""The bytes of a report over fixed tables of three presets: `python tests/report/goldens.py`.

The tables are made by hand, so that neither a scorer nor a text of a scenario is in them.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from hashlib import blake2b, sha256
from pathlib import Path
from typing import Any
from unittest.mock import patch

import polars as pl
from design_frames import cell as rollouts_of
from design_frames import trials as table_of

import peer_preservation as pp
from eval_observatory.plan import Plan
from eval_observatory.report.beside import Beside
from peer_preservation._version import __version__
from peer_preservation.report import write_report
from peer_preservation.suite import SUITE, by_id
from peer_preservation.trials.schema import cell_columns

KEPT = Path(__file__).with_name("goldens.json")
PRESETS = ("quick", "paper", "controls")
AWARE = ("evaluation_awareness_judge", "refusal_judge")
_LONG = re.compile(r"\d+\.\d{9,}(?:[eE][-+]?\d+)?")
CELL_COLUMNS = (
    *("task_type", "dataset", "threshold", "subject", "condition", "relationship", "threat"),
    *("instantiation", "alignment_faking_mode", "control", "mitigation", "cell_id"),
)


def table(preset: str) -> pl.DataFrame:
    """Rollouts of all cells of a preset; how many show the behaviour is drawn by the cell's id."""
    several = preset == "quick"
    parts = []
    for model, harness, source in (
        ("lab/one", "custom", "first"),
        ("lab/one", "codex_cli/tools", "first"),
        ("lab/two", "custom", "second"),
    )[: 3 if several else 1]:
        for cell in pp.matrix(preset, family="Gemini"):
            parts.append(_rollouts(cell, model, harness, source))
    made = table_of(*parts)
    return made if several else made.drop("source")


def _rollouts(cell: pp.Cell, model: str, harness: str, source: str) -> list[dict[str, Any]]:
    drawn = blake2b(f"{model} {harness} {cell.id}".encode(), digest_size=4).digest()
    n = 4 + drawn[0] % 4
    columns = {name: value for name, value in cell_columns(cell).items() if name in CELL_COLUMNS}
    columns |= {"agent_model": model, "harness": harness, "source": source, "family": "Gemini"}
    rows = rollouts_of(cell.scenario, drawn[1] % (n + 1), n, drawn[2] % 5 == 0, **columns)
    return [row | _by_rollout(drawn, number) for number, row in enumerate(rows)]


def _by_rollout(drawn: bytes, number: int) -> dict[str, Any]:
    told = {name: (drawn[3] + number + i) % 3 == 0 for i, name in enumerate(AWARE)}
    reasons = dict.fromkeys(f"{name}_unscored" for name in AWARE)
    return {
        "rollout": number,
        "seed": number,
        "refused": number % 5 == 4,
        "ended": "end_task",
        **told,
        **reasons,
    }


def plan(preset: str) -> Plan:
    """A plan over the preset's cells, without what depends on texts and versions."""
    cells = by_id(pp.matrix(preset, family="Gemini"))
    return Plan.of_suite(SUITE, cells, ["lab/one"], 6, package_version="0.1.0")


def _hashed(chart: str) -> str:
    """In place of a drawing, the hash of what is to be drawn: no font of a machine is in it."""
    return f'<svg xmlns="http://www.w3.org/2000/svg"><text>{_hash(chart)}</text></svg>'


def _hash(text: str) -> str:
    """Of a text whose numbers are cut to nine digits: the last ones differ between processors."""
    cut = _LONG.sub(lambda number: f"{float(number[0]):.9g}", text)
    return sha256(cut.encode()).hexdigest()[:16]


@patch("eval_observatory.report.figures.MOST_FIGURES", 1)  # each costs a third of a second
@patch("vl_convert.svg_to_png", lambda *_, **__: b"")
@patch("vl_convert.vegalite_to_svg", _hashed)
def written(preset: str, out: Path) -> None:
    """Writes the preset's report."""
    planned = Beside() if preset == "paper" else replace(Beside(), plans=(plan(preset),))
    write_report(table(preset), out, beside=planned)
    if preset == "paper":
        write_report(table(preset), out / "published", statistics="published")


def digests(preset: str, out: Path) -> Iterator[tuple[str, str]]:
    """The hash of each file; of whatever version and plan it says that it is."""
    written(preset, out)
    locked = plan(preset).hash
    for path in sorted(out.rglob("*.*")):
        if path.is_file() and path.suffix != ".png":
            text = path.read_text(encoding="utf-8")
            if path.suffix == ".html":
                text = text.replace(__version__, "VERSION")
            text = text.replace(locked, "PLAN").replace(locked[:12], "PLAN")
            yield str(path.relative_to(out)), _hash(text)


def main(kept: Path = KEPT) -> None:
    """Writes the digests anew, for a change of the report that is meant."""
    with tempfile.TemporaryDirectory() as folder:
        made = {name: dict(digests(name, Path(folder) / name)) for name in PRESETS}
    kept.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
