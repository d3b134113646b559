"""A shard of a plan on this machine: its folder, and its share of what a provider gives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from importlib.metadata import version
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from inspect_ai.model import GenerateConfig, Model
from inspect_ai.util import AdaptiveConcurrency

from eval_observatory.merging import MERGED, PART, Part
from eval_observatory.shards import Shard
from peer_preservation._version import __version__
from peer_preservation.errors import UserError
from peer_preservation.plan import Plan
from peer_preservation.scoring.outcome import SCORER_VERSION

_CONNECTIONS = "max_connections"
HERE = "this machine"
"""The provider path of a model that is served beside its worker, whatever its port."""

_SCRIPTED = ("organism", "llamacpp", "mockllm")
"""Providers in process: nobody else shares them."""


def part_of(plan: Plan, shard: Shard, models: Iterable[Model]) -> Part:
    """What a shard's folder is to say of itself."""
    return Part(
        shard=shard,
        plan=plan.hash,
        versions={
            "package": __version__,
            "scorer": SCORER_VERSION,
            "inspect-ai": version("inspect-ai"),
        },
        providers={str(model): provider_path(model) for model in models},
    )


def enter(plan: Plan, shard: Shard | None, models: Sequence[Model], out: Path) -> None:
    """Makes a folder that of a shard, or sees that it is none.

    Raises:
        UserError: it holds something else, or the plan was not locked.
    """
    if shard:
        if not plan.locked:
            raise UserError(
                f"--shard {shard}: shards are of a locked plan; make one with `peer-preservation "
                "plan`, and give its file"
            )
        part_of(plan, shard, models).taken_up(out).keep(out)
        return
    if (out / PART).exists():
        held = Part.read(out).shard
        raise UserError(f"{out}: the folder holds a shard; give --shard {held}, or another folder")
    if (out / MERGED).exists():
        raise UserError(f"{out}: the folder holds merged shards; run them again, not their sum")


def provider_path(model: Model) -> str:
    """Where a model is reached: without user, password, query; empty for the provider's usual."""
    client = getattr(model.api, "client", None)
    url = str(getattr(client, "base_url", None) or model.api.base_url or "")
    parts = urlsplit(url)
    if _is_loopback(parts.hostname):
        return HERE
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname}{port}{parts.path}" if parts.hostname else ""


def _is_loopback(host: str | None) -> bool:
    if not host:
        return False
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def shared(
    shard: Shard, models: Iterable[Model], transport: Mapping[str, Any], at_once: int | None = None
) -> dict[str, Any]:
    """Settings of the transport without the connections, of which each model is given its share.

    Shards that run at a time have together the connections of one run: those that were asked for,
    or Inspect's, which it adapts to what the provider takes. A model that is served on this machine
    is this shard's alone, and keeps them all.

    Args:
        at_once: how many shards run at a time; by default all.
    """
    rest, share = dict(transport), partial(shard.share, at_once=at_once)
    asked = rest.pop(_CONNECTIONS, None)
    for model in models:
        alone = provider_path(model) == HERE or str(model).partition("/")[0] in _SCRIPTED
        if asked is not None:
            mine = GenerateConfig(max_connections=asked if alone else share(asked))
        elif alone or model.config.max_connections is not None:
            continue
        else:
            usual = AdaptiveConcurrency()
            most, least, first = map(share, (usual.max, usual.min, usual.start))
            mine = GenerateConfig(
                adaptive_connections=AdaptiveConcurrency(min=least, start=first, max=most)
            )
        model.config = model.config.merge(mine)
    return rest
