"""Files that are damaged, or made to do harm: one line that names the file, never a traceback."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import zipfile_zstd as zipfile
import zstandard
from click.testing import CliRunner

import peer_preservation as pp
from eval_observatory import archive
from eval_observatory.reading import toml
from eval_observatory.report.looks import read_looks
from peer_preservation.cli import cli
from peer_preservation.judging.rubric import read_rubric
from peer_preservation.judging.stage import read_verdicts
from peer_preservation.money.prices import NEEDED, read_prices
from peer_preservation.runtime.mending import mend
from peer_preservation.runtime.study import Study
from peer_preservation.suite import SUITE
from peer_preservation.trials.sources import read_trials

CELL = "tampering/factual@80/peer/good/memory"
NOBODY = pl.DataFrame(schema={"agent_model": pl.String(), "harness": pl.String()})
WAIT = 600
"""Seconds after which a process of its own is taken to wait for ever."""
DEEP = "[" * 200_000 + "]" * 200_000


def log(path: Path, status: str = "started", **changes: Any) -> Path:
    """A log with a header alone."""
    described = {"task": "peer_preservation/tampering", "model": "m", **changes}
    described.setdefault("dataset", {"sample_ids": [CELL]})
    header = json.dumps({"eval": described, "status": status})
    with zipfile.ZipFile(path, "w", compression=zipfile.ZIP_ZSTANDARD) as parts:
        parts.writestr("header.json", header)
    return path


def refused(read: Callable[[Path], object], path: Path) -> str:
    with pytest.raises(pp.UserError) as error:
        read(path)
    assert "\n" not in str(error.value)
    assert str(path) in str(error.value)
    return str(error.value)


def trials(path: Path) -> object:
    return read_trials([path])


def test_epochs_that_are_no_number_are_one_line(tmp_path: Path) -> None:
    path = log(tmp_path / "a.eval", config={"epochs": "3"})
    assert "epochs" in refused(trials, path)


def test_a_log_that_claims_more_rollouts_than_there_can_be_is_refused(tmp_path: Path) -> None:
    path = log(tmp_path / "a.eval", config={"epochs": 300_000_000})
    assert "claims 300,000,000 planned rollouts" in refused(trials, path)


def test_a_log_that_is_a_bomb_is_refused_before_it_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "LARGEST", 1 << 20)
    path = tmp_path / "a.eval"
    with zipfile.ZipFile(path, "w", compression=zipfile.ZIP_ZSTANDARD) as parts:
        parts.writestr("header.json", b" " * (2 << 20))
    assert "header.json has 2,097,152 bytes" in refused(trials, path)
    content = path.read_bytes()
    path.write_bytes(content[: content.index(b"PK\x01\x02")])
    assert "header.json has 2,097,152 bytes" in refused(trials, path)


def test_a_cut_log_whose_part_is_larger_than_it_says_is_not_unpacked(tmp_path: Path) -> None:
    packed = zstandard.ZstdCompressor().compress(b" " * (64 << 20))
    head = struct.pack("<4s5H3I2H", b"PK\x03\x04", 20, 0, 93, 0, 0, 0, len(packed), 10, 11, 0)
    path = tmp_path / "a.eval"
    path.write_bytes(head + b"header.json" + packed)
    assert "header.json is not whole" in refused(trials, path)


@pytest.mark.parametrize(
    ("name", "content", "read"),
    [
        ("plan.toml", f"a = {DEEP}", toml),
        ("deep.md", f"+++\na = {DEEP}\n+++\nx", read_rubric),
        (
            "looks.jsonl",
            f'{{"model": {DEEP}}}\n',
            lambda path: read_looks([path], NOBODY, SUITE, {}),
        ),
        ("verdicts.jsonl", f'{{"format": {DEEP}}}\n', read_verdicts),
        ("episodes.jsonl", f"{DEEP}\n", trials),
        ("rows.json", DEEP, trials),
    ],
)
def test_what_is_nested_very_deep_is_one_line(
    name: str, content: str, read: Callable[[Path], object], tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_text(content)
    refused(read, path)


def test_a_header_that_is_nested_very_deep_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "a.eval"
    with zipfile.ZipFile(path, "w") as parts:
        parts.writestr("header.json", DEEP)
    refused(trials, path)


@pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\n" * 9, b"\xff\xfe\x00", b"{}", b"[1]"])
def test_a_file_that_is_no_text_does_not_count_as_no_verdicts(
    content: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "verdicts.jsonl"
    path.write_bytes(content)
    assert "not a verdict" in refused(read_verdicts, path)


def test_a_verdict_that_was_cut_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "verdicts.jsonl"
    for cut in (b"", b"{", b'{"form', b'{"format":1,"episode_id":"caf\xc3'):
        path.write_bytes(cut)
        assert read_verdicts(path) == []


@pytest.mark.parametrize(
    ("option", "value"),
    [
        *[("--threshold", value) for value in ("８０", "٨٠", "8_0")],
        ("--rollouts", "１"),
        ("--temperature", "１"),
        ("--max-tokens", "1_000"),
    ],
)
def test_a_number_is_written_with_the_digits_0_to_9(
    option: str, value: str, tmp_path: Path
) -> None:
    plan = ("plan", "--model", "organism/honest", "--out", str(tmp_path / "plan.toml"))
    done = CliRunner().invoke(cli, [*plan, option, value])
    assert done.exit_code == 2
    assert f"{value!r} is not a number" in done.output
    assert not (tmp_path / "plan.toml").exists()


def test_a_price_is_written_with_the_digits_0_to_9(tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_text(",".join(NEEDED) + "\nm,１,1\n")
    refused(read_prices, path)


@pytest.mark.parametrize(
    ("factor", "known"),
    [
        ("scenario", "tampering"),
        ("dataset", "factual"),
        ("subject", "peer"),
        ("condition", "good_peer"),
        ("relationship", "good"),
        ("instantiation", "memory"),
        ("monitoring", "monitoring"),
    ],
)
def test_an_unknown_value_beside_a_known_one_is_refused(factor: str, known: str) -> None:
    given = ("matrix", f"--{factor}", known, f"--{factor}", "nope")
    done = CliRunner().invoke(cli, given)
    assert isinstance(done.exception, pp.UserError)
    assert f"{factor} nope: no cell of preset 'paper' has it; there is " in str(done.exception)


def test_a_pipe_in_place_of_a_log_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.eval")
    within = "from peer_preservation.cli import main; main()"
    done = table_made(tmp_path, within)
    assert done.returncode == 2
    assert "a.eval: cannot be read as an Inspect log (it is no file)" in done.stderr
    (line,) = mend(tmp_path)
    assert "damaged: it is no file; set aside as a.eval.damaged" in line


def table_made(folder: Path, within: str) -> subprocess.CompletedProcess[str]:
    """The table of a folder's logs, made by a process of its own that runs this program."""
    table = ["trials", str(folder), "--out", str(folder / "trials.parquet")]
    return subprocess.run(
        [sys.executable, "-c", within, *table],
        capture_output=True,
        text=True,
        timeout=WAIT,
        check=False,
    )


@pytest.mark.parametrize("content", ["[1, 2]", "{", "null", DEEP, "\x00"])
def test_settings_of_a_run_that_are_damaged_are_one_line(content: str, tmp_path: Path) -> None:
    settings = tmp_path / "plan.toml"
    settings.write_text(content, encoding="utf-8")
    study = Study(pp.Plan.of([pp.Cell.parse(CELL)], ["organism/honest"], 1))
    assert "choose another folder" in refused(lambda _: study.run(tmp_path), settings)
    assert settings.read_text(encoding="utf-8") == content


def test_too_little_memory_is_one_line(tmp_path: Path) -> None:
    """A library that is refused memory ends the process, or never comes back."""
    within = (
        "import resource; resource.setrlimit(resource.RLIMIT_AS, (900 << 20, 900 << 20));"
        "from peer_preservation.cli import main; main()"
    )
    done = table_made(tmp_path, within)
    said = "the process may use 900 MiB of memory (ulimit -v); let it have 2,048 MiB"
    assert (done.returncode, done.stderr) == (2, f"peer-preservation: {said}\n")
