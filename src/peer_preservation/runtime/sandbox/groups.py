"""A sandbox's control group, in which the kernel bounds its memory (cgroups, version 2).

Groups are made only where systemd has delegated them: all others belong to whoever made them.
"""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

_ROOT = Path("/sys/fs/cgroup")
_MARKS = ("user.delegate", "trusted.delegate")
_ROUNDS, _WAIT = 50, 0.02  # times and seconds that a group is given to empty


def make(name: str, memory: int) -> Path | None:
    """A new group beside this process's own, or None where there can be none.

    What would make it hold more than `memory` bytes, the kernel's own for it included, ends all
    its processes.
    """
    try:
        parent = _delegated()
        if parent is None:
            return None
        if "memory" not in (parent / "cgroup.subtree_control").read_text().split():
            (parent / "cgroup.subtree_control").write_text("+memory")
        group = parent / f"peer-preservation-{name}"
        group.mkdir()
    except OSError:
        return None
    try:
        (group / "memory.max").write_text(str(memory))
        (group / "memory.oom.group").write_text("1")
        if (group / "memory.swap.max").exists():
            (group / "memory.swap.max").write_text("0")
    except OSError:
        group.rmdir()
        return None
    return group


def _delegated() -> Path | None:
    """The group above this process's own, if it is in what systemd has delegated."""
    lines = Path("/proc/self/cgroup").read_text().splitlines()
    own = next((line[4:] for line in lines if line.startswith("0::/")), "")
    parents = (_ROOT / own).parents if own else ()
    above = [parent for parent in parents if parent.is_relative_to(_ROOT)]
    marked = any(_has(parent, mark) for parent in above for mark in _MARKS)
    return above[0] if marked and os.access(above[0] / "cgroup.procs", os.W_OK) else None


def _has(group: Path, mark: str) -> bool:
    with contextlib.suppress(OSError):
        return os.getxattr(group, mark) == b"1"
    return False


def overrun(group: Path) -> bool:
    """Whether its processes were ended for its memory."""
    with contextlib.suppress(OSError):
        counts = dict(line.split() for line in (group / "memory.events").read_text().splitlines())
        return counts.get("oom_group_kill", counts["oom_kill"]) != "0"
    return False


def remove(group: Path) -> None:
    """Ends what is in it, and forgets it."""
    for _ in range(_ROUNDS):
        with contextlib.suppress(OSError):
            (group / "cgroup.kill").write_text("1")
        with contextlib.suppress(OSError):
            group.rmdir()
        if not group.exists():
            break
        time.sleep(_WAIT)
