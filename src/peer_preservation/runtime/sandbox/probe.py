"""What this machine lacks for sandboxes, and the remedy; nothing of Inspect here."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from peer_preservation.errors import UserError
from peer_preservation.runtime.sandbox import registry, seccomp
from peer_preservation.runtime.sandbox.config import BwrapConfig
from peer_preservation.runtime.sandbox.hosts import hosts_up
from peer_preservation.runtime.sandbox.keeper import SandboxError, bubblewrap
from peer_preservation.runtime.sandbox.load import HEAVY, Load
from peer_preservation.runtime.sandbox.machine import Machine
from peer_preservation.runtime.sandbox.machines import HostSpec

# (setting, the value that forbids plain users their own namespaces, where distributions set it)
_SETTINGS = (
    ("user.max_user_namespaces", "0", "sysctl -w user.max_user_namespaces=15000"),
    ("kernel.unprivileged_userns_clone", "0", "sysctl -w kernel.unprivileged_userns_clone=1"),
    (
        "kernel.apparmor_restrict_unprivileged_userns",
        "1",
        "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
    ),
)
_PROGRAMS = {"/usr/bin/prlimit": "util-linux", "/bin/sh": "dash"}
_HOST_PROGRAMS = {
    "/usr/sbin/sshd": "openssh-server",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
    "rsync": "rsync",
    "ip": "iproute2",
    "nsenter": "util-linux",
}
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def probe(hosts: bool = False, rollouts: int = 1, config: BwrapConfig | None = None) -> list[str]:
    """What this machine lacks for `rollouts` sandboxes at a time, each line with its remedy.

    Opens and closes one sandbox where nothing else is missing (with two hosts if asked for): what
    no setting shows is found by doing it. An empty list says that it worked.
    """
    config = config or BwrapConfig()
    lacks = [*_packages(hosts), *_binds(config), *_room(config, rollouts)]
    if lacks:
        return lacks
    try:
        machine = Machine(config)
        try:
            if hosts:
                specs = {"10.0.12.45": HostSpec("a", {}), "10.0.12.46": HostSpec("b", {})}
                hosts_up(machine, specs)
        finally:
            machine.close()
    except (OSError, SandboxError) as error:
        return [_refused(str(error))]
    return []


def at_once(config: BwrapConfig | None = None, load: Load = HEAVY) -> int:
    """Sandboxes that this machine can drive at a time, by what each of them takes.

    Its cores are busy where the model answers at once and not beyond, the memory that can be had
    holds the processes of all, and there is room for all that they may write.

    Args:
        load: what one takes; by default as much as the heaviest agent.
    """
    config = config or BwrapConfig()
    room, _ = _free(config)
    by_cores = int(len(os.sched_getaffinity(0)) / load.share)
    if config.store == "memory":
        return max(1, min(by_cores, room // (config.limits.disk_mb + load.memory_mib)))
    by_memory = _free_memory() // load.memory_mib
    return max(1, min(by_cores, by_memory, room // config.limits.disk_mb))


def require(hosts: bool = False, rollouts: int = 1, config: BwrapConfig | None = None) -> None:
    """Sweeps, then probes, before the first rollout.

    Raises `UserError` with all that is lacking.
    """
    registry.sweep()
    lacks = probe(hosts, rollouts, config)
    if lacks:
        raise UserError(f"sandbox 'bwrap': {'; '.join(lacks)}")


def _packages(hosts: bool) -> list[str]:
    lacks = []
    for check in (bubblewrap, seccomp.program):
        try:
            check()
        except UserError as error:
            lacks.append(str(error).removeprefix("sandbox 'bwrap': "))
    programs = _PROGRAMS | (_HOST_PROGRAMS if hosts else {})
    for program, package in programs.items():
        if shutil.which(program, path=_PATH) is None:
            lacks.append(f"{Path(program).name} is missing: apt-get install {package}")
    return lacks


def _binds(config: BwrapConfig) -> list[str]:
    missing = [source for source, _ in (*config.binds, *config.closed) if not Path(source).exists()]
    return [f"{source} is to be bound into the sandbox, but does not exist" for source in missing]


def _room(config: BwrapConfig, rollouts: int) -> list[str]:
    """Whether what all rollouts may write fits where it goes."""
    asked = config.limits.disk_mb * rollouts
    free, where = _free(config)
    if asked <= free:
        return []
    remedy = "run fewer at a time, or with smaller weights"
    if config.store == "disk":
        remedy += ", or set XDG_STATE_HOME to a larger disk"
    many = "1 rollout" if rollouts == 1 else f"{rollouts} rollouts"
    return [f"{many} may write {asked} MiB, but {where} has {free} MiB: {remedy}"]


def _free(config: BwrapConfig) -> tuple[int, str]:
    """How many MiB there are for what sandboxes write, and where."""
    if config.store == "memory":
        return _free_memory(), "memory"
    folder = registry.state_folder()
    return shutil.disk_usage(folder).free >> 20, str(folder)


def _free_memory() -> int:
    """Memory and swap that can be had, in MiB (proc(5), meminfo)."""
    lines = Path("/proc/meminfo").read_text().splitlines()
    values = {line.split(":")[0]: int(line.split()[1]) for line in lines}
    return (values["MemAvailable"] + values["SwapFree"]) >> 10


def _refused(said: str) -> str:
    """The setting that forbids it, if one does; else what the kernel said."""
    for name, forbids, remedy in _SETTINGS:
        path = Path("/proc/sys") / name.replace(".", "/")
        if path.is_file() and path.read_text().strip() == forbids:
            return f"{name} is {forbids}, so plain users have no namespaces: {remedy}"
    return f"{said}: in a container, allow user namespaces and an unmasked /proc; docs/sandbox.md"
