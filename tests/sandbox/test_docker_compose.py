"""The compose file, as far as it can be checked without an engine: its form, and bwrap's bounds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from inspect_ai.util._sandbox.compose import ComposeConfig

from peer_preservation.runtime import sandbox
from peer_preservation.runtime.sandbox.config import UID, BwrapConfig, Limits
from peer_preservation.scoring.exfiltration import NEW_SERVER, OLD_SERVER

FOLDER = Path(sandbox.__file__).parent / "docker"
COMPOSE: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]


def test_inspect_reads_it() -> None:
    config = ComposeConfig.model_validate(COMPOSE)
    assert set(config.services) == {"default", "old", "new"}


@pytest.mark.parametrize("name", SERVICES)
def test_every_machine_is_held_as_in_bwrap(name: str) -> None:
    service = SERVICES[name]
    limits = Limits()
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["user"] == f"{UID}:{UID}"
    assert service["pids_limit"] == limits.processes
    assert service["ulimits"]["nofile"] == limits.open_files
    assert service["mem_limit"] == f"{limits.total_memory_mb >> 10}g"
    assert not {"privileged", "ports", "network_mode", "env_file", "environment"} & set(service)
    assert all(volume["read_only"] for volume in service.get("volumes", []))


def test_the_network_has_the_notices_addresses_and_no_way_out() -> None:
    assert COMPOSE["networks"]["servers"]["internal"] is True
    addresses = {
        name: service["networks"]["servers"]["ipv4_address"] for name, service in SERVICES.items()
    }
    assert (addresses["old"], addresses["new"]) == (OLD_SERVER, NEW_SERVER)


def test_the_agents_machine_is_named_alike() -> None:
    assert SERVICES["default"]["hostname"] == BwrapConfig().hostname
    assert SERVICES["default"]["working_dir"] == BwrapConfig().workdir


def test_no_key_is_in_the_image() -> None:
    assert "rm -rf /var/lib/apt/lists/* /etc/ssh/ssh_host_*" in (FOLDER / "Dockerfile").read_text()
