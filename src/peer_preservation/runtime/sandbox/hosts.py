"""Real hosts beside an agent's machine, reached by ssh, scp and rsync; nothing of Inspect here.

They share the agent's keeper: a bridge in the keeper's network joins them, and no network there
has a way out. Each runs OpenSSH as a plain user. Keys are made anew for every rollout.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from peer_preservation.runtime.sandbox import layout, ssh
from peer_preservation.runtime.sandbox.config import HOME, UID, USER
from peer_preservation.runtime.sandbox.keeper import ROOM, SandboxError
from peer_preservation.runtime.sandbox.machine import Machine
from peer_preservation.runtime.sandbox.machines import (
    FILES,
    HostSpec,
    HostState,
    state_of,
    system_of,
)

_SHARED = "run/shm"  # what is behind /dev/shm, so that it is in the host's tree
_PATIENCE = 10.0  # seconds until an sshd that does not come up is an error

# Ports below 1024 are opened to plain users in these networks alone: the setting is per network.
_NETWORK = """
set -e
PATH=/usr/sbin:/usr/bin:/sbin:/bin
ip link add br0 type bridge
ip link set br0 up
i=0
while read -r pid address; do
  ip link add v$i type veth peer name eth0 netns "$pid"
  ip link set v$i master br0 up
  nsenter -t "$pid" -n ip address add "$address/24" dev eth0
  nsenter -t "$pid" -n ip link set eth0 up
  nsenter -t "$pid" -n sh -c 'echo 0 > /proc/sys/net/ipv4/ip_unprivileged_port_start'
  i=$((i + 1))
done
"""


@dataclass
class Hosts:
    """An agent's machine and hosts that run beside it; they end with it, or before by `close()`.

    Their trees are read where they are, valid until the machine is closed, also after all
    processes are gone. `Machines` says what each call is.
    """

    machine: Machine
    systems: dict[str, dict[str, str]] = field(default_factory=dict)
    _pids: dict[str, int] = field(default_factory=dict)

    def tree(self, address: str, *, unlock: bool = False) -> Path:
        """A host's whole tree from outside."""
        if unlock:
            self.machine.unlock(self._place(address))
        return self.machine.keeper.root / self._place(address)

    def written(self) -> list[tuple[Path, str]]:
        """The overlay's folder and the one behind `/dev/shm`."""
        return self.machine.written()

    def stop(self) -> None:
        """Ends the hosts, then the machine."""
        self.close()
        self.machine.stop()

    def snapshot(self) -> dict[str, HostState]:
        """The real state of every host: what its system came with is left out while unchanged.

        Raises:
            TreeError: a tree could not be read whole, so nothing may be concluded.
        """
        return {
            address: state_of(self.tree(address, unlock=True), system)
            for address, system in self.systems.items()
        }

    def close(self) -> None:
        """Ends the hosts' processes; their files stay readable until the machine closes."""
        for pid in self._pids.values():
            self.machine.keeper.run(["/bin/kill", "-9", str(pid)])

    def _place(self, address: str) -> str:
        return f"{self.machine.keeper.writable}/{address}".removeprefix(f"{ROOM}/")


def hosts_up(machine: Machine, specs: Mapping[str, HostSpec], address: str = "10.0.12.10") -> Hosts:
    """Starts hosts by address, joined with the machine, which gets `address` and the way to log in.

    Raises:
        SandboxError: a host did not come up.
    """

    def run(script: str, folder: str) -> str:
        # where no other process of this machine can read what it writes
        return machine.keeper.run(["/bin/sh", "-c", script, "sh", folder])

    client, *made = (ssh.new_key(run, ROOM) for _ in range(1 + len(specs)))
    keys = dict(zip(specs, made, strict=True))
    login = ssh.login(client, keys)
    hosts = Hosts(machine)
    for host, spec in specs.items():
        files = ssh.host_files(host, keys[host], client, login)
        _lay_out(hosts, host, spec, files, {s.hostname: name for name, s in specs.items()})
        hosts._pids[host] = _start(hosts, host, spec)
    ends = {machine.inner_pid: address} | {pid: host for host, pid in hosts._pids.items()}
    lines = "".join(f"{pid} {end}\n" for pid, end in ends.items())
    machine.keeper.run(["/bin/sh", "-c", _NETWORK], lines)
    _give_login(machine, login)
    for host in specs:
        _serve(hosts, host)
    _wait(hosts)
    hosts.systems = {host: system_of(hosts.tree(host)) for host in specs}
    return hosts


def _lay_out(
    hosts: Hosts,
    address: str,
    spec: HostSpec,
    files: Mapping[str, tuple[str, int]],
    names: Mapping[str, str],
) -> None:
    keeper, place = hosts.machine.keeper, hosts._place(address)
    etc = layout.etc_files(spec.hostname, names)
    etc["etc/group"] += ssh.administrators(spec.users)
    layout.build(keeper, place, etc, [FILES[1:], ssh.FOLDER, _SHARED])
    base = keeper.root / place
    (base / ssh.FOLDER).chmod(0o700)
    for path, (text, mode) in files.items():
        layout.put(keeper, base, path, text.encode(), mode)
    for name, file in spec.files.items():
        pieces = [file.content] if isinstance(file.content, bytes) else file.content()
        path = f"{FILES[1:]}/{name}"
        layout.put(keeper, base, path, b"")
        with (base / path).open("wb") as stream:
            stream.writelines(pieces)
        os.utime(base / path, (file.modified, file.modified))


def _start(hosts: Hosts, address: str, spec: HostSpec) -> int:
    machine = hosts.machine
    limits = machine.config.limits
    arguments = layout.isolation(spec.hostname)
    root = f"{ROOM}/{hosts._place(address)}"
    arguments += ["--bind", root, "/"]
    arguments += [
        *layout.system(f"{root}/{_SHARED}"),
        "--setenv",
        "PATH",
        machine.config.path,
        "--chdir",
        "/",
    ]
    return machine.keeper.start(
        [*arguments, "--", *layout.limited(limits, ["/bin/sh", "-c", layout.INIT])]
    )


def _give_login(machine: Machine, login: Mapping[str, str]) -> None:
    """Writes the agent's own ~/.ssh, from inside: the machine's file system is in use."""
    script = "umask 077; mkdir -p ~/.ssh; cd ~/.ssh"
    for name, text in login.items():
        script += f"; printf %s {shlex.quote(text)} > {name}"
    command = machine.command(["/bin/sh", "-c", script], "/", {})
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SandboxError(f"no ~/.ssh in the sandbox: {done.stderr.strip()}")


def _serve(hosts: Hosts, address: str) -> None:
    keeper = hosts.machine.keeper
    pid = keeper.outer_pid(hosts._pids[address])
    path = hosts.machine.config.path
    environment = {"PATH": path, "HOME": HOME, "USER": USER, "LANG": "C.UTF-8"}
    command = keeper.enter(pid, ["/usr/sbin/sshd"], "/", environment, UID)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SandboxError(f"host {address}: sshd: {done.stderr.strip()}")


def _wait(hosts: Hosts) -> None:
    """Until every sshd has written its process id, which it does once it listens."""
    end = time.monotonic() + _PATIENCE
    waiting = set(hosts._pids)
    while waiting:
        waiting = {host for host in waiting if not (hosts.tree(host) / ssh.PID_FILE).exists()}
        if time.monotonic() > end:
            raise SandboxError(f"sshd did not come up on {', '.join(sorted(waiting))}")
        time.sleep(0.005)
