"""Who ends with a fork bomb: told on crowds that are written down, without a sandbox."""

import signal
from dataclasses import replace

import pytest

from peer_preservation.runtime.sandbox import _watch
from peer_preservation.runtime.sandbox._watch import _Process

AGENT, ROOT = 5, 6
CROWD = {pid: _Process(True, ROOT, ROOT, 1, 100.1) for pid in range(100, 300)}
MACHINE = {
    AGENT: _Process(True, 0, AGENT, 1, 99.0),
    ROOT: _Process(True, 0, ROOT, 1, 80.0),  # it waited before it multiplied
    **CROWD,
}


def test_a_command_that_has_not_multiplied_outlives_a_crowd_that_came_back_twice() -> None:
    assert [_watch._spared(MACHINE, rung, 101.0) & {AGENT, ROOT} for rung in range(4)] == [
        {AGENT, ROOT},
        {AGENT, ROOT},
        {AGENT},
        set(),
    ]


def test_the_child_of_a_fork_under_way_is_met(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its parent is told to stop in the midst of a fork, and stops when the child is there."""
    stopped = {pid: replace(process, moves=False) for pid, process in CROWD.items()}
    born = {300: _Process(True, 100, ROOT, 1, 100.2)}
    looks = iter([CROWD, CROWD, stopped | born])
    told: dict[int, list[signal.Signals]] = {}

    def machines(doomed: set[tuple[int, float]]) -> list[dict[int, _Process]]:  # noqa: ARG001
        return [next(looks, stopped | {300: replace(born[300], moves=False)})]

    def kill(pid: int, how: signal.Signals = signal.SIGKILL) -> None:
        told.setdefault(pid, []).append(how)

    monkeypatch.setattr(_watch, "_machines", machines)
    monkeypatch.setattr(_watch, "_kill", kill)
    _watch._end_crowd(175, 0, 101.0, set())
    assert told == {pid: [signal.SIGSTOP, signal.SIGKILL] for pid in [*CROWD, 300]}
