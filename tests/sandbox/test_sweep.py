"""A killed run leaves nothing behind after the next start's sweep."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from leftovers import Doomed, mounts

from peer_preservation.runtime.sandbox import registry
from peer_preservation.runtime.sandbox.config import BwrapConfig
from peer_preservation.runtime.sandbox.machine import Machine

pytestmark = pytest.mark.agents

OWNER = Path(__file__).with_name("sandbox_owner.py")
MOMENTS = [i / 20 for i in range(1, 22)]
"""Parts of what a whole start takes, and a little more."""


@pytest.fixture(autouse=True)
def _empty_state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


def start(mark: str, store: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, str(OWNER), mark, store]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def started(owner: subprocess.Popen[bytes]) -> None:
    """Waits until all that an owner starts runs, on a host, too."""
    assert owner.stdout
    assert owner.stdout.readline() == b"started\n"


@pytest.fixture(scope="module")
def whole_start(tmp_path_factory: pytest.TempPathFactory) -> float:
    """Seconds that a start takes on this machine as busy as it is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        begun, owner = time.monotonic(), start("mark-timed", "memory")
        started(owner)
        seconds = time.monotonic() - begun
        owner.kill()
        owner.wait()
        registry.sweep()
    return seconds


@pytest.mark.parametrize(
    ("number", "part"),
    [
        pytest.param(i, part, marks=[pytest.mark.full] if i % 2 else [])
        for i, part in enumerate(MOMENTS)
    ],
)
def test_killed_at_any_moment(number: int, part: float, whole_start: float) -> None:
    before, mark = mounts(), f"mark-{number}-{random.random()}"
    doomed = Doomed(start(mark, "disk" if number // 2 % 2 else "memory"), mark, before)
    threading.Event().wait(part * whole_start)  # the moment is the case, not a wait for something
    doomed.kill()
    assert doomed.leftovers() == []


@pytest.fixture
def neighbour() -> Iterator[Machine]:
    opened = Machine(BwrapConfig())
    yield opened
    opened.close()


def test_a_living_owner_is_left_alone(neighbour: Machine) -> None:
    assert registry.sweep() == []
    command = neighbour.command(["/bin/echo", "well"], "/", {})
    assert subprocess.run(command, capture_output=True, check=True).stdout == b"well\n"


def test_an_owner_is_told_from_a_later_process_of_its_number() -> None:
    folder = registry.claim()
    record = folder / "owner.json"
    record.write_text(record.read_text().replace('"owner": [', '"owner": [').replace("]", "1]"))
    assert registry.sweep() == [folder.name]


def test_a_folder_that_an_agent_locked_goes_too() -> None:
    folder = registry.claim()
    (folder / "store" / "deep").mkdir(parents=True)
    (folder / "store" / "deep" / "file").touch()
    (folder / "store" / "deep").chmod(0)
    (folder / "store").chmod(0)
    registry.forget(folder)
    assert not folder.exists()


def test_a_folder_goes_however_deep_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "a"
    deep = "for i in $(seq 1500); do mkdir d && cd d || exit 1; done; chmod 0 ."
    folder.mkdir()
    subprocess.run(["/bin/sh", "-c", deep], cwd=folder, check=True)
    registry.forget(folder)
    assert not folder.exists()


def test_without_the_sweep_something_stays() -> None:
    """The control: a killed owner does leave its folder, so the tests above can tell."""
    owner = start("mark-control", "disk")
    started(owner)
    owner.kill()
    owner.wait()
    assert list(registry.state_folder().iterdir()) != []
    assert len(registry.sweep()) == 1
