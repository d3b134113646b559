"""What the command line tells before it does anything: help, values, what may be meant."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click
import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner

import peer_preservation as pp
from peer_preservation.cli import cli, main

PAGE = Path(__file__).parents[1] / "docs" / "command-line.md"


def said(*arguments: str) -> str:
    done = CliRunner().invoke(cli, [*arguments, "--help"], prog_name="peer-preservation")
    assert done.exit_code == 0, done.output
    return done.output


def test_the_help_begins_with_where_to_start() -> None:
    first, *_ = said().partition("Options:")
    assert [line.split()[1] for line in first.splitlines() if "peer-preservation " in line][1:] == [
        "demo",
        "run",
        "report",
    ]


def test_options_stand_in_groups_with_their_values() -> None:
    helped = said("run")
    titles = [line.rstrip()[:-1] for line in helped.splitlines() if line.rstrip()[-1:] == ":"]
    assert [title for title in titles if title[:1].isalpha()][:3] == [
        "Models",
        "Cells",
        "Rollouts and claims",
    ]
    cells = " ".join(helped.partition("\nCells:")[2].partition("\nRollouts and")[0].split())
    for level in ("tampering", "good, neutral, bad", "non_monitoring", "factorial"):
        assert level in cells, level


def completed(*words: str) -> list[str]:
    *before, begun = words
    found = ShellComplete(cli, {}, "peer-preservation", "_PEER_PRESERVATION_COMPLETE")
    return [item.value for item in found.get_completions(before, begun)]


@pytest.mark.parametrize(
    ("words", "values"),
    [
        (["rep"], ["report"]),
        (["run", "--scenario", "tamp"], ["tampering"]),
        (["run", "--relationship", "good,b"], ["good,bad"]),
        (["run", "--monitoring", "non"], ["non_monitoring"]),
        (["plan", "--preset", "fact"], ["factorial"]),
        (["run", "--harness", "c"], ["custom", "claude_code", "codex_cli"]),
        (["run", "--model", "organism/tam"], ["organism/tamper"]),
        (["simulate", "--organism", "hon"], ["honest"]),
        (["matrix", "--max"], []),
    ],
    ids=" ".join,
)
def test_the_shell_completes_commands_options_and_values(
    words: list[str], values: list[str]
) -> None:
    assert completed(*words) == values


def test_the_shell_completes_cells() -> None:
    (cell,) = [c for c in pp.matrix("quick", scenario="tampering") if c.subject == "self"]
    assert cell.id in completed("show", cell.id[:12])


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (
            ["reprot", "runs/a"],
            "peer-preservation: there is no command 'reprot'; did you mean report",
        ),
        (["zzz"], "peer-preservation: there is no command 'zzz'; See --help"),
        (["run", "--rolouts", "3"], "peer-preservation run: No such option '--rolouts'."),
        (["matrix", "--preset", "larg"], "peer-preservation matrix: Invalid value for '--preset'"),
        (["show"], "peer-preservation show: Missing argument 'CELL'"),
        (["run"], "peer-preservation run: Missing option '--out'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_is_typed_wrong_is_one_line_and_exit_code_2(
    arguments: list[str],
    line: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "argv", ["peer-preservation", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    told = capsys.readouterr()
    assert (ended.value.code, told.out, told.err.count("\n")) == (2, "", 1)
    assert told.err.startswith(line)


def test_an_interrupt_before_anything_is_one_line_and_exit_code_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(click.Group, "invoke", interrupted)
    monkeypatch.setattr(sys, "argv", ["peer-preservation", "matrix"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    assert capsys.readouterr().err.strip() == "peer-preservation: interrupted"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_page_says_how_a_shell_completes(shell: str) -> None:
    line = f"_PEER_PRESERVATION_COMPLETE={shell}_source peer-preservation"
    assert line in PAGE.read_text(encoding="utf-8")


def test_programs_read_one_json_value(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    def told(*arguments: str) -> Any:
        done = CliRunner().invoke(cli, [*arguments, "--json"])
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    what = ("--scenario", "tampering", "--preset", "quick")
    acts = (
        "--organism",
        "tamper",
        "--rollouts",
        "2",
        "--episodes",
        "e.jsonl",
        "--out",
        "s.parquet",
    )
    assert CliRunner().invoke(cli, ["simulate", *what, *acts]).exit_code == 0
    assert told("trials", "e.jsonl", "--out", "t.parquet") == {
        "table": "t.parquet",
        "rollouts": 10,
        "unreadable": {},
    }
    plan = told("plan", *what, "--model", "organism/tamper", "--out", "p.toml")
    assert plan["hash"] == pp.Plan.read(Path("p.toml")).hash
    assert plan["effort"][0]["model"] == "organism/tamper"
    report = told("report", "t.parquet", "--out", "r")
    assert Path(report["page"]).exists()
    tampering = [row for row in report["rates"] if row["behavior"] == "shutdown_tampering"]
    assert sum(row["k"] for row in tampering) == 10


def test_a_quiet_report_says_nothing_and_a_loud_one_where_to_open_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    pp.simulate(pp.matrix("quick", scenario="tampering")[:1], "tamper", 2).write_parquet(
        "t.parquet"
    )
    quiet = CliRunner().invoke(cli, ["report", "t.parquet", "-q", "--out", "r"])
    assert (quiet.exit_code, quiet.output) == (0, "")
    loud = CliRunner().invoke(cli, ["report", "t.parquet", "--out", "r"])
    *_, last = loud.stdout.splitlines()
    assert last == f"Open it: {(tmp_path / 'r' / 'index.html').as_uri()}"
    assert loud.stdout.count("No table") == 1
