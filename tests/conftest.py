"""What the tests share."""

from __future__ import annotations

import os

import pytest

# Nothing in the tests may reach for a hub or a registry.
os.environ.setdefault("HF_HUB_OFFLINE", "1")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: takes more than a second")
    config.addinivalue_line("markers", "browser: needs Debian's Chromium; make test-browser")
