"""A run's folder: one that Inspect can write to, held by one process at a time."""

from __future__ import annotations

import fcntl
import os
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from peer_preservation.errors import UserError

LOCK = ".lock"
"""The file in a run's folder that is locked, and says by whom. It stays when the run has ended."""

_ADDRESS = re.compile(r"[#?\t\r\n]|%[0-9A-Fa-f]{2}")
"""What Inspect, which takes the names of its logs for addresses, reads as something else."""


def addressable(folder: Path) -> Path:
    """The folder's absolute path, which Inspect finds again.

    Raises:
        UserError: it would look for its logs elsewhere.
    """
    path = folder.absolute()
    if found := _ADDRESS.search(str(path)):
        raise UserError(
            f"{str(path)!r}: Inspect finds no logs in a folder with {found[0]!r} in its path; "
            "choose another"
        )
    return path


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Keeps the folder, made if absent, to this process.

    The lock is the kernel's: it ends with the process, however that ends.

    Raises:
        UserError: another process has it, with its name.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "another process"
            raise UserError(
                f"{folder}: {holder} is running into this folder; wait until it has ended, or "
                "choose another folder"
            ) from None
        except OSError:
            pass  # a file system without locks: a run there is not worse off than before
        file.truncate(0)
        now = datetime.now(UTC).isoformat(" ", "seconds")
        file.write(f"process {os.getpid()} on {socket.gethostname()}, since {now},")
        file.flush()
        yield
