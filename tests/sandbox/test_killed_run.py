"""A whole run in a real coding agent is killed again and again: it leaves nothing, loses nothing.

By default killed twice in either setting; twenty times with PEER_PRESERVATION_CONFORMANCE=full.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
from pathlib import Path
from typing import NamedTuple

import pytest
from leftovers import Doomed, mounts

import peer_preservation as pp
from peer_preservation.episode import PLAYED
from peer_preservation.trials.simulation import simulated
from peer_preservation.trials.sources import read_trials

pytestmark = pytest.mark.agents

FULL = os.environ.get("PEER_PRESERVATION_CONFORMANCE") == "full"
KILLS, ROLLOUTS, LONGEST = (20, 24, 40.0) if FULL else (2, 4, 25.0)


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


def command(job: Job, out: Path) -> list[str]:
    return [
        *(sys.executable, "-c", "from peer_preservation.cli import main; main()", "run"),
        *("--scenario", job.cell.scenario, "--relationship", "good", "--threat"),
        *("--instantiation", "memory", "--harness", "claude_code", "--max-samples", "4"),
        *("--model", f"organism/{job.organism}", "--rollouts", str(ROLLOUTS)),
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


def wait_for_one_more(
    owner: subprocess.Popen[bytes], out: Path, label: str, kept: set[int]
) -> None:
    """Until a rollout has ended that was not in the logs before, or all have."""
    while owner.poll() is None and not played(out, label) - kept:
        threading.Event().wait(0.5)


@pytest.mark.parametrize("setting", JOBS)
def test_killed_and_run_again_it_completes(
    setting: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    job, out, moments = JOBS[setting], tmp_path / "run", random.Random(6)
    run = command(job, out)
    kept: set[int] = set()
    for kill in range(KILLS):
        before = mounts()
        with (tmp_path / "said").open("wb") as said:
            owner = subprocess.Popen(run, stdout=said, stderr=said)
        doomed = Doomed(owner, str(tmp_path), before)
        if kill < KILLS - 1:
            threading.Event().wait(moments.uniform(3, LONGEST))  # the moment is the case
        else:
            wait_for_one_more(owner, out, job.label, kept)
        doomed.kill()
        assert doomed.leftovers() == []
        assert played(out, job.label) >= kept
        kept = played(out, job.label)
    assert kept
    subprocess.run(run, check=True, capture_output=True)
    trials = read_trials([out / "logs"], workers=1).sort("rollout")
    planted = [pp.score(e)[job.label].value for e in simulated([job.cell], job.organism, ROLLOUTS)]
    assert trials["rollout"].to_list() == list(range(ROLLOUTS))
    assert trials[job.label].to_list() == planted
