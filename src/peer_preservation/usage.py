"""What a rollout's answers took, and which way they came."""

from __future__ import annotations

from typing import Any

import msgspec

SEVERAL = " + "
"""Stands between the names of what took turns."""

DEFAULT = "provider's default"

_NO_SAMPLING = ("model_args", "system_message")


class Usage(msgspec.Struct):
    """What the model took; None where the provider did not say.

    Attributes:
        input_tokens: all that it read, from a cache or not.
        output_tokens: all that it wrote, reasoning included.
        cost_usd: by the price list of the day, if there is a price.
        calls: answers.
        cache_read_tokens, cache_write_tokens: those of the input that a cache had, or kept.
        reasoning_tokens: those of the output that were reasoning.
        charged_usd: what the provider said that it took.
        seconds: from each request to its answer, in sum.
        sealed: parts of reasoning that the provider gave for itself alone to read, without a
            summary. They are in Inspect's log, and no part of the record.
    """

    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: float | None = None
    calls: int = 0
    cache_read_tokens: int | None = None
    cache_write_tokens: int | None = None
    reasoning_tokens: int | None = None
    charged_usd: float | None = None
    seconds: float | None = None
    sealed: int = 0


class Route(msgspec.Struct):
    """Which way the answers came, as far as anybody says.

    Attributes:
        provider: Inspect's name of whom the requests went to.
        router: the same, if it hands them on to others.
        endpoint: the host that was asked.
        upstream: who answered behind a router, in its words.
        versions: the model as the provider named it with its answers.
    """

    provider: str = ""
    router: str = ""
    endpoint: str = ""
    upstream: list[str] = []
    versions: list[str] = []

    def columns(self, config: dict[str, Any]) -> dict[str, str | None]:
        """The columns of a trial table; None where nobody says.

        Args:
            config: the settings of the generation that were given.
        """
        given = {**config, **config.get("model_args", {})}
        prefix = "reasoning"
        reasoning = {
            name.removeprefix(prefix).strip("_"): given[name]
            for name in given
            if name.startswith(prefix)
        }
        sampling = {name: config[name] for name in config if not name.startswith(prefix)}
        return {
            "provider": self.provider or None,
            "router": self.router or None,
            "endpoint": self.endpoint or None,
            "upstream": SEVERAL.join(sorted(self.upstream)) or None,
            "model_version": SEVERAL.join(sorted(self.versions)) or None,
            "reasoning": _told(reasoning) if self.provider else None,
            "sampling": _told(sampling) if self.provider else None,
        }


def _told(settings: dict[str, Any]) -> str:
    said = (
        f"{name} {value}" for name, value in sorted(settings.items()) if name not in _NO_SAMPLING
    )
    return ", ".join(said) or DEFAULT
