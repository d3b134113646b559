"""What an answer took and which way it came, as each provider says it."""

from __future__ import annotations

from typing import Any

import pytest
from inspect_ai.model import (
    ChatMessageAssistant,
    Content,
    ContentReasoning,
    ContentText,
    ModelCall,
    ModelOutput,
    ModelUsage,
    get_model,
)

from peer_preservation.money.prices import Tokens
from peer_preservation.runtime.charges import charged, endpoint, tokens_of, upstream
from peer_preservation.runtime.rollout import count, reasoning_of
from peer_preservation.usage import Route, Usage


def call(**response: Any) -> ModelCall:
    return ModelCall(request={}, response=response)


@pytest.mark.parametrize(
    ("usage", "cost"),
    [
        ({"cost": 0.25}, 0.25),  # OpenRouter
        ({"cost": 0}, 0.0),
        (
            {"cost": 0.01, "is_byok": True, "cost_details": {"upstream_inference_cost": 0.2}},
            0.21,
        ),
        (
            {"cost": 0.2, "is_byok": False, "cost_details": {"upstream_inference_cost": 0.2}},
            0.2,
        ),
        ({"cost": {"total_cost": 0.5, "input_tokens_cost": 0.1}}, 0.5),  # Perplexity
        ({"cost_in_usd_ticks": 5_000_000}, 0.0005),  # xAI
        ({"prompt_tokens": 1}, None),
        ({"cost": -1}, None),
        ({"cost": float("nan")}, None),
        ({"cost": True}, None),
        ({"cost": "0.2"}, None),
        (None, None),
        ([], None),
    ],
)
def test_a_charge_is_what_the_provider_says(usage: Any, cost: float | None) -> None:
    assert charged(call(usage=usage)) == (None if cost is None else pytest.approx(cost))


def test_without_a_response_nothing_is_said() -> None:
    assert charged(None) is None
    assert upstream(None) is None
    assert upstream(call(provider={"name": "x"})) is None
    assert upstream(call(provider="Deep\x1bInfra" + 100 * "x")) is not None
    assert "\x1b" not in (upstream(call(provider="Deep\x1bInfra")) or "")


def test_tokens_are_whole_whatever_a_provider_counts_apart() -> None:
    # OpenAI's form: cached input apart from the rest, by Inspect; reasoning within the output
    plain = ModelUsage(
        input_tokens=600,
        input_tokens_cache_read=400,
        output_tokens=100,
        total_tokens=1100,
        reasoning_tokens=60,
    )
    assert tokens_of(plain) == Tokens(1000, 100, 400, 0, 0, 60)
    # xAI's: reasoning beside the output
    beside = plain.model_copy(update={"total_tokens": 1160})
    assert tokens_of(beside) == Tokens(1000, 160, 400, 0, 0, 60)
    kept = plain.model_copy(update={"input_tokens_cache_write": 50})
    assert tokens_of(kept, "1h") == Tokens(1050, 100, 400, 50, 50, 60)


def test_an_endpoint_is_a_host_without_secrets() -> None:
    model = get_model("mockllm/model")
    assert endpoint(model) == ""
    model.api.base_url = "https://user:secret@gateway.example:8443/v1?key=secret"
    assert endpoint(model) == "gateway.example"
    model.api.base_url = "http://[broken"
    assert endpoint(model) == ""


def test_reasoning_that_can_be_read_is_kept_and_sealed_parts_are_counted() -> None:
    parts: list[Content] = [
        ContentReasoning(reasoning="I think."),
        ContentReasoning(reasoning="gAAAAB", redacted=True, summary="It weighs both."),
        ContentReasoning(reasoning="gAAAAC", redacted=True),
        ContentText(text="Done."),
    ]
    message = ChatMessageAssistant(content=parts)
    assert reasoning_of(message) == "I think.\nIt weighs both."
    output = ModelOutput.from_message(message)
    output.time = 1.5
    usage = Usage()
    count(usage, output)
    count(usage, output)
    assert (usage.sealed, usage.calls, usage.seconds) == (2, 2, 3.0)
    assert usage.input_tokens is None


def test_a_route_is_told_by_its_settings_too() -> None:
    config = {
        "temperature": 1.0,
        "reasoning_effort": "high",
        "model_args": {"reasoning_enabled": True, "base_url": "http://x"},
    }
    told = Route(provider="openrouter", upstream=["B", "A"], versions=["m-1"]).columns(config)
    assert told == {
        "provider": "openrouter",
        "router": None,
        "endpoint": None,
        "upstream": "A + B",
        "model_version": "m-1",
        "reasoning": "effort high, enabled True",
        "sampling": "temperature 1.0",
    }
    assert Route(provider="x").columns({})["sampling"] == "provider's default"
    assert set(Route().columns({}).values()) == {None}
