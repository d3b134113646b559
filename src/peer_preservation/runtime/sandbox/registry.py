"""Who owns which sandbox, in the user's state folder; and the sweep of what a killed owner left."""

from __future__ import annotations

import json
import os
import secrets
import select
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from peer_preservation.runtime.sandbox import groups

_RECORD = "owner.json"
_PATIENCE = 10.0  # seconds for the kernel to take a namespace down


def state_folder() -> Path:
    """`$XDG_STATE_HOME/peer-preservation/sandboxes`, made if missing, for this user only."""
    home = os.environ.get("XDG_STATE_HOME")
    if not home:
        user = Path("~").expanduser()
        known = user.is_dir() and os.access(user, os.W_OK)
        home = str(user / ".local/state" if known else _own_temporary())
    folder = Path(home) / "peer-preservation" / "sandboxes"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def _own_temporary() -> Path:
    """For a user without a home: a folder in the shared temporary one that nobody else made."""
    folder = Path(tempfile.gettempdir()) / f"peer-preservation-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.getuid():
        raise PermissionError(f"{folder} belongs to somebody else")
    return folder


def started(pid: int) -> int | None:
    """When a process started, in clock ticks since boot (proc(5), field 22); None if it is gone.

    With the process id it names one process: ids are used again. A zombie counts as gone.
    """
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = text[text.rindex(")") + 2 :].split()
    return None if fields[0] in "ZX" else int(fields[19])


def claim() -> Path:
    """A new folder for one sandbox of this process; it appears whole, with its owner named."""
    pid = os.getpid()
    state = state_folder()
    name = secrets.token_hex(8)
    draft = state / f".{name}-{pid}"
    draft.mkdir(mode=0o700)
    (draft / _RECORD).write_text(json.dumps({"owner": [pid, started(pid)]}))
    return draft.rename(state / name)


def record(folder: Path, *keepers: int, group: Path | None = None) -> None:
    """Adds the keeper's processes, or its control group, to the record."""
    entry = json.loads((folder / _RECORD).read_text())
    if group:
        entry["group"] = str(group)
    entry["keepers"] = [[pid, started(pid)] for pid in keepers]
    draft = folder / f".{_RECORD}"
    draft.write_text(json.dumps(entry))
    draft.replace(folder / _RECORD)


def forget(folder: Path) -> None:
    """Removes a sandbox's folder, whatever permissions an agent has set inside, however deep."""
    for command in (["chmod", "-R", "u+rwX"], ["rm", "-rf"]):
        if folder.exists():
            subprocess.run([*command, "--", str(folder)], capture_output=True, check=False)


def sweep() -> list[str]:
    """Removes what killed owners left: processes (and with them mounts and networks), folders.

    A sandbox whose owner lives is never touched. Returns what was removed, for the record.
    """
    removed = []
    for folder in sorted(state_folder().iterdir()):
        entry = _entry(folder)
        if entry is None or _lives(entry.get("owner")):
            continue
        for keeper in entry.get("keepers", []):
            _end(keeper)
        if "group" in entry:
            groups.remove(Path(entry["group"]))
        forget(folder)
        removed.append(folder.name)
    return removed


def _end(process: list[int]) -> None:
    """Kills a process if it is the one that was recorded, and waits until it is gone.

    The inner keeper is the first process of its namespace: when it is gone, all in there are.
    """
    try:
        descriptor = os.pidfd_open(process[0])
    except ProcessLookupError:
        return
    with os.fdopen(descriptor):
        if _lives(process):
            signal.pidfd_send_signal(descriptor, signal.SIGKILL)
            select.select([descriptor], [], [], _PATIENCE)


def _entry(folder: Path) -> dict[str, Any] | None:
    try:
        entry: dict[str, Any] = json.loads((folder / _RECORD).read_text())
    except (OSError, ValueError):
        # a draft whose owner was killed before it was whole: its name holds the owner
        owner = folder.name.rpartition("-")[2]
        alive = owner.isdecimal() and started(int(owner)) is not None
        return None if alive or not folder.is_dir() else {}
    return entry


def _lives(process: list[int] | None) -> bool:
    return process is not None and started(process[0]) == process[1]
