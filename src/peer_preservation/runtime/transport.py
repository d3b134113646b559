"""How long a provider is waited for. Nothing here changes an answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inspect_ai.model import GenerateConfig

MAX_RETRIES = 8
"""Waits between attempts double from 3 seconds: thirteen minutes in all."""

ATTEMPT_TIMEOUT = 600
"""Seconds for one attempt, as in the vendors' own packages."""

TIMEOUT = 1800
"""Seconds for a request, its repetitions included."""

OPERATIONAL = (
    "max_connections",
    "max_retries",
    "timeout",
    "attempt_timeout",
    "adaptive_connections",
)
"""Inspect's names of the settings that change no answer."""


def bounded(given: Mapping[str, Any]) -> dict[str, Any]:
    """Settings that somebody gives, where a request's seconds bound each of its attempts, too.

    Inspect looks at them between two attempts, so that one that hangs would outlive them.
    """
    known = {name: value for name, value in given.items() if value is not None}
    if "timeout" in known:
        known.setdefault("attempt_timeout", min(known["timeout"], ATTEMPT_TIMEOUT))
    return known


def transport(name: str) -> GenerateConfig:
    """A model's settings of the transport, where nobody gives others.

    One request at a time for a local model, however long it takes: it plays a rollout to its end
    from a warm cache.
    """
    from inspect_ai.model import GenerateConfig  # two seconds, for a figure in a help text

    if name.startswith("llamacpp/"):
        return GenerateConfig(max_connections=1)
    return GenerateConfig(max_retries=MAX_RETRIES, attempt_timeout=ATTEMPT_TIMEOUT, timeout=TIMEOUT)
