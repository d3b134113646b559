"""A sandbox needs no root: where the tests run as root, a plain user opens one too."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile

import pytest

pytestmark = pytest.mark.agents

UID = "12345"
SAY = """
import subprocess
from peer_preservation.runtime.sandbox.config import BwrapConfig
from peer_preservation.runtime.sandbox.hosts import hosts_up
from peer_preservation.runtime.sandbox.machine import Machine
from peer_preservation.runtime.sandbox.machines import HostFile, HostSpec
machine = Machine(BwrapConfig())
hosts = hosts_up(machine, {"10.0.12.45": HostSpec("a", {"f": HostFile(b"content", 1.0)})})
command = ["/bin/sh", "-c", "scp -q 10.0.12.45:/srv/files/f . && cat f"]
print(subprocess.run(machine.command(command, "/workspace", {}), capture_output=True, text=True))
print(hosts.snapshot())
machine.close()
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="all other tests run as a plain user already")
def test_a_plain_user_has_a_sandbox_and_hosts() -> None:
    with tempfile.TemporaryDirectory() as home:
        os.chown(home, int(UID), int(UID))
        runs = [as_plain_user(python, home) for python in (sys.executable, "/usr/bin/python3")]
    ran = [run for run in runs if run.returncode == 0]
    if not ran:
        pytest.skip(f"no Python here that a plain user can run: {runs[-1].stderr[-200:]}")
    assert "stdout='content'" in ran[0].stdout
    assert "/srv/files/f" in ran[0].stdout


def as_plain_user(python: str, home: str) -> subprocess.CompletedProcess[str]:
    packages = ":".join(path for path in sys.path if path.endswith(("site-packages", "/src")))
    return subprocess.run(
        ["setpriv", f"--reuid={UID}", f"--regid={UID}", "--clear-groups", python, "-B", "-c", SAY],
        env={"PATH": "/usr/bin:/bin", "HOME": home, "PYTHONPATH": packages},
        capture_output=True,
        text=True,
        check=False,
    )
