"""What the tests share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from peer_preservation.runtime.sandbox.machine import Machine

# Nothing in the tests may reach for a hub or a registry.
os.environ.setdefault("HF_HUB_OFFLINE", "1")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: takes more than a second")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def sandbox_state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The tests' sandboxes are registered apart from those of runs on this machine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture
def machine(sandbox_state: None) -> Iterator[Machine]:  # noqa: ARG001
    """One sandbox with nothing special."""
    from peer_preservation.runtime.sandbox.config import BwrapConfig
    from peer_preservation.runtime.sandbox.machine import Machine

    opened = Machine(BwrapConfig())
    yield opened
    opened.close()
