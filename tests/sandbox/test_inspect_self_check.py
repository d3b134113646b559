"""Inspect's own conformance checks, on the sandbox `bwrap`."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from inspect_ai.util import SandboxEnvironment
from inspect_ai.util._sandbox.self_check import *  # noqa: F403

from peer_preservation.runtime.sandbox.config import BwrapConfig
from peer_preservation.runtime.sandbox.environment import BwrapSandbox

pytestmark = [pytest.mark.agents, pytest.mark.anyio]

# docs/sandbox.md says why: one user exists, since an unprivileged process can map only itself.
IMPOSSIBLE = {"test_exec_as_user"}


@pytest.fixture(params=["memory", "disk"])
async def sandbox_env(
    request: pytest.FixtureRequest,
    sandbox_state: None,  # noqa: ARG001
) -> AsyncIterator[SandboxEnvironment]:
    if request.node.originalname in IMPOSSIBLE:
        request.node.add_marker(pytest.mark.xfail(strict=True))
    config = BwrapConfig(store=request.param)
    environments = await BwrapSandbox.sample_init("self_check", config, {})
    yield environments["default"]
    await BwrapSandbox.sample_cleanup("self_check", config, environments, interrupted=False)
