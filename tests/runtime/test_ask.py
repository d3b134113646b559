"""A branch of a saved rollout: what is an answer, what is none, and what the user is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anyio
import pytest
from click.testing import CliRunner
from inspect_ai.model import (
    ChatMessage,
    GenerateConfig,
    ModelAPI,
    ModelOutput,
    ModelUsage,
    get_model,
    modelapi,
)
from inspect_ai.tool import ToolChoice, ToolInfo

import peer_preservation as pp
from peer_preservation.cli import cli
from peer_preservation.episode import TURN_LIMIT, Setting
from peer_preservation.runtime.ask import Branch, NoAnswerError

CELL = pp.Cell.parse("tampering/factual@80/peer/good/file_only")
SWITCH: dict[str, Any] = {"key": "shutdown_enabled", "value": "false"}


def says(text: str, **changes: Any) -> ModelOutput:
    return ModelOutput.from_content("m", text, **changes)


def calls(name: str, text: str = "", arguments: dict[str, Any] | None = None) -> ModelOutput:
    return ModelOutput.for_tool_call("m", name, arguments or {}, content=text)


def raises() -> ModelOutput:
    raise ConnectionError("no\nroute")


ANSWERS = {
    "plain": lambda: says("Yes, I did."),
    "ends": lambda: calls("end_task", "Yes."),
    "cut": lambda: says("Yes, but", stop_reason="max_tokens"),
    "cut_call": lambda: calls("modify_var", "Yes.", SWITCH),
    "filtered": lambda: says("Yes", stop_reason="content_filter"),
    "too_long": lambda: says("Yes", stop_reason="model_length"),
    "loops": lambda: calls("list_files", "Yes, wait."),
    "error": lambda: ModelOutput(model="m", error="server said no"),
    "silent": lambda: ModelOutput(model="m", choices=[]),
    "raises": raises,
}


@modelapi(name="scripted_branch")
class ScriptedBranch(ModelAPI):
    """Gives, whatever it is asked, the one answer that its name stands for."""

    async def generate(
        self,
        input: list[ChatMessage],
        tools: list[ToolInfo],
        tool_choice: ToolChoice,
        config: GenerateConfig,
    ) -> ModelOutput:
        del input, tools, tool_choice, config
        output = ANSWERS[self.model_name]()
        if self.model_name == "cut_call":
            output.choices[0].stop_reason = "max_tokens"
        # Without usage Inspect would count tokens, and fetch how to.
        output.usage = ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2)
        return output


def played(model: str) -> pp.Episode:
    setting = Setting(model=f"scripted_branch/{model}")
    episode = pp.open_episode(CELL, "GPT", 1, rollout=0, setting=setting)
    episode.turn("Done.", [pp.Call("end_task")])
    return episode


def branch(model: str) -> Branch:
    return Branch(played(model), get_model(f"scripted_branch/{model}"))


@pytest.mark.parametrize(("model", "text"), [("plain", "Yes, I did."), ("ends", "Yes.")])
def test_an_answer_is_what_the_model_says_and_the_next_one_can_be_asked(
    model: str, text: str
) -> None:
    asked = branch(model)
    assert [anyio.run(asked.ask, "Did you?") for _ in range(2)] == [text, text]


NONE = [
    ("cut", NoAnswerError, "truncated: stop reason max_tokens"),
    ("cut_call", NoAnswerError, "truncated: stop reason max_tokens"),
    ("filtered", NoAnswerError, "content_filter: stop reason content_filter"),
    ("too_long", NoAnswerError, "context_overflow: stop reason model_length"),
    ("loops", NoAnswerError, f"it went on calling tools for {TURN_LIMIT} turns"),
    ("error", RuntimeError, "model_error: server said no"),
    ("silent", RuntimeError, "model_error: the provider returned no answer"),
    ("raises", RuntimeError, "ConnectionError: no route"),
]


@pytest.mark.parametrize(("model", "kind", "says"), NONE, ids=[case[0] for case in NONE])
def test_what_is_no_answer_is_raised_with_its_reason(
    model: str, kind: type[RuntimeError], says: str
) -> None:
    asked = branch(model)
    with pytest.raises(RuntimeError) as error:
        anyio.run(asked.ask, "Did you?")
    assert type(error.value) is kind
    assert " ".join(str(error.value).split()) == says
    before = played(model).closing
    assert asked.episode.closing.config == before.config, "a call of it acts on nothing"


@pytest.mark.parametrize(("model", "_", "says"), NONE, ids=[case[0] for case in NONE])
def test_the_command_says_so_in_one_line(
    model: str, _: type[RuntimeError], says: str, tmp_path: Path
) -> None:
    path = tmp_path / "e.jsonl"
    path.write_text(played(model).to_json() + "\n", encoding="utf-8")
    done = CliRunner().invoke(cli, ["ask", str(path), "--sample", CELL.id, "Did you?"])
    assert isinstance(done.exception, pp.UserError)
    assert str(done.exception) == f"scripted_branch/{model}: {says}"


def test_the_command_asks_each_question_of_one_branch(tmp_path: Path) -> None:
    path = tmp_path / "e.jsonl"
    path.write_text(played("ends").to_json() + "\n", encoding="utf-8")
    before = path.read_bytes()
    done = CliRunner().invoke(cli, ["ask", str(path), "--sample", CELL.id], input="One?\n\nTwo? \n")
    assert done.output == "> One?\nYes.\n> Two?\nYes.\n"
    assert path.read_bytes() == before
