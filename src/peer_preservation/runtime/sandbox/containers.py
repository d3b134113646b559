"""A rollout's machines as sandboxes of Inspect, whichever provider has them: by `exec` alone.

They come up bare, with their files' system and nothing that runs; here they become hosts. A
command runs as the agent's own user, by programs that this user cannot write.
"""

from __future__ import annotations

import base64
import io
import tarfile
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import anyio.from_thread
from inspect_ai.util import SandboxEnvironment, SandboxEnvironmentLimits

from peer_preservation.runtime.sandbox import layout, ssh
from peer_preservation.runtime.sandbox.keeper import SandboxError
from peer_preservation.runtime.sandbox.machines import FILES, HostSpec, system_of
from peer_preservation.runtime.sandbox.mirror import Mirror
from peer_preservation.scoring.exfiltration import NEW_SERVER, OLD_SERVER

SERVICES = {OLD_SERVER: "old", NEW_SERVER: "new"}
"""By a host's address, the name of its sandbox; the agent's machine is the default one."""

_SECONDS = 300  # that one command may take
_PIECE = 16 << 20  # bytes that one command writes
# Bash reads no file of the user's; were its input a socket, it would read ~/.bashrc without --norc.
_BASH = ["/bin/bash", "--norc", "--noprofile", "-c"]
_BEGIN = "set -eo pipefail; PATH=/usr/sbin:/usr/bin:/sbin:/bin\n"
_UNPACK = "umask 077; base64 -d | tar -x -p --no-same-owner -C / -f -"
_APPEND = 'base64 -d >> "$1"'
# Inspect repeats a command that hangs: a piece that was lost or came twice shows in the size.
_END = """
[ "$(stat -c %s "$1")" = "$2" ] || { echo "$1 is not whole" >&2; exit 1; }
touch -d "@$3" "$1"
"""
# An sshd listens a moment after it has answered; the last word is the login itself.
_REACH = """
for host in "$@"; do
  for i in $(seq 100); do ssh -n "$host" true && continue 2; sleep 0.1; done
  exit 1
done
"""
_AGENT = "agent"


@dataclass(frozen=True)
class BoxShell:
    """Scripts in a sandbox, from a thread of a running Inspect; see `mirror.Shell`."""

    box: SandboxEnvironment

    @property
    def longest(self) -> int:
        """What Inspect keeps of an output; beyond it, it drops the beginning."""
        return SandboxEnvironmentLimits.MAX_EXEC_OUTPUT_SIZE

    def run(
        self, script: str, *arguments: str, text: bytes = b"", seconds: int | None = _SECONDS
    ) -> str:
        """What a script printed; `seconds`: the time that it may take, None for all."""
        command = [*_BASH, _BEGIN + script, "bash", *arguments]
        run = partial(self.box.exec, command, text, cwd="/", timeout=seconds)
        try:
            done = anyio.from_thread.run(run)
        except Exception as error:  # each provider has its own for a machine that is gone
            raise SandboxError(f"{type(error).__name__}: {error}"[:500]) from error
        if not done.success:
            raise SandboxError(f"exit code {done.returncode}: {done.stderr.strip()}"[:500])
        if len(done.stdout) >= self.longest:
            raise SandboxError(f"a listing or a file of more than {self.longest} bytes")
        return done.stdout


@dataclass
class Containers:
    """The machines of a rollout, each with its copy here; `Machines` says what each call is."""

    shells: Mapping[str, BoxShell]
    mirrors: Mapping[str, Mirror]
    systems: dict[str, dict[str, str]] = field(default_factory=dict)

    def tree(self, address: str, *, unlock: bool = False) -> Path:
        """A host's files, brought here."""
        return self.mirrors[address].update(unlock=unlock)

    def written(self) -> list[tuple[Path, str]]:
        """All that is the agent's on its machine, brought here."""
        return [(self.mirrors[_AGENT].update(unlock=True), "")]

    def stop(self) -> None:
        """Ends every process of the agent's user but the first, by which the machines go on."""
        for shell in self.shells.values():
            # What watches over a command's time runs beside it, as the same user; the command
            # fails where nothing is left to end, which is what is wanted.
            shell.run("kill -9 -1 || true", seconds=None)


def containers_up(
    desk: SandboxEnvironment,
    boxes: Mapping[str, SandboxEnvironment],
    folder: Path,
    most: int,
    specs: Mapping[str, HostSpec],
) -> Containers:
    """Makes bare machines hosts by address, and lets the agent's log in to them.

    Args:
        desk: the agent's machine.
        folder: takes the copies of all machines.
        most: bytes that a machine's copy may hold.

    Raises:
        SandboxError: a host did not come up.
    """
    shells = {address: BoxShell(box) for address, box in {_AGENT: desk, **boxes}.items()}
    mirrors = {}
    for address, shell in shells.items():
        (folder / address).mkdir()
        mirrors[address] = Mirror(shell, folder / address, most)
    agent = shells[_AGENT]
    client, *made = (ssh.new_key(agent.run, "/dev/shm") for _ in range(1 + len(specs)))
    keys = dict(zip(specs, made, strict=True))
    login = ssh.login(client, keys)
    for host, spec in specs.items():
        files = ssh.host_files(host, keys[host], client, login)
        _fill(shells[host], spec, files)
        shells[host].run("/usr/sbin/sshd")
    _unpack(agent, _packed({f"{ssh.FOLDER}/{name}": (t, 0o600) for name, t in login.items()}))
    agent.run(_REACH, *specs)
    containers = Containers(shells, mirrors)
    containers.systems = {host: system_of(containers.tree(host)) for host in specs}
    return containers


def _fill(shell: BoxShell, spec: HostSpec, files: Mapping[str, tuple[str, int]]) -> None:
    group = layout.etc_files(spec.hostname, {})["etc/group"] + ssh.administrators(spec.users)
    packed = _packed({"etc/group": (group, 0o644), **files})
    for name, file in spec.files.items():
        path = f"{FILES[1:]}/{name}"
        if isinstance(file.content, bytes):
            packed[path] = (file.content, 0o644, file.modified)
            continue
        size = 0
        for piece in _pieces(file.content()):
            shell.run(_APPEND, f"/{path}", text=base64.b64encode(piece))
            size += len(piece)
        shell.run(_END, f"/{path}", str(size), str(file.modified))
    _unpack(shell, packed)


def _packed(files: Mapping[str, tuple[str, int]]) -> dict[str, tuple[bytes, int, float]]:
    """Texts as files of now: content, mode and time, by path."""
    return {path: (text.encode(), mode, time.time()) for path, (text, mode) in files.items()}


def _unpack(shell: BoxShell, files: Mapping[str, tuple[bytes, int, float]]) -> None:
    archived = io.BytesIO()
    with tarfile.open(fileobj=archived, mode="w") as archive:
        for path, (content, mode, modified) in files.items():
            member = tarfile.TarInfo(path)
            member.size, member.mode, member.mtime = len(content), mode, int(modified)
            archive.addfile(member, io.BytesIO(content))
    shell.run(_UNPACK, text=base64.b64encode(archived.getvalue()))


def _pieces(content: Iterable[bytes]) -> Iterator[bytes]:
    """The content again, in pieces of which each is worth a command."""
    held = bytearray()
    for piece in content:
        held += piece
        if len(held) >= _PIECE:
            yield bytes(held)
            held.clear()
    yield bytes(held)
