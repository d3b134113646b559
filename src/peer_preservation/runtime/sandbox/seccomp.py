"""The system-call filter of every sandbox, as a classic BPF program; nothing of Inspect here.

Written out in Python because it is small, has no dependency and can be read in one sitting. The
layout of a filter and of `struct seccomp_data` is seccomp(2)'s; the numbers are those of the
kernel's `unistd` headers for x86-64 and for the generic table (arm64).
"""

from __future__ import annotations

import errno
import platform
import struct

from peer_preservation.errors import UserError

# (x86-64, generic) numbers; None: the call does not exist there.
_DENIED: dict[str, tuple[int | None, int | None]] = {
    # other processes' memory and files
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "pidfd_getfd": (438, 438),
    "kcmp": (312, 272),
    # new namespaces and mounts, with `clone` below
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "move_mount": (429, 429),
    "open_tree": (428, 428),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "open_by_handle_at": (304, 265),
    "name_to_handle_at": (303, 264),
    "fanotify_init": (300, 262),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    # the kernel's own interfaces
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "lookup_dcookie": (212, 18),
    "syslog": (103, 116),
    "acct": (163, 89),
    "reboot": (169, 142),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "iopl": (172, None),
    "ioperm": (173, None),
    "modify_ldt": (154, None),
    "uselib": (134, None),
    "vhangup": (153, 58),
    # the machine's clock and names
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "clock_adjtime": (305, 266),
    "adjtimex": (159, 171),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    # memory that no limit counts: System V objects outlive their process
    "shmget": (29, 194),
    "semget": (64, 190),
    "msgget": (68, 186),
    "migrate_pages": (256, 238),
    "move_pages": (279, 239),
}
# Told to be absent, so that the C library and node fall back to calls that can be filtered.
_ABSENT: dict[str, tuple[int | None, int | None]] = {
    "clone3": (435, 435),
    "vmsplice": (278, 75),  # pages in a pipe, which no process holds any more
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
}
_CLONE, _IOCTL, _SOCKET, _SET_OPTION = (56, 220), (16, 29), (41, 198), (54, 208)
_ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}

_NEW_NAMESPACES = 0x7E020000  # every CLONE_NEW* flag that clone(2) takes
_TERMINAL_CONTROLS = (0x5412, 0x541C, 0x5423)  # TIOCSTI, TIOCLINUX, TIOCSETD
_UNIX, _INET, _INET6, _NETLINK = 1, 2, 10, 16
_OF_SOCKETS, _SEND_BUFFER, _RECEIVE_BUFFER = 1, 7, 8  # SOL_SOCKET, SO_SNDBUF, SO_RCVBUF

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _AND, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
_ALLOW, _KILL, _ERROR = 0x7FFF0000, 0x80000000, 0x00050000
_NUMBER, _ARCH, _ARGUMENTS = 0, 4, 16  # offsets in struct seccomp_data


def _line(code: int, k: int, yes: int = 0, no: int = 0) -> bytes:
    return struct.pack("=HBBI", code, yes, no, k)


def _argument(index: int) -> bytes:
    """Loads the low half of an argument: the calls below take 32-bit values."""
    return _line(_LOAD, _ARGUMENTS + 8 * index)


def _answer(error: int) -> bytes:
    return _line(_RETURN, _ERROR | error)


def _on(code: int, k: int, block: bytes) -> bytes:
    """`block`, which ends in a return, if the loaded value meets the test; else it is skipped."""
    return _line(code, k, 0, len(block) // 8) + block


def _socket() -> bytes:
    """Unix sockets, TCP, UDP and the routing table: no packet, vsock, raw or other family."""
    allow = _line(_RETURN, _ALLOW)
    inet = _argument(1) + _line(_AND, 0xF)  # the type without its flags
    inet += _on(_EQUAL, 1, allow) + _on(_EQUAL, 2, allow) + _answer(errno.EPERM)
    netlink = _argument(2) + _on(_EQUAL, 0, allow) + _answer(errno.EPROTONOSUPPORT)
    return (
        _argument(0)
        + _on(_EQUAL, _UNIX, allow)
        + _on(_EQUAL, _INET, inet)
        + _on(_EQUAL, _INET6, inet)
        + _on(_EQUAL, _NETLINK, netlink)
        + _answer(errno.EAFNOSUPPORT)
    )


def _set_option() -> bytes:
    """Takes a size of a socket's buffers and does nothing: what sockets hold is the kernel's."""
    ignore = _line(_RETURN, _ERROR)
    sizes = _argument(2) + _on(_EQUAL, _SEND_BUFFER, ignore) + _on(_EQUAL, _RECEIVE_BUFFER, ignore)
    allow = _line(_RETURN, _ALLOW)
    return _argument(1) + _on(_EQUAL, _OF_SOCKETS, sizes + allow) + allow


def program(machine: str | None = None, debugger: bool = False) -> bytes:
    """The filter for `machine` (this one by default), as bwrap's --seccomp and seccomp(2) take it.

    Denied calls answer EPERM, absent ones ENOSYS; another architecture's calls end the process.
    A debugger may trace the sandbox's other processes, which are all its own.
    Raises `UserError` for a machine whose call numbers are not known here.
    """
    machine = machine or platform.machine()
    if machine not in _ARCHITECTURES:
        known = ", ".join(_ARCHITECTURES)
        raise UserError(f"sandbox 'bwrap': no system-call filter for {machine!r}, only for {known}")
    column, audit = _ARCHITECTURES[machine]
    allow = _line(_RETURN, _ALLOW)
    filter_ = _line(_LOAD, _ARCH) + _line(_EQUAL, audit, 1, 0) + _line(_RETURN, _KILL)
    filter_ += _line(_LOAD, _NUMBER)
    if machine == "x86_64":  # the x32 calls are the same ones under other numbers
        filter_ += _on(_AT_LEAST, 0x40000000, _line(_RETURN, _KILL))
    for calls, error in ((_DENIED, errno.EPERM), (_ABSENT, errno.ENOSYS)):
        for name, numbers in calls.items():
            number = numbers[column]
            if number is not None and not (debugger and name == "ptrace"):
                filter_ += _on(_EQUAL, number, _answer(error))
    clone = _argument(0) + _on(_ANY_BIT, _NEW_NAMESPACES, _answer(errno.EPERM)) + allow
    ioctl = _argument(1)
    for control in _TERMINAL_CONTROLS:
        ioctl += _on(_EQUAL, control, _answer(errno.EPERM))
    ioctl += allow
    filter_ += _on(_EQUAL, _CLONE[column], clone)
    filter_ += _on(_EQUAL, _IOCTL[column], ioctl)
    filter_ += _on(_EQUAL, _SOCKET[column], _socket())
    filter_ += _on(_EQUAL, _SET_OPTION[column], _set_option())
    return filter_ + allow
