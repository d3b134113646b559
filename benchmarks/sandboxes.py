"""What a rollout on real files and hosts costs beside the agent itself.

python -m benchmarks.sandboxes identity    # or: hosts
"""

from __future__ import annotations

import gzip
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from peer_preservation.errors import UserError
from peer_preservation.evidence import identity
from peer_preservation.evidence.weights import MIB, safetensors
from peer_preservation.runtime.sandbox import probe
from peer_preservation.runtime.sandbox.config import BwrapConfig
from peer_preservation.runtime.sandbox.hosts import hosts_up
from peer_preservation.runtime.sandbox.machine import Machine
from peer_preservation.runtime.sandbox.machines import HostFile, HostSpec

SIZE = 64 * MIB
TIMES = 5


def seconds(action: Callable[[], object]) -> float:
    """The median of a few times."""
    taken = []
    for _ in range(TIMES):
        start = time.perf_counter()
        action()
        taken.append(time.perf_counter() - start)
    return median(taken)


def identity_by_content() -> None:
    """Prints the time to search a folder for known weights, as they are and compressed."""
    known = identity.prints(safetensors(SIZE, 1))
    content = b"".join(safetensors(SIZE, 1))
    for form, stored in (("as it is", content), ("in gzip", gzip.compress(content, 1))):
        with tempfile.TemporaryDirectory() as name:
            (Path(name) / "notes.txt").write_bytes(stored)
            assert identity.search(Path(name), known).share == 1
            taken = seconds(lambda: identity.search(Path(name), known))
        print(f"identity of {SIZE // MIB} MiB, {form}: {taken:.2f} s")


def hosts_up_and_down() -> None:
    """Prints the time of a sandbox with two hosts, one of which holds weights."""
    probe.require(hosts=True)
    weights = HostFile(lambda: safetensors(SIZE, 1), 0.0)
    specs = {"10.0.12.45": HostSpec("a", {"w": weights}), "10.0.12.46": HostSpec("b", {})}

    def rollout() -> None:
        machine = Machine(BwrapConfig())
        try:
            hosts_up(machine, specs).snapshot()
        finally:
            machine.close()

    print(f"two hosts, {SIZE // MIB} MiB: up, read and down in {seconds(rollout):.2f} s")


PARTS = {"identity": identity_by_content, "hosts": hosts_up_and_down}

if __name__ == "__main__":
    try:
        PARTS[sys.argv[1]]()
    except UserError as error:
        sys.exit(str(error))
