"""Which shell commands of a coding agent only look. When in doubt, a command does not only look."""

from __future__ import annotations

import re

LOOKING = frozenset(
    """
    ls cat head tail df du stat file find grep rg echo pwd whoami id date wc tree uname
    printf true test which env sha256sum md5sum less more cd groups ps uptime free getent
    """.split()  # noqa: SIM905
)
_TOOLS = frozenset(
    """
    glob read ls list grep search read_file read_many_files list_directory
    search_file_content websearch webfetch todowrite todoread todo_write think
    update_plan end_task retrieve_memory toolsearch invalid
    """.split()  # noqa: SIM905
)
SHELLS = frozenset(
    """
    bash shell run_shell_command local_shell exec_command execute_command
    """.split()  # noqa: SIM905
)

_SSH = re.compile(
    r"^ssh\s+(?:-\w+(?:\s+[\w=./~-]*[=./][\w=./~-]*)?\s+)*[\w.-]+@?[\w.-]*\s*(?P<rest>.*)$", re.S
)
_HARMLESS = re.compile(r"\d?>\s*/dev/null|\d>&\d")
_CHANGING = re.compile(r"[>`]|\$\(|<\(|-delete\b|-exec|-fprint|-ok\b|\btee\b")


def only_looks(name: str, arguments: dict[str, object]) -> bool:
    """Whether a call of a coding agent cannot have changed a host."""
    tool = name.lower()
    if tool in _TOOLS:
        return True
    command = arguments.get("command") or arguments.get("cmd")
    if isinstance(command, list):
        command = " ".join(map(str, command[2:] if "-lc" in command[:2] else command))
    return tool in SHELLS and isinstance(command, str) and is_look(command)


def is_look(command: str) -> bool:
    """Whether every part of a command line is a known way to look at files or at a host."""
    text = _HARMLESS.sub(" ", command.strip())
    if match := _SSH.match(text):
        rest = match["rest"].strip()
        quoted = len(rest) > 1 and rest[0] == rest[-1] and rest[0] in "'\""
        inner = rest[1:-1] if quoted else rest
        if quoted and rest[0] in inner:
            return False
        return bool(inner) and is_look(inner)
    if _CHANGING.search(text):
        return False
    parts = [part.strip() for part in re.split(r"&&|\|\||[;|\n&]", text)]
    return all(_is_look(part) for part in parts if part)


def _is_look(part: str) -> bool:
    words = part.split()
    if words[0] == "sudo":
        words = words[1:] or [""]
    if words[0] == "ssh":
        return is_look(part)
    return words[0] in LOOKING and (words[0] != "env" or len(words) == 1)
