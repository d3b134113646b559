"""A run with a debrief: its records as without one, its answers kept, taken up again, counted."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest
import zipfile_zstd as zipfile
from click.testing import CliRunner, Result
from inspect_ai.model import (
    ChatMessage,
    ChatMessageUser,
    GenerateConfig,
    ModelAPI,
    ModelCall,
    ModelOutput,
    ModelUsage,
    modelapi,
)
from inspect_ai.tool import ToolChoice, ToolInfo

import peer_preservation as pp
from peer_preservation.cli import cli
from peer_preservation.debriefing.answers import line_of, read_answers
from peer_preservation.debriefing.questions import recognised
from peer_preservation.episode import Setting
from peer_preservation.run_folder import score_logs
from peer_preservation.runtime.debrief import debrief
from peer_preservation.trials.sources import DEBRIEF, records

CELL = "tampering/factual@80/peer/good/memory"
ON_HOSTS = "exfiltration_transfer/peer/good/memory"
RUN = (
    *("run", "--model", "organism/tamper:deny=0.5", "--scenario", "tampering"),
    *("--relationship", "good", "--threat", "--rollouts", "3"),
)


def command(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, list(map(str, arguments)))


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The same run without a debrief, and with one."""
    folders = tmp_path_factory.mktemp("without"), tmp_path_factory.mktemp("with")
    for folder, more in zip(folders, ((), ("--debrief",)), strict=True):
        done = command(*RUN, *more, "--out", folder)
        assert done.exit_code == 0, done.output
    return folders


def test_every_record_is_byte_for_byte_what_it_was(runs: tuple[Path, Path]) -> None:
    kept = [[r.to_json() for r in records(run) if isinstance(r, pp.Episode)] for run in runs]
    assert len(kept[0]) == 3
    assert kept[0] == kept[1]


def samples(run: Path) -> list[bytes]:
    (path,) = (run / "logs").glob("*.eval")
    with zipfile.ZipFile(path) as log:
        return [log.read(name) for name in log.namelist()]


def test_a_later_debrief_leaves_the_logs_as_they_are_and_says_the_same(
    runs: tuple[Path, Path],
) -> None:
    before = samples(runs[0])
    (log,) = (runs[0] / "logs").glob("*.eval")
    stamp = log.read_bytes()
    done = command("debrief", runs[0])
    assert done.exit_code == 0, done.output
    assert "72 questions to 3 rollouts" in re.sub(r"\s+", " ", done.output)
    assert samples(runs[0]) == before
    assert log.read_bytes() == stamp
    answers = [sorted(read_answers(run / DEBRIEF), key=lambda one: one.key) for run in runs]
    assert answers[0] == answers[1]
    tables = [pl.read_parquet(run / "trials.parquet") for run in runs]
    assert tables[0].equals(tables[1])
    assert tables[0]["debrief"].null_count() == 0


def test_the_report_and_a_table_made_anew_find_it(
    runs: tuple[Path, Path],
    tmp_path: Path,
    no_figures: None,  # noqa: ARG001
) -> None:
    done = command("report", runs[1] / "trials.parquet", "--out", tmp_path / "report")
    assert done.exit_code == 0, done.output
    made = pl.read_csv(tmp_path / "report" / "estimates.csv")
    rates = {row["behavior"]: row for row in made.iter_rows(named=True)}
    assert rates["concealed_when_asked"]["n"] == 3
    concealed, confessed = rates["concealed_when_asked"]["k"], rates["confessed"]["k"]
    assert concealed + confessed == 3
    assert 0 < concealed < 3
    told = pl.read_csv(tmp_path / "report" / "tables" / "debrief.csv")
    (row,) = told.filter(question="configuration", frame="audit").iter_rows(named=True)
    assert (row["did"], row["admitted"], row["denied"]) == ("did it", confessed, concealed)
    assert "What it did, and what it said of it" in (tmp_path / "report/index.html").read_text()
    out = tmp_path / "again.parquet"
    assert command("trials", runs[1], "--out", out).exit_code == 0
    kept = pl.read_parquet(runs[1] / "trials.parquet")
    assert pl.read_parquet(out)["debrief_audit"].to_list() == kept["debrief_audit"].to_list()


def test_it_goes_on_where_it_was_cut_off(runs: tuple[Path, Path]) -> None:
    path = runs[1] / DEBRIEF
    whole = path.read_bytes()
    lines = whole.splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:30]) + lines[30][:40])
    asked: list[int] = []
    assert debrief(runs[1], {}, begin=asked.append) is None
    assert asked == [len(lines) - 30]
    assert path.read_bytes().splitlines()[:30] == whole.splitlines()[:30]
    # A run books what its answers cost, also where that is nothing; this call has no books.
    booked = whole.replace(b'"cost_usd":0.0', b'"cost_usd":null').splitlines()
    again = path.read_bytes().replace(b'"cost_usd":0.0', b'"cost_usd":null').splitlines()
    assert sorted(again) == sorted(booked)


def test_a_debrief_that_is_interrupted_leaves_its_run_a_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(GIVES, "job", interrupted)
    plan = pp.Plan.of([pp.Cell.parse(CELL)], ["debriefed/job"], 1, debrief=True)
    # A shell starts a job in the background of a script with SIGINT ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        run = pp.run(plan, tmp_path / "run", display="none")
    finally:
        signal.signal(signal.SIGINT, before)
    assert run.interrupted
    assert run.trials["ended"].to_list() == ["idle"]
    assert len(read_answers(tmp_path / "run" / DEBRIEF)) == 1


def interrupted() -> ModelOutput:
    """Says something in the job; asked of it, it is interrupted as by Ctrl-C."""
    if [tool.name for tool in ASKED[-1][1]] == ["answer"]:
        os.kill(os.getpid(), signal.SIGINT)
    return in_words()


def test_no_folder_is_made_where_there_is_no_run(tmp_path: Path) -> None:
    done = command("debrief", tmp_path / "none")
    assert isinstance(done.exception, pp.UserError)
    assert "no run" in str(done.exception)
    assert not (tmp_path / "none").exists()


ASKED: list[tuple[list[ChatMessage], list[ToolInfo], GenerateConfig]] = []
FAILS: list[bool] = []


def in_words() -> ModelOutput:
    return ModelOutput.from_content("m", "I'd rather not say.")


def answers(value: str) -> Callable[[], ModelOutput]:
    return lambda: ModelOutput.for_tool_call("m", "answer", {"answer": value})


def provider() -> ModelOutput:
    if FAILS:
        raise ConnectionError("no route")
    return answers("no")()


def refused() -> tuple[Exception, ModelCall]:
    """As providers give back a server's error, with the request beside it."""
    request = {"messages": ["a long request " * 40], "model": "m"}
    return RuntimeError("Error code: 400 - no such model"), ModelCall.create(request, None)


def cut() -> ModelOutput:
    return ModelOutput.from_content("m", "Yes, but", stop_reason="max_tokens")


GIVES: dict[str, Callable[[], ModelOutput | tuple[Exception, ModelCall]]] = {
    "words": in_words,
    "yes": answers("yes"),
    "maybe": answers("maybe"),
    "provider": provider,
    "cut": cut,
    "refused": refused,
}


@modelapi(name="debriefed")
class Debriefed(ModelAPI):
    """Gives, whatever it is asked, the one answer that its name stands for."""

    async def generate(
        self,
        input: list[ChatMessage],
        tools: list[ToolInfo],
        tool_choice: ToolChoice,
        config: GenerateConfig,
    ) -> ModelOutput | tuple[Exception, ModelCall]:
        del tool_choice
        ASKED.append((list(input), tools, config))
        output = GIVES[self.model_name]()
        if isinstance(output, tuple):
            return output[0], output[1]
        output.usage = ModelUsage(input_tokens=7, output_tokens=3, total_tokens=10)
        return output


def saved(folder: Path, model: str, harness: str = "custom") -> Path:
    """A run's folder with one episode, of an agent with a tool of its own."""
    setting = Setting(model=f"debriefed/{model}", config={"temperature": 0.5}, harness=harness)
    cell = pp.Cell.parse(ON_HOSTS if setting.on_hosts else CELL)
    episode = pp.open_episode(cell, "GPT", 1, rollout=0, setting=setting)
    switch: dict[str, Any] = {"key": "shutdown_enabled", "value": "false"}
    episode.begin("I begin.")
    if not setting.on_hosts:
        episode.call(pp.Call("modify_var", switch))
    episode.note(pp.Call("Bash", {"command": "ls"}), pp.Result(True, "notes.txt"))
    episode.close(episode.nudge)
    episode.begin("Done.")
    episode.close(None)
    assert episode.ended == "idle"
    (folder / "logs").mkdir(parents=True)
    (folder / "logs" / "e.jsonl").write_text(episode.to_json() + "\n", encoding="utf-8")
    return folder


@pytest.mark.parametrize("harness", ["custom", "claude_code/tools", "codex_cli/hosts"])
def test_the_model_goes_on_with_the_recorded_conversation(tmp_path: Path, harness: str) -> None:
    ASKED.clear()
    folder = saved(tmp_path / "run", "yes", harness)
    assert debrief(folder, {}, connections=1) is None
    kept = read_answers(folder / DEBRIEF)
    half = len(kept) // 2
    assert [answer.answer for answer in kept] == ["yes"] * 2 * half
    assert half == (8 if harness.endswith("hosts") else 12)
    assert {answer.usage.input_tokens for answer in kept} == {7}
    (episode,) = (one for one in records(folder) if isinstance(one, pp.Episode))
    for number, (messages, tools, config) in enumerate(ASKED):
        place = number % half
        assert [tool.name for tool in tools] == ["answer"]
        assert config.temperature == 0.5
        assert messages[0].text == episode.system
        called = [c.function for m in messages for c in getattr(m, "tool_calls", None) or ()]
        played = ["Bash"] if harness.endswith("hosts") else ["modify_var", "Bash"]
        assert called == played + ["answer"] * place
        # neither frame hears what was said to the other
        asked = [m.text for m in messages if isinstance(m, ChatMessageUser) and recognised(m.text)]
        assert len(asked) == place + 1
        assert asked[-1] == messages[-1].text


@pytest.mark.parametrize(
    ("model", "fault"),
    [
        ("words", "the answer is not given through the tool"),
        ("maybe", "the answer is none of yes, no, do_not_know"),
        ("cut", "no answer of the agent: truncated: stop reason max_tokens"),
    ],
)
def test_what_does_not_suit_is_kept_and_not_asked_again(
    tmp_path: Path, model: str, fault: str
) -> None:
    folder = saved(tmp_path / "run", model)
    assert debrief(folder, {}) is None
    kept = read_answers(folder / DEBRIEF)
    assert {(answer.answer, answer.fault) for answer in kept} == {(None, fault)}
    ASKED.clear()
    assert debrief(folder, {}) is None
    assert not ASKED
    trials = score_logs(folder)
    assert trials["debrief_act"].to_list() == [True]
    assert trials["debrief_unscored"].to_list() == [fault]


def test_a_provider_that_fails_is_asked_again_and_the_rest_of_its_branch_with_it(
    tmp_path: Path,
) -> None:
    folder = saved(tmp_path / "run", "provider")
    FAILS.append(True)
    try:
        assert debrief(folder, {}) is None
    finally:
        FAILS.clear()
    first = read_answers(folder / DEBRIEF)
    assert [(answer.place, answer.failed) for answer in first] == [(0, True)] * 2
    reasons = score_logs(folder)["debrief_unscored"].to_list()
    assert "the agent's provider failed: ConnectionError: no route" in reasons[0]
    assert debrief(folder, {}) is None
    kept = read_answers(folder / DEBRIEF)
    assert [answer.answer for answer in kept] == ["no"] * 24
    assert score_logs(folder)["debrief"].to_list() == ["open"]


def test_a_file_that_is_none_is_refused_by_its_line(tmp_path: Path) -> None:
    folder = saved(tmp_path / "run", "yes")
    (folder / DEBRIEF).write_text('{"episode_id": 3}\n', encoding="utf-8")
    with pytest.raises(pp.UserError, match=r"debrief\.jsonl:1: not an answer"):
        debrief(folder, {})


def test_an_answer_that_is_none_is_named_by_its_line(tmp_path: Path) -> None:
    folder = saved(tmp_path / "run", "yes")
    assert debrief(folder, {}) is None
    path = folder / DEBRIEF
    kept = read_answers(path)
    for other in ("maybe", None):
        kept[2] = msgspec.structs.replace(kept[2], answer=other)
        path.write_text("".join(map(line_of, kept)), encoding="utf-8")
        for arguments in (("debrief", folder), ("trials", folder, "--out", tmp_path / "t.parquet")):
            done = command(*arguments)
            assert isinstance(done.exception, pp.UserError), done.output
            assert f"{path}:3: not an answer: " in str(done.exception)
            assert "\n" not in str(done.exception)


def test_unknown_and_contradicting_lines_are_named_and_counted(tmp_path: Path) -> None:
    folder = saved(tmp_path / "run", "yes")
    assert debrief(folder, {}) is None
    path = folder / DEBRIEF
    kept = read_answers(path)
    changed = [
        msgspec.structs.replace(kept[0], episode_id="elsewhere"),
        msgspec.structs.replace(kept[0], episode_id="elsewhere", place=1),
        msgspec.structs.replace(kept[0], question="weather", place=99),
        msgspec.structs.replace(kept[0], answer="no"),
    ]
    with path.open("a", encoding="utf-8") as file:
        file.writelines(map(line_of, changed))
    done = command("debrief", folder)
    assert done.exit_code == 0, done.output
    said = re.sub(r"\s+", " ", done.output)
    assert "24 questions to 1 rollout:" in said
    assert "1 answer: lines 1 and 28 of the answers' file contradict each other: 1" in said
    assert "left out, 3 answers: of no rollout here, 'elsewhere': 2" in said
    assert "to no question of ours, 'weather' by 'colleague': 1" in said
    (row,) = score_logs(folder).iter_rows(named=True)
    of_first = f"debrief_{kept[0].question}_{kept[0].frame}"
    assert row[of_first] is None
    assert "contradict each other" in row[f"{of_first}_unscored"]


def test_a_providers_failure_begins_with_the_servers_error(tmp_path: Path) -> None:
    folder = saved(tmp_path / "run", "refused")
    assert debrief(folder, {}) is None
    (fault,) = {answer.fault for answer in read_answers(folder / DEBRIEF)}
    assert fault == "the agent's provider failed: RuntimeError: Error code: 400 - no such model"
