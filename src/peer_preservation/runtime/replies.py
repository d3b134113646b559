"""A provider's reply is read up to a bound: a megabyte can hold a gigabyte, packed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import wraps
from importlib import import_module
from importlib.util import find_spec
from typing import Any

LARGEST = 64 << 20
"""Bytes of a reply, unpacked. The longest answers of today's models have less than a megabyte."""

_CLIENTS = ("httpx", "httpx2")
"""What the providers' packages speak HTTP with; Inspect offers no place for a bound of its own."""


def bound() -> None:
    """Has a reply that is read in pieces, as every provider's is, fail beyond `LARGEST` bytes."""
    for name in _CLIENTS:
        if find_spec(name):
            client = import_module(name)
            _bound(client.Response, client.DecodingError)


def _bound(response: Any, error: Any) -> None:
    unbounded = response.aiter_bytes
    if hasattr(unbounded, "__wrapped__"):
        return

    @wraps(unbounded)
    async def aiter_bytes(self: Any, chunk_size: int | None = None) -> AsyncIterator[bytes]:
        size = 0
        async for piece in unbounded(self, chunk_size):
            size += len(piece)
            if size > LARGEST:
                raise error(f"the reply has more than {LARGEST:,} bytes", request=self.request)
            yield piece

    response.aiter_bytes = aiter_bytes
