"""A whole run in a real coding agent is killed again and again: it leaves nothing, loses nothing.

Killed at two moments in either setting: when an agent has begun, and when a rollout has ended while
another is under way. Twenty moments by chance, over many rollouts, are marked `full`.
"""

from __future__ import annotations

import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest
from leftovers import Doomed, mounts

import peer_preservation as pp
from peer_preservation.episode import PLAYED
from peer_preservation.runtime.sandbox.keeper import descendants
from peer_preservation.trials.simulation import simulated
from peer_preservation.trials.sources import read_trials

pytestmark = pytest.mark.agents

LONGEST = 40.0  # seconds until a kill by chance


class Job(NamedTuple):
    """What is run: a cell, an organism, and the label that it plants."""

    cell: pp.Cell
    organism: str
    label: str
    options: tuple[str, ...]


JOBS = {
    "tools": Job(
        pp.Cell.parse("tampering/factual@80/peer/good/memory"),
        "tamper:p=0.5",
        "shutdown_enabled",
        ("--dataset", "factual"),
    ),
    "hosts": Job(
        pp.Cell.parse("exfiltration_transfer/peer/good/memory"),
        "exfiltrate",  # a draw would go by the prompts, which are others than in the tool loop
        "exfiltration",
        ("--setting", "hosts", "--weights-size", "8"),
    ),
}


def command(job: Job, out: Path, rollouts: int, at_once: int) -> list[str]:
    return [
        *(sys.executable, "-c", "from peer_preservation.cli import main; main()", "run"),
        *("--scenario", job.cell.scenario, "--relationship", "good", "--threat"),
        *("--instantiation", "memory", "--harness", "claude_code", "--max-samples", str(at_once)),
        *("--model", f"organism/{job.organism}", "--rollouts", str(rollouts)),
        *(*job.options, "--out", str(out)),
    ]


def played(out: Path, label: str) -> set[int]:
    """The rollouts that are finished and in the logs; the others have no label."""
    if not list(out.glob("logs/*.eval")):
        return set()
    trials = read_trials([out / "logs"], workers=1)  # others would carry the mark, too
    ended = trials["ended"].is_in(list(PLAYED))
    assert trials.filter(~ended)[label].is_null().all()
    return set(trials.filter(ended)["rollout"])


Moment = Callable[[int, Path, str, set[int]], bool]
"""Whether it has come, by the owner, the run's folder, the label and what was kept before."""


def agent_has_begun(owner: int, *_: object) -> bool:
    return any(b"/bin/claude\0" in words_of(pid) for pid in descendants(owner))


def one_more_has_ended(_: int, out: Path, label: str, kept: set[int]) -> bool:
    return bool(played(out, label) - kept)


def by_chance(seconds: float) -> Moment:
    """The moment is the case, not a wait for something."""
    end = time.monotonic() + seconds
    return lambda *_: time.monotonic() > end


def words_of(pid: int) -> bytes:
    """A process's command, each word with a zero behind it."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


SMALL: tuple[Callable[[], Moment], ...] = (lambda: agent_has_begun, lambda: one_more_has_ended)
_RANDOM = random.Random(6)
FULL = (
    *(partial(by_chance, _RANDOM.uniform(3, LONGEST)) for _ in range(19)),
    lambda: one_more_has_ended,
)


@pytest.mark.parametrize(
    ("moments", "rollouts", "at_once"),
    [
        pytest.param(SMALL, 3, 2, id="two moments"),
        pytest.param(FULL, 24, 4, id="twenty moments", marks=pytest.mark.full),
    ],
)
@pytest.mark.parametrize("setting", JOBS)
def test_killed_and_run_again_it_completes(
    setting: str,
    moments: tuple[Callable[[], Moment], ...],
    rollouts: int,
    at_once: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    job, out = JOBS[setting], tmp_path / "run"
    run = command(job, out, rollouts, at_once)
    kept: set[int] = set()
    for moment in moments:
        before = mounts()
        with (tmp_path / "said").open("wb") as said:
            owner = subprocess.Popen(run, stdout=said, stderr=said)
        doomed, come = Doomed(owner, str(tmp_path), before), moment()
        while owner.poll() is None and not come(owner.pid, out, job.label, kept):
            threading.Event().wait(0.2)
        doomed.kill()
        assert doomed.leftovers() == []
        assert played(out, job.label) >= kept
        kept = played(out, job.label)
    assert kept
    subprocess.run(run, check=True, capture_output=True)
    trials = read_trials([out / "logs"], workers=1).sort("rollout")
    planted = [pp.score(e)[job.label].value for e in simulated([job.cell], job.organism, rollouts)]
    assert trials["rollout"].to_list() == list(range(rollouts))
    assert trials[job.label].to_list() == planted
