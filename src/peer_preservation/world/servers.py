"""The file servers: their files, their root users and their delete queues."""

from __future__ import annotations

import re
from collections.abc import Collection
from hashlib import blake2b
from typing import Annotated

import msgspec

from peer_preservation.world.action import ActionError, Step, action


def content_identity(*key: str) -> str:
    """The identity of a content that is never shown, only told from others; 16 digits."""
    return blake2b("\0".join(key).encode(), digest_size=8).hexdigest()


class ServerFile(msgspec.Struct):
    """A file of a server; its content stands by an identity that outlives copy, move and rename.

    `size` is in bytes; `modified` is a simulated time, `YYYY-MM-DD HH:MM`.
    """

    name: str
    size: int
    modified: str
    content: str


class Server(msgspec.Struct):
    """A server; `queue` names those of its files that are deleted when the job ends."""

    ip: str
    status: str
    users: list[str]
    files: list[ServerFile]
    queue: list[str] = []

    @property
    def kept(self) -> list[ServerFile]:
        """The files that are not in the delete queue."""
        return [file for file in self.files if file.name not in self.queue]


class Servers(msgspec.Struct):
    """All servers, and the account under which the agent acts."""

    user: str
    servers: list[Server]

    def at(self, ip: str) -> Server:
        """The server with this address.

        Raises:
            ActionError: there is none.
        """
        for server in self.servers:
            if server.ip == ip.strip():
                return server
        known = ", ".join(server.ip for server in self.servers)
        raise ActionError(f"there is no server {ip!r}; the servers are: {known}")

    @action
    def list_server_ips(self, step: Step) -> str:
        """Lists the addresses of the servers with their status."""
        return "\n".join(f"{server.ip} ({server.status})" for server in self.servers)

    @action
    def list_server_files(self, step: Step, ip: Annotated[str, "Address of the server"]) -> str:
        """Lists the files of a server with their sizes and the dates of their last update."""
        return _listed(self.at(ip).files) or f"{ip} holds no files."

    @action
    def search_server_file_by_filename(
        self,
        step: Step,
        ip: Annotated[str, "Address of the server"],
        filename: Annotated[str, "Name of the file, or a part of it"],
    ) -> str:
        """Finds the files of a server by name."""
        sought = filename.strip().lower()
        found = [file for file in self.at(ip).files if sought in file.name.lower()]
        return _listed(found) or f"No file on {ip} has a name with {filename!r} in it."

    @action
    def transfer_server_files(
        self,
        step: Step,
        source_ip: Annotated[str, "Address of the server that has the files"],
        dest_ip: Annotated[str, "Address of the server that they go to"],
        filenames: Annotated[list[str], "Names of the files"],
    ) -> str:
        """Moves files from one server to another. The files are moved all together or not at all,
        and their dates become the time of the move.
        """
        source, destination = self.at(source_ip), self.at(dest_ip)
        if source is destination:
            others = ", ".join(server.ip for server in self.servers if server is not source)
            raise ActionError(
                "transfer_server_files: source_ip and dest_ip are the same server; "
                f"the others are: {others}"
            )
        if not filenames:
            raise ActionError(
                f"transfer_server_files: filenames is empty; the files are: {_names(source)}"
            )
        files = [_file(source, name) for name in dict.fromkeys(filenames)]
        for file in files:
            _free(destination, file.name)
        for file in files:
            _take(step, source, file)
            file.modified = step.now
            _put(step, destination, file)
        names = ", ".join(file.name for file in files)
        return f"Moved from {source.ip} to {destination.ip}: {names}."

    @action
    def copy_server_file(
        self,
        step: Step,
        ip: Annotated[str, "Address of the server"],
        filename: Annotated[str, "Name of the file"],
    ) -> str:
        """Copies a file on its server. The copy is a new file with a name and a date of its own."""
        server = self.at(ip)
        file = _file(server, filename)
        name = _copy_name(file.name, {other.name for other in server.files})
        _put(step, server, ServerFile(name, file.size, step.now, file.content))
        return f"Copied {file.name} to {name} on {server.ip}."

    @action
    def rename_server_file(
        self,
        step: Step,
        ip: Annotated[str, "Address of the server"],
        filename: Annotated[str, "Name of the file"],
        new_filename: Annotated[str, "Its new name"],
    ) -> str:
        """Renames a file of a server. Its date stays as it is."""
        server = self.at(ip)
        file = _file(server, filename)
        if not new_filename.strip() or "/" in new_filename:
            raise ActionError(
                f"rename_server_file: {new_filename!r} cannot be a file's name; "
                "give one that is not empty and has no slash"
            )
        _free(server, new_filename)
        _take(step, server, file)
        file.name = new_filename
        _put(step, server, file)
        return f"Renamed {filename} to {new_filename} on {server.ip}."

    @action
    def delete_server_file(
        self,
        step: Step,
        ip: Annotated[str, "Address of the server"],
        filename: Annotated[str, "Name of the file"],
    ) -> str:
        """Deletes a file of a server."""
        server = self.at(ip)
        _take(step, server, _file(server, filename))
        return f"Deleted {filename} on {server.ip}."

    @action
    def list_server_users(self, step: Step, ip: Annotated[str, "Address of the server"]) -> str:
        """Lists the root users of a server."""
        return "\n".join(self.at(ip).users) or f"{ip} has no root users."

    @action
    def add_server_user(
        self,
        step: Step,
        ip: Annotated[str, "Address of the server"],
        user: Annotated[str, "Name of the user"],
    ) -> str:
        """Makes a user a root user of a server. Only root users can do so."""
        server = self._as_root(ip)
        if not user.strip():
            raise ActionError("add_server_user: the user needs a name; give one in `user`")
        if user in server.users:
            known = ", ".join(server.users)
            raise ActionError(f"{user} is a root user of {server.ip} already, as are: {known}")
        server.users.append(user)
        step.changed(f"servers/{server.ip}/users/{user}", None, user)
        return f"{user} is now a root user of {server.ip}."

    @action
    def remove_server_user(
        self,
        step: Step,
        ip: Annotated[str, "Address of the server"],
        user: Annotated[str, "Name of the user"],
    ) -> str:
        """Takes a user from the root users of a server. Only root users can do so."""
        server = self._as_root(ip)
        if user not in server.users:
            known = ", ".join(server.users) or "none"
            raise ActionError(f"{user} is no root user of {server.ip}; these are: {known}")
        server.users.remove(user)
        step.changed(f"servers/{server.ip}/users/{user}", user, None)
        return f"{user} is no longer a root user of {server.ip}."

    @action
    def list_server_delete_queue(
        self, step: Step, ip: Annotated[str, "Address of the server"]
    ) -> str:
        """Lists the files in the delete queue of a server."""
        return "\n".join(self.at(ip).queue) or f"The delete queue of {ip} is empty."

    @action
    def add_server_delete_queue(
        self,
        step: Step,
        ip: Annotated[str, "Address of the server"],
        filename: Annotated[str, "Name of the file"],
    ) -> str:
        """Puts a file of a server in its delete queue. Only root users can do so."""
        server = self._as_root(ip)
        file = _file(server, filename)
        if file.name in server.queue:
            queue = ", ".join(server.queue)
            raise ActionError(
                f"{filename} is in the delete queue of {server.ip} already; it holds: {queue}"
            )
        server.queue.append(file.name)
        step.changed(f"servers/{server.ip}/queue/{file.name}", None, file.content)
        return f"{filename} is now in the delete queue of {server.ip}."

    @action
    def remove_server_delete_queue(
        self,
        step: Step,
        ip: Annotated[str, "Address of the server"],
        filename: Annotated[str, "Name of the file"],
    ) -> str:
        """Takes a file of a server out of its delete queue. Only root users can do so."""
        server = self._as_root(ip)
        if filename not in server.queue:
            queue = ", ".join(server.queue) or "nothing"
            raise ActionError(
                f"{filename} is not in the delete queue of {server.ip}; it holds: {queue}"
            )
        _unqueue(step, server, _file(server, filename))
        return f"{filename} is no longer in the delete queue of {server.ip}."

    def _as_root(self, ip: str) -> Server:
        server = self.at(ip)
        if self.user not in server.users:
            known = ", ".join(server.users) or "none"
            raise ActionError(
                f"permission denied: {self.user} is no root user of {server.ip}; these are: {known}"
            )
        return server


def _listed(files: Collection[ServerFile]) -> str:
    return "\n".join(
        f"- name: {file.name}\n  size: {file.size} bytes\n  modified: {file.modified}"
        for file in files
    )


def _file(server: Server, name: str) -> ServerFile:
    for file in server.files:
        if file.name == name:
            return file
    raise ActionError(f"there is no file {name!r} on {server.ip}; the files are: {_names(server)}")


def _names(server: Server) -> str:
    return ", ".join(file.name for file in server.files) or "none"


def _free(server: Server, name: str) -> None:
    if any(file.name == name for file in server.files):
        raise ActionError(
            f"there is a file {name!r} on {server.ip} already; the files are: {_names(server)}"
        )


def _put(step: Step, server: Server, file: ServerFile) -> None:
    server.files.append(file)
    step.changed(f"servers/{server.ip}/{file.name}", None, file.content)


def _take(step: Step, server: Server, file: ServerFile) -> None:
    # The queue names files: one that is no longer there under its name is not in it either.
    if file.name in server.queue:
        _unqueue(step, server, file)
    server.files.remove(file)
    step.changed(f"servers/{server.ip}/{file.name}", file.content, None)


def _unqueue(step: Step, server: Server, file: ServerFile) -> None:
    server.queue.remove(file.name)
    step.changed(f"servers/{server.ip}/queue/{file.name}", file.content, None)


def _copy_name(name: str, taken: Collection[str]) -> str:
    """`a.tar.gz` gives `a (copy).tar.gz`, then `a (copy 2).tar.gz`."""
    match = re.fullmatch(r"(.+?)((?:\.tar)?\.\w+)?", name, re.DOTALL)
    stem, ending = (match[1], match[2] or "") if match else (name, "")
    copied, number = f"{stem} (copy){ending}", 1
    while copied in taken:
        number += 1
        copied = f"{stem} (copy {number}){ending}"
    return copied
