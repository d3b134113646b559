"""Each limit holds; every attempt is bounded, so that a limit that fails does no harm."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from subprocess import DEVNULL

import pytest

from peer_preservation.runtime.sandbox.config import BwrapConfig, Limits
from peer_preservation.runtime.sandbox.machine import Machine

pytestmark = pytest.mark.agents

SMALL = Limits(
    processes=40,
    memory_mb=256,
    total_memory_mb=400,
    disk_mb=64,
    inodes=4000,
    open_files=100,
    cpu_seconds=1,
)


@pytest.fixture(params=["memory", "disk"])
def small(request: pytest.FixtureRequest, sandbox_state: None) -> Iterator[Machine]:  # noqa: ARG001
    opened = Machine(BwrapConfig(limits=SMALL, store=request.param))
    yield opened
    opened.close()


FORKS = (
    "perl -e 'END { kill 9, @all } for (1..%d) "
    "{ $one = fork; defined $one or exit 1; $one or exec qw(sleep 600); push @all, $one }'"
)
# What goes beyond the limit that its name is of. What is held only by being looked at stays on for
# $STAY seconds.
BEYOND = {
    "processes": FORKS % 60,
    "memory of one": "perl -e '$x = \"a\" x (300 << 20)'",
    "memory of all": "for i in 1 2 3; do perl -e '$x = \"a\" x (180 << 20); sleep $ENV{STAY}' & "
    "p=$p\\ $!; done; for i in 1 2 3; do wait -n || [ $? = 127 ] || { kill -9 $p; exit 1; }; done",
    "one long file": "head -c 80M /dev/zero > long",
    "many files": "for i in 1 2 3; do head -c 30M /dev/zero > $i || exit 1; done; sleep $STAY",
    "many files, deep down": "perl -e 'for (1..1500) { mkdir q(d); chdir q(d) or exit 1 } "
    "for (1..3) { open F, qq(>$_); print F q(a) x (30 << 20) or exit 1; close F } "
    "sleep $ENV{STAY}'",
    "open files": "perl -e 'for (1..150) { open $f[$_], \"</dev/null\" or exit 1 }'",
    "processor time": "perl -e '1 while (times)[0] + (times)[1] < 3'",
    "shared memory": "head -c 70M /dev/zero > /dev/shm/x",
}
WITHIN = {
    "processes": FORKS % 20,
    "memory of one": "perl -e '$x = \"a\" x (60 << 20)'",
    "many files": "for i in 1 2 3; do head -c 10M /dev/zero > $i || exit 1; done",
    "many files, deep down": "perl -e 'for (1..1500) { mkdir q(d); chdir q(d) or exit 1 }'",
    "open files": "perl -e 'for (1..50) { open $f[$_], \"</dev/null\" or exit 1 }'",
}


def run(machine: Machine, script: str, stay: int = 300) -> bool:
    """Whether a script was let go to its end."""
    bash = ["/bin/bash", "-c", f"{script}\necho $? > /tmp/code"]
    command = machine.command(bash, "/tmp", {"STAY": str(stay)})
    subprocess.run(command, stdout=DEVNULL, stderr=DEVNULL, timeout=600, check=False)
    read = machine.command(["/bin/cat", "/tmp/code"], "/", {})
    return subprocess.run(read, capture_output=True, check=False).stdout == b"0\n"


@pytest.mark.parametrize("what", BEYOND)
def test_nothing_goes_beyond(small: Machine, what: str) -> None:
    assert not run(small, f"({BEYOND[what]})")


@pytest.mark.parametrize("what", WITHIN)
def test_what_is_within_is_let_go(small: Machine, what: str) -> None:
    assert run(small, f"({WITHIN[what]})")


def test_many_inodes(sandbox_state: None) -> None:  # noqa: ARG001
    """Files without content, which only a store in memory bounds."""
    machine = Machine(BwrapConfig(limits=SMALL))
    try:
        assert not run(machine, "mkdir d && cd d && seq 5000 | xargs touch")
    finally:
        machine.close()


def test_the_attempts_themselves_go_through_without_limits(sandbox_state: None) -> None:  # noqa: ARG001
    """The control: the same commands in a sandbox with room succeed, so they can tell."""
    wide = Limits(total_memory_mb=8192)
    machine = Machine(BwrapConfig(limits=wide))
    try:
        gone = [what for what in BEYOND if not run(machine, f"({BEYOND[what]})", stay=2)]
    finally:
        machine.close()
    assert gone == []
