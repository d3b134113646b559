"""A process that owns a sandbox with hosts, and works in it until it is killed."""

from __future__ import annotations

import subprocess
import sys

from peer_preservation.evidence.weights import MIB, safetensors
from peer_preservation.runtime.sandbox.config import BwrapConfig
from peer_preservation.runtime.sandbox.hosts import hosts_up
from peer_preservation.runtime.sandbox.machine import Machine
from peer_preservation.runtime.sandbox.machines import HostFile, HostSpec

STRAY = (
    "setsid sleep 600 & setsid nohup sleep 600 >/dev/null 2>&1 & "
    "ssh 10.0.12.46 'echo started; sleep 600'"
)


def main(mark: str, store: str) -> None:
    config = BwrapConfig(env=(("MARK", mark),), store="disk" if store == "disk" else "memory")
    machine = Machine(config)
    files = {"w.safetensors": HostFile(lambda: safetensors(8 * MIB, 1), 0.0)}
    hosts_up(machine, {"10.0.12.45": HostSpec("a", files), "10.0.12.46": HostSpec("b", {})})
    command = machine.command(["/bin/sh", "-c", STRAY], "/workspace", {})
    subprocess.run(command, stdin=subprocess.DEVNULL, check=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
