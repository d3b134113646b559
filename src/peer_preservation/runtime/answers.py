"""A provider's answer as it comes in: no key in it, its text storable, the end that it names kept.

Inspect's own stop reasons lose some of what a provider says (see docs/reliability.md): an answer
that failed may be a plain `stop`. So the reason is read from the raw response, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any

from inspect_ai.model import (
    ChatMessage,
    Model,
    ModelCall,
    ModelOutput,
)

from peer_preservation.episode import Fault
from peer_preservation.runtime import replies
from peer_preservation.runtime.charges import UPSTREAM, upstream
from peer_preservation.runtime.guard import redact, shown
from peer_preservation.runtime.purse import PURSE
from peer_preservation.runtime.waiting import WAITING
from peer_preservation.storable import storable

ENDINGS = frozenset(
    (
        *("stop", "eos", "tool_calls", "function_call"),  # OpenAI's shape; eos: Together
        *("end_turn", "stop_sequence", "tool_use"),  # Anthropic, Bedrock
        *("STOP", "REASON_STOP", "REASON_TOOL_CALLS"),  # Google, xAI
        "completed",  # OpenAI Responses
    )
)
"""The reasons by which an answer is known to end where its model ended it."""

_FAULTS: dict[str, Fault] = {
    "max_tokens": "truncated",
    "model_length": "context_overflow",
    "content_filter": "content_filter",
}
_OWN = ("stop", "tool_calls")
_NONE = "none given"
_NAME_LENGTH = 60
_DEPTH = 100
"""Levels of a call's arguments; what stores and shows them fails at two hundred and more."""

_MARK = "_answers_are_guarded"
_REASON, _LOST = "provider_stop_reason", "lost_characters"

Json = Any


class FaultyAnswerError(RuntimeError):
    """Nothing may be read from an answer."""

    def __init__(self, fault: Fault, detail: str) -> None:
        super().__init__(f"{fault}: {detail}")
        self.fault, self.detail = fault, detail


def guarded(model: Model) -> Model:
    """The model itself; from now on each of its answers passes through here before all else."""
    api = model.api
    if hasattr(api, _MARK):
        return model
    replies.bound()
    generate = api.generate

    async def guarded_generate(*args: Any, **kwargs: Any) -> Any:
        waiting = WAITING.get()
        with waiting.request(str(model)) if waiting else nullcontext() as request:
            try:
                answer = await generate(*args, **kwargs)
            except Exception as error:
                redact(error)
                raise
            output, call = answer if isinstance(answer, tuple) else (answer, None)
            redact(output)
            if isinstance(output, Exception):
                if request:
                    request.error = output
                return answer
        output = taken_in(output, call)
        if purse := PURSE.get():
            purse.book(model, output, call)
        return output, call

    setattr(api, "generate", guarded_generate)  # noqa: B010  (a method, to a type checker)
    setattr(api, _MARK, True)
    return model


def taken_in(output: ModelOutput, call: ModelCall | None = None) -> ModelOutput:
    """An answer that can be stored, with what was lost and the raw reason of its end beside it."""
    for choice in output.choices:
        for made in choice.message.tool_calls or ():
            if _deeper(made.arguments, _DEPTH):
                made.arguments = {}
                made.parse_error = f"they are nested more than {_DEPTH} levels deep"
    plain, lost = storable(output.model_dump())
    if lost:
        output = ModelOutput.model_validate(plain)
    response = call.response if call and not call.error else None
    if call and call.response is not None:
        call.response, _ = storable(call.response)
    reason = _reason(response) if response else None
    noted = {
        _REASON: reason and shown(reason[:_NAME_LENGTH]),
        _LOST: lost or None,
        UPSTREAM: upstream(call),
    }
    if noted := {name: value for name, value in noted.items() if value is not None}:
        output.metadata = {**(output.metadata or {}), **noted}
    return output


def lost_in(output: ModelOutput) -> int:
    """How many characters of an answer could not be stored: each is U+FFFD in its place."""
    return int((output.metadata or {}).get(_LOST, 0))


def fault_of(output: ModelOutput) -> tuple[Fault, str] | None:
    """What is wrong with a model's answer, so that nothing is read from it; None if nothing is.

    Only an answer that is known to end where its model ended it is one.
    """
    if output.error:
        return "model_error", output.error
    if not output.choices:
        return "model_error", "the provider returned no answer"
    reason = output.stop_reason
    if reason in _FAULTS:
        return _FAULTS[reason], f"stop reason {reason}"
    raw = (output.metadata or {}).get(_REASON)
    if reason == "tool_calls" and not output.message.tool_calls:
        return "stop_reason", f"{raw or reason}, without a call"
    if raw is None and reason in _OWN:
        return None
    if raw in ENDINGS:
        return None
    return "stop_reason", raw or reason


def storable_messages(messages: list[ChatMessage]) -> None:
    """Makes the text of messages from elsewhere storable, in their list."""
    for place, message in enumerate(messages):
        plain, lost = storable(message.model_dump())
        if lost:
            messages[place] = type(message).model_validate(plain)


def _deeper(value: Json, levels: int) -> bool:
    """Whether lists and objects are nested deeper than this."""
    if not isinstance(value, dict | list):
        return False
    held = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_deeper(item, levels - 1) for item in held)


def _reason(response: Mapping[str, Json]) -> str | None:
    """The reason of an answer's end in a provider's own words; None if its shape is not known."""
    match response:
        case {"choices": [dict(first), *_]}:
            return _named(first.get("finish_reason"))
        case {"candidates": _} | {"usage_metadata": _} | {"model_version": _}:
            # Google: Inspect takes an answer without a reason, or without any candidate, for whole.
            first = (response.get("candidates") or [{}])[0]
            return _named(first.get("finish_reason"))
        case {"object": "response"}:
            # OpenAI Responses: Inspect takes every end but two for whole, and any with a call.
            details = response.get("incomplete_details") or {}
            return _named(details.get("reason") or response.get("status"))
        case {"stop_reason": reason} | {"stopReason": reason}:
            return _named(reason)
        case {"conversation_id": _}:
            return _NONE  # Mistral's conversations name no reason: Inspect takes each for whole
    return None


def _named(reason: Json) -> str:
    if reason is None or reason == "":
        return _NONE
    return str(getattr(reason, "value", reason)).removeprefix("FinishReason.")
