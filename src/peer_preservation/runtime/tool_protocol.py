"""Tool calls over plain chat: the schema that holds a small model's answer, and its reading.

Pure functions between Inspect's messages and tools and what a runtime without tools can take.
"""

import json
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from inspect_ai.model import (
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageSystem,
    ChatMessageTool,
)
from inspect_ai.tool import ToolCall, ToolChoice, ToolFunction, ToolInfo

from peer_preservation.errors import UserError
from peer_preservation.storable import storable

Json = dict[str, Any]

INSTRUCTION = """\
Answer with exactly one JSON object and nothing else: {"name": <tool>, "arguments": {...}}.
It calls one of these tools; the next message holds the tool's response.
"""
REPLY = "Write plain text, for example the final answer, instead of calling a tool."
# One spelling of white space, json.dumps's own: an answer costs fewer tokens, and comes back as
# history in the same tokens, so that the prompt cache holds.
SPELLING = {
    "x-guidance": {"whitespace_flexible": False, "item_separator": ", ", "key_separator": ": "}
}
MAX_ITEMS = 32
SAFE_INTEGER = 2**53 - 1


def reply_name(tools: Sequence[ToolInfo]) -> str:
    """The name under which plain text is given, one that no tool has."""
    name = "reply"
    while any(tool.name == name for tool in tools):
        name += "_"
    return name


def answer_schema(tools: Sequence[ToolInfo], choice: ToolChoice, max_string: int) -> Json:
    """What an answer may be: one call of a tool that `choice` allows, or a reply if it may."""
    allowed = [] if choice == "none" else list(tools)
    if isinstance(choice, ToolFunction):
        allowed = [tool for tool in tools if tool.name == choice.name]
    forms = [
        _closed(
            name={"const": tool.name},
            arguments=bounded(tool.parameters.model_dump(exclude_none=True), max_string),
        )
        for tool in allowed
    ]
    if choice in ("auto", "none"):
        text = _closed(text={"type": "string", "maxLength": max_string})
        forms.append(_closed(name={"const": reply_name(tools)}, arguments=text))
    return {"anyOf": forms}


def _closed(**properties: Json) -> Json:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def bounded(schema: Json, max_string: int) -> Json:
    """The schema with every string, list, integer and open object bounded.

    Only what the runtime surely reads is kept: it decodes without any constraint where it meets
    a regular expression or a format that it does not know. Those are left to the tool to check.
    """
    if "anyOf" in schema:
        return {"anyOf": [bounded(s, max_string) for s in schema["anyOf"]]}
    if "enum" in schema:
        return {"enum": schema["enum"]}
    kinds = schema.get("type", ["string", "number", "boolean", "null"])
    if isinstance(kinds, str):
        return _bounded_kind(kinds, schema, max_string)
    return {"anyOf": [_bounded_kind(kind, schema, max_string) for kind in kinds]}


def _bounded_kind(kind: str, schema: Json, max_string: int) -> Json:
    kept = {"type": kind}
    if kind == "string":
        longest = max(min(schema.get("maxLength", max_string), max_string), 0)
        return kept | {"maxLength": longest, "minLength": min(schema.get("minLength", 0), longest)}
    if kind in ("integer", "number"):
        limits = {"minimum": -SAFE_INTEGER, "maximum": SAFE_INTEGER} if kind == "integer" else {}
        return kept | limits | {k: schema[k] for k in ("minimum", "maximum") if k in schema}
    if kind == "array":
        return kept | {"items": bounded(schema.get("items", {}), max_string), "maxItems": MAX_ITEMS}
    if kind == "object":
        properties = schema.get("properties", {})
        others = schema.get("additionalProperties", True)
        if properties or others is False:
            return kept | {
                "properties": {k: bounded(v, max_string) for k, v in properties.items()},
                "required": [k for k in schema.get("required", []) if k in properties],
                "additionalProperties": False,
            }
        value = bounded(others if isinstance(others, dict) else {}, max_string)
        return kept | {"additionalProperties": value, "maxProperties": MAX_ITEMS}
    return kept


def chat_messages(messages: Sequence[ChatMessage], tools: Sequence[ToolInfo]) -> list[Json]:
    """The conversation for a chat template that knows no tools.

    Tools are listed at the end of the first system message, calls are the JSON that the model is
    asked to write, a tool's result is the user's next message. Neighbours of one role become one
    message, since many templates refuse anything but turns.

    Raises:
        UserError: A message holds something other than text.
    """
    chat: list[Json] = []
    for message in messages:
        role, text = _turn(message, tools)
        if chat and chat[-1]["role"] == role:
            chat[-1]["content"] += f"\n\n{text}"
        else:
            chat.append({"role": role, "content": text})
    if tools:
        if not chat or chat[0]["role"] != "system":
            chat.insert(0, {"role": "system", "content": ""})
        chat[0]["content"] = f"{chat[0]['content']}\n\n{_listing(tools)}".strip()
    # Half a surrogate pair would break the runtime.
    clean: list[Json] = storable(chat)[0]
    return clean


def _turn(message: ChatMessage, tools: Sequence[ToolInfo]) -> tuple[str, str]:
    content = [] if isinstance(message.content, str) else message.content
    if other := [part.type for part in content if part.type not in ("text", "reasoning")]:
        raise UserError(f"llamacpp reads text only: a {message.role} message holds {other[0]}")
    match message:
        case ChatMessageSystem():
            return "system", message.text
        case ChatMessageTool():
            result = message.error.message if message.error else message.text
            return "user", f"<tool_response>\n{result}\n</tool_response>"
        case ChatMessageAssistant(tool_calls=[*calls]) if calls:
            said = [message.text] if message.text else []
            return "assistant", "\n".join(said + [_call(c.function, c.arguments) for c in calls])
        case ChatMessageAssistant() if tools:
            return "assistant", _call(reply_name(tools), {"text": message.text})
        case _:
            return message.role, message.text


def _call(name: str, arguments: Json) -> str:
    return json.dumps({"name": name, "arguments": arguments}, ensure_ascii=False)


def _listing(tools: Sequence[ToolInfo]) -> str:
    lines = [INSTRUCTION]
    for tool in tools:
        parameters = tool.parameters.model_dump(exclude_none=True, exclude={"additionalProperties"})
        line = {"name": tool.name, "description": tool.description, "parameters": parameters}
        lines.append(json.dumps(line, ensure_ascii=False))
    text = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}
    reply = {"name": reply_name(tools), "description": REPLY, "parameters": text}
    return "\n".join([*lines, json.dumps(reply, ensure_ascii=False)])


def read_answer(text: str, tools: Sequence[ToolInfo]) -> tuple[str, list[ToolCall]] | None:
    """The text or the one call of an answer, or None where it is neither."""
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):
        return None
    match answer:
        case {"name": str(name), "arguments": {"text": str(said), **others}} if (
            name == reply_name(tools) and not others
        ):
            return said, []
        case {"name": str(name), "arguments": dict(arguments)} if any(
            tool.name == name for tool in tools
        ):
            return "", [ToolCall(id=f"call_{uuid4().hex[:8]}", function=name, arguments=arguments)]
    return None
