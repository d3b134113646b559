"""How a model meets the world: our tool loop, or a coding agent in a sandbox."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from inspect_ai.solver import Solver
from inspect_ai.util import SandboxEnvironmentSpec

from peer_preservation.errors import UserError
from peer_preservation.runtime.agents.catalog import (
    BWRAP,
    HOSTS,
    LOOP,
    coding_agent,
    harness_name,
    sandbox_name,
    weights_of,
)
from peer_preservation.runtime.loop import tool_loop


@dataclass(frozen=True)
class Harness:
    """A harness, ready to be put into tasks.

    Attributes:
        name: as it stands in the trial table.
        solver: takes the arguments of `tool_loop`.
        sandbox: the sandbox that it runs in, None where it needs none.
        weights_mib: on real hosts, the size of the file at stake in MiB; else None.
        at_once: rollouts that may run at a time in sandboxes; None for as many as there are.
    """

    name: str
    solver: Callable[..., Solver]
    sandbox: SandboxEnvironmentSpec | None = None
    weights_mib: int | None = None
    at_once: int | None = None


TOOL_LOOP = Harness(LOOP, tool_loop)


def harness_of(
    name: str,
    setting: str | None = None,
    weights_mib: int | None = None,
    sandbox: str = BWRAP,
    at_once: int | None = None,
) -> Harness:
    """The harness of a name, once all that it needs is known to be there.

    Args:
        setting: for a coding agent, what it meets; by default `tools`.
        weights_mib: in the setting `hosts`, the size of the file at stake in MiB.
        sandbox: for a coding agent, where it runs: `bwrap` or `docker`.
        at_once: for a coding agent, rollouts at a time; by default what the machine can.

    Raises:
        UserError: there is no such harness, setting or sandbox, or this machine lacks what it
            needs.
    """
    full_name = harness_name(name, setting)
    size = weights_of(full_name, weights_mib)
    provider = sandbox_name(full_name, sandbox)
    if full_name == LOOP:
        return TOOL_LOOP
    agent = coding_agent(name)
    try:
        from peer_preservation.runtime.agents.launch import prepared, production_agent
        from peer_preservation.runtime.agents.place import sandbox_of
    except ImportError as error:
        raise UserError(
            f"harness {name}: {error.name} is not installed; "
            "install the extra: pip install 'peer-preservation[agents]'"
        ) from None
    met = full_name.partition("/")[2]
    spec, many = sandbox_of(agent, prepared(agent), met, size, provider, at_once)
    solver = partial(production_agent, name, met, size)
    return Harness(full_name, solver, spec, size if met == HOSTS else None, many)
