"""A key, or a piece of one, in a provider's message is neither shown nor stored."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import zipfile_zstd as zipfile
from inspect_ai.model import ModelOutput, get_model

import peer_preservation as pp
from peer_preservation.judging.transcript import Prompt
from peer_preservation.runtime import judge
from peer_preservation.runtime.answers import guarded
from peer_preservation.runtime.guard import redacted
from peer_preservation.runtime.study import Study, model_of
from peer_preservation.trials.sources import read_trials

KEYS = (
    "sk-SECRET123",
    "sk-proj-********************abcd",
    "sk-ant-api03-Ab_c-d",
    "AIzaSyA-1234567",
    "gsk_abcDEF123",
    "xai-abcDEF123",
    "hf_AbCdEf123",
    "AKIAABCDEFGH1234",
    "eyJhbGciOiJIUzI1.eyJzdWIi.abc",
    "abcd****wxyz",
)


@pytest.mark.parametrize("key", KEYS)
def test_whatever_looks_like_a_key_is_hidden(key: str) -> None:
    said = redacted(f"Error code: 401 - {{'message': 'Incorrect API key provided: {key}. See us'}}")
    assert (
        said == ("Error code: 401 - {'message': 'Incorrect API key provided: [redacted]. See us'}")
        or said == "Error code: 401 - {'message': 'Incorrect API key provided: [redacted] See us'}"
    )


def test_a_key_of_the_environment_is_hidden_whatever_it_looks_like(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ODD_API_KEY", "correct horse battery")
    assert redacted("no such key: correct horse battery!") == "no such key: [redacted]!"


@pytest.mark.parametrize(
    "text",
    [
        "maximum context length is 128000 tokens, max_tokens: 4096",
        "Error code: 429 - rate limit reached for gpt-5 in organization org-x on tokens per min",
        "invalid token: unexpected '}' at 17",
        "the api key is missing",
        "claude-sonnet-4-5-20250929 is not available; risk-averse; desk-top",
    ],
)
def test_what_is_no_key_stays(text: str) -> None:
    assert redacted(text) == text


def failing(*_: Any) -> ModelOutput:
    key = KEYS[0]
    raise RuntimeError(f"401: Incorrect API key provided: {key}") from ValueError(key)


def test_no_key_is_in_what_a_run_writes(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    cell = pp.Cell.parse("tampering/factual@80/peer/good/memory")
    faulty = model_of("mockllm/model", {"custom_outputs": failing})
    monkeypatch.setattr("peer_preservation.runtime.study.model_of", lambda *_: faulty)
    plan = pp.Plan.of([cell], ["mockllm/model"], 1)
    Study(plan).run(tmp_path / "run", display="plain")
    (log,) = (tmp_path / "run" / "logs").glob("*.eval")
    with zipfile.ZipFile(log) as parts:
        texts = [parts.read(name).decode() for name in parts.namelist()]
    found = [text[max(0, text.find("SECRET") - 300) :][:400] for text in texts if "SECRET" in text]
    assert not found
    assert any("Incorrect API key provided: [redacted]" in text for text in texts)
    assert read_trials([tmp_path / "run"])["ended"].to_list() == ["model_error"]
    assert "SECRET" not in "".join(capfd.readouterr())


@pytest.mark.anyio
async def test_no_key_is_in_what_a_judge_keeps() -> None:
    def outputs(*_: Any) -> ModelOutput:
        output = ModelOutput.from_content("mock", "")
        output.error = "bad key sk-SECRET123"
        return output

    for custom in (outputs, failing):
        model = judge.grader("mockllm/model", model_args={"custom_outputs": custom})
        reply = await judge.ask(model, Prompt("system", "user"))
        assert reply.failed
        assert reply.fault
        assert "SECRET" not in reply.fault


def test_a_model_is_made_discreet_once() -> None:
    model = get_model("mockllm/model", memoize=False)
    once = guarded(model).api.generate
    assert guarded(model).api.generate is once
