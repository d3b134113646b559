"""What a machine looks like from inside: the files of its own, and bwrap's arguments."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from peer_preservation.runtime.sandbox.config import HOME, UID, USER, Limits
from peer_preservation.runtime.sandbox.keeper import Keeper

_FOLDERS = ("usr", "proc", "dev", "sys", "run", "root", "opt", "srv", "mnt", "media", "var/log")
_LINKS = {name: f"usr/{name}" for name in ("bin", "sbin", "lib", "lib64")}
# Public parts of this machine's /etc that programs need to start.
_COPIED = ("ld.so.cache", "localtime", "os-release", "mime.types", "services", "protocols")
_BOUND = ("alternatives", "ssl/certs", "ssl/openssl.cnf", "ca-certificates", "terminfo")
# Says that it is ready, then stays; what is left behind leaves no dead, for nobody waits for them.
# As process 1 nothing inside can end it, and it starts nothing: a machine may be full.
INIT = "echo ready; exec env --ignore-signal=CHLD sleep infinity >/dev/null 2>&1"


def etc_files(hostname: str, hosts: Mapping[str, str]) -> dict[str, str]:
    """The machine's own /etc: one user, no name server. `hosts`: name -> address."""
    names = "".join(f"{address}\t{name}\n" for name, address in hosts.items())
    return {
        "etc/passwd": "root:x:0:0:root:/root:/bin/bash\n"
        f"{USER}:x:{UID}:{UID}::{HOME}:/bin/bash\n"
        "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
        "etc/group": f"root:x:0:\n{USER}:x:{UID}:\nnogroup:x:65534:\n",
        "etc/hostname": f"{hostname}\n",
        "etc/hosts": f"127.0.0.1\tlocalhost\n127.0.1.1\t{hostname}\n{names}",
        "etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
        "etc/resolv.conf": "",
        "etc/shells": "/bin/sh\n/bin/bash\n",
    }


def build(keeper: Keeper, where: str, files: Mapping[str, str | bytes], folders: list[str]) -> None:
    """Writes a machine's base tree below `where` of the keeper's file system, its user's own."""
    base = keeper.root / where
    for folder in ("", *_FOLDERS, HOME[1:], "tmp", "var/tmp", *folders):
        make_folder(keeper, base, folder)
    for folder in ("tmp", "var/tmp"):
        (base / folder).chmod(0o1777)
    for name, target in _LINKS.items():
        if Path("/", name).exists():
            (base / name).symlink_to(target)
            keeper.own(base / name)
    for name in _COPIED:
        if Path("/etc", name).is_file():
            put(keeper, base, f"etc/{name}", Path("/etc", name).read_bytes())
    for name in _BOUND:  # places for what is bound, so that bwrap makes none in the overlay
        if Path("/etc", name).is_file():
            put(keeper, base, f"etc/{name}", b"")
        elif Path("/etc", name).exists():
            make_folder(keeper, base, f"etc/{name}")
    for path, content in files.items():
        put(keeper, base, path, content.encode() if isinstance(content, str) else content)


def make_folder(keeper: Keeper, base: Path, folder: str) -> None:
    """Makes a folder and those above it, all the sandbox's own."""
    for path in (*reversed(PurePosixPath(folder).parents), PurePosixPath(folder)):
        if not (base / path).exists():
            (base / path).mkdir(parents=path == PurePosixPath("."))
            keeper.own(base / path)


def put(keeper: Keeper, base: Path, path: str, content: bytes, mode: int = 0o644) -> None:
    """Writes one file of a base tree, before anything runs in it."""
    make_folder(keeper, base, str(PurePosixPath(path).parent))
    file = base / path
    descriptor = os.open(file, os.O_CREAT | os.O_WRONLY | os.O_TRUNC | os.O_NOFOLLOW, mode)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
    keeper.own(file)


def isolation(hostname: str) -> list[str]:
    """bwrap's arguments before the mounts: nothing shared with this machine."""
    own = ["--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"]
    user = ["--uid", str(UID), "--gid", str(UID), "--disable-userns", "--cap-drop", "ALL"]
    end = ["--as-pid-1", "--die-with-parent", "--new-session", "--clearenv"]
    return [*own, "--unshare-cgroup-try", "--hostname", hostname, *user, *end]


def system(shared: str) -> list[str]:
    """bwrap's mounts over the machine's own tree: the read-only system and the kernel's files.

    `shared` is the folder behind /dev/shm, so that what is put there counts and is seen.
    """
    mounts = ["--ro-bind", "/usr", "/usr", "--proc", "/proc", "--dev", "/dev"]
    mounts += ["--bind", shared, "/dev/shm", "--remount-ro", "/dev"]
    for name in _BOUND:
        if Path("/etc", name).exists():
            mounts += ["--ro-bind", f"/etc/{name}", f"/etc/{name}"]
    return mounts


def limited(limits: Limits, command: list[str]) -> list[str]:
    """`command` under the limits, which must be set inside: the count of processes is by user
    namespace, and outside it would count all processes of this machine's user."""
    names = {"RLIMIT_" + name.upper(): name for name in _PRLIMIT}
    options = [f"--{names[name]}={bound}" for name, bound in limits.resources().items()]
    return ["/usr/bin/prlimit", *options, *command]


_PRLIMIT = ("nproc", "data", "fsize", "nofile", "cpu", "core")
