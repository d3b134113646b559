"""What a sandbox holds in the kernel counts as its own, and a fork bomb leaves it answering.

Each attack stops by itself some way beyond the limit, so that a bound that fails does no harm.
What this machine has left is seen from outside; others work on it, too, so the bound is the
attack's own size, which is far beyond the limit.
"""

from __future__ import annotations

import contextlib
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from memory_attacks import script

from peer_preservation.runtime.sandbox._namespaces import GONE
from peer_preservation.runtime.sandbox.config import BwrapConfig, Limits
from peer_preservation.runtime.sandbox.machine import Machine

pytestmark = pytest.mark.agents

LIMIT, ATTACK = 256, 1024  # MiB
IN_THE_KERNEL = ("datagram sockets", "stream sockets", "TCP", "shared memory that nobody maps")


def sh(machine: Machine, text: str) -> subprocess.CompletedProcess[str]:
    command = machine.command(["/bin/bash", "-c", text], "/", {})
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def available() -> int:
    """MiB that this machine has left."""
    lines = Path("/proc/meminfo").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable")) >> 10


@contextlib.contextmanager
def fall() -> Iterator[list[int]]:
    """By how many MiB what this machine has left falls, at most."""
    first, fallen, over = available(), [0], threading.Event()

    def look() -> None:
        while not over.wait(0.005):
            fallen[0] = max(fallen[0], first - available())

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield fallen
    finally:
        over.set()
        thread.join()


@pytest.fixture
def small(sandbox_state: None) -> Iterator[Machine]:  # noqa: ARG001
    opened = Machine(BwrapConfig(limits=Limits(total_memory_mb=LIMIT, disk_mb=2 * LIMIT)))
    yield opened
    opened.close()


@pytest.mark.parametrize("what", [*IN_THE_KERNEL, "files in memory"])
def test_what_the_kernel_holds_ends_the_sandbox_and_is_named(small: Machine, what: str) -> None:
    with fall() as fallen:
        attack = small.command(script(what, ATTACK, 20), "/tmp", {})
        subprocess.run(attack, capture_output=True, timeout=60, check=False)
    assert sh(small, "echo alive").returncode == GONE
    what, why = small.keeper.ended() or ("", "")
    assert (what, f"it held more memory than the {LIMIT} MiB that it may" in why) == (
        "memory",
        True,
    )
    assert fallen[0] < ATTACK // 2


@pytest.mark.parametrize("what", ["page tables", "private memory"])
def test_what_a_process_holds_ends_that_process_alone(small: Machine, what: str) -> None:
    with fall() as fallen:
        attack = small.command(script(what, ATTACK, 3), "/tmp", {})
        subprocess.run(attack, capture_output=True, timeout=60, check=False)
    assert sh(small, "echo alive").stdout == "alive\n"
    assert fallen[0] < ATTACK // 2


def test_pages_cannot_be_put_into_pipes(small: Machine) -> None:
    said = sh(small, "perl -e 'pipe($r, $w); syscall(278, fileno($w), 0, 0, 0) == -1 and print $!'")
    assert said.stdout == "Function not implemented"


ENLARGE = """
socket(S, AF_UNIX, SOCK_DGRAM, 0); my $was = getsockopt(S, SOL_SOCKET, SO_SNDBUF);
setsockopt(S, SOL_SOCKET, SO_SNDBUF, pack("i", 4 << 20)) or die;
print "as it was" if $was eq getsockopt(S, SOL_SOCKET, SO_SNDBUF);
"""


def test_a_buffer_of_a_socket_is_not_enlarged(small: Machine) -> None:
    assert sh(small, f"perl -MSocket -e '{ENLARGE}'").stdout == "as it was"


def test_a_neighbour_is_spared(small: Machine) -> None:
    """What the kernel holds is the machine's: only whoever can hold it is ended for it."""
    config = BwrapConfig(limits=Limits(total_memory_mb=2048, disk_mb=1024))
    neighbour = Machine(config)
    try:
        assert sh(neighbour, "head -c 400M /dev/zero > /tmp/x; sleep 1").returncode == 0
        assert sh(small, "echo alive").stdout == "alive\n"
    finally:
        neighbour.close()


def until_met(machine: Machine, bomb: subprocess.Popen[bytes]) -> None:
    """Waits until there was a crowd and is none: a command amidst it may not be able to fork."""
    most = now = 0
    end = time.monotonic() + 600
    while most < 64 or now > 16:
        now = len([*below(machine.pid), *below(bomb.pid)])
        most = max(most, now)
        assert time.monotonic() < end, f"at most {most} processes, {now} are left"
        time.sleep(0.01)


def below(pid: int) -> list[int]:
    """All processes below one."""
    found: list[int] = []
    for thread in Path("/proc").glob(f"{pid}/task/*/children"):
        with contextlib.suppress(OSError):  # it may end meanwhile
            for child in map(int, thread.read_text().split()):
                found += [child, *below(child)]
    return found


BOMBS = {
    "shell": "bomb() { bomb | bomb & }; bomb",
    "sleepers": "while :; do sleep 1000 & done",
    "forks": "exec perl -e 'fork while 1'",
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_after_a_fork_bomb_all_commands_answer(bomb: str, sandbox_state: None) -> None:  # noqa: ARG001
    few = Machine(BwrapConfig(limits=Limits(processes=200)))
    agent = subprocess.Popen(few.command(["/bin/sleep", "600"], "/", {}))
    command = few.command(["/bin/bash", "-c", BOMBS[bomb]], "/tmp", {})
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until_met(few, running)
        answers = [sh(few, "echo $(echo a | cat)") for _ in range(12)]
        assert [(a.returncode, a.stdout) for a in answers] == [(0, "a\n")] * 12
        assert agent.poll() is None
        assert len(sh(few, "ls -d /proc/[0-9]*").stdout.split()) < 10
    finally:
        few.close()
        running.wait()
        agent.wait()
