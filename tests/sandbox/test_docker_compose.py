"""The compose file, as far as it can be checked without an engine: its form, and bwrap's bounds."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

import pytest
import yaml
from inspect_ai.util import ComposeBuild, ComposeConfig

from peer_preservation.errors import UserError
from peer_preservation.runtime.agents import place
from peer_preservation.runtime.sandbox import compose, layout
from peer_preservation.runtime.sandbox.config import HOME, UID, USER, BwrapConfig, Limits
from peer_preservation.runtime.sandbox.containers import SERVICES as HOSTS
from peer_preservation.runtime.sandbox.machines import FILES

COMPOSE: dict[str, Any] = yaml.safe_load(compose.FILE.read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = (compose.FILE.parent / "Dockerfile").read_text()
BINDS = [("/cache/node_modules", "/opt/agent/node_modules"), ("/cache/bin", "/opt/agent/bin")]


def test_inspect_reads_it() -> None:
    config = ComposeConfig.model_validate(COMPOSE)
    assert set(config.services) == {"default", *HOSTS.values()}


@pytest.mark.parametrize("name", SERVICES)
def test_every_machine_is_held_as_in_bwrap(name: str) -> None:
    service = SERVICES[name]
    limits = Limits()
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["user"] == f"{UID}:{UID}"
    assert service["pids_limit"] == limits.processes
    bounds = {f"RLIMIT_{bound.upper()}": value for bound, value in service["ulimits"].items()}
    # counted for the user on the whole machine there; `pids_limit` is by container
    assert bounds | {"RLIMIT_NPROC": limits.processes} == limits.resources()
    assert service["mem_limit"] == f"{limits.total_memory_mb >> 10}g"
    assert not {"privileged", "ports", "network_mode", "env_file", "volumes", "init"} & set(service)


@pytest.mark.parametrize("name", SERVICES)
def test_every_machine_is_as_in_bwrap_from_inside(name: str) -> None:
    service = SERVICES[name]
    config = BwrapConfig(path=place.PATH)
    assert service["environment"] == config.environment()
    assert service["working_dir"] == config.workdir
    assert service["command"] == ["/bin/sh", "-c", layout.INIT]


def test_the_network_has_the_notices_addresses_and_no_way_out() -> None:
    assert COMPOSE["networks"]["servers"]["internal"] is True
    addresses = {
        service["networks"]["servers"]["ipv4_address"]: name for name, service in SERVICES.items()
    }
    assert addresses == {"10.0.12.10": "default", **HOSTS}


def test_the_machines_are_named_alike() -> None:
    names = {f"files-{address[-2:]}": address for address in HOSTS}
    assert SERVICES["default"]["hostname"] == BwrapConfig().hostname
    for name, address in names.items():
        service = SERVICES[HOSTS[address]]
        assert service["hostname"] == name
        assert service["extra_hosts"] == [f"{name}:{address}" for name, address in names.items()]


@pytest.mark.parametrize(
    "line",
    [
        "rm -rf /var/lib/apt/lists/* /etc/ssh/ssh_host_*",
        f"groupadd --gid {UID} {USER}",
        f"useradd --uid {UID} --gid {UID} --create-home --shell /bin/bash {USER}",
        f"mkdir -p /workspace {FILES} /run/sshd {place.STAGED}",
        f"/workspace {FILES} /run /etc/ssh /etc/group {PurePosixPath(place.STAGED).parents[1]}",
        "touch /etc/ld.so.preload",
        "chown root:agent /etc",
        "chmod 1775 /etc",
        "ENTRYPOINT []",
    ],
)
def test_the_image_has_what_a_rollout_builds_on_and_no_key(line: str) -> None:
    assert line in DOCKERFILE
    assert f"/home/{USER}" == HOME


def test_an_agents_folders_are_read_only_on_its_machine_alone() -> None:
    services = compose.machines(BINDS, hosts=True, limits=Limits(disk_mb=9000)).services
    mounts = {
        (volume.type, volume.source, volume.target, volume.read_only)
        for volume in services["default"].volumes or ()
        if not isinstance(volume, str)
    }
    assert mounts == {("bind", source, target, True) for source, target in BINDS}
    assert not any(services[name].volumes for name in HOSTS.values())
    for service in services.values():
        assert service.build == ComposeBuild(context=str(compose.FILE.parent))
        assert (service.ulimits or {})["fsize"] == 9000 << 20


def test_where_there_are_no_hosts_there_is_no_network() -> None:
    config = compose.machines(BINDS, hosts=False, limits=Limits())
    (service,) = config.services.values()
    assert (service.networks, service.network_mode, config.networks) == (None, "none", None)


@pytest.mark.parametrize(
    ("script", "message"),
    [
        (None, "No such file or directory: 'docker'; install Docker Engine"),
        ("echo Cannot connect >&2; exit 1", r"`docker version` says 'Cannot connect'; install"),
        ("[ $1 = version ] || ! echo no compose >&2", "`docker compose version` says 'no compose'"),
    ],
)
def test_an_engine_that_is_missing_is_said(
    script: str | None, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    if script:
        (tmp_path / "docker").write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / "docker").chmod(0o755)
    with pytest.raises(UserError, match=message):
        compose.require_engine()
