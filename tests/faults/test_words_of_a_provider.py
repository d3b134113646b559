"""What a provider says of a failure: of any length, with any marks, it stays a word in a record."""

from __future__ import annotations

from typing import Any

import pytest
from inspect_ai.model import (
    ChatCompletionChoice,
    ChatMessageAssistant,
    ModelCall,
    ModelOutput,
)

from peer_preservation.runtime.answers import fault_of, taken_in
from peer_preservation.runtime.guard import LONGEST, redact

LONG = "x" * 30_000_000


class _BadRequestError(Exception):
    """As the vendors' packages make it: the message is there twice."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


def test_a_message_of_any_length_is_cut() -> None:
    """All rollouts wait while one's message is looked through for keys, shown and logged."""
    error = _BadRequestError(f"Error code: 400 - {LONG}")
    redact(error)
    assert str(error).startswith("Error code: 400 - xxx")
    assert str(error).endswith(" [30,000,018 characters]")
    assert max(len(str(error)), len(error.message)) < LONGEST + 100


def test_a_message_of_any_length_in_an_answer_is_cut() -> None:
    output = ModelOutput(model="m", error=LONG)
    redact(output)
    assert output.error
    assert len(output.error) < LONGEST + 100


@pytest.mark.parametrize(
    ("sent", "named"),
    [
        ("a\n\x1b[2J=1", "a��[2J=1"),
        ("\u202efdp\x00", "�fdp�"),
        (" stop ", " stop "),
        ("\ud83d", "�"),
        ("überlast", "überlast"),
    ],
)
def test_the_name_of_an_end_is_one_line_that_a_terminal_shows(sent: str, named: str) -> None:
    message = ChatMessageAssistant(content="Done.")
    choice = ChatCompletionChoice(message=message, stop_reason="unknown")
    response: dict[str, Any] = {"choices": [{"index": 0, "finish_reason": sent}]}
    output = ModelOutput(model="m", choices=[choice])
    fault = fault_of(taken_in(output, ModelCall(request={}, response=response)))
    assert fault == ("stop_reason", named)
