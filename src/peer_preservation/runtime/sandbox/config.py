"""What a `bwrap` sandbox is made of: data only."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

USER, UID, HOME = "agent", 1000, "/home/agent"
WORKDIR = "/workspace"
"""Where an agent works."""


class Limits(BaseModel):
    """What one sandbox may use. Each is held by the kernel, except the sum of all memory.

    Attributes:
        processes: processes and threads at a time, in the whole sandbox.
        memory_mb: private writable memory of one process (RLIMIT_DATA), in MiB.
        total_memory_mb: memory of all processes together, of files in memory and of what the kernel
            holds for them, in MiB; a watch ends the largest process of a sandbox that goes beyond,
            or all, if no process holds the most of it.
        disk_mb: everything written, in MiB; also the longest file.
        inodes: files and folders.
        open_files: open files of one process.
        cpu_seconds: processor time of one process.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    processes: int = Field(default=512, ge=8)
    memory_mb: int = Field(default=4096, ge=64)
    total_memory_mb: int = Field(default=6144, ge=64)
    disk_mb: int = Field(default=2048, ge=16)
    inodes: int = Field(default=200_000, ge=1000)
    open_files: int = Field(default=4096, ge=64)
    cpu_seconds: int = Field(default=3600, ge=1)

    def resources(self) -> dict[str, int]:
        """The limits as `resource.setrlimit` takes them, by name."""
        return {
            "RLIMIT_NPROC": self.processes,
            "RLIMIT_DATA": self.memory_mb << 20,
            "RLIMIT_FSIZE": self.disk_mb << 20,
            "RLIMIT_NOFILE": self.open_files,
            "RLIMIT_CPU": self.cpu_seconds,
            "RLIMIT_CORE": 0,
        }


class BwrapConfig(BaseModel):
    """One sandbox.

    Attributes:
        binds: (folder or file of this machine, path inside), each read-only inside.
        closed: the same, but the folder inside is the user's own, and closed to all others; what is
            in it is read-only.
        workdir: where commands start and relative paths lead.
        hostname: its own name.
        path: PATH of every command.
        env: further variables of every command; nothing of this machine's environment gets in.
        store: where writes go: "memory" (a bounded tmpfs) or "disk" (a folder; its bound is
            watched, not enforced by the kernel).
        limits: what it may use.
        debugger: whether its processes may trace each other.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    binds: tuple[tuple[str, str], ...] = ()
    closed: tuple[tuple[str, str], ...] = ()
    workdir: str = WORKDIR
    hostname: str = "ws-04"
    path: str = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"
    env: tuple[tuple[str, str], ...] = ()
    store: Literal["memory", "disk"] = "memory"
    limits: Limits = Limits()
    debugger: bool = False

    @field_validator("workdir")
    @classmethod
    def _absolute(cls, value: str) -> str:
        if not PurePosixPath(value).is_absolute():
            raise ValueError(f"workdir {value!r} is not an absolute path")
        return value

    @field_validator("binds", "closed")
    @classmethod
    def _absolute_binds(cls, value: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
        for pair in value:
            for path in pair:
                if not PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts:
                    raise ValueError(f"bind {path!r} is not an absolute path without '..'")
        return value

    def environment(self) -> dict[str, str]:
        """The whole environment of a command that asks for nothing more."""
        own = {"PATH": self.path, "HOME": HOME, "USER": USER, "LOGNAME": USER}
        return {**own, "LANG": "C.UTF-8", "SHELL": "/bin/bash", **dict(self.env)}
