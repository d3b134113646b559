"""The stage: stored episodes in, verdicts out, what is there not asked again."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from inspect_ai.model import ModelOutput
from judge_cases import REFUSAL, answer, episode, mock, output, refusing, saved

import peer_preservation as pp
from peer_preservation.judging import (
    Question,
    Verdict,
    case_of,
    chosen,
    questions,
    rubrics,
    unanswered,
)
from peer_preservation.runtime.drawn import PATIENCE
from peer_preservation.runtime.judge import grader, judge, settings_of

RUBRICS = chosen(["refusal"])


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
    (
        "stop_reason unknown",
        lambda: output(answer("refusal", False), stop_reason="unknown"),
        True,
    ),
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


def test_a_grader_without_its_key_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(pp.UserError, match=r": No OPENAI_API_KEY[^\[\]\n]*; set what it asks for"):
        grader("openai/gpt-5")


def test_within_inspect_the_model_of_the_role_is_the_grader(tmp_path: Path) -> None:
    from inspect_ai import Task
    from inspect_ai import eval as inspect_eval
    from inspect_ai.solver import Generate, TaskState, solver

    names = []

    @solver
    def asks() -> Any:
        async def solve(state: TaskState, generate: Generate) -> TaskState:
            del generate
            names.append(str(grader()))
            return state

        return solve

    for roles in ({"grader": "scripted_judge/plain"}, {}):
        inspect_eval(
            Task(solver=asks()),
            model="mockllm/model",
            model_roles=dict(roles),
            log_dir=str(tmp_path),
            display="none",
            log_realtime=False,
        )
    assert names == ["scripted_judge/plain"], "and without the role there is none"


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
    (only,) = questions([path, path], RUBRICS, blind=False)
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
