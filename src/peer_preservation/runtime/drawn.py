"""Many questions to live models, a bounded number at a time, until the provider is past hope."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import NamedTuple, TypeVar

import anyio

from peer_preservation.runtime.waiting import Waiting

CONNECTIONS = 10
"""Questions that are asked at the same time."""

PATIENCE = 10
"""Failures of the provider, one after another, after which no more is asked."""

Item = TypeVar("Item")


class Asked(NamedTuple):
    """What an answer means for those to come.

    Attributes:
        failure: what the provider failed with, where it did.
        stop: why no more is to be asked, whatever the provider does.
    """

    failure: str | None = None
    stop: str | None = None


def drawn(
    items: Iterable[Item], ask: Callable[[Item], Awaitable[Asked]], connections: int
) -> str | None:
    """Has each item asked.

    Args:
        items: are drawn one by one, so that they need not all be held at once.
        ask: asks about one, and keeps what comes back.

    Returns:
        Why the rest was not asked: an answer's `stop`, or that the provider failed `PATIENCE` times
        in a row; None where all was asked.
    """
    try:
        with Waiting().said():
            return anyio.run(_all, iter(items), ask, connections)
    except ExceptionGroup as group:  # what a worker raised: the first is what the caller can use
        raise group.exceptions[0] from None


def error_text(error: Exception) -> str:
    """What a provider failed with, its own error first.

    Inspect raises some errors anew with a text that begins with the whole request; the server's is
    then their cause.
    """
    first = error.__cause__ if getattr(error, "provider_message", None) is not None else None
    return f"{type(first or error).__name__}: {first or error}"


def failure(whose: str, error: str) -> str:
    """A provider's failure in one line."""
    line = " ".join(error.encode("utf-8", "replace").decode().split())[:200]
    return f"{whose} provider failed: {line}"


async def _all(
    items: Iterator[Item], ask: Callable[[Item], Awaitable[Asked]], connections: int
) -> str | None:
    failures, stopped = 0, None

    async def work() -> None:
        nonlocal failures, stopped
        # No worker waits while it draws an item, so they can share the iterator.
        while stopped is None and (item := next(items, None)):
            asked = await ask(item)
            failures = failures + 1 if asked.failure else 0
            if stopped is None and failures == PATIENCE:
                stopped = f"{asked.failure}; run the same command again when it answers"
            stopped = stopped or asked.stop

    async with anyio.create_task_group() as group:
        for _ in range(connections):
            group.start_soon(work)
    return stopped
