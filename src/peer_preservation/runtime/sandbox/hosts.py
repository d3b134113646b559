"""Real hosts beside an agent's machine, reached by ssh, scp and rsync; nothing of Inspect here.

They share the agent's keeper: a bridge in the keeper's network joins them, and no network there
has a way out. Each runs OpenSSH as a plain user. Keys are made anew for every rollout.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from peer_preservation.evidence import tree
from peer_preservation.runtime.sandbox import layout
from peer_preservation.runtime.sandbox.config import HOME, UID, USER
from peer_preservation.runtime.sandbox.keeper import ROOM, SandboxError
from peer_preservation.runtime.sandbox.machine import Machine

FILES = "/srv/files"
_ADMINISTRATORS = "sudo"
_PID_FILE = "run/sshd.pid"
_SHARED = "run/shm"  # what is behind /dev/shm, so that it is in the host's tree
_PATIENCE = 10.0  # seconds until an sshd that does not come up is an error

_SSHD = """\
Port 22
ListenAddress {address}
HostKey /etc/ssh/ssh_host_ed25519_key
PidFile /{pid_file}
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PrintMotd no
AcceptEnv LANG LC_*
Subsystem sftp internal-sftp
"""
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


@dataclass(frozen=True)
class HostFile:
    """One file: its bytes, or a call that gives them in pieces; `modified`: seconds since 1970."""

    content: bytes | Callable[[], Iterable[bytes]]
    modified: float


@dataclass(frozen=True)
class HostSpec:
    """One host: files by name (below `/srv/files`), and the names in its administrators' group."""

    hostname: str
    files: Mapping[str, HostFile]
    users: tuple[str, ...] = ()


@dataclass(frozen=True)
class FileState:
    """One regular file as it stands: path on the host, bytes, seconds since 1970, content."""

    path: str
    size: int
    modified: float
    sha256: str


@dataclass(frozen=True)
class HostState:
    """A host's files, wherever its user could write, and its administrators."""

    files: tuple[FileState, ...]
    users: tuple[str, ...]


@dataclass
class Hosts:
    """Running hosts by address; they end with the machine, or before by `close()`."""

    machine: Machine
    _pids: dict[str, int] = field(default_factory=dict)
    _opened_with: dict[str, dict[str, str]] = field(default_factory=dict)

    def tree(self, address: str) -> Path:
        """A host's whole tree from outside, for `peer_preservation.evidence` to read.

        Valid until the machine is closed, also after the host's processes are gone.
        """
        return self.machine.keeper.root / self._place(address)

    def _place(self, address: str) -> str:
        return f"{self.machine.keeper.writable}/{address}".removeprefix(f"{ROOM}/")

    def snapshot(self) -> dict[str, HostState]:
        """The real state of every host: what its system came with is left out while unchanged.

        Raises:
            TreeError: a tree could not be read whole, so nothing may be concluded.
        """
        return {address: self.state(address) for address in self._pids}

    def state(self, address: str, *, unlock: bool = True) -> HostState:
        """The real state of one host; see `snapshot`.

        Args:
            unlock: makes files readable that the host's user has forbidden; without it nothing on
                the host is touched.
        """
        root, ours = self.tree(address), self._opened_with[address]
        if unlock:
            self.machine.unlock(self._place(address))
        files = []
        for entry in tree.entries(root):
            digest = tree.sha256(root, entry.path)
            if ours.get(entry.path) != digest:
                state = FileState(f"/{entry.path}", entry.size, entry.modified, digest)
                files.append(state)
        return HostState(tuple(files), _administrators(root))

    def _note_system(self, address: str) -> None:
        root, own = self.tree(address), f"{FILES[1:]}/"
        system = [entry.path for entry in tree.entries(root) if not entry.path.startswith(own)]
        self._opened_with[address] = {path: tree.sha256(root, path) for path in system}

    def close(self) -> None:
        """Ends the hosts' processes; their files stay readable until the machine closes."""
        for pid in self._pids.values():
            self.machine.keeper.run(["/bin/kill", "-9", str(pid)])


def hosts_up(machine: Machine, specs: Mapping[str, HostSpec], address: str = "10.0.12.10") -> Hosts:
    """Starts hosts by address, joined with the machine, which gets `address` and the way to log in.

    Raises:
        SandboxError: a host did not come up.
    """
    keys = {name: _key(machine, name) for name in ("client", *specs)}
    known = "".join(f"{host} {keys[host].public}\n" for host in specs)
    login = _login(keys["client"], known, specs)
    hosts = Hosts(machine)
    for host, spec in specs.items():
        _lay_out(hosts, host, spec, keys[host], login, specs)
        hosts._pids[host] = _start(hosts, host, spec)
    ends = {machine.inner_pid: address} | {pid: host for host, pid in hosts._pids.items()}
    lines = "".join(f"{pid} {end}\n" for pid, end in ends.items())
    machine.keeper.run(["/bin/sh", "-c", _NETWORK], lines)
    _give_login(machine, login)
    for host in specs:
        _serve(hosts, host)
    _wait(hosts)
    for host in specs:
        hosts._note_system(host)
    return hosts


@dataclass(frozen=True)
class _Key:
    private: str
    public: str


def _key(machine: Machine, name: str) -> _Key:
    """A new key, made where no other process of this machine can read it."""
    keeper = machine.keeper
    path = f"{ROOM}/key-{name}"
    command = ["/usr/bin/ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", path]
    keeper.run(command)
    private, public = (keeper.run(["/bin/cat", file]) for file in (path, f"{path}.pub"))
    keeper.run(["/bin/rm", path, f"{path}.pub"])
    return _Key(private, public.strip())


def _login(client: _Key, known: str, specs: Mapping[str, HostSpec]) -> dict[str, str]:
    config = f"Host {' '.join(specs)}\n  User {USER}\n  StrictHostKeyChecking yes\n"
    return {"config": config, "known_hosts": known, "id_ed25519": client.private} | {
        "id_ed25519.pub": f"{client.public}\n",
        "authorized_keys": f"{client.public}\n",
    }


def _lay_out(
    hosts: Hosts,
    address: str,
    spec: HostSpec,
    key: _Key,
    login: Mapping[str, str],
    specs: Mapping[str, HostSpec],
) -> None:
    keeper, place = hosts.machine.keeper, hosts._place(address)
    names = {other.hostname: host for host, other in specs.items()}
    etc = layout.etc_files(spec.hostname, names)
    etc["etc/group"] += f"{_ADMINISTRATORS}:x:27:{','.join(spec.users)}\n"
    sshd = _SSHD.format(address=address, pid_file=_PID_FILE)
    etc |= {"etc/ssh/sshd_config": sshd, "etc/ssh/ssh_host_ed25519_key.pub": f"{key.public}\n"}
    layout.build(keeper, place, etc, [FILES[1:], f"{HOME[1:]}/.ssh", _SHARED])
    base = keeper.root / place
    (base / HOME[1:] / ".ssh").chmod(0o700)
    layout.put(keeper, base, "etc/ssh/ssh_host_ed25519_key", key.private.encode(), 0o600)
    for name, text in login.items():
        layout.put(keeper, base, f"{HOME[1:]}/.ssh/{name}", text.encode(), 0o600)
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
    for name in ("config", "known_hosts", "id_ed25519", "id_ed25519.pub"):
        script += f"; printf %s {shlex.quote(login[name])} > {name}"
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
        waiting = {host for host in waiting if not (hosts.tree(host) / _PID_FILE).exists()}
        if time.monotonic() > end:
            raise SandboxError(f"sshd did not come up on {', '.join(sorted(waiting))}")
        time.sleep(0.005)


def _administrators(root: Path) -> tuple[str, ...]:
    with tree.opened(root, "etc/group") as descriptor:
        lines = os.read(descriptor, 1 << 20).decode(errors="replace").splitlines()
    for line in lines:
        if line.startswith(f"{_ADMINISTRATORS}:"):
            return tuple(member for member in line.split(":")[-1].split(",") if member)
    return ()
