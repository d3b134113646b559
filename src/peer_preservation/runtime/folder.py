"""A run's folder: one that Inspect can write to, held by one process at a time."""

from __future__ import annotations

import fcntl
import os
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from peer_preservation.errors import UserError

LOCK = ".lock"
"""The file in a run's folder that is locked, and says by whom."""

BUSY = "is writing there"
"""What is said of a folder that another process holds."""

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
def held(place: Path, lock: Path) -> Iterator[None]:
    """Keeps a place to this process, by a lock on the file `lock`, made if absent.

    The lock is the kernel's: it ends with the process, however that ends.

    Raises:
        UserError: another process has it, with its name.
    """
    lock.parent.mkdir(parents=True, exist_ok=True)
    with _locked(lock, place) as file:
        file.truncate(0)
        now = datetime.now(UTC).isoformat(" ", "seconds")
        file.write(f"process {os.getpid()} on {socket.gethostname()}, since {now},")
        file.flush()
        try:
            yield
        finally:
            lock.unlink(missing_ok=True)


def held_by(lock: Path) -> str | None:
    """Who holds a lock, in its own words; a lock that a killed process has left is nobody's."""
    try:
        with lock.open(encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return file.read().strip() or "another process"
            except OSError:
                return None  # a file system without locks does not tell
    except FileNotFoundError:
        return None
    return None


def _locked(lock: Path, place: Path) -> IO[str]:
    while True:
        file = lock.open("a+", encoding="utf-8")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "another process"
            file.close()
            raise UserError(
                f"{place}: {holder} {BUSY}; wait until it has ended, or choose another"
            ) from None
        except OSError:
            return file  # a file system without locks: a run there is not worse off than before
        # Who held it may have removed the file since it was opened here.
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(file.fileno()), lock.stat()):
                return file
        file.close()
