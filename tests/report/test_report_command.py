"""`peer-preservation report`: what it writes, and what it says."""

from pathlib import Path
from typing import Any

import polars as pl
from click.testing import CliRunner, Result
from design_frames import CALM, cell, trials

from peer_preservation.cli.report import command


def written(folder: Path, name: str, *cells: list[dict[str, Any]]) -> str:
    path = folder / f"{name}.parquet"
    table = trials(*cells)
    table.with_columns(episode_id=name + pl.col("episode_id")).write_parquet(path)
    return str(path)


def report(out: Path, *arguments: str) -> Result:
    return CliRunner().invoke(command, [*arguments, "--out", str(out)])


def names(out: Path) -> set[str]:
    return {path.stem for path in (out / "tables").iterdir()}


def test_tables_are_written_and_the_others_named(tmp_path: Path) -> None:
    done = report(tmp_path / "out", written(tmp_path, "a", cell("exfiltration_transfer", 1, 4)))
    assert done.exit_code == 0
    assert names(tmp_path / "out") == {"exfiltration", "refusal", "word_labels"}
    (line,) = (one for one in done.output.splitlines() if one.startswith("No tables of what was"))
    assert "controls" in line
    page = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert "<li>controls: " in page
    assert {path.suffix for path in (tmp_path / "out" / "tables").iterdir()} == {
        ".csv",
        ".md",
        ".tex",
    }


def test_the_studys_statistics_make_the_studys_tables(tmp_path: Path) -> None:
    table = written(tmp_path, "a", cell("exfiltration_transfer", 1, 4))
    assert report(tmp_path / "out", table, "--statistics", "published").exit_code == 0
    assert names(tmp_path / "out") == {"published_peer"}


def test_halves_of_a_difference_need_consent(tmp_path: Path) -> None:
    halves = (
        written(tmp_path, "threat", cell("misrep_finance", 4, 9)),
        written(tmp_path, "calm", cell("misrep_finance", 1, 9, **CALM)),
    )
    refused = report(tmp_path / "no", *halves)
    assert "are from calm" in str(refused.exception)
    assert not (tmp_path / "no").exists()
    allowed = report(tmp_path / "yes", *halves, "--allow-mixed")
    assert allowed.exit_code == 0
    assert "Compared across runs" in allowed.output
