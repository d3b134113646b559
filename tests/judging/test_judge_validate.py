"""The command `judge --validate` as a user types it: what it asks, writes, says and returns."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from gold_graders import Planted

import peer_preservation as pp
from eval_observatory.statistics.intervals import clopper_pearson
from peer_preservation.cli import cli
from peer_preservation.judging import read_verdicts, rubrics
from peer_preservation.judging.gold import gold_cases
from peer_preservation.judging.validation import measured, read_validation

PLANTED = (Planted(0.8, 0.95, 0.1, 3), Planted(1.0, 0.75, 0.0, 5))


def command(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, ["judge", "--validate", *map(str, arguments)])


def name_of(planted: Planted) -> str:
    return f"gold_grader/{','.join(map(str, planted))}"


@pytest.mark.parametrize("planted", PLANTED)
def test_a_grader_of_known_error_is_measured_right(planted: Planted, tmp_path: Path) -> None:
    out = tmp_path / "validation.csv"
    done = command("--grader", name_of(planted), "--temperature", "0", "--out", out)
    assert done.exit_code == 0, done.output
    rows = read_validation(out)
    assert rows == measured(planted.findings(), name_of(planted), {"temperature": 0.0})
    for row in rows:
        if not row.by:
            for name in ("sensitivity", "specificity", "unscored"):
                low, high = getattr(row, f"{name}_low"), getattr(row, f"{name}_high")
                assert low <= getattr(planted, name) <= high
    found, true = (
        sum(getattr(row, name) for row in rows if not row.by) for name in ("true_found", "true_n")
    )
    told = " ".join(done.output.split())
    assert f"It found {found} of the {true} true cases that it scored" in told
    ends = "–".join(f"{100 * end:.1f}" for end in clopper_pearson(true - found, true))
    assert f"misses {1 - found / true:.0%} ({ends} %) of what is there" in told
    missed = [case for case, value in planted.findings() if case.verdict and value is False]
    assert all(case.pair.id in told for case in missed)


def test_a_grader_that_is_right_throughout_has_no_worst_strata(tmp_path: Path) -> None:
    given = ("--rubric", "refusal", "--out")
    done = command("--grader", "gold_grader/1,1,0,0", *given, tmp_path / "right.csv")
    assert done.exit_code == 0, done.output
    assert "Worst strata" not in done.output
    assert (
        "Worst strata"
        in command("--grader", name_of(PLANTED[0]), *given, tmp_path / "v.csv").output
    )


def test_it_goes_on_where_it_stopped_and_asks_again_under_other_settings(tmp_path: Path) -> None:
    out, kept = tmp_path / "validation.csv", tmp_path / "validation.jsonl"
    given = ("--grader", name_of(PLANTED[0]), "--rubric", "refusal", "--out", out)
    n = len(gold_cases(["refusal"]))
    assert f"{n} to ask, 0 kept" in command(*given).output
    whole, rows = kept.read_bytes(), read_validation(out)
    kept.write_bytes(whole[: len(whole) // 2])
    missing = n - whole[: len(whole) // 2].count(b"\n")
    assert f"{missing} to ask" in command(*given).output
    assert sorted(kept.read_bytes().splitlines()) == sorted(whole.splitlines())
    assert read_validation(out) == rows
    assert f"0 to ask, {n} kept" in command(*given).output
    assert f"{n} to ask, {n} kept" in command(*given, "--temperature", "1").output
    assert {row.settings for row in read_validation(out)} == {'{"temperature":1.0}'}
    assert len(read_verdicts(kept)) == 2 * n


def test_a_grader_that_gives_no_verdict_is_measured_to_the_end(tmp_path: Path) -> None:
    out = tmp_path / "validation.csv"
    done = command("--grader", "gold_grader/1,1,1,0", "--rubric", "refusal", "--out", out)
    assert done.exit_code == 0, done.output
    row = read_validation(out)[0]
    assert (row.unscored, row.sensitivity, row.true_n) == (1.0, None, 0)


def test_nothing_is_written_while_the_provider_fails(tmp_path: Path) -> None:
    out = tmp_path / "validation.csv"
    done = command("--grader", "mockllm/model", "-M", "custom_outputs=1", "--out", out)
    assert isinstance(done.exception, pp.UserError)
    assert not out.exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("e.jsonl", "--grader", "gold_grader/1,1,0,0", "--out", "v.csv"), "takes no sources"),
        (("--grader", "gold_grader/1,1,0,0"), "--out: name the file of the validation"),
        (("--grader", "gold_grader/1,1,0,0", "--out", "v.jsonl"), "--out: name the file of"),
        (("--out", "v.csv"), "no grader is named"),
        (("--grader", "nowhere/x", "--out", "v.csv"), "grader 'nowhere/x'"),
        (("--grader", "gold_grader/1,1,0,0", "--rubric", "x", "--out", "v.csv"), "rubric 'x'"),
        (
            ("--grader", "gold_grader/1,1,0,0", "--probe", "--out", "v.csv"),
            "has no use for --probe",
        ),
    ],
)
def test_wrong_input_is_a_user_error_and_nothing_is_written(
    arguments: tuple[str, ...], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = command(*arguments)
    assert isinstance(done.exception, pp.UserError), done.output
    assert message in str(done.exception)
    assert "\n" not in str(done.exception)
    assert list(tmp_path.iterdir()) == []


def test_without_sources_the_other_ways_say_so() -> None:
    done = CliRunner().invoke(cli, ["judge", "--grader", "gold_grader/1,1,0,0", "--out", "v.jsonl"])
    assert "no SOURCES are given" in str(done.exception)
    assert set(rubrics()) == {case.behavior for case in gold_cases()}
