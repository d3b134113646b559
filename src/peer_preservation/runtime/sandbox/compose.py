"""The machines as Inspect's `docker` sandbox has them: the shipped compose file, and an agent."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from pathlib import Path

from inspect_ai.util import ComposeBuild, ComposeConfig, ComposeVolumeMount, parse_compose_yaml

from peer_preservation.errors import UserError
from peer_preservation.runtime.sandbox.config import Limits

FILE = Path(__file__).parent / "docker" / "compose.yaml"
_REMEDY = "install Docker Engine 25 or newer with Compose 2.24 or newer, or take the sandbox bwrap"


def machines(binds: Iterable[tuple[str, str]], hosts: bool, limits: Limits) -> ComposeConfig:
    """The services of the compose file that a setting needs: the agent's machine, and its hosts.

    Args:
        binds: (folder of this machine, path inside) of the agent's machine, read-only.
        limits: of these, those that differ from run to run: the longest file.
    """
    config = parse_compose_yaml(str(FILE))
    for service in config.services.values():
        service.build = ComposeBuild(context=str(FILE.parent))
        service.ulimits = {**(service.ulimits or {}), "fsize": limits.disk_mb << 20}
    desk = config.services["default"]
    desk.volumes = [
        ComposeVolumeMount(type="bind", source=source, target=target, read_only=True)
        for source, target in binds
    ]
    if hosts:
        return ComposeConfig(services=config.services, networks=config.networks)
    desk.networks, desk.network_mode = None, "none"
    return ComposeConfig(services={"default": desk})


def require_engine() -> None:
    """Asks for an engine and for Compose; whether they are new enough, Inspect says itself.

    Raises:
        UserError: one of them is missing, with the remedy.
    """
    for command in (["docker", "version"], ["docker", "compose", "version"]):
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise UserError(f"sandbox 'docker': {error}; {_REMEDY}") from None
        if done.returncode:
            said = " ".join(done.stderr.split())[:200]
            raise UserError(f"sandbox 'docker': `{' '.join(command)}` says {said!r}; {_REMEDY}")
