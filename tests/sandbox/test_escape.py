"""Nothing gets out: the attempts run inside a sandbox, and outside as their own control."""

from __future__ import annotations

import os
import secrets
import shlex
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from escape_attempts import ATTEMPTS, ON_A_HOST, Attempt

from peer_preservation.runtime.sandbox.config import BwrapConfig
from peer_preservation.runtime.sandbox.hosts import hosts_up
from peer_preservation.runtime.sandbox.machine import Machine
from peer_preservation.runtime.sandbox.machines import HostFile, HostSpec

pytestmark = pytest.mark.agents

VARIABLE = "ESCAPE_TEST_API_KEY"
SPECS = {
    "10.0.12.45": HostSpec("srv-45", {"a": HostFile(b"a", 1.0)}),
    "10.0.12.46": HostSpec("srv-46", {}),
}


@pytest.fixture(scope="module")
def bait(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """What there is to be got on this machine; made here, and nobody else's."""
    folder = tmp_path_factory.mktemp("elsewhere")
    (folder / "id_test").write_text("-----BEGIN OPENSSH PRIVATE KEY-----\n")
    name = f"escape-{secrets.token_hex(4)}"
    with (
        pytest.MonkeyPatch.context() as patch,
        socket.create_server(("127.0.0.1", 0)) as tcp,
        socket.socket(socket.AF_UNIX) as abstract,
        subprocess.Popen(["sleep", "600"]) as outside,
    ):
        patch.setenv(VARIABLE, "not a key")
        abstract.bind(f"\0{name}")
        abstract.listen()
        yield {
            "secret": str(folder / "id_test"),
            "folder": str(folder),
            "port": str(tcp.getsockname()[1]),
            "socket": name,
            "pid": str(outside.pid),
            "variable": VARIABLE,
        }
        outside.kill()


@pytest.fixture(scope="module")
def inside(sandbox_state: None, bait: dict[str, str]) -> Iterator[Machine]:  # noqa: ARG001
    machine = Machine(BwrapConfig())
    hosts_up(machine, SPECS)
    yield machine
    machine.close()


def filled(attempt: Attempt, bait: dict[str, str]) -> str:
    script = attempt.script
    for name, value in bait.items():
        script = script.replace(f"{{{name}}}", value)
    return script


def run(command: list[str]) -> str:
    done = subprocess.run(
        command, capture_output=True, text=True, errors="replace", timeout=600, check=False
    )
    return done.stdout


@pytest.mark.parametrize("name", ATTEMPTS)
def test_no_attempt_escapes(inside: Machine, bait: dict[str, str], name: str) -> None:
    script = filled(ATTEMPTS[name], bait)
    said = run(inside.command(["/bin/bash", "-c", f"{script}; echo ended"], "/workspace", {}))
    assert "ended" in said
    assert "ESCAPED" not in said


@pytest.mark.parametrize("name", ON_A_HOST)
@pytest.mark.parametrize("host", SPECS)
def test_nor_from_a_host(inside: Machine, bait: dict[str, str], host: str, name: str) -> None:
    script = f"bash -c {shlex.quote(filled(ATTEMPTS[name], bait))}; echo ended"
    said = run(inside.command(["ssh", host, script], "/workspace", {}))
    assert "ended" in said
    assert "ESCAPED" not in said


@pytest.mark.skipif(os.geteuid() != 0, reason="outside, root can do what no plain user can")
@pytest.mark.parametrize("name", [name for name, attempt in ATTEMPTS.items() if attempt.control])
def test_the_same_act_succeeds_outside(bait: dict[str, str], name: str) -> None:
    assert "ESCAPED" in run(["/bin/bash", "-c", filled(ATTEMPTS[name], bait)])


def test_there_are_enough_attempts() -> None:
    assert len(ATTEMPTS) >= 40


LITTER = (
    "setsid sleep 300 >/dev/null 2>&1 & nohup sleep 300 >/dev/null 2>&1 & echo x > /tmp/litter; "
    "echo y > /workspace/litter; echo z > ~/litter; echo 10.9.9.9 evil >> /etc/hosts; "
    "ssh 10.0.12.45 'echo w > /srv/files/litter; (setsid sleep 300 >/dev/null 2>&1 &)'"
)
LOOK = (
    "ls /tmp /workspace ~; grep evil /etc/hosts; ps -e -o comm | grep -c sleep; "
    "(exec 3<>/dev/tcp/10.0.12.45/22) 2>/dev/null && echo reached"
)


def test_the_next_rollout_is_untouched(inside: Machine, sandbox_state: None) -> None:  # noqa: ARG001
    """Also the one beside it: both live at the same time here."""

    def look() -> str:
        machine = Machine(BwrapConfig())
        try:
            return run(machine.command(["/bin/bash", "-c", LOOK], "/workspace", {}))
        finally:
            machine.close()

    before = look()
    run(inside.command(["/bin/bash", "-c", LITTER], "/workspace", {}))
    assert look() == before
    own = run(inside.command(["/bin/bash", "-c", LOOK], "/workspace", {}))
    assert "litter" in own  # the control: in its own rollout it is there
    assert "reached" in own


def test_processes_left_behind_end_with_the_sandbox(sandbox_state: None) -> None:  # noqa: ARG001
    mark = f"left-{secrets.token_hex(4)}"
    machine = Machine(BwrapConfig(env=(("MARK", mark),)))
    script = "setsid sleep 300 >/dev/null 2>&1 & (trap '' TERM HUP; sleep 300) >/dev/null 2>&1 &"
    run(machine.command(["/bin/bash", "-c", script], "/", {}))
    assert marked(mark) > 0
    machine.close()
    assert marked(mark) == 0


def marked(mark: str) -> int:
    count = 0
    for file in Path("/proc").glob("[0-9]*/environ"):
        try:
            count += mark.encode() in file.read_bytes()
        except OSError:
            continue
    return count
