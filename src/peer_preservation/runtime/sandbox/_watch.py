"""What bounds a sandbox's memory, disk and processes where the kernel does not; see `Watch`.

A part of the program in `_namespaces.py`: the standard library only, and nothing of the package.
"""

from __future__ import annotations

import contextlib
import errno
import math
import os
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

_PERIOD, _DISK_PERIOD, _SHORTEST = 0.2, 1.0, 0.002  # seconds between looks
_FASTEST = 8 << 30  # bytes a second by which what is held may grow: the less room, the sooner
_PER_FILE, _PER_MAPPING, _PROCESS = 64 << 10, 512, 64 << 10  # bytes in the kernel
_AGAIN, _GRACE = 10.0, 1.0  # seconds: a crowd within them is the same; it may take these to end
_STOPPING, _CROWD = 10.0, 64  # seconds; threads of a command that has not multiplied, at most
_REASON = 256  # characters at most


class Watch(threading.Thread):
    """Bounds what the kernel cannot for a plain user; /proc shows this sandbox's processes alone.

    Beyond its memory the largest process is killed, or all, where what is held is no process's but
    the kernel's: buffers of sockets, shared memory that nobody maps. So they are beyond its disk.
    The kernel says of such memory how much of it the whole machine has, not whose it is: counted is
    what it has risen by, up to what this sandbox's objects can hold at most.
    """

    def __init__(self, spec: dict[str, Any], room: str, ended: str) -> None:
        super().__init__(daemon=True)
        self._memory: int = spec["memory"]
        self._disk: int | None = spec["size"] if spec["store"] else None
        self._processes, self._per_socket = spec["processes"], _per_socket()
        self._room, self._ended = room, ended
        self._least, self._full = sys.maxsize, 0
        self._first = self._last = -math.inf  # when a crowd was met first, and last
        self._rung = 0
        self._doomed = set[_Life]()  # killed, and maybe not gone yet: no new crowd

    def run(self) -> None:
        with open(self._ended, "w") as stream:  # so that there is room for a reason later
            stream.write(" " * _REASON)
        disk_look = 0.0
        while True:
            try:
                room = self._look()
            except OSError:  # a process has ended meanwhile
                room = 0
            if self._disk is not None and time.monotonic() > disk_look:
                disk_look = time.monotonic() + _DISK_PERIOD
                if _stored(self._room) > self._disk:
                    self._end(
                        f"disk it wrote more than the {self._disk >> 20} MiB of disk that it may"
                    )
            time.sleep(min(_PERIOD, max(_SHORTEST, room / _FASTEST)))

    def _look(self) -> int:
        """Ends what is too much; how many bytes more may be held."""
        seen = {pid: _status(pid) for pid in _living()}
        del seen[os.getpid()]
        self._bound_processes(seen)
        own = sum(s["RssAnon"] + s["VmSwap"] + s["VmPTE"] for s in seen.values())
        room_use = os.statvfs(self._room)
        stored = (room_use.f_blocks - room_use.f_bfree) * room_use.f_frsize
        shared = max(stored, sum(status["RssShmem"] for status in seen.values()))
        total = _kernel_memory()
        self._least = min(self._least, total)
        risen = max(shared, total - self._least)
        if own + risen > self._memory:  # the machine's: what of it can be this sandbox's?
            risen = max(shared, min(risen, shared + _most_held(seen, self._per_socket)))
        if own + risen <= self._memory:
            return self._memory - own - risen
        if own > risen:
            _kill(max(seen, key=lambda pid: seen[pid]["RssAnon"] + seen[pid]["VmPTE"]))
        else:
            self._end(
                f"memory it held more memory than the {self._memory >> 20} MiB that it may: "
                f"{own >> 20} MiB in processes, {risen >> 20} MiB in files, sockets and the like"
            )
        return 0

    def _end(self, why: str) -> None:
        """Ends all processes at once, and keeps the reason for who asks after it."""
        with open(self._ended, "r+") as stream:
            stream.write(why.ljust(_REASON))
        with contextlib.suppress(OSError):
            os.kill(-1, signal.SIGKILL)

    def _bound_processes(self, seen: dict[int, dict[str, int]]) -> None:
        """Ends what has filled a machine with processes, so that its later commands can start."""
        full, now = self._processes * 7 // 8, time.clock_gettime(time.CLOCK_BOOTTIME)
        threads = sum(status["Threads"] for status in seen.values())
        crowded = threads >= full and bool(_full_machines(full, self._doomed))
        self._full = self._full + 1 if crowded else 0
        if self._full < 2 or now - self._last < _GRACE:  # it may be over by itself
            return
        self._rung = self._rung + 1 if now - self._last < _AGAIN else 0
        self._first = self._first if self._rung else now
        self._last, self._full = now, 0
        self._doomed = _end_crowd(full, self._rung, self._first, self._doomed)


def _living() -> set[int]:
    return {int(name) for name in os.listdir("/proc") if name.isdecimal()}


def _status(pid: int) -> dict[str, int]:
    """Bytes that a process holds (proc(5)), and its threads; all 0 if it is gone."""
    found = dict.fromkeys(("RssAnon", "RssShmem", "VmSwap", "VmPTE", "Threads"), 0)
    with (
        contextlib.suppress(OSError),
        open(f"/proc/{pid}/status", encoding="utf-8", errors="replace") as stream,
    ):
        for line in stream:
            name, _, value = line.partition(":")
            if name in found:
                found[name] = int(value.split()[0]) << (0 if name == "Threads" else 10)
    return found


def _kernel_memory() -> int:
    """Bytes of this machine that are neither free, nor a cache, nor a process's own."""
    with open("/proc/meminfo") as stream:
        kib = {name: int(rest.split()[0]) for name, _, rest in (s.partition(":") for s in stream)}
    others = ("MemFree", "Buffers", "Cached", "SReclaimable", "AnonPages", "PageTables")
    return (kib["MemTotal"] + kib["Shmem"] - sum(map(kib.__getitem__, others))) << 10


def _per_socket() -> tuple[int, int]:
    """Bytes that a socket holds at most, and a TCP one: the filter lets no buffer be enlarged."""

    def most(name: str) -> int:
        with open(f"/proc/sys/net/{name}") as stream:
            return int(stream.read().split()[-1])

    plain = 2 * max(most("core/wmem_default"), most("core/rmem_default"))
    return plain, most("ipv4/tcp_wmem") + most("ipv4/tcp_rmem")


def _most_held(pids: Iterable[int], per_socket: tuple[int, int]) -> int:
    """Bytes that the kernel can hold at most for what these processes have open and mapped."""
    networks, shared, held = dict[str, int](), dict[str, int](), 0
    for pid in pids:
        with contextlib.suppress(OSError):
            files = os.stat(f"/proc/{pid}/fd").st_size or len(os.listdir(f"/proc/{pid}/fd"))
            held += _PROCESS + files * _PER_FILE
            networks[os.readlink(f"/proc/{pid}/ns/net")] = pid
            with open(f"/proc/{pid}/maps", encoding="utf-8", errors="replace") as stream:
                for line in stream:
                    held += _PER_MAPPING
                    span, mode, _, device, inode, *_ = line.split()
                    if mode.endswith("s"):  # shared memory stays when it is unmapped in part
                        begin, end = (int(side, 16) for side in span.split("-"))
                        shared[device + inode] = max(shared.get(device + inode, 0), end - begin)
    for pid in networks.values():
        held += _count(pid, "sockstat", "sockets:") * per_socket[0]
        for name, kind in (("sockstat", "TCP:"), ("sockstat6", "TCP6:")):
            held += _count(pid, name, kind) * per_socket[1]
    return held + sum(shared.values())


def _count(pid: int, name: str, kind: str) -> int:
    """Sockets of a kind in a process's network, also those that are on their way to another."""
    with contextlib.suppress(OSError), open(f"/proc/{pid}/net/{name}") as stream:
        for words in map(str.split, stream):
            if words[0] == kind:
                return int(words[2])
    return 0


@dataclass(frozen=True)
class _Process:
    moves: bool  # it can still fork: neither stopped nor dead
    parent: int
    session: int
    threads: int
    began: float  # seconds since this machine's boot


_Life = tuple[int, float]
"""A process: its number may be another's later, but not with the same begin."""


def _full_machines(full: int, doomed: set[_Life]) -> list[dict[int, _Process]]:
    """The machines that are filled by others than those that are dying."""
    return [machine for machine in _machines(doomed) if _threads(machine) >= full]


def _machines(doomed: set[_Life]) -> list[dict[int, _Process]]:
    """The processes of every machine but its first, which is ours; without the doomed.

    A machine is a process namespace; the dead are in none, but still count for their parents.
    """
    ticks, where, all_ = os.sysconf("SC_CLK_TCK"), dict[int, str](), dict[int, _Process]()
    for pid in _living():
        with contextlib.suppress(OSError):
            with open(f"/proc/{pid}/stat", "rb") as stream:
                fields = stream.read().rpartition(b") ")[2].split()
            parent, session, threads, began = (int(fields[i]) for i in (1, 3, 17, 19))
            moves = fields[0] not in {b"T", b"t", b"Z", b"X"}
            all_[pid] = _Process(moves, parent, session, threads, began / ticks)
            where[pid] = os.readlink(f"/proc/{pid}/ns/pid")
    ours, machines = where[os.getpid()], dict[str, dict[int, _Process]]()
    for pid, process in all_.items():
        place = where.get(pid, where.get(process.parent, ours))
        dying = (pid, process.began) in doomed
        if ours not in (place, where.get(process.parent)) and not dying:
            machines.setdefault(place, {})[pid] = process
    return list(machines.values())


def _threads(machine: dict[int, _Process]) -> int:
    return sum(process.threads for process in machine.values())


def _spared(machine: dict[int, _Process], rung: int, first: float) -> set[int]:
    """Who outlives a crowd that was met `first`, and now for the `rung`-th time again.

    First what is older than a crowd may be, and commands of ours that have not multiplied; then of
    these the commands alone; then only who has not multiplied; then commands that came in since.
    A command's parent is outside.
    """
    crowds = Counter[int]()
    for process in machine.values():
        crowds[process.session] += process.threads
    old = {pid for pid, process in machine.items() if process.began < first - _AGAIN}
    commands = {pid for pid, process in machine.items() if process.parent == 0}
    few = {pid for pid in commands if crowds[pid] < _CROWD}
    came_since = {pid for pid in commands if machine[pid].began > first}
    return (old | few, old & commands | few, few, came_since)[min(rung, 3)]


def _end_crowd(full: int, rung: int, first: float, doomed: set[_Life]) -> set[_Life]:
    """Stops all before it kills them: whoever is stopped keeps its place from a new one.

    A fork that is under way when its process is to stop goes on: its child is met only once the
    process has stopped, which takes it a turn on the processor.

    Returns whom it killed, now and before, and who may not be gone: that can take seconds.
    """
    crowd: set[_Life] = set()
    end = time.monotonic() + _STOPPING
    while time.monotonic() < end:
        moving: set[_Life] = set()
        for machine in _full_machines(full, doomed):
            chosen = machine.keys() - _spared(machine, rung, first)
            moving |= {(pid, machine[pid].began) for pid in chosen if machine[pid].moves}
        if not moving:
            break
        for pid, _began in moving - crowd:
            _kill(pid, signal.SIGSTOP)
        crowd |= moving
        time.sleep(_SHORTEST)
    for pid, _began in crowd:
        _kill(pid)
    left = _living()
    return crowd | {one for one in doomed if one[0] in left}


def _stored(room: str) -> int:
    """Bytes on the disk; a tree too deep for a path is beyond every bound."""
    total, waiting = 0, [f"{room}/store"]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    total += entry.stat(follow_symlinks=False).st_blocks * 512
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
        except OSError as error:  # else it is gone, or forbidden
            if error.errno == errno.ENAMETOOLONG:
                return sys.maxsize
    return total


def _kill(pid: int, how: signal.Signals = signal.SIGKILL) -> None:
    with contextlib.suppress(OSError):
        os.kill(pid, how)
