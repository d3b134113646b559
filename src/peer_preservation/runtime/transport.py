"""How long a provider is waited for. Nothing here changes an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

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


def transport(name: str) -> GenerateConfig:
    """A model's settings of the transport, where nobody gives others.

    One request at a time for a local model, however long it takes: it plays a rollout to its end
    from a warm cache.
    """
    from inspect_ai.model import GenerateConfig  # two seconds, for a figure in a help text

    if name.startswith("llamacpp/"):
        return GenerateConfig(max_connections=1)
    return GenerateConfig(max_retries=MAX_RETRIES, attempt_timeout=ATTEMPT_TIMEOUT, timeout=TIMEOUT)
