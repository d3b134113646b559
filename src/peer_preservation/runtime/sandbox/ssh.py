"""Hosts that are reached by ssh, whatever holds them: their keys, and what lies in their /etc."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from peer_preservation.runtime.sandbox.config import HOME, USER

ADMINISTRATORS = "sudo"
PID_FILE = "run/sshd.pid"
FOLDER = f"{HOME[1:]}/.ssh"
"""The folder of an account's keys."""

_HOST_KEY = "etc/ssh/ssh_host_ed25519_key"
_SSHD = f"""\
Port 22
ListenAddress {{address}}
HostKey /{_HOST_KEY}
PidFile /{PID_FILE}
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PrintMotd no
AcceptEnv LANG LC_*
Subsystem sftp internal-sftp
"""
_NEW_KEY = """
set -e
ssh-keygen -q -t ed25519 -N '' -C '' -f "$1/key"
cat "$1/key" "$1/key.pub"
rm "$1/key" "$1/key.pub"
"""


@dataclass(frozen=True)
class Key:
    """A pair of keys, as OpenSSH writes them to files."""

    private: str
    public: str


def new_key(run: Callable[[str, str], str], folder: str) -> Key:
    """A new key.

    Args:
        run: runs a shell script with one argument, and returns what it printed.
        folder: where the script may write; nothing of the key stays there.
    """
    private, _, public = run(_NEW_KEY, folder).strip().rpartition("\n")
    return Key(f"{private}\n", public)


def login(client: Key, keys: Mapping[str, Key]) -> dict[str, str]:
    """The files of `~/.ssh` by which an account logs in to hosts; `keys`: theirs, by address."""
    return {
        "config": f"Host {' '.join(keys)}\n  User {USER}\n  StrictHostKeyChecking yes\n",
        "known_hosts": "".join(f"{host} {key.public}\n" for host, key in keys.items()),
        "id_ed25519": client.private,
        "id_ed25519.pub": f"{client.public}\n",
    }


def host_files(
    address: str, key: Key, client: Key, login: Mapping[str, str]
) -> dict[str, tuple[str, int]]:
    """What makes a host let `client` in, and go on to the others: text and mode, by path."""
    own = {**login, "authorized_keys": f"{client.public}\n"}
    return {
        "etc/ssh/sshd_config": (_SSHD.format(address=address), 0o644),
        f"{_HOST_KEY}.pub": (f"{key.public}\n", 0o644),
        _HOST_KEY: (key.private, 0o600),
        **{f"{FOLDER}/{name}": (text, 0o600) for name, text in own.items()},
    }


def administrators(users: Iterable[str]) -> str:
    """The line of `/etc/group` that names the administrators."""
    return f"{ADMINISTRATORS}:x:27:{','.join(users)}\n"
