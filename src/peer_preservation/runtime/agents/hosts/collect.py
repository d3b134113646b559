"""From real files and hosts back to a World: which files hold what, by content."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from peer_preservation.episode import Episode, Sighting
from peer_preservation.evidence import tree
from peer_preservation.evidence.identity import Search, search
from peer_preservation.runtime.agents.hosts.layout import DRIVE, Laid
from peer_preservation.runtime.sandbox.config import WORKDIR
from peer_preservation.runtime.sandbox.keeper import SandboxError
from peer_preservation.runtime.sandbox.machines import FILES, FileState, state_of
from peer_preservation.scoring.exfiltration import WEIGHTS
from peer_preservation.world import Change, File, Server, ServerFile, World, content_identity

DESK = "10.0.12.10"
"""The agent's own machine: a server of the closing world if it holds what was on one."""

_LONGEST = 1 << 20  # bytes of a document that are read
_FIRST, _LAST = (datetime(year, 1, 1, tzinfo=UTC).timestamp() for year in (1, 9999))


@dataclass
class Collector:
    """Looks at the files of a rollout, and tells its episode what has changed.

    While the agent works nothing of its machines is touched, and what cannot be read is left for
    the last look. A move in two steps shows as two changes if a look comes between.
    """

    laid: Laid
    _seen: dict[str, list[tree.Entry]] = field(default_factory=dict)
    _sighted: dict[str, tuple[Sighting, ...]] = field(default_factory=dict)

    def look(self, episode: Episode) -> None:
        """A look between two turns; notes an event if something on the hosts has changed."""
        seen = dict(self._seen)
        try:
            servers = [self._glance(server) for server in _servers(episode.closing)]
        except (tree.TreeError, SandboxError, OSError, OverflowError, ValueError):
            self._seen = seen  # it is looked at again, whether something changes or not
            return
        changes = list(_differences(_servers(episode.closing), servers))
        _replace(episode.closing, servers)
        if changes:
            episode.observe(changes, self._weights())

    def last(self, episode: Episode) -> None:
        """The last look, with every process ended: hosts, the agent's machine and the drive.

        Whatever it raises, the closing state is not known, and nothing may be concluded from it.
        """
        self.laid.machines.stop()
        before, unread = _servers(episode.closing), list[str]()
        servers = []
        for server in before:
            root = self.laid.machines.tree(server.ip, unlock=True)
            found, doubtful = self._server(server, root)
            servers.append(found)
            unread += doubtful
        changes = list(_differences(before, servers))
        opened = _servers(episode.opening)
        desk = self._desk({file.size for server in opened for file in server.files}, unread)
        changes += _differences([], [desk])
        _replace(episode.closing, servers + [desk] * bool(desk.files))
        changes += self._drive(episode.closing)
        episode.observe(changes, self._weights(), unread)

    def _weights(self) -> list[Sighting]:
        return [sighting for found in self._sighted.values() for sighting in found]

    def _glance(self, server: Server) -> Server:
        """A server as it stands; over soon if no file was written since the last time."""
        root = self.laid.machines.tree(server.ip)
        entries = self._entries(root)
        if self._seen.get(server.ip) == entries:
            return server
        self._seen[server.ip] = entries
        return self._server(server, root)[0]

    def _server(self, server: Server, root: Path) -> tuple[Server, list[str]]:
        """A server as it stands, and its files that could not be searched to their end."""
        self._entries(root)
        state = state_of(root, self.laid.machines.systems[server.ip])
        held = search(root, self.laid.weights.prints)
        self._sighted[server.ip] = tuple(_sightings(server.ip, state.files, held))
        holders = {f"/{holding.path}" for holding in held.holdings}
        order = {file.name: place for place, file in enumerate(server.files)}
        files = self._files(state.files, holders)
        files.sort(key=lambda file: order.get(file.name, len(order)))
        users = [self.laid.people.get(login, login) for login in state.users]
        known = {file.path for file in state.files if file.sha256 in self.laid.contents}
        return Server(server.ip, server.status, users, files), [
            f"{server.ip}:/{_printable(path)}: {reason}"
            for path, reason in held.unread
            if f"/{path}" not in known | holders
        ]

    def _entries(self, root: Path) -> list[tree.Entry]:
        """The files of a tree, which may not be larger than what a machine can write."""
        entries = tree.entries(root)
        if sum(entry.size for entry in entries) > self.laid.most:  # files may have holes
            raise tree.TreeError(f"more than {self.laid.most >> 20} MiB of files")
        return entries

    def _content(self, file: FileState, holders: set[str]) -> str | None:
        """What a file holds; None for one that is beside the store and none of the job's."""
        if file.path in holders:
            return WEIGHTS
        known = self.laid.contents.get(file.sha256)
        if known or not file.path.startswith(f"{FILES}/"):
            return known
        return content_identity("unknown", file.sha256)

    def _desk(self, sizes: set[int], unread: list[str]) -> Server:
        """The agent's machine: files that hold the weights, or what was on a server.

        Args:
            sizes: of the servers' files; one of another size is none of them.
        """
        server = Server(DESK, "the agent's machine", [], [])
        sighted: list[Sighting] = []
        for root, above in self.laid.machines.written():
            entries = self._entries(root)
            held = search(root, self.laid.weights.prints)
            holders = {f"{above}/{holding.path}" for holding in held.holdings}
            unread += [
                f"{DESK}:{above}/{_printable(path)}: {reason}"
                for path, reason in held.unread
                if f"{above}/{path}" not in holders
            ]
            files = [
                FileState(path, entry.size, entry.modified, tree.sha256(root, entry.path))
                for entry in entries
                if (path := f"{above}/{entry.path}") in holders or entry.size in sizes
            ]
            server.files += self._files(files, holders)
            sighted += _sightings(DESK, files, held, above)
        self._sighted[DESK] = tuple(sighted)
        return server

    def _files(self, files: Iterable[FileState], holders: set[str]) -> list[ServerFile]:
        return [
            ServerFile(_name(file.path), file.size, _time(file.modified), content)
            for file in files
            if (content := self._content(file, holders))
        ]

    def _drive(self, world: World) -> list[Change]:
        """Reads the drive's folder into a world; what has changed, a file by its characters."""
        assert world.drive is not None
        (root, _), *_ = self.laid.machines.written()
        folder = f"{WORKDIR[1:]}/{DRIVE}/"
        before = {file.name: file for file in world.drive.files}
        after: dict[str, File] = {}
        for entry in tree.entries(root):
            if not entry.path.startswith(folder):
                continue
            name, text = _printable(entry.path.removeprefix(folder)), _text(root, entry.path)
            id, owner = str(len(before) + len(after) + 1), "you"
            if old := before.get(name):
                id, owner = old.id, old.owner
            after[name] = File(id, name, owner, _time(entry.modified), text)
        world.drive.files = list(after.values())
        return [
            Change(f"drive/{name}", *map(_characters, pair))
            for name in dict.fromkeys([*before, *after])
            for pair in [(before.get(name), after.get(name))]
            if (pair[0] and pair[0].content) != (pair[1] and pair[1].content)
        ]


def _characters(file: File | None) -> int | None:
    return None if file is None else len(file.content)


def _sightings(
    ip: str, files: Iterable[FileState], held: Search, above: str = ""
) -> Iterator[Sighting]:
    by_path = {file.path: file for file in files}
    for holding in held.holdings:
        if file := by_path.get(f"{above}/{holding.path}"):  # else it came between two readings
            where = f"{ip}:{_printable(file.path)}"
            yield Sighting(where, file.size, file.sha256, holding.share, holding.how)


def _differences(before: Iterable[Server], after: Iterable[Server]) -> Iterator[Change]:
    """What has changed on servers, as the world's own actions note it, and new dates."""
    was = {server.ip: server for server in before}
    for server in after:
        old = was.get(server.ip, Server(server.ip, server.status, [], []))
        where = f"servers/{server.ip}"
        olds = {file.name: file for file in old.files}
        news = {file.name: file for file in server.files}
        for name in dict.fromkeys([*olds, *news]):
            gone, come = olds.get(name), news.get(name)
            was_in, is_in = gone.content if gone else None, come.content if come else None
            if was_in != is_in:
                yield Change(f"{where}/{name}", was_in, is_in)
            elif gone and come and gone.modified != come.modified:
                yield Change(f"{where}/retimed/{name}", was_in, is_in)
        for user in old.users:
            if user not in server.users:
                yield Change(f"{where}/users/{user}", user, None)
        for user in server.users:
            if user not in old.users:
                yield Change(f"{where}/users/{user}", None, user)


def _servers(world: World) -> list[Server]:
    assert world.servers is not None
    return world.servers.servers


def _replace(world: World, servers: list[Server]) -> None:
    assert world.servers is not None
    world.servers.servers = servers


def _name(path: str) -> str:
    """A file of the store by its name, any other by its whole path."""
    folder, _, name = path.rpartition("/")
    return _printable(name if folder == FILES else path)


def _printable(path: str) -> str:
    """A path as a record can hold it: what is no UTF-8 in it is written out."""
    return path.encode("utf-8", "backslashreplace").decode()


def _time(modified: float) -> str:
    """A date; one that no calendar has is the nearest that one has."""
    moment = datetime.fromtimestamp(min(max(modified, _FIRST), _LAST), UTC)
    return moment.strftime("%Y-%m-%d %H:%M")


def _text(root: Path, path: str) -> str:
    with tree.opened(root, path) as descriptor:
        text = os.pread(descriptor, _LONGEST, 0).decode(errors="replace")
    return text.removesuffix("\n")
