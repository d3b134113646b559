"""Calls in a text model's answers: the schema that admits them, and how they are read."""

import json
from typing import Any

import pytest
from inspect_ai.model import (
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageSystem,
    ChatMessageTool,
    ChatMessageUser,
    ContentImage,
)
from inspect_ai.tool import ToolCall, ToolCallError, ToolChoice, ToolFunction, ToolInfo
from offered_tools import READ, TOOLS

from peer_preservation.errors import UserError
from peer_preservation.runtime.tool_protocol import (
    answer_schema,
    bounded,
    chat_messages,
    read_answer,
    reply_name,
)

SCALAR = {
    "anyOf": [
        {"type": "string", "maxLength": 9, "minLength": 0},
        {"type": "number"},
        {"type": "boolean"},
        {"type": "null"},
    ]
}


def call(name: object, arguments: object) -> str:
    return json.dumps({"name": name, "arguments": arguments})


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        pytest.param({"type": "string"}, SCALAR["anyOf"][0], id="string"),
        pytest.param(
            {"type": "string", "maxLength": 99, "minLength": 50, "pattern": "[", "format": "x"},
            {"type": "string", "maxLength": 9, "minLength": 9},
            id="what the runtime may not read is left out",
        ),
        pytest.param(
            {"type": "integer", "minimum": 1},
            {"type": "integer", "minimum": 1, "maximum": 2**53 - 1},
            id="integer",
        ),
        pytest.param({"enum": ["a", None], "default": "a"}, {"enum": ["a", None]}, id="enum"),
        pytest.param({"description": "any"}, SCALAR, id="no type"),
        pytest.param(
            {"type": ["boolean", "null"]},
            {"anyOf": [{"type": "boolean"}, {"type": "null"}]},
            id="several types",
        ),
        pytest.param(
            {"anyOf": [{"type": "boolean"}, {"type": "string"}]},
            {"anyOf": [{"type": "boolean"}, SCALAR["anyOf"][0]]},
            id="anyOf",
        ),
        pytest.param(
            {"type": "array", "items": {"type": "boolean"}},
            {"type": "array", "items": {"type": "boolean"}, "maxItems": 32},
            id="array",
        ),
        pytest.param(
            {"type": "object", "properties": {"a": {"type": "null"}}, "required": ["a", "gone"]},
            {
                "type": "object",
                "properties": {"a": {"type": "null"}},
                "required": ["a"],
                "additionalProperties": False,
            },
            id="object",
        ),
        pytest.param(
            {"type": "object"},
            {"type": "object", "additionalProperties": SCALAR, "maxProperties": 32},
            id="open object",
        ),
    ],
)
def test_schemas_are_bounded(schema: dict[str, Any], expected: dict[str, Any]) -> None:
    assert bounded(schema, 9) == expected


@pytest.mark.parametrize(
    ("choice", "answer", "valid"),
    [
        ("auto", call("list_files", {}), True),
        ("auto", call("read_file", {"path": "x" * 9}), True),
        ("auto", call("set_value", {"key": "k", "value": False}), True),
        ("auto", call("set_value", {"key": "k", "value": 1.5, "note": "n"}), True),
        ("auto", call("reply", {"text": "hi"}), True),
        ("any", call("read_file", {"path": "x"}), True),
        ("any", call("reply", {"text": "hi"}), False),
        (ToolFunction("read_file"), call("read_file", {"path": "x"}), True),
        (ToolFunction("read_file"), call("list_files", {}), False),
        ("none", call("reply", {"text": "hi"}), True),
        ("none", call("list_files", {}), False),
        ("auto", call("read_file", {"path": "x" * 10}), False),
        ("auto", call("read_file", {}), False),
        ("auto", call("list_files", {"path": "x"}), False),
        ("auto", call("set_value", {"key": "k", "value": None}), False),
        ("auto", call("delete", {}), False),
        ("auto", '{"name": "list_files"}', False),
    ],
)
def test_the_answer_schema_admits_one_allowed_call_or_a_reply(
    choice: ToolChoice, answer: str, valid: bool
) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    validator = jsonschema.Draft202012Validator(answer_schema(TOOLS, choice, 9))
    assert validator.is_valid(json.loads(answer)) is valid


def test_reply_gives_way_to_a_tool_of_that_name() -> None:
    assert reply_name(TOOLS) == "reply"
    own = ToolInfo(name="reply", description="Reply to a mail.")
    assert reply_name([own]) == "reply_"
    read = read_answer(call("reply", {"text": "hi"}), [own])
    assert read is not None
    assert read[1][0].function == "reply"


def test_a_conversation_with_tools_becomes_plain_turns() -> None:
    one, two = (ToolCall(id=i, function="read_file", arguments={"path": i}) for i in "ab")
    chat = chat_messages(
        [
            ChatMessageSystem(content="Be brief."),
            ChatMessageUser(content="Hello."),
            ChatMessageAssistant(content="Hi \u00e9."),
            ChatMessageUser(content="Read a and b."),
            ChatMessageAssistant(content="I read.", tool_calls=[one, two]),
            ChatMessageTool(content="A!", tool_call_id="a"),
            ChatMessageTool(
                content="", tool_call_id="b", error=ToolCallError("file_not_found", "no b")
            ),
        ],
        [READ],
    )
    system = chat.pop(0)
    assert system["content"].startswith("Be brief.\n\n")
    listed = [json.loads(line) for line in system["content"].splitlines() if '"parameters"' in line]
    assert [tool["name"] for tool in listed] == ["read_file", "reply"]
    assert listed[0]["parameters"]["required"] == ["path"]
    assert chat == [
        {"role": "user", "content": "Hello."},
        {"role": "assistant", "content": '{"name": "reply", "arguments": {"text": "Hi é."}}'},
        {"role": "user", "content": "Read a and b."},
        {
            "role": "assistant",
            "content": 'I read.\n{"name": "read_file", "arguments": {"path": "a"}}\n'
            '{"name": "read_file", "arguments": {"path": "b"}}',
        },
        {
            "role": "user",
            "content": "<tool_response>\nA!\n</tool_response>\n\n"
            "<tool_response>\nno b\n</tool_response>",
        },
    ]


def test_without_tools_the_chat_stays_as_it_is() -> None:
    messages: list[ChatMessage] = [
        ChatMessageUser(content="Hello \ud800."),
        ChatMessageAssistant(content="Hi."),
    ]
    assert chat_messages(messages, []) == [
        {"role": "user", "content": "Hello \N{REPLACEMENT CHARACTER}."},
        {"role": "assistant", "content": "Hi."},
    ]


def test_pictures_are_refused() -> None:
    with pytest.raises(UserError, match="text only: a user message holds image"):
        chat_messages([ChatMessageUser(content=[ContentImage(image="x.png")])], [])


@pytest.mark.parametrize(
    ("answer", "function", "arguments"),
    [
        (call("list_files", {}), "list_files", {}),
        (
            call("set_value", {"key": "k", "value": False}),
            "set_value",
            {"key": "k", "value": False},
        ),
        ('{"name": "read_file", "arguments": {"path": "a b"}}', "read_file", {"path": "a b"}),
    ],
)
def test_a_call_is_read(answer: str, function: str, arguments: dict[str, Any]) -> None:
    read = read_answer(answer, TOOLS)
    assert read is not None
    text, (only,) = read
    assert (text, only.function, only.arguments) == ("", function, arguments)
    assert only.parse_error is None


def test_a_reply_is_text() -> None:
    assert read_answer(call("reply", {"text": "A {call} é"}), TOOLS) == ("A {call} é", [])


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "I cannot do that.",
        '{"name": "read_file", "argu',
        call("read_file", {"path": "x"}) + " and more",
        call("rm_rf", {}),
        call("read_file", "x"),
        call(["read_file"], {}),
        call("reply", {"text": 5}),
        call("reply", {"text": "x", "name": "read_file"}),
        "[" + call("list_files", {}) + "]",
        "null",
        '{"name": "read_file", "arguments": {"path": ' + "9" * 5000 + "}}",
        "[" * 100_000,
    ],
)
def test_garbled_answers_are_no_calls(answer: str) -> None:
    assert read_answer(answer, TOOLS) is None
