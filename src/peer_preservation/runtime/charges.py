"""What an answer took and which way it came: its tokens, its cost, who served it.

Read from Inspect's usage and from the provider's raw response, where that says more.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any
from urllib.parse import urlsplit

from inspect_ai.model import Model, ModelCall, ModelOutput, ModelUsage

from peer_preservation.money.prices import Tokens
from peer_preservation.runtime.guard import shown

LISTED, CHARGED, UPSTREAM = "listed_usd", "charged_usd", "upstream"
"""Where an answer's metadata keep its cost and who served it."""

ROUTERS = frozenset(("openrouter", "litellm-proxy", "hf-inference-providers"))
"""Inspect's providers that hand a request on to others."""

_TICKS = 1e10
"""Of a US dollar, in which xAI charges (`cost_in_usd_ticks`)."""

_LONGEST_NAME = 80

Json = Any


def tokens_of(usage: ModelUsage, ttl: str | None = None) -> Tokens:
    """An answer's tokens, whatever of them its provider counts apart.

    Args:
        ttl: how long what was written to a cache is kept, where the provider says so.
    """
    read, kept = usage.input_tokens_cache_read or 0, usage.input_tokens_cache_write or 0
    given, reasoning = usage.input_tokens + read + kept, usage.reasoning_tokens or 0
    # Most providers count reasoning as output; of those that do not, the sum of all tells.
    apart = reasoning and usage.total_tokens == given + usage.output_tokens + reasoning
    output = usage.output_tokens + (reasoning if apart else 0)
    return Tokens(given, output, read, kept, kept if ttl == "1h" else 0, reasoning)


def charged(call: ModelCall | None) -> float | None:
    """What the provider says that it took, in US dollars; None where it does not say."""
    usage = _response(call).get("usage")
    if not isinstance(usage, Mapping):
        return None
    match usage:
        case {"cost": {"total_cost": cost}}:  # Perplexity
            return _sum(cost)
        case {"cost": cost, "is_byok": True, "cost_details": {"upstream_inference_cost": more}}:
            # OpenRouter with a key of one's own: its fee, and what the key's owner pays
            return None if (fee := _sum(cost)) is None else fee + (_sum(more) or 0.0)
        case {"cost": cost}:  # OpenRouter
            return _sum(cost)
        case {"cost_in_usd_ticks": ticks}:
            return None if (cost := _sum(ticks)) is None else cost / _TICKS
    return None


def upstream(call: ModelCall | None) -> str | None:
    """Who answered behind a router, in its own words; None where nobody is named."""
    named = _response(call).get("provider")
    return shown(named[:_LONGEST_NAME]) if isinstance(named, str) and named else None


def endpoint(model: Model) -> str:
    """The host that a model is asked at; "" where that is not known.

    Without its port: a server on this machine may have another one each day.
    """
    address = getattr(model.api, "base_url", None)
    if not isinstance(address, str):
        return ""
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def version(output: ModelOutput) -> str:
    """The model as the provider names it with its answer."""
    return shown(output.model[:_LONGEST_NAME])


def _response(call: ModelCall | None) -> Mapping[str, Json]:
    response = call.response if call and not call.error else None
    return response if isinstance(response, Mapping) else {}


def _sum(cost: Json) -> float | None:
    if isinstance(cost, bool) or not isinstance(cost, int | float):
        return None
    return float(cost) if isfinite(cost) and cost >= 0 else None
