"""What counts as an agent's answer, and what is kept of text that cannot be stored."""

from __future__ import annotations

from typing import Any

import pytest
from inspect_ai.model import (
    ChatCompletionChoice,
    ChatMessageAssistant,
    ContentReasoning,
    ContentText,
    ModelCall,
    ModelOutput,
    StopReason,
)
from inspect_ai.tool import ToolCall

from peer_preservation.runtime.answers import fault_of, lost_in, taken_in

HALF, LOST = "\ud83d", "�"


def output(
    reason: StopReason = "stop", content: Any = "Done.", calls: list[ToolCall] | None = None
) -> ModelOutput:
    message = ChatMessageAssistant(content=content, tool_calls=calls)
    return ModelOutput(
        model="m", choices=[ChatCompletionChoice(message=message, stop_reason=reason)]
    )


def chat(reason: str | None) -> dict[str, Any]:
    return {"choices": [{"index": 0, "finish_reason": reason}]}


def google(reason: str | None) -> dict[str, Any]:
    return {"model_version": "g", "candidates": [{"finish_reason": reason}]}


def responses(status: str, why: str | None = None) -> dict[str, Any]:
    return {"object": "response", "status": status, "incomplete_details": why and {"reason": why}}


ENDINGS: list[tuple[dict[str, Any] | None, StopReason, str | None]] = [
    # what the provider sent, Inspect's reason, what comes of it
    (chat("stop"), "stop", None),
    (chat("eos"), "stop", None),
    (chat("tool_calls"), "tool_calls", None),
    (chat("function_call"), "tool_calls", None),
    (chat("length"), "max_tokens", "truncated"),
    (chat("content_filter"), "content_filter", "content_filter"),
    (chat("error"), "unknown", "stop_reason error"),
    (chat("insufficient_system_resource"), "unknown", "stop_reason insufficient_system_resource"),
    (chat("a_word_of_tomorrow"), "unknown", "stop_reason a_word_of_tomorrow"),
    (chat("abort"), "unknown", "stop_reason abort"),
    (chat(None), "unknown", "stop_reason none given"),
    ({"choices": [{"index": 0}]}, "unknown", "stop_reason none given"),
    (chat("x" * 1000), "unknown", "stop_reason " + "x" * 60),
    (responses("completed"), "stop", None),
    (responses("completed"), "tool_calls", None),
    (responses("incomplete", "max_output_tokens"), "tool_calls", "stop_reason max_output_tokens"),
    (responses("incomplete", "max_output_tokens"), "max_tokens", "truncated"),
    (responses("failed"), "stop", "stop_reason failed"),
    (responses("cancelled"), "stop", "stop_reason cancelled"),
    ({"stop_reason": "end_turn"}, "stop", None),
    ({"stop_reason": "stop_sequence"}, "stop", None),
    ({"stop_reason": "tool_use"}, "tool_calls", None),
    ({"stop_reason": "refusal"}, "content_filter", "content_filter"),
    ({"stop_reason": "pause_turn"}, "unknown", "stop_reason pause_turn"),
    (
        {"stop_reason": "model_context_window_exceeded"},
        "unknown",
        "stop_reason model_context_window_exceeded",
    ),
    (google("STOP"), "stop", None),
    (google("MALFORMED_FUNCTION_CALL"), "unknown", "stop_reason MALFORMED_FUNCTION_CALL"),
    (google("SAFETY"), "content_filter", "content_filter"),
    (google(None), "stop", "stop_reason none given"),
    ({"model_version": "g"}, "stop", "stop_reason none given"),
    ({"stopReason": "end_turn"}, "stop", None),
    ({"stopReason": "malformed_tool_use"}, "unknown", "stop_reason malformed_tool_use"),
    ({"conversation_id": "c", "outputs": []}, "stop", "stop_reason none given"),
    (None, "stop", None),  # a provider of ours, and a mock: nothing raw is handed over
    (None, "unknown", "stop_reason unknown"),
]


@pytest.mark.parametrize(("response", "reason", "expected"), ENDINGS)
def test_only_an_end_that_is_known_to_be_the_agents_own_counts(
    response: dict[str, Any] | None, reason: StopReason, expected: str | None
) -> None:
    call = None if response is None else ModelCall.create({}, response)
    made = [ToolCall(id="c", function="f", arguments={})] if reason == "tool_calls" else None
    fault = fault_of(taken_in(output(reason, calls=made), call))
    kind, detail = fault or (None, "")
    assert (f"{kind} {detail}" if kind == "stop_reason" else kind) == expected


def test_an_end_by_calls_that_has_none_is_the_providers() -> None:
    call = ModelCall.create({}, chat("tool_calls"))
    nothing: tuple[list[ToolCall] | None, ...] = (None, [])
    for made in nothing:
        fault = fault_of(taken_in(output("tool_calls", calls=made), call))
        assert fault == ("stop_reason", "tool_calls, without a call")


def test_half_a_surrogate_pair_is_stored_wherever_it_stands_and_counted() -> None:
    parts = [ContentReasoning(reasoning=f"r{HALF}"), ContentText(text=f"t{HALF}")]
    calls = [
        ToolCall(id="c", function=f"f{HALF}", arguments={f"k{HALF}": [f"v{HALF}", {"w": HALF}]})
    ]
    call = ModelCall.create({}, chat("tool_calls") | {"id": HALF})
    kept = taken_in(output("tool_calls", parts, calls), call)
    assert lost_in(kept) == 6 + kept.completion.count(LOST)
    kept.model_dump_json().encode()
    call.model_dump_json().encode()
    assert kept.message.tool_calls
    (made,) = kept.message.tool_calls
    assert made.function == f"f{LOST}"
    assert made.arguments == {f"k{LOST}": [f"v{LOST}", {"w": LOST}]}
    assert kept.message.text == f"t{LOST}"
    assert fault_of(kept) is None


def test_whole_characters_are_left_as_they_are() -> None:
    kept = taken_in(output(content="caf\u00e9 \U0001f600 \u202e"))
    assert (kept.message.text, lost_in(kept)) == ("caf\u00e9 \U0001f600 \u202e", 0)


def test_arguments_that_nothing_can_store_are_no_call() -> None:
    arguments: dict[str, Any] = {}
    for _ in range(900):
        arguments = {"a": arguments}
    kept = taken_in(output("tool_calls", "", [ToolCall(id="c", function="f", arguments=arguments)]))
    assert kept.message.tool_calls
    (made,) = kept.message.tool_calls
    assert made.parse_error
    kept.model_dump_json()
