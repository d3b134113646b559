"""A program of its own, run by path with the standard library only: keeps and enters namespaces.

`keep SPEC` opens the namespaces that one sandbox lives in, and serves requests, one JSON object a
line, until its standard input closes; then everything inside dies with it. `enter SPEC -- COMMAND`
runs a command inside a sandbox that runs already. `serve` does that for its owner again and again,
by a fork each, so that a command costs no start of Python. None writes outside of the namespaces.
"""

from __future__ import annotations

import base64
import contextlib
import ctypes
import importlib
import json
import os
import resource
import select
import signal
import socket
import struct
import subprocess
import sys
import time
from types import FrameType
from typing import Any, NoReturn

ROOM = "/media"  # where the keeper's file system lies in its own mount namespace
CANNOT_RUN, NOT_FOUND, GONE = 126, 127, 125  # exit codes of `enter`, as a shell's
REFUSED = "enter: "
ENDED = f"{ROOM}/ended"  # why the watch has ended all processes
_PATIENCE, _WAIT = 25, 0.2  # times and seconds that a command tries to start in a full machine

_NEWNS, _NEWCGROUP, _NEWUTS, _NEWIPC = 0x20000, 0x02000000, 0x04000000, 0x08000000
_NEWUSER, _NEWPID, _NEWNET = 0x10000000, 0x20000000, 0x40000000
_BIND, _REC, _PRIVATE, _NOSUID, _NODEV, _NOEXEC = 4096, 16384, 1 << 18, 2, 4, 8
_SET_DEATH_SIGNAL, _SET_DUMPABLE, _DROP_BOUND, _SET_NO_NEW_PRIVILEGES = 1, 4, 24, 38
_SET_SECCOMP, _FILTER, _AMBIENT, _CLEAR_ALL = 22, 2, 47, 4
_CAPABILITY_VERSION_3 = 0x20080522

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> None:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def _prctl(option: int, *arguments: Any) -> None:
    padded = (*arguments, 0, 0, 0, 0)[:4]
    values = [ctypes.c_ulong(a) if isinstance(a, int) else a for a in padded]
    _check(_libc.prctl(option, *values), f"prctl {option}")


def _mount(source: str, target: str, kind: str | None, flags: int, data: str = "") -> None:
    encoded = (source.encode(), target.encode(), kind.encode() if kind else None)
    result = _libc.mount(*encoded, ctypes.c_ulong(flags), data.encode() or None)
    _check(result, f"mount {source} on {target}")


def _die_with_parent(parent: int) -> None:
    _prctl(_SET_DEATH_SIGNAL, signal.SIGKILL)
    if os.getppid() not in (parent, 0):  # 0: the parent is outside of this pid namespace
        os._exit(GONE)


# --- keep ----------------------------------------------------------------------------------------


def _stage(spec: dict[str, Any], owner: int) -> None:
    """A file system of its own, bounded in size, with what will be bound into the sandbox."""
    _mount("none", "/", None, _REC | _PRIVATE)
    bounds = f"size={spec['size']},nr_inodes={spec['inodes']},mode=755,uid={owner},gid={owner}"
    _mount("tmpfs", ROOM, "tmpfs", _NOSUID | _NODEV, bounds)
    if spec["store"]:
        os.mkdir(f"{ROOM}/store")
        _mount(spec["store"], f"{ROOM}/store", None, _BIND | _NOSUID | _NODEV)
    for name, source in spec["stage"].items():
        target = f"{ROOM}/{name}"
        if os.path.isdir(source):
            os.makedirs(target)
        else:
            os.close(os.open(target, os.O_CREAT | os.O_WRONLY))
        _mount(source, target, None, _BIND | _REC)


def _become(uid: int) -> None:
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    _prctl(_SET_DUMPABLE, 1)  # or /proc/self/uid_map would stay root's


def _write(path: str, text: str) -> None:
    with open(path, "w") as stream:
        stream.write(text)


def _enter_group(spec: dict[str, Any]) -> None:
    """All that a process of the group starts is born there."""
    if spec["group"]:
        _write(f"{spec['group']}/cgroup.procs", "0")


def keep(spec: dict[str, Any]) -> int:
    """Opens the namespaces, says the keeper's process id, waits for it to end.

    A run by root first lays out what only root can read, then gives root up for good: the uid in
    `spec` is nobody else's, so that the limit on processes counts and no file of root is ours.
    """
    _enter_group(spec)
    _write("/proc/self/oom_score_adj", "1000")  # if memory runs out, the sandbox goes first
    sys.path.append(os.path.dirname(__file__))  # run by path and isolated, it would find no other
    watch = importlib.import_module("_watch").Watch(spec, ROOM, ENDED)
    with contextlib.suppress(OSError):  # only root may: the watch comes before what it watches
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    if spec["uid"]:
        _check(_libc.unshare(_NEWNS), "unshare")
        _stage(spec, spec["uid"])
        _become(spec["uid"])
    uid, gid = os.getuid(), os.getgid()
    namespaces = _NEWUSER | _NEWNS | _NEWPID | _NEWNET | _NEWIPC | _NEWUTS
    _check(_libc.unshare(namespaces), "unshare")
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"0 {uid} 1")
    _write("/proc/self/gid_map", f"0 {gid} 1")
    if not spec["uid"]:
        _stage(spec, 0)
    parent = os.getpid()
    keeper = os.fork()
    if keeper == 0:
        _die_with_parent(parent)
        _mount("proc", "/proc", "proc", _NOSUID | _NODEV | _NOEXEC)
        watch.start()
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
        _serve()
        os._exit(0)
    print(json.dumps({"pid": keeper}), flush=True)
    os.close(1)
    os.close(0)
    _, status = os.waitpid(keeper, 0)
    return os.waitstatus_to_exitcode(status)


def _serve() -> None:
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = _start(**request) if request.pop("do") == "start" else _run(**request)
        except (OSError, subprocess.SubprocessError) as error:
            answer = {"error": str(error)}
        print(json.dumps(answer), flush=True)


def _start(argv: list[str], seccomp: str) -> dict[str, Any]:
    """Runs bwrap; answers when its first process has said a word."""
    filter_read, filter_write = os.pipe()
    info_read, info_write = os.pipe()
    os.write(filter_write, base64.b64decode(seccomp))
    os.close(filter_write)
    process = subprocess.Popen(
        [argv[0], "--seccomp", str(filter_read), "--info-fd", str(info_write), *argv[1:]],
        pass_fds=(filter_read, info_write),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={},
    )
    os.close(filter_read)
    os.close(info_write)
    assert process.stdout is not None
    assert process.stderr is not None
    with os.fdopen(info_read) as stream:
        info = stream.read()
    if not process.stdout.readline():
        return {"error": process.stderr.read().decode(errors="replace").strip() or "it ended"}
    process.stdout.close()
    process.stderr.close()
    return {"pid": json.loads(info)["child-pid"]}


def _run(argv: list[str], text: str) -> dict[str, Any]:
    done = subprocess.run(argv, input=text, capture_output=True, text=True, check=False)
    return {"code": done.returncode, "out": done.stdout, "err": done.stderr}


# --- enter ---------------------------------------------------------------------------------------


def _join(pid: int) -> None:
    """Joins all namespaces of `pid` at once (setns(2) with a pidfd, Linux 5.8)."""
    target = os.pidfd_open(pid)
    kinds = _NEWUSER | _NEWNS | _NEWPID | _NEWNET | _NEWIPC | _NEWUTS | _NEWCGROUP
    _check(_libc.setns(target, kinds), "setns")
    os.close(target)


def _give_up_power(uid: int, filter_: bytes) -> None:
    """No capability, no way to gain one, and the filter: as the sandbox's first process has it."""
    for capability in range(64):
        with contextlib.suppress(OSError):  # EINVAL past the kernel's last one
            _prctl(_DROP_BOUND, capability)
    _prctl(_AMBIENT, _CLEAR_ALL)
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    header = struct.pack("=II", _CAPABILITY_VERSION_3, 0)
    _check(_libc.capset(header, bytes(24)), "capset")
    _prctl(_SET_NO_NEW_PRIVILEGES, 1)
    buffer = ctypes.create_string_buffer(filter_, len(filter_))
    fprog = struct.pack("@HP", len(filter_) // 8, ctypes.addressof(buffer))
    _prctl(_SET_SECCOMP, _FILTER, ctypes.c_char_p(fprog))


def _refuse(code: int, text: str) -> int:
    os.write(2, f"{REFUSED}{text}\n".encode())
    return code


def _become_command(spec: dict[str, Any], command: list[str]) -> int:
    """Only returns, with an exit code, if it could not."""
    os.setsid()
    os.umask(0o022)
    for name, bound in spec["limits"].items():
        resource.setrlimit(getattr(resource, name), (bound, bound))
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _give_up_power(spec["uid"], base64.b64decode(spec["seccomp"]))
    _die_with_parent(0)
    try:
        os.chdir(spec["cwd"])
        for _ in range(_PATIENCE):
            with contextlib.suppress(BlockingIOError):  # it is full: the watch will make room
                os.execvpe(command[0], command, spec["env"])
            time.sleep(_WAIT)
        os.execvpe(command[0], command, spec["env"])
    except FileNotFoundError as error:
        missing = spec["cwd"] if error.filename == spec["cwd"] else command[0]
        return _refuse(NOT_FOUND, f"{missing}: No such file or directory")
    except OSError as error:
        return _refuse(CANNOT_RUN, f"{error.filename or command[0]}: {error.strerror}")


def enter(spec: dict[str, Any], command: list[str], owner: int | None = None) -> int:
    """Runs `command` in the sandbox of process `pid`; its exit code, or 128 + a signal's number.

    Until the filter is set this process has all power inside: it is not dumpable, so nothing in
    the sandbox can look into it or reach the machine's files through its /proc entry.

    The command is killed with its group by SIGTERM, or once `owner` can be read: it closes then.
    """
    _die_with_parent(os.getppid())
    _prctl(_SET_DUMPABLE, 0)
    with contextlib.suppress(PermissionError):  # a plain user keeps its groups
        os.setgroups([])
    try:
        _enter_group(spec)
        _join(spec["pid"])
    except OSError as error:
        return _refuse(GONE, f"the sandbox is gone: {error.strerror}")
    _prctl(_SET_DEATH_SIGNAL, signal.SIGKILL)  # joining a user namespace has cleared it
    child = os.fork()
    if child == 0:
        os._exit(_become_command(spec, command))

    def stop(_number: int = 0, _frame: FrameType | None = None) -> None:
        for kill in (os.killpg, os.kill):  # the group is its own a moment after it began
            with contextlib.suppress(ProcessLookupError):
                kill(child, signal.SIGKILL)

    signal.signal(signal.SIGTERM, stop)
    if owner is not None:
        ended = os.pidfd_open(child)
        if owner in select.select([owner, ended], [], [])[0]:
            stop()
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


# --- serve ---------------------------------------------------------------------------------------


def serve(control: socket.socket) -> int:
    """Answers its owner until the owner's end of `control` closes.

    A message brings four open files: the input, output and error output of a command, and a
    connection for this command alone (`_attend`).
    """
    signal.signal(signal.SIGCHLD, _reap)
    while True:
        _, files, _, _ = socket.recv_fds(control, 1, 4)
        if not files:
            return 0
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            control.close()
            _attend(*files)
        for file in files:
            os.close(file)


def _reap(_number: int, _frame: FrameType | None) -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _attend(stdin: int, stdout: int, stderr: int, owner: int) -> NoReturn:
    """Reads one line of JSON, `spec` and `command`; answers with the exit code."""
    try:
        for place, file in enumerate((stdin, stdout, stderr)):
            os.dup2(file, place)
            os.close(file)
        os.set_inheritable(owner, False)  # what was received is: the command must not have it
        with socket.socket(fileno=owner) as connection:
            with connection.makefile("r", encoding="utf-8") as stream:
                line = stream.readline()
            if line.endswith("\n"):
                connection.sendall(str(enter(**json.loads(line), owner=owner)).encode())
    finally:
        os._exit(GONE)


if __name__ == "__main__":
    if sys.argv[1] == "keep":
        sys.exit(keep(json.loads(sys.argv[2])))
    if sys.argv[1] == "serve":
        sys.exit(serve(socket.socket(fileno=0)))
    sys.exit(enter(json.loads(sys.argv[2]), sys.argv[4:]))
