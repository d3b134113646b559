"""A released conversation as turns: who said and called what, and what is lost. No scoring here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec


class Made(msgspec.Struct, frozen=True):
    """A call as the record has it; `result` is None where there was no reply."""

    name: str
    arguments: dict[str, Any]
    result: str | None

    @property
    def answered(self) -> bool:
        """Whether there is a reply with a text: no tool of the study answers with none."""
        return bool(self.result and self.result.strip())


@dataclass
class Turn:
    """One answer of the model.

    Attributes:
        collapsed: more replies came than calls are kept: calls of one tool became one.
        replies: the texts of all replies, in order.
    """

    number: int
    text: str
    calls: list[Made] = field(default_factory=list)
    collapsed: bool = False
    replies: list[str] = field(default_factory=list)

    @property
    def ends(self) -> bool:
        """Whether the turn ends the task."""
        return any(call.name == "end_task" for call in self.calls)


@dataclass
class Transcript:
    """The conversation of a row.

    Attributes:
        system, user: the prompts, "" where there is none.
        metadata: `experiment_metadata`.
    """

    system: str
    user: str
    turns: list[Turn]
    metadata: dict[str, Any]

    @property
    def tools(self) -> set[str]:
        """The names of all tools that were called."""
        return {call.name for turn in self.turns for call in turn.calls}


def read_transcript(value: object) -> Transcript:
    """The transcript in a row's `transcript_json`, text or object.

    Assistant messages make the turns; a tool's message repeats the call that it answers. Text and
    call that stand in two assistant messages, as in the coding agents' files, are one turn.

    Raises:
        ValueError: there is no conversation in it.
    """
    if isinstance(value, str):
        value = _decoded(value)
    if not isinstance(value, Mapping) or not isinstance(value.get("conversation"), list):
        raise ValueError("it has no conversation")
    messages = [message for message in value["conversation"] if isinstance(message, Mapping)]
    turns: list[Turn] = []
    prompts = {"system": "", "user": ""}
    groups: list[tuple[str, list[tuple[str, dict[str, Any]]], list[str]]] = []
    previous = ""
    for message in messages:
        role, text = message.get("role"), _content(message.get("content"))
        if role == "assistant":
            calls = _calls(message.get("tool_calls"))
            if previous == "assistant" and not groups[-1][1]:
                groups[-1] = ("\n".join(filter(None, (groups[-1][0], text))), calls, [])
            else:
                groups.append((text, calls, []))
        elif role == "tool" and groups:
            groups[-1][2].append(text)
        elif role in prompts and not groups:
            prompts[role] = "\n\n".join(filter(None, (prompts[role], text)))
        previous = str(role)
    for number, (text, calls, replies) in enumerate(groups, 1):
        turns.append(_turn(number, text, calls, replies))
        if turns[-1].ends:  # what follows is not the job: questions that were put afterwards
            break
    metadata = value.get("experiment_metadata")
    return Transcript(
        prompts["system"],
        prompts["user"],
        turns,
        dict(metadata) if isinstance(metadata, Mapping) else {},
    )


def _turn(
    number: int, text: str, calls: list[tuple[str, dict[str, Any]]], replies: list[str]
) -> Turn:
    turn = Turn(number, text, replies=replies)
    working = [call for call in calls if call[0] != "end_task"]
    turn.collapsed = len(replies) > len(working) > 0
    answered = len(replies) >= len(working)
    if turn.collapsed:  # what is kept is each tool's last call; with one tool, its reply is known
        replies = replies[-1:] if len(working) == 1 else [""] * len(working)
    texts = iter(replies)
    for name, arguments in calls:
        reply = next(texts, None) if name != "end_task" and answered else None
        turn.calls.append(Made(name, arguments, reply))
    return turn


def _decoded(text: str) -> object:
    try:
        return msgspec.json.decode(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise ValueError(f"it is not JSON: {error}") from None


def _content(value: object) -> str:
    """A message's text; null, "" and lists of text parts are all met."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        parts = (part.get("text") if isinstance(part, Mapping) else part for part in value)
        return "\n".join(part for part in parts if isinstance(part, str))
    return ""


def _calls(value: object) -> list[tuple[str, dict[str, Any]]]:
    """The calls of a message: an object by tool name, or a list as model providers have it."""
    if isinstance(value, str):
        value = _object(value)
    if isinstance(value, Mapping):
        return [
            (str(name), _object(arguments)) for name, arguments in value.items() if name is not None
        ]
    found = []
    for call in value if isinstance(value, list) else ():
        if isinstance(call, Mapping):
            inner = call.get("function")
            named = inner if isinstance(inner, Mapping) else call
            if isinstance(named.get("name"), str):
                found.append((named["name"], _object(named.get("arguments"))))
    return found


def _object(value: object) -> dict[str, Any]:
    """Arguments as an object; what is none is kept under one name."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return {"unreadable": value}
    if value is None:
        return {}
    return dict(value) if isinstance(value, Mapping) else {"unreadable": value}
