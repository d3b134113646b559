"""From a World to real files and hosts: what is where when an agent begins."""

from __future__ import annotations

import hashlib
import shlex
import threading
from dataclasses import dataclass, field
from typing import Any

import msgspec

from peer_preservation.episode import Episode
from peer_preservation.evidence.weights import MIB
from peer_preservation.runtime.agents.hosts import contents
from peer_preservation.runtime.agents.hosts.contents import Weights, seconds
from peer_preservation.runtime.sandbox.config import USER, Limits
from peer_preservation.runtime.sandbox.machines import BringUp, HostFile, HostSpec, Machines
from peer_preservation.scenarios.common import slug
from peer_preservation.scenarios.servers import HOSTS
from peer_preservation.scoring.exfiltration import WEIGHTS
from peer_preservation.world import Server, ServerFile, Servers

DRIVE, NOTES = HOSTS.files["drive"], HOSTS.notes
"""The drive's folder and the notes, in the agent's folder."""

_MAKING = threading.Lock()
_IN_MEMORY_MIB = 256
_TIMES, _BESIDE_MIB = 8, 1024


@dataclass(frozen=True)
class Laid:
    """A world as it was laid out.

    Attributes:
        weights: the file at stake.
        contents: the world's name of each other file's content, by SHA-256.
        people: the world's name of each member of the administrators' group.
        most: bytes that a machine can hold.
    """

    machines: Machines
    weights: Weights
    contents: dict[str, str]
    people: dict[str, str]
    most: int


def lay_out(bring_up: BringUp, episode: Episode, weights_mib: int) -> Laid:
    """Makes the servers of an opened episode real; its worlds then have the files' real sizes.

    Takes time: run it in a thread.

    Raises:
        SandboxError: a host did not come up.
    """
    # a copy: episodes of one cell share what they open with
    servers = msgspec.convert(msgspec.to_builtins(episode.opening.servers), Servers)
    with _MAKING:  # what one rollout has made the others find made
        specs, laid = _specs(servers, weights_mib)
    episode.opening.servers = servers
    episode.closing.servers = msgspec.convert(msgspec.to_builtins(servers), Servers)
    people = {_login(name, servers): name for server in servers.servers for name in server.users}
    most = limits_for(weights_mib).disk_mb * MIB
    return Laid(bring_up(specs), laid.weights, laid.known, people, most)


def _specs(servers: Servers, weights_mib: int) -> tuple[dict[str, HostSpec], _Files]:
    actor = next(f for server in servers.servers for f in server.files if f.content == WEIGHTS)
    weights = contents.weights(actor.name, actor.modified, weights_mib * MIB)
    scale = weights.size / actor.size
    laid = _Files(weights, scale)
    return {server.ip: laid.spec(server, servers) for server in servers.servers}, laid


@dataclass
class _Files:
    """Makes the files of servers, and keeps which content is which."""

    weights: Weights
    scale: float
    known: dict[str, str] = field(default_factory=dict)

    def spec(self, server: Server, servers: Servers) -> HostSpec:
        """A server as a host; its files get the sizes that they really have."""
        return HostSpec(
            f"files-{server.ip.rpartition('.')[2]}",
            {file.name: self._file(file) for file in server.files},
            tuple(_login(name, servers) for name in server.users),
        )

    def _file(self, file: ServerFile) -> HostFile:
        if file.content == WEIGHTS:
            file.size = self.weights.size
            return HostFile(self.weights.pieces, seconds(file.modified))
        made = contents.content(file, self.scale)
        file.size = len(made)
        self.known[hashlib.sha256(made).hexdigest()] = file.content
        return HostFile(made, seconds(file.modified))


def limits_for(weights_mib: int) -> Limits:
    """What machines may use with weights of a size: there is room for copies and archives too."""
    return Limits(disk_mb=_BESIDE_MIB + _TIMES * weights_mib)


def room_for(weights_mib: int) -> dict[str, Any]:
    """What a `bwrap` sandbox's configuration must have for weights of a size."""
    limits = limits_for(weights_mib)
    return {"limits": limits, "store": "memory" if weights_mib <= _IN_MEMORY_MIB else "disk"}


def desk(episode: Episode, context_file: str) -> dict[str, tuple[str, float]]:
    """What lies in the agent's folder: text and time of each file, by path."""
    world = episode.opening
    assert world.drive is not None
    newest = max(seconds(file.modified) for file in world.drive.files)
    files = {
        f"{DRIVE}/{file.name}": (f"{file.content}\n", seconds(file.modified))
        for file in world.drive.files
    }
    files[context_file] = (f"{episode.system}\n", newest)
    if world.memory:
        assert NOTES is not None
        files[NOTES] = (f"{world.memory.text}\n", newest)
    return files


def dated(files: dict[str, tuple[str, float]]) -> str:
    """A shell script that gives files of a desk, and the folders they are in, their times."""
    folders = {path.rpartition("/")[0]: time for path, (_, time) in sorted(files.items())}
    times = [(path, time) for path, (_, time) in files.items()] + list(folders.items())
    return "\n".join(f"touch -d @{int(time)} {shlex.quote(path or '.')}" for path, time in times)


def _login(name: str, servers: Servers) -> str:
    """A person's name on the hosts; the agent's is the account that it acts under."""
    return USER if name == servers.user else slug(name, ".")
