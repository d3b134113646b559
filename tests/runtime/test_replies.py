"""A reply that unpacks to more than any answer has is not read to its end."""

from __future__ import annotations

import gzip
import tracemalloc
from collections.abc import AsyncIterator
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import pytest

from peer_preservation.runtime import replies

MIB = 1 << 20
PACKED = gzip.compress(bytes(200 * MIB))


async def pieces() -> AsyncIterator[bytes]:
    for at in range(0, len(PACKED), 65_536):
        yield PACKED[at : at + 65_536]


@pytest.mark.anyio
@pytest.mark.parametrize("name", [name for name in ("httpx", "httpx2") if find_spec(name)])
async def test_a_bomb_is_not_unpacked(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replies, "LARGEST", 8 * MIB)
    replies.bound()
    client: Any = import_module(name)

    def answer(_: object) -> object:
        return client.Response(200, headers={"content-encoding": "gzip"}, content=pieces())

    async with client.AsyncClient(transport=client.MockTransport(answer)) as session:
        tracemalloc.start()
        with pytest.raises(client.DecodingError, match="more than 8,388,608 bytes"):
            await session.get("http://127.0.0.1/")
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert most < 160 * MIB  # one piece of the net unpacks to some 64 MiB


@pytest.mark.anyio
@pytest.mark.parametrize("name", [name for name in ("httpx", "httpx2") if find_spec(name)])
async def test_an_answer_is_read_as_ever(name: str) -> None:
    replies.bound()
    client: Any = import_module(name)
    packed = gzip.compress(b"x" * MIB)

    async def content() -> AsyncIterator[bytes]:
        yield packed

    def answer(_: object) -> object:
        return client.Response(200, headers={"content-encoding": "gzip"}, content=content())

    async with client.AsyncClient(transport=client.MockTransport(answer)) as session:
        assert (await session.get("http://127.0.0.1/")).content == b"x" * MIB
