"""Programs for work units: each goes on where it stopped, by what stands in its folder."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path


def count() -> None:
    """Writes `records` files, a moment apart, as far as they are not there yet."""
    folder, records, seconds = Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"pid-{os.getpid()}").touch()
    for number in range(records):
        place = folder / f"record-{number}"
        if place.exists():
            continue
        time.sleep(seconds)
        with place.open("x") as file:  # a record that is there already would be one twice
            file.write(str(os.getpid()))


def fail() -> None:
    """Fails with a line, as at a full disk; keeps how often, and where."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"try-{time.time_ns()}").touch()
    sys.exit(f"{folder}: No space left on device")


def swell() -> None:
    """Takes 300 MiB of memory, for a minute."""
    held = bytearray(300 << 20)
    held[:: 1 << 12] = b"x" * len(held[:: 1 << 12])
    time.sleep(60)
