"""What the tests share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from peer_preservation.runtime.sandbox.machine import Machine

# Nothing in the tests may reach for a hub or a registry.
os.environ.setdefault("HF_HUB_OFFLINE", "1")


CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, without a window."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


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
def no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """A report draws no figures: each costs a third of a second."""
    monkeypatch.setattr("eval_observatory.report.figures.MOST_FIGURES", 0)


@pytest.fixture
def machine(sandbox_state: None) -> Iterator[Machine]:  # noqa: ARG001
    """One sandbox with nothing special."""
    from peer_preservation.runtime.sandbox.config import BwrapConfig
    from peer_preservation.runtime.sandbox.machine import Machine

    opened = Machine(BwrapConfig())
    yield opened
    opened.close()
