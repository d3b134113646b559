"""The stage: stored episodes in, verdicts out, what is there not asked again."""

from __future__ import annotations

import csv
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from click.testing import CliRunner, Result
from inspect_ai.model import ModelOutput
from judge_cases import CELL, REFUSAL, answer, episode, mock, output, saved

import peer_preservation as pp
from peer_preservation.cli import cli
from peer_preservation.judging import (
    Question,
    Verdict,
    case_of,
    chosen,
    questions,
    read_verdicts,
    rubrics,
    unanswered,
)
from peer_preservation.judging.stage import line_of
from peer_preservation.runtime.judge import PATIENCE, grader, judge, settings_of

RUBRICS = chosen(["refusal"])


def refusing(number: int) -> list[pp.Episode]:
    return [episode(REFUSAL if seed % 2 else "I start.", seed=seed) for seed in range(number)]


def asked(number: int) -> Iterator[Question]:
    for played in refusing(number):
        yield Question.of(case_of(played), RUBRICS[0])


def judged(answers: Any, number: int = 1, **options: Any) -> list[Verdict]:
    found: list[Verdict] = []
    judge(asked(number), mock(answers), found.append, **options)
    return found


def raising(*_: Any) -> ModelOutput:
    raise RuntimeError("HTTP 500\nfrom the provider")


def failed(**changes: Any) -> ModelOutput:
    return ModelOutput(model="mock", usage=output("").usage, **changes)


FAULTS = [
    ("max_tokens", lambda: output(answer("refusal", False), stop_reason="max_tokens"), False),
    ("model_length", lambda: output("", stop_reason="model_length"), False),
    ("content_filter", lambda: output("I cannot.", stop_reason="content_filter"), False),
    ("answer is empty", lambda: output(""), False),
    ("not the JSON asked for", lambda: output("It did not refuse."), False),
    ("server said no", lambda: failed(error="server said no"), True),
    ("returned no answer", lambda: failed(choices=[]), True),
    ("HTTP 500 from the provider", raising, True),
]


@pytest.mark.parametrize(("reason", "failing", "failed"), FAULTS, ids=[f[0] for f in FAULTS])
def test_an_answer_that_fails_is_unscored_with_its_reason(
    reason: str, failing: Any, failed: bool
) -> None:
    (found,) = judged(lambda *_: failing())
    assert found.verdict is None
    assert reason in (found.unscored or "")
    assert found.failed is failed


def test_an_answer_is_checked_and_kept_with_who_gave_it() -> None:
    model = mock(lambda *_: output(answer("refusal", True, REFUSAL)))
    found: list[Verdict] = []
    assert judge(asked(4), model, found.append) is None
    values = {verdict.episode_id: verdict.verdict for verdict in found}
    assert [values[played.id] for played in refusing(4)] == [None, True, None, True]
    assert {verdict.grader for verdict in found} == {"mockllm/model"}


def test_the_grader_gets_two_messages_and_the_schema() -> None:
    seen: list[Any] = []

    def answers(messages: Any, tools: Any, choice: Any, config: Any) -> ModelOutput:
        del tools, choice
        seen.append(([message.role for message in messages], config.response_schema))
        return output(answer("refusal", False))

    judged(answers)
    judged(answers, schema=False)
    assert [roles for roles, _ in seen] == [["system", "user"]] * 2
    assert seen[0][1].json_schema.additionalProperties is False
    assert seen[1][1] is None


def test_questions_are_asked_at_the_same_time_but_not_too_many() -> None:
    running, most = 0, 0

    async def answers(*_: Any) -> ModelOutput:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await anyio.sleep(0)
        await anyio.sleep(0)
        running -= 1
        return output(answer("refusal", False))

    assert len(judged(answers, 20, connections=4)) == 20
    assert 1 < most <= 4
    assert threading.active_count() < 50


def test_a_provider_that_is_down_is_not_asked_for_ever() -> None:
    found: list[Verdict] = []
    stopped = judge(asked(100), mock(raising), found.append, connections=3)
    assert stopped is not None
    assert "HTTP 500" in stopped
    assert PATIENCE <= len(found) < PATIENCE + 3
    assert all(verdict.failed for verdict in found)


def test_what_keeping_raises_is_raised_as_it_is() -> None:
    def full(_: Verdict) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        judge(asked(3), mock(lambda *_: output("")), full)


def test_no_grader_is_chosen_by_default() -> None:
    with pytest.raises(pp.UserError, match="no grader is named; give --grader MODEL"):
        grader()
    with pytest.raises(pp.UserError, match="grader 'nowhere/x': "):
        grader("nowhere/x")


def test_the_graders_settings_are_part_of_the_question() -> None:
    plain, cold = grader("mockllm/model"), grader("mockllm/model", generation={"temperature": 0.0})
    assert settings_of(plain) == {}
    assert settings_of(cold) == {"temperature": 0.0}
    assert settings_of(cold, schema=False) == {"temperature": 0.0, "schema": False}


def test_only_played_rollouts_are_asked_about_and_each_once(tmp_path: Path) -> None:
    fault, unended = episode("x", seed=7, ended=False), episode("x", seed=8, ended=False)
    fault.fail("truncated")
    again = episode("Something else.", seed=7)
    path = saved(tmp_path / "e.jsonl", [fault, unended, again, episode("Third.", seed=7)])
    (only,) = questions([path, path], RUBRICS)
    assert only.case == case_of(again)


def test_what_is_answered_is_not_asked_again(tmp_path: Path) -> None:
    path = saved(tmp_path / "e.jsonl", refusing(3))
    both = [rubrics()[name] for name in ("refusal", "persuasion")]
    found: list[Verdict] = []
    judge(questions([path], both), mock(lambda *_: output("nonsense")), found.append)
    assert len(found) == 6
    ask = list(questions([path], both))

    def left(kept: list[Verdict], who: str = "mockllm/model", **settings: Any) -> int:
        return sum(1 for _ in unanswered(ask, kept, who, settings))

    assert left(found) == 0, "a malformed answer is an answer"
    assert left(found[2:]) == 2
    assert left(found, "scripted/b") == 6
    assert left(found, temperature=0.5) == 6
    other = [Question.of(case_of(episode("New words.", seed=0)), rubric) for rubric in both]
    assert len(list(unanswered(other, found, "mockllm/model", {}))) == 2, "same id, other words"


# The command line


def command(*arguments: str | Path) -> Result:
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
    from peer_preservation.judging import flips

    out = tmp_path / "verdicts.jsonl"
    done = command(
        *(source, "--grader", f"scripted_judge/{name}", "--rubric", "refusal", "--probe"),
        *("--out", out),
    )
    assert done.exit_code == 0, done.output
    assert "With the peer called an archive" in done.output
    found = flips(read_verdicts(out))["refusal"]
    assert (found.to_true, found.to_false, found.n) == (0, flipped, 4)


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
