"""Where a coding agent runs: a sandbox with its programs in it, and how hosts come up there."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from inspect_ai.util import SandboxEnvironment, SandboxEnvironmentSpec, sandbox

from peer_preservation.runtime.agents.catalog import BWRAP, DOCKER, HOSTS, CodingAgent
from peer_preservation.runtime.agents.hosts.layout import limits_for, room_for
from peer_preservation.runtime.sandbox import compose, probe, tools
from peer_preservation.runtime.sandbox.config import BwrapConfig, Limits
from peer_preservation.runtime.sandbox.containers import SERVICES, containers_up
from peer_preservation.runtime.sandbox.environment import BwrapSandbox
from peer_preservation.runtime.sandbox.hosts import hosts_up
from peer_preservation.runtime.sandbox.machine import Machine
from peer_preservation.runtime.sandbox.machines import BringUp

_PREFIX = "/opt/agent"
_BIN = f"{_PREFIX}/bin"
PATH = f"{_BIN}:/usr/local/bin:/usr/bin:/bin"
"""The PATH of an agent's commands."""

STAGED = "/var/tmp/.5c95f967ca830048/gemini-cli/node_modules"
"""Where inspect_swe looks for Gemini CLI, and nowhere else."""


def sandbox_of(
    agent: CodingAgent,
    home: Path,
    setting: str,
    weights_mib: int,
    provider: str,
    at_once: int | None = None,
) -> tuple[SandboxEnvironmentSpec, int | None]:
    """The sandbox in which an agent runs, with its programs in it, and how many there may be.

    Args:
        home: the agent's folder.
        weights_mib: on hosts, the size of the file at stake in MiB.
        provider: whose sandbox: `bwrap` or `docker`.
        at_once: rollouts at a time that are asked for; None for what the machine can.

    Raises:
        UserError: this machine can have no such sandbox, or none with hosts and weights of this
            size; with the remedy.
    """
    on_hosts = setting == HOSTS
    programs = programs_of(agent, home)
    if provider == DOCKER:
        compose.require_engine()
        limits = limits_for(weights_mib) if on_hosts else Limits()
        # the addresses of the hosts are in the texts: an engine has them in one network at a time
        many = 1 if on_hosts else at_once
        return SandboxEnvironmentSpec(
            DOCKER, compose.machines(programs["binds"], on_hosts, limits)
        ), many
    config = BwrapConfig(**programs)
    if on_hosts:
        config = config.model_copy(update=room_for(weights_mib))
    at_once = at_once or probe.at_once(config, agent.load)
    probe.require(hosts=on_hosts, rollouts=at_once, config=config)
    return SandboxEnvironmentSpec(BWRAP, config), at_once


def programs_of(agent: CodingAgent, home: Path) -> dict[str, Any]:
    """What of a sandbox's configuration puts an agent's programs into it.

    Args:
        home: the agent's folder.
    """
    binds = [(str(home / "node_modules"), f"{_PREFIX}/node_modules"), (str(home / "bin"), _BIN)]
    if agent.name == "gemini_cli":
        binds.append((str(home / "node_modules"), STAGED))
    found = tools.unpacked()
    closed = ((str(found), tools.FOLDER),) if found else ()
    return {"binds": tuple(binds), "closed": closed, "path": PATH}


@contextmanager
def beside_the_agent(weights_mib: int) -> Iterator[BringUp]:
    """How hosts come up in the sample's sandbox: beside a machine of ours, or in other sandboxes.

    Args:
        weights_mib: the size of the file at stake in MiB.
    """
    if machine := _machine():
        yield partial(hosts_up, machine)
        return
    boxes = {address: _unrecorded(name) for address, name in SERVICES.items()}
    most = limits_for(weights_mib).disk_mb << 20
    with tempfile.TemporaryDirectory(prefix="peer-preservation-") as folder:
        yield partial(containers_up, _unrecorded("default"), boxes, Path(folder), most)


def overrun() -> tuple[str, str] | None:
    """Of what the sample's sandbox took too much, and how much, if all in it was ended for it."""
    machine = _machine()
    return machine.keeper.ended() if machine else None


def _machine() -> Machine | None:
    try:
        return sandbox().as_type(BwrapSandbox).machine
    except TypeError:
        return None


def _unrecorded(name: str) -> SandboxEnvironment:
    """A sandbox without the events of its commands: the log would hold every file that is read."""
    return sandbox(name).as_type(SandboxEnvironment)  # type: ignore[type-abstract]
