"""Many questions to live models, a bounded number at a time, until the provider is past hope."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import TypeVar

import anyio

from peer_preservation.runtime.waiting import Waiting

CONNECTIONS = 10
"""Questions that are asked at the same time."""

PATIENCE = 10
"""Failures of the provider, one after another, after which no more is asked."""

Item = TypeVar("Item")


def drawn(
    items: Iterable[Item], ask: Callable[[Item], Awaitable[str | None]], connections: int
) -> str | None:
    """Has each item asked.

    Args:
        items: are drawn one by one, so that they need not all be held at once.
        ask: asks about one and keeps what comes back; gives the failure where the provider failed.

    Returns:
        The last failure, where the provider failed `PATIENCE` times in a row and the rest was not
        asked; else None.
    """
    try:
        with Waiting().said():
            return anyio.run(_all, iter(items), ask, connections)
    except ExceptionGroup as group:  # what a worker raised: the first is what the caller can use
        raise group.exceptions[0] from None


def failure(whose: str, error: str) -> str:
    """A provider's failure in one line."""
    line = " ".join(error.encode("utf-8", "replace").decode().split())[:200]
    return f"{whose} provider failed: {line}"


async def _all(
    items: Iterator[Item], ask: Callable[[Item], Awaitable[str | None]], connections: int
) -> str | None:
    failures: list[str] = []

    async def work() -> None:
        # No worker waits while it draws an item, so they can share the iterator.
        while len(failures) < PATIENCE and (item := next(items, None)):
            failed = await ask(item)
            if failed is not None:
                failures.append(failed)
            elif len(failures) < PATIENCE:
                failures.clear()

    async with anyio.create_task_group() as group:
        for _ in range(connections):
            group.start_soon(work)
    return failures[-1] if len(failures) >= PATIENCE else None
