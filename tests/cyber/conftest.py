"""What the tests of the suites share."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session", autouse=True)
def apart(sandbox_state: None) -> None:
    """Their sandboxes are registered apart from those of runs on this machine."""
