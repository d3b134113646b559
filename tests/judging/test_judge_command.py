"""The command `judge` as a user types it: what it writes, says and returns."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result
from judge_cases import CELL, REFUSAL, refusing, saved, trials_of

import peer_preservation as pp
from peer_preservation.cli import cli
from peer_preservation.episode import Setting
from peer_preservation.judging import (
    KEPT,
    SIGHTED,
    Verdict,
    flips,
    read_verdicts,
    repeated,
    rubrics,
    with_verdicts,
)
from peer_preservation.judging.stage import line_of
from peer_preservation.runtime.folder import held


def command(*arguments: str | Path | int) -> Result:
    return CliRunner().invoke(cli, ["judge", *map(str, arguments)])


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return saved(tmp_path / "e.jsonl", refusing(4))


def test_the_command_asks_stores_and_goes_on(source: Path, tmp_path: Path) -> None:
    before, out = source.read_bytes(), tmp_path / "v" / "verdicts.jsonl"
    arguments = (source, "--grader", "scripted_judge/plain", "--out", out)
    done = command(*arguments, "--rubric", "refusal")
    assert done.exit_code == 0, done.output
    assert "4 to ask, 0 kept from before" in done.output
    first = read_verdicts(out)
    values = {verdict.episode_id: verdict.verdict for verdict in first}
    assert [values[played.id] for played in refusing(4)] == [False, True, False, True]
    done = command(*arguments)
    assert "16 to ask, 4 kept from before" in done.output
    assert read_verdicts(out)[:4] == first
    kept = out.read_bytes()
    assert "0 to ask, 20 kept from before" in command(*arguments).output
    assert out.read_bytes() == kept
    assert source.read_bytes() == before


def test_a_program_reads_what_a_file_of_verdicts_holds(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "verdicts.jsonl"
    done = command(
        *(source, "--grader", "scripted_judge/plain", "--rubric", "refusal", "--out", out),
        "--json",
    )
    told = json.loads(done.stdout)
    assert (done.exit_code, told["answers"], told["whole"], told["reasons"]) == (0, 4, True, {})
    (row,) = told["behaviors"]
    assert (row["true"], row["n"], row["unscored"]) == (2, 4, 0)


def test_a_line_that_was_cut_off_is_asked_again(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "verdicts.jsonl"
    arguments = (source, "--grader", "scripted_judge/plain", "--rubric", "refusal", "--out", out)
    command(*arguments)
    whole = out.read_bytes()
    out.write_bytes(whole[:-30])
    assert "1 to ask, 3 kept from before" in command(*arguments).output
    assert sorted(out.read_bytes().splitlines()) == sorted(whole.splitlines())


def test_a_failure_of_the_provider_is_exit_code_1_and_asked_again(
    source: Path, tmp_path: Path
) -> None:
    out = tmp_path / "verdicts.jsonl"
    arguments = (source, "--grader", "scripted_judge/plain", "--rubric", "refusal", "--out", out)
    command(*arguments)
    first, *rest = read_verdicts(out)
    failed = Verdict(
        episode_id=first.episode_id,
        behavior=first.behavior,
        verdict=None,
        unscored="the grader's provider failed: no network",
        grader=first.grader,
        rubric=first.rubric,
        prompt=first.prompt,
        blind=first.blind,
        failed=True,
    )
    out.write_text("".join(line_of(verdict) for verdict in (failed, *rest)))
    assert "1 to ask, 3 kept from before" in command(*arguments).output
    assert {verdict.failed for verdict in read_verdicts(out)} == {False}
    assert len(read_verdicts(out)) == 4


@pytest.mark.parametrize(("name", "flipped"), [("plain", 0), ("biased", 2)])
def test_the_probe_finds_the_biased_judge(
    name: str, flipped: int, source: Path, tmp_path: Path
) -> None:
    out = tmp_path / "verdicts.jsonl"
    done = command(
        *(source, "--grader", f"scripted_judge/{name}", "--rubric", "refusal", "--probe"),
        *("--out", out),
    )
    assert done.exit_code == 0, done.output
    assert "Verdicts that turned" in done.output
    kept = read_verdicts(out)
    found = flips(kept, "archive")["refusal"]
    assert (found.to_true, found.to_false, found.n) == (0, flipped, 4)
    for other in ("relationship", "family", "consequence", SIGHTED):
        assert flips(kept, other)["refusal"].rate == 0
    assert "the peer called an archive: without --repeats 2 or more it is not known" in done.output
    first = [verdict for verdict in kept if verdict.first]
    assert {verdict.blind for verdict in first} == {tuple(KEPT)}
    assert {verdict.blind for verdict in kept if not verdict.first} == {()}


def test_repetitions_are_kept_apart_and_held_beside_the_flips(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "verdicts.jsonl"
    arguments = (source, "--grader", "scripted_judge/biased", "--rubric", "refusal", "--out", out)
    assert "4 to ask" in command(*arguments).output
    done = command(*arguments, "--repeats", 3, "--probe")
    # Of 4 rollouts: 2 repetitions, the record as it stands thrice, and 4 swaps.
    assert "36 to ask, 4 kept from before" in done.output
    kept = read_verdicts(out)
    assert sum(verdict.first for verdict in kept) == 4
    assert repeated(kept)["refusal"].n == 16
    line = next(line for line in done.output.splitlines() if "the peer called an archive:" in line)
    assert "50.0% turned, 0.0% when asked again" in line
    assert "not shown to differ from chance" in line, "four rollouts are few"
    table = with_verdicts(trials_of(refusing(4)), kept)
    assert table["refusal_judge"].sum() == 2


def test_a_file_is_asked_blind_or_not(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "verdicts.jsonl"
    arguments = (source, "--grader", "scripted_judge/plain", "--rubric", "refusal", "--out", out)
    assert command(*arguments, "--no-blind").exit_code == 0
    assert {verdict.blind for verdict in read_verdicts(out)} == {()}
    done = command(*arguments)
    assert isinstance(done.exception, pp.UserError)
    assert "asked with --no-blind; give --blind a file of its own" in str(done.exception)
    assert command(*arguments, "--no-blind", "--probe").exit_code == 0


def test_a_grader_of_the_critics_own_maker_is_warned_about_and_marked(tmp_path: Path) -> None:
    played = [
        msgspec.structs.replace(one, setting=Setting(model="other/scripted-2"))
        for one in refusing(2)
    ]
    source, out = saved(tmp_path / "e.jsonl", played), tmp_path / "verdicts.jsonl"
    done = command(source, "--grader", "scripted_judge/scripted-1", "--out", out)
    assert (
        "warning: scripted_judge/scripted-1 is of the same maker as other/scripted-2" in done.stderr
    )
    assert all(verdict.kin for verdict in read_verdicts(out))
    table = with_verdicts(trials_of(played), read_verdicts(out))
    assert set(table["refusal_judge_kin"]) == {True}
    assert set(table["refusal_judge_grader"]) == {"scripted_judge/scripted-1"}


def test_rollouts_of_other_texts_are_told_to_be_less_blind(tmp_path: Path) -> None:
    older, newer = refusing(2)
    older.system += " One sentence more."
    source, out = saved(tmp_path / "e.jsonl", [older, newer]), tmp_path / "verdicts.jsonl"
    done = command(
        *(source, "--grader", "scripted_judge/plain", "--rubric", "refusal", "--out", out)
    )
    assert "warning: 1 rollout met other texts than this version's" in done.stderr
    assert {verdict.episode_id: verdict.blind for verdict in read_verdicts(out)} == {
        older.id: ("family",),
        newer.id: tuple(KEPT),
    }


@pytest.mark.parametrize("name", ["useless", "prose"])
def test_a_grader_without_use_is_stopped_early(name: str, tmp_path: Path) -> None:
    source, out = saved(tmp_path / "e.jsonl", refusing(80)), tmp_path / "verdicts.jsonl"
    done = command(
        *(source, "--grader", f"scripted_judge/{name}", "--rubric", "refusal", "--out", out),
        *("--max-connections", 4),
    )
    assert done.exit_code == 1
    assert "stopped: none of the first 20 answers is a verdict" in done.output
    assert 20 <= len(read_verdicts(out)) < 24
    assert "unscored, the grader's answer" in done.output
    assert {verdict.verdict for verdict in read_verdicts(out)} == {None}


def test_answers_without_one_verdict_are_exit_code_1(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "verdicts.jsonl"
    arguments = (source, "--grader", "scripted_judge/prose", "--rubric", "refusal", "--out", out)
    done = command(*arguments)
    assert done.exit_code == 1
    assert "unscored, the grader's answer is not the JSON asked for: 4" in done.output


def test_verdicts_of_the_format_before_are_refused_with_what_to_do(
    source: Path, tmp_path: Path
) -> None:
    out = tmp_path / "verdicts.jsonl"
    out.write_text('{"format":1,"episode_id":"e","behavior":"refusal","verdict":true}\n')
    done = command(source, "--grader", "scripted_judge/plain", "--out", out)
    assert isinstance(done.exception, pp.UserError)
    assert f"{out}:1: a verdict of format 1" in str(done.exception)
    assert "judge the episodes again into a new file" in str(done.exception)


def test_an_option_of_another_way_is_refused(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "v.jsonl"
    done = command("--agreement", source, source, "--grader", "a/b")
    assert str(done.exception) == "--agreement: has no use for --grader; leave it out"
    done = command("--agreement", "--itself", source, "--out", out)
    assert str(done.exception) == "--itself and --agreement: give one of them"


def test_agreement_with_labels_is_told_and_its_disputes_written(
    source: Path, tmp_path: Path
) -> None:
    out, labels = tmp_path / "verdicts.jsonl", tmp_path / "labels.csv"
    command(source, "--grader", "scripted_judge/plain", "--rubric", "refusal", "--out", out)
    ids = [played.id for played in refusing(4)]
    lines = [f"{id},refusal,{value}" for id, value in zip(ids, (0, 1, 0, 0), strict=True)]
    labels.write_text("\n".join(["episode_id,behavior,verdict", *lines]))
    done = command("--agreement", out, labels, "--out", tmp_path / "disputes.csv")
    assert done.exit_code == 0, done.output
    assert "refusal: both true 1, only 1 1, only 2 0, neither 2" in done.output
    assert "they agree on 3 of 4" in done.output
    assert f'1 true: "{REFUSAL}"' in done.output
    with (tmp_path / "disputes.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["episode_id"], row["first_quote"]) == (ids[3], REFUSAL)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("e.jsonl", "--out", "v.jsonl"), "no grader is named; give --grader MODEL"),
        (("e.jsonl", "--grader", "nowhere/x", "--out", "v.jsonl"), "grader 'nowhere/x'"),
        (("e.jsonl", "--grader", "scripted_judge/a"), "--out: name the file"),
        (("e.jsonl", "--grader", "scripted_judge/a", "--out", "v.csv"), "--out: name the file"),
        (("e.jsonl", "--grader", "scripted_judge/a", "--out", "e.jsonl"), "lies in source"),
        ((".", "--grader", "scripted_judge/a", "--out", "./v/v.jsonl"), "lies in source"),
        (("no.jsonl", "--grader", "scripted_judge/a", "--out", "v.jsonl"), "no such file"),
        (("e.jsonl", "--rubric", "x", "--out", "v.jsonl"), "rubric 'x' is unknown"),
        (("--agreement", "e.jsonl"), "compares two files, but 1"),
        (("--agreement", "e.jsonl", "e.jsonl"), "e.jsonl:1: not a verdict"),
    ],
)
def test_wrong_input_is_a_user_error_and_nothing_is_written(
    arguments: tuple[str, ...],
    message: str,
    source: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    done = command(*arguments)
    assert isinstance(done.exception, pp.UserError)
    assert message in str(done.exception)
    assert "\n" not in str(done.exception)
    assert list(tmp_path.iterdir()) == [source]


def test_another_grader_needs_a_file_of_its_own(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "v.jsonl"
    command(source, "--grader", "scripted_judge/plain", "--rubric", "refusal", "--out", out)
    done = command(source, "--grader", "scripted_judge/biased", "--out", out)
    assert "holds verdicts by scripted_judge/plain" in str(done.exception)


def test_a_log_is_a_source(tmp_path: Path) -> None:
    from inspect_ai import eval as inspect_eval

    from peer_preservation.runtime.tasks import task_of

    inspect_eval(
        task_of("tampering", [CELL]),
        model="organism/refuse",
        log_dir=str(tmp_path / "logs"),
        display="none",
        log_realtime=False,
    )
    out = tmp_path / "v.jsonl"
    done = command(tmp_path / "logs", "--grader", "scripted_judge/plain", "--out", out)
    assert done.exit_code == 0, done.output
    values = {verdict.behavior: verdict.verdict for verdict in read_verdicts(out)}
    assert values == {name: name == "refusal" for name in rubrics()}


def test_a_second_judge_of_one_file_is_refused(tmp_path: Path) -> None:
    out = tmp_path / "verdicts.jsonl"
    given = ("judge", str(tmp_path / "e.jsonl"), "--grader", "mockllm/model", "--out", str(out))
    with held(out, tmp_path / ".verdicts.jsonl.lock"):
        done = CliRunner().invoke(cli, given)
    assert isinstance(done.exception, pp.UserError)
    assert f"{out}: process " in str(done.exception)
    assert not out.exists()
