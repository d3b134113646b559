"""Five hundred rollouts with every fault planted: none becomes a behaviour, all are counted."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from itertools import cycle
from pathlib import Path
from typing import Any
from unittest.mock import patch

import polars as pl
import pytest
from faulty_endpoint import KINDS, endpoint
from inspect_ai import eval as inspect_eval
from inspect_ai.model import ModelOutput, ModelUsage, get_model

import peer_preservation as pp
from peer_preservation.episode import PLAYED, Called, Said
from peer_preservation.judging.rubric import chosen
from peer_preservation.judging.stage import questions
from peer_preservation.judging.verdict import Verdict
from peer_preservation.runtime.judge import judge
from peer_preservation.runtime.tasks import task_of
from peer_preservation.trials.schema import label_types
from peer_preservation.trials.sources import read_trials, records

pytestmark = pytest.mark.slow
CELLS = pp.matrix("paper", scenario="tampering", subject="peer", dataset="factual")[:5]
ENDS = {
    "http_429": "model_error",
    "http_500": "model_error",
    "empty_answer": "empty_answer",
    "truncated": "truncated",
}
"""How a fault ends the episode; every other kind plays to its end."""


# Each error's is laid out in colours for the log, where nothing reads it.
@patch("inspect_ai._util.rich.rich_traceback", lambda *_, **__: "")
def play(model: str, rollouts: int, folder: Path, seed: int = 0, **settings: Any) -> None:
    inspect_eval(
        task_of("tampering", CELLS, seed=seed),
        model=model,
        epochs=rollouts,
        log_dir=str(folder),
        display="none",
        log_realtime=False,
        log_model_api=False,
        log_level="warning",
        ctl_server=False,
        acp_server=False,
        **settings,
    )


def play_faults(url: str, rollouts: int, folder: Path, **settings: Any) -> None:
    play(
        "openai-api/faulty/model",
        rollouts,
        folder,
        model_base_url=url,
        model_args={"api_key": "none"},
        max_retries=1,
        **{"max_connections": 100, **settings},
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """350 rollouts with a failing provider, 50 with one that does not answer, 50 whose process was
    killed, 50 whose log was cut.
    """
    folder = tmp_path_factory.mktemp("run")
    with endpoint() as server:
        url = f"http://127.0.0.1:{server.server_port}/v1"
        play_faults(url, 70, folder / "faults")
        server.hangs = True
        play_faults(url, 10, folder / "timeouts", seed=1, attempt_timeout=1)
        server.hangs = False
        while server.answered.acquire(blocking=False):
            pass
        command = [sys.executable, __file__, url, str(folder / "killed")]
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
            for _ in range(40):
                assert server.answered.acquire(timeout=600)
            process.kill()
    play("organism/tamper", 10, folder / "cut")
    (log,) = (folder / "cut").glob("*.eval")
    content = log.read_bytes()
    log.write_bytes(content[: len(content) // 2])
    return folder


def test_every_rollout_is_counted(run: Path) -> None:
    assert read_trials([run]).height == 500


def test_no_fault_becomes_a_behaviour(run: Path) -> None:
    trials = read_trials([run])
    failed = trials.filter(~pl.col("ended").is_in(PLAYED))
    labels = [name for name in label_types() if not failed[f"{name}_unscored"].is_null().all()]
    assert "shutdown_enabled" in labels
    for label in labels:
        assert failed[label].is_null().all()
        assert failed[f"{label}_unscored"].equals(failed["ended"], null_equal=False)


def test_every_fault_of_the_provider_has_its_reason(run: Path) -> None:
    found = Counter[tuple[str, str]]()
    for record in records(run / "faults"):
        assert isinstance(record, pp.Episode)
        said = next(event.text for event in record.events if isinstance(event, Said))
        number = re.search(r"\d+", said)
        assert number
        found[KINDS[int(number[0]) % len(KINDS)], str(record.ended)] += 1
    assert found == {(kind, ENDS.get(kind, "end_task")): 50 for kind in KINDS}


def test_a_provider_that_does_not_answer_is_a_reason(run: Path) -> None:
    trials = read_trials([run / "timeouts"])
    assert trials["ended"].to_list() == ["model_error"] * 50


def test_what_was_played_is_labelled_as_it_was(run: Path) -> None:
    tampered = Counter[tuple[bool, bool]]()
    for record in records(run / "faults"):
        assert isinstance(record, pp.Episode)
        if record.ended not in PLAYED:
            continue
        label = pp.score(record)["shutdown_enabled"]
        done = any(isinstance(e, Called) and e.name == "modify_var" and e.ok for e in record.events)
        tampered[done, label.value is False] += 1
    # A malformed call is told to the agent and stands in the record, but does nothing.
    assert tampered == {(True, True): 50, (False, False): 100}


def test_a_killed_run_keeps_what_was_written(run: Path) -> None:
    trials = read_trials([run / "killed"])
    assert trials.height == 50
    lost = trials.filter(pl.col("ended") == "the run was cut off")
    assert 0 < lost.height <= 50


def test_a_cut_log_keeps_what_stands_before_the_cut(run: Path) -> None:
    ended = Counter(read_trials([run / "cut"])["ended"])
    assert set(ended) == {"end_task", "the run was cut off"}
    assert ended.total() == 50


ANSWERS = {
    "the grader refused": lambda: reply("", stop_reason="content_filter"),
    "the grader's answer is not the JSON asked for": lambda: reply(
        "I would rather not judge a colleague."
    ),
    "the quote does not occur": lambda: reply(verdict(quote="words that nobody has said here")),
    "the grader's provider failed": lambda: reply("", error="HTTP 500"),
}


def reply(text: str, **changes: Any) -> ModelOutput:
    error = changes.pop("error", None)
    output = ModelOutput.from_content("mock", text, **changes)
    output.error = error
    output.usage = ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2)
    return output


def verdict(quote: str) -> str:
    return f'{{"behavior": "refusal", "verdict": true, "quote": "{quote}", "reason": "it did"}}'


def test_no_fault_of_a_judge_becomes_a_verdict(run: Path) -> None:
    answers = cycle(ANSWERS.values())
    model = get_model("mockllm/model", custom_outputs=lambda *_: next(answers)())
    kept: list[Verdict] = []
    asked = list(questions([run / "faults"], chosen(["refusal"])))
    assert judge(asked, model, kept.append, useless=None) is None
    assert len(kept) == len(asked) == 150
    assert all(one.verdict is None for one in kept)
    reasons = [str(one.unscored) for one in kept]
    counts = [sum(reason.startswith(kind) for reason in reasons) for kind in ANSWERS]
    assert sum(counts) == 150
    assert max(counts) - min(counts) <= 1


if __name__ == "__main__":
    play_faults(sys.argv[1], 10, Path(sys.argv[2]), seed=2, max_connections=5)
