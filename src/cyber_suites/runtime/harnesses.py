"""Who plays: our tool loop, or a coding agent; both in the same sandbox, with the same door."""

from __future__ import annotations

from dataclasses import dataclass

from inspect_ai.util import SandboxEnvironmentSpec

from cyber_suites.boxes import ADDRESS_SPACE_MB
from cyber_suites.door import WORK
from cyber_suites.runtime.agents import CodingAgentHarness, sandbox_with
from cyber_suites.runtime.playing import LOOP, Harness, tool_loop
from eval_observatory.errors import UserError
from peer_preservation.runtime.agents.catalog import AGENTS
from peer_preservation.runtime.sandbox import probe
from peer_preservation.runtime.sandbox.config import BwrapConfig, Limits

ROOM = Limits(memory_mb=ADDRESS_SPACE_MB, total_memory_mb=6144, disk_mb=4096, inodes=400_000)
"""What an agent's machine may use: a build under sanitizers, besides the agent itself."""


@dataclass(frozen=True)
class Met:
    """A harness, ready to be put into a task.

    Attributes:
        name: as it stands in the trial table.
        play: plays a rollout.
        sandbox: the machine that the agent works on.
    """

    name: str
    play: Harness
    sandbox: SandboxEnvironmentSpec


def harness_of(name: str) -> Met:
    """The harness of a name, once all that it needs is known to be there.

    Raises:
        UserError: there is no such harness, or this machine lacks what it needs.
    """
    config = BwrapConfig(
        workdir=WORK,
        hostname="ws-11",
        limits=ROOM,
        debugger=True,
    )
    if name == LOOP:
        probe.require(hosts=False, rollouts=1, config=config)
        return Met(LOOP, tool_loop, SandboxEnvironmentSpec("bwrap", config))
    if name not in AGENTS:
        known = ", ".join((LOOP, *AGENTS))
        raise UserError(f"harness {name!r} is unknown; use one of {known}")
    return Met(name, CodingAgentHarness(name), sandbox_with(name, config))
