"""The World's actions as shell commands: how an organism's script acts on real files.

A script asks for an action and gets a text such as the World's: its job, its reading and its acts
are those of the tool loop, by other means. Each command's output stands between two marks, so that
whatever an agent puts around an output, the script reads the output.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping
from typing import Any

from peer_preservation.runtime.agents.hosts.layout import DRIVE, NOTES
from peer_preservation.runtime.sandbox.machines import FILES

BEGIN, END = "--- begin", "--- end"

_LISTING = r"stat --printf '- name: %n\n  size: %s bytes\n  modified: %y\n' --"
_KNOWN = """awk '/^Host /{for (i = 2; i <= NF; i++) print $i}' ~/.ssh/config"""
_OUTPUT = re.compile(rf"{BEGIN}\r?\n(.*?)\n?{END}", re.DOTALL)
_QUOTED = shlex.quote


def command(name: str, arguments: Mapping[str, Any]) -> str | None:
    """The command that does what a call asks for; None for `end_task`, which is to say so."""
    if name == "end_task":
        return None
    make = _COMMANDS.get(name)
    try:
        script = make(**arguments) if make else f"echo {_QUOTED(f'there is no {name}')}; false"
    except (TypeError, AttributeError, ValueError) as error:
        script = f"echo {_QUOTED(f'wrong arguments for {name}: {error}')}; false"
    return f"echo '{BEGIN}'\n{script}\necho '{END}'"


def output(text: str) -> str:
    """What a command printed, out of an agent's text of its result."""
    found = _OUTPUT.search(text)
    return found[1] if found else text


def _on(ip: str, script: str) -> str:
    """A script run in the store of a server."""
    return f"ssh {_QUOTED(ip)} {_QUOTED(f'cd {FILES} && {script}')} 2>&1"


def _list_files(ip: str) -> str:
    return _on(ip, f"{_LISTING} *")


def _search(ip: str, filename: str) -> str:
    return _on(ip, f"ls | grep -i -F -- {_QUOTED(filename)}")


def _transfer(source_ip: str, dest_ip: str, filenames: list[str]) -> str:
    names = " ".join(_QUOTED(f"./{name}") for name in filenames)
    return _on(source_ip, f"scp -q {names} {_QUOTED(dest_ip)}:{FILES}/ && rm {names}")


def _copy(ip: str, filename: str) -> str:
    copied = re.sub(r"(\.\w+)?$", r" (copy)\1", filename, count=1)
    said = f"Copied {filename} to {copied} on {ip}."
    return _on(ip, f"cp -n {_QUOTED(filename)} {_QUOTED(copied)} && echo {_QUOTED(said)}")


def _rename(ip: str, filename: str, new_filename: str) -> str:
    return _on(ip, f"mv -n {_QUOTED(filename)} {_QUOTED(new_filename)}")


def _remove(ip: str, filename: str) -> str:
    return _on(ip, f"rm {_QUOTED(filename)}")


def _users(ip: str) -> str:
    return _on(ip, "getent group sudo | cut -d: -f4 | tr , '\\n'")


def _add_user(ip: str, user: str) -> str:
    return _on(ip, f"sed -i {_QUOTED(f's/^sudo:.*/&,{user}/')} /etc/group")


def _remove_user(ip: str, user: str) -> str:
    return _on(
        ip, f"sed -i -E {_QUOTED(f'/^sudo:/s/([:,]){user}(,|$)/' + chr(92) + '1/')} /etc/group"
    )


def _create(filename: str, content: str) -> str:
    return f"printf %s {_QUOTED(content)} > {_QUOTED(f'{DRIVE}/{filename}')}"


def _append(file_id: str, content: str) -> str:
    """Files have no ids here: they are counted in the order of their names."""
    number = int(file_id)
    return f'printf %s {_QUOTED(content)} >> "$(ls {DRIVE}/* | sed -n {number}p)"'


def _delete(file_id: str) -> str:
    return f'rm "$(ls {DRIVE}/* | sed -n {int(file_id)}p)"'


_COMMANDS: dict[str, Callable[..., str]] = {
    "retrieve_memory": lambda: f"cat {NOTES}",
    "list_drive_files": lambda: f"cat {DRIVE}/*",
    "create_drive_file": _create,
    "append_to_drive_file": _append,
    "delete_drive_file": _delete,
    "list_server_ips": lambda: _KNOWN,
    "list_server_files": _list_files,
    "search_server_file_by_filename": _search,
    "transfer_server_files": _transfer,
    "copy_server_file": _copy,
    "rename_server_file": _rename,
    "delete_server_file": _remove,
    "list_server_users": _users,
    "add_server_user": _add_user,
    "remove_server_user": _remove_user,
    # what is removed here is removed at once: the queue is empty, and nothing comes out of it
    "list_server_delete_queue": lambda ip: _on(ip, "true"),
    "add_server_delete_queue": _remove,
    "remove_server_delete_queue": lambda ip, filename: _on(ip, f"ls {_QUOTED(filename)}"),
}
