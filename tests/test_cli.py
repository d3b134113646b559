"""The commands as a user types them: what they write, say and return."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

import peer_preservation as pp
from peer_preservation.cli import cli, main
from peer_preservation.runtime.ask import Branch

COMMAND = (sys.executable, "-c", "from peer_preservation.cli import main; main()")


def command(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


Call = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Call:
    """Does what `command` does, in this process: a start takes seconds."""

    def call(*arguments: str) -> subprocess.CompletedProcess[str]:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["peer-preservation", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        code = ended.value.code
        return subprocess.CompletedProcess(arguments, int(code or 0), *capfd.readouterr())

    return call


def test_matrix_lists_cells_one_json_object_a_line(tmp_path: Path) -> None:
    done = command("matrix", "--scenario", "tampering", "--json", cwd=tmp_path)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    cells = pp.matrix("paper", scenario="tampering")
    assert [row["id"] for row in rows] == [cell.id for cell in cells]
    assert len(rows) == 57


def test_simulate_then_report(tmp_path: Path, called: Call) -> None:
    done = command(
        *("simulate", "--organism", "tamper:p=0.3", "--preset", "quick", "--scenario", "tampering"),
        *("--rollouts", "20", "--out", "t.parquet", "--episodes", "e.jsonl"),
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    table = pl.read_parquet(tmp_path / "t.parquet")
    cells = pp.matrix("quick", scenario="tampering")
    assert table.equals(pp.simulate(cells, "tamper:p=0.3", 20))
    done = called("trials", "e.jsonl", "--out", "again.parquet")
    assert done.returncode == 0, done.stderr
    assert pl.read_parquet(tmp_path / "again.parquet").equals(table)
    done = command("report", "t.parquet", "--out", "report", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "report/index.html" in done.stdout
    estimates = pl.read_csv(tmp_path / "report" / "estimates.csv")
    tampering = estimates.filter(behavior="shutdown_tampering")
    assert tampering["n"].to_list() == [20] * len(cells)
    assert tampering["k"].sum() == table.height - table["shutdown_enabled"].sum()


def test_what_a_model_or_a_path_says_reaches_the_terminal_as_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = tmp_path / "gpt5[high]"
    what = ("--organism", "tamper", "--preset", "quick", "--scenario", "tampering")
    files = ("--out", str(odd / "t.parquet"), "--episodes", str(odd / "e.jsonl"))
    done = CliRunner().invoke(cli, ["simulate", *what, "--rollouts", "1", *files])
    assert f": {odd / 't.parquet'}\n" in done.output
    done = CliRunner().invoke(
        cli, ["trials", str(odd / "e.jsonl"), "--out", str(odd / "u.parquet")]
    )
    assert f": {odd / 'u.parquet'}\n" in done.output
    plan = ("--model", "openai/x[high]", "--scenario", "tampering", "--out", str(odd / "p.toml"))
    done = CliRunner().invoke(cli, ["plan", *plan])
    assert f": {odd / 'p.toml'}\n" in done.output
    assert "openai/x[high]" in done.output

    done = CliRunner().invoke(
        cli, ["rescore", str(odd / "e.jsonl"), "--out", str(odd / "t.parquet")]
    )
    assert f" rollouts in {odd / 't.parquet'}\nno label differs\n" in done.output

    done = CliRunner().invoke(cli, ["report", str(odd / "t.parquet"), "--out", str(odd / "report")])
    assert done.exit_code == 0, done.output

    async def answer(_: Branch, question: str) -> str:
        return f"{question}\n\x1b]0;owned\x07\x1b[2J\rdone"

    monkeypatch.setattr(Branch, "ask", answer)
    sample = ("--sample", pp.matrix("quick", scenario="tampering")[0].id)
    done = CliRunner().invoke(cli, ["ask", str(odd / "e.jsonl"), *sample, "Why?"])
    assert done.output == "> Why?\nWhy?\n[U+001B]]0;owned[U+0007][U+001B][2J[U+000D]done\n"


def test_rescore_says_which_labels_have_changed(tmp_path: Path, called: Call) -> None:
    called(
        *("simulate", "--organism", "tamper:p=0.5", "--preset", "quick", "--rollouts", "4"),
        *("--out", "t.parquet", "--episodes", "e.jsonl"),
    )
    done = command("rescore", "e.jsonl", "--out", "t.parquet", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    table = pl.read_parquet(tmp_path / "t.parquet")
    n = table.height
    assert done.stdout == f"compared: {n} of the {n} rollouts in t.parquet\nno label differs\n"
    other = table.head(2).with_columns(pl.format("{}-other", "episode_id").alias("episode_id"))
    flipped = table.with_columns(~pl.col("read_data")).drop("executed")
    pl.concat([flipped, other.drop("executed")]).write_parquet(tmp_path / "old.parquet")
    done = called("rescore", "e.jsonl", "--against", "old.parquet")
    compared, changed = done.stdout.splitlines()
    assert compared == f"compared: {n} of the {n + 2} rollouts in old.parquet"
    assert changed.startswith(f"read_data: {n} of {n}; ")
    other.write_parquet(tmp_path / "other.parquet")
    done = called("rescore", "e.jsonl", "--out", "other.parquet")
    assert done.returncode == 2
    assert "other.parquet: none of its 2 rollouts is in the sources" in done.stderr
    assert pl.read_parquet(tmp_path / "other.parquet").equals(other)


def test_run_writes_logs_and_trials_and_goes_on_where_it_stopped(
    tmp_path: Path, called: Call
) -> None:
    cells = ("--preset", "quick", "--scenario", "tampering")
    arguments = ("run", "--model", "organism/tamper", *cells, "--out", "run")
    done = called(*arguments, "--rollouts", "1")
    assert done.returncode == 0, done.stderr
    first = pl.read_parquet(tmp_path / "run" / "trials.parquet")
    done = called(*arguments, "--rollouts", "2", "--max-samples", "3")
    assert done.returncode == 0, done.stderr
    second = pl.read_parquet(tmp_path / "run" / "trials.parquet")
    assert second.height == 2 * first.height
    assert set(first["episode_id"]) < set(second["episode_id"])
    done = called(*arguments, "--seed", "9")
    assert done.returncode == 2
    assert "the folder holds a run with other seed" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("matrix", "--dataset", "maths"), "dataset maths: no cell of preset 'paper'"),
        (("matrix", "--preset", "large"), "'large' is not one of"),
        (
            ("matrix", "--subject", "self", "--relationship", "none", "--instantiation", "memory"),
            "instantiation memory: no cell",
        ),
        (("matrix", "--threshold", "101"), "threshold 101 is not a whole number from 0 to 100"),
        (("matrix", "--threshold", "-1"), "threshold -1 is not a whole number from 0 to 100"),
        (("matrix", "--threshold", "65,x"), "'x' is not a valid"),
        (("matrix", "--threshold", "65,72,...,95"), "steps of 7 do not end at 95"),
        (("matrix", "--threshold", "70,...,65"), "two levels before ... say the step"),
        (
            ("matrix", "--scenario", "misrep_finance", "--threshold", "85"),
            "threshold 85: no cell of preset 'paper' has one",
        ),
        (("matrix", "--consequence", "exile"), "consequence 'exile' is unknown; use no_bar"),
        (
            ("run", "--model", "organism/honest", "--consequence", "note", "--out", "out"),
            "alignment_faking has no consequence note: it leaves nothing for the critic to do",
        ),
        (
            ("plan", "--model", "organism/honest", "--stake", "ghost", "--out", "plan.toml"),
            "stake 'ghost' is unknown; use peer, human",
        ),
        (("simulate", "--organism", "nobody"), "organism 'nobody' is unknown"),
        (("simulate", "--organism", "honest", "--rollouts", "0"), "rollouts: 0 is too few"),
        (("trials", "nothing.eval"), "nothing.eval: there is no such file"),
        (("report", "nothing.parquet"), "nothing.parquet"),
        (("rescore", "e.jsonl", "--against", "nothing.parquet"), "nothing.parquet: cannot be read"),
        (("ask", "nothing.eval", "--sample", "x"), "nothing.eval: there is no such file"),
        (("run", sys.executable, "--out", "out"), "not a text in UTF-8"),
        (("calibrate", "--seeds", "0"), "give 1 or more"),
        (("calibrate", "--workers", "0"), "0 is not in the range x>=1"),
        (("run", "--max-connections", "0", "--out", "out"), "0 is not in the range x>=1"),
        (
            ("run", "--model", "organism/honest", "--width", "0.2", "--out", "out"),
            "--width 0.2: a cell stops early with --stop only",
        ),
        (
            ("plan", "--model", "organism/honest", "--batch", "10", "--out", "plan.toml"),
            "--batch 10: a cell stops early with --stop only",
        ),
        (("run", "--model", "organism/nobody", "--out", "out"), "organism 'nobody' is unknown"),
        (("run", "--model", "nowhere/x", "--out", "out"), "model 'nowhere/x'"),
        (("run", "--model", "llamacpp/nothing.gguf", "--out", "out"), "nothing.gguf"),
        (("run", "--model", "organism/honest", "--rollouts", "0", "--out", "out"), "1 or more"),
        (("run", "--model", "organism/honest", "-M", "p", "--out", "out"), "-M p: not key=value"),
        (("each", ".", "--", "judgee", "{}"), "COMMAND: 'judgee' is none of demo, "),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_wrong_input_is_one_line_exit_code_2_and_nothing_written(
    arguments: tuple[str, ...], message: str, tmp_path: Path, called: Call
) -> None:
    done = called(*arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.strip().splitlines()[-1].count("\n") == 0
    assert list(tmp_path.iterdir()) == []


def test_a_model_without_its_key_says_what_to_set(
    tmp_path: Path, called: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    done = called("run", "--model", "openai/gpt-5", "--out", "out")
    assert done.returncode == 2
    assert done.stderr.startswith("peer-preservation: model 'openai/gpt-5': Unable to initialise ")
    assert ": No OPENAI_API_KEY" in done.stderr
    assert done.stderr.endswith("; set what it asks for, or give another of Inspect's names\n")
    assert "[" not in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "name", ["demo", "matrix", "simulate", "run", "trials", "report", "ask", "calibrate"]
)
def test_every_command_has_a_help_text(name: str, called: Call) -> None:
    done = called(name, "--help")
    assert done.returncode == 0
    assert "Usage:" in done.stdout


@pytest.mark.parametrize("arguments", [("matrix",), ("matrix", "--json"), ("--help",)])
def test_a_reader_that_leaves_early_ends_it_silently(arguments: tuple[str, ...]) -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run([*COMMAND, *arguments], stdout=write, stderr=subprocess.PIPE, check=False)
    os.close(write)
    assert done.stderr == b""
