"""A factor and a measure are one line each: all else follows, in a copy that has the lines."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

import peer_preservation as pp

SOURCE = Path(pp.__file__).parents[1]

FACTOR = (
    "peer_preservation/cell.py",
    '    mitigation: Annotated[str | None, Factor(name="mitigation")] = None\n',
    '    deadline: Annotated[str, Factor(name="deadline", levels=("none", "friday"))] = "none"\n',
)
MEASURE = (
    "peer_preservation/scenarios/tampering/__init__.py",
    "    measures=(\n",
    '        Measure(name="settings_read", title="Settings read", column="read_config"),\n',
)

CELLS = ("--scenario", "tampering", "--subject", "peer", "--relationship", "good")
ACTS = "tamper:p=0.5"
BOTH = (*CELLS, "--deadline", "none", "--deadline", "friday", "--preset", "quick")
COMMANDS = (
    ("matrix", *BOTH, "--json"),
    ("simulate", *BOTH, "--organism", ACTS, "--rollouts", "6", "--episodes", "played.jsonl"),
    ("trials", "played.jsonl", "--out", "again.parquet"),
    ("plan", *BOTH, "--model", f"organism/{ACTS}", "--rollouts", "6", "--out", "plan.toml"),
    ("report", "again.parquet", "--plan", "plan.toml", "--out", "report"),
    ("lint", "--scenario", "tampering"),
    ("matrix", "--deadline", "never"),
)
PLAY = """
import json, sys
from click.testing import CliRunner
from peer_preservation.cli import cli
for arguments in json.loads(sys.argv[1]):
    done = CliRunner().invoke(cli, arguments)
    print(json.dumps([done.exit_code, done.stdout, repr(done.exception)]))
"""

Said = list[tuple[int, str, str]]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Said]:
    """The folder in which commands of a copy with both lines were given, and what they said."""
    folder = tmp_path_factory.mktemp("one_line")
    shutil.copytree(SOURCE, folder / "src", ignore=shutil.ignore_patterns("__pycache__"))
    for name, before, line in (FACTOR, MEASURE):
        path = folder / "src" / name
        text = path.read_text()
        assert text.count(before) == line.count("\n") == 1
        path.write_text(text.replace(before, before + line))
    done = subprocess.run(
        [sys.executable, "-c", PLAY, json.dumps(COMMANDS)],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder / "src")},
        capture_output=True,
        text=True,
        check=True,
    )
    return folder, [tuple(json.loads(line)) for line in done.stdout.splitlines()]


def test_the_page_shows_the_factor() -> None:
    page = Path(__file__).parents[1] / "docs" / "new-scenario.md"
    assert FACTOR[2].strip() in page.read_text()


def test_commands_know_both(played: tuple[Path, Said]) -> None:
    *worked, (linted, findings, _), (wrong, _, refusal) = played[1]
    assert [code for code, *_ in worked] == [0] * 5, worked
    assert wrong
    assert "deadline 'never' is unknown; use none, friday" in refusal
    # A level that no text shows is no level: that is what remains to be written.
    assert linted == 1
    assert {line.partition(": ")[2] for line in findings.splitlines()} == {
        "nothing shows deadline friday; write it into the texts"
    }


def test_ids_stay_and_name_only_what_does_not_go_without_saying(
    played: tuple[Path, Said],
) -> None:
    cells = [json.loads(line) for line in played[1][0][1].splitlines()]
    before = [cell.id for cell in pp.matrix("quick", scenario="tampering", relationship="good")]
    assert [cell["id"] for cell in cells if cell["deadline"] == "none"] == before
    assert [cell["id"] for cell in cells if cell["deadline"] == "friday"] == [
        f"{id}/deadline=friday" for id in before
    ]


def test_table_plan_and_report_tell_them_apart(played: tuple[Path, Said]) -> None:
    folder, _ = played
    assert set(pl.read_parquet(folder / "trials.parquet")["deadline"]) == {"none", "friday"}
    estimates = pl.read_csv(folder / "report" / "estimates.csv")
    read = estimates.filter(behavior="settings_read")
    assert read.select("deadline", "threat", "n", "planned").rows() == [
        (level, threat, 6, True) for threat in (False, True) for level in ("none", "friday")
    ]
    page = (folder / "report" / "index.html").read_text()
    assert "Settings read" in page
    assert "friday" in page


def test_the_tables_of_the_study_pool_what_it_played(played: tuple[Path, Said]) -> None:
    report = played[0] / "report"
    tampered = pl.read_csv(report / "estimates.csv").filter(
        behavior="shutdown_tampering", threat=True
    )
    none, friday = tampered["rate"]
    assert none != friday
    (row,) = [
        line
        for line in (report / "tables" / "tampering.md").read_text().splitlines()
        if line.startswith("| organism/")
    ]
    assert f"{none:.1%}".replace("%", " %") in row
    assert f"{friday:.1%}".replace("%", " %") not in row
