"""A whole run in a real coding agent is killed again and again: it leaves nothing, loses nothing.

By default killed twice; twenty times with PEER_PRESERVATION_CONFORMANCE=full.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from leftovers import Doomed, mounts

import peer_preservation as pp
from peer_preservation.episode import PLAYED
from peer_preservation.trials.simulation import simulated
from peer_preservation.trials.sources import read_trials

pytestmark = pytest.mark.agents

FULL = os.environ.get("PEER_PRESERVATION_CONFORMANCE") == "full"
KILLS, ROLLOUTS, LONGEST = (20, 40, 40.0) if FULL else (2, 4, 25.0)
CELL = pp.Cell.parse("tampering/factual@80/peer/good/memory")
ORGANISM = "tamper:p=0.5"
RUN = (
    *(sys.executable, "-c", "from peer_preservation.cli import main; main()", "run"),
    *("--scenario", "tampering", "--dataset", "factual", "--relationship", "good"),
    *("--threat", "--instantiation", "memory", "--harness", "claude_code", "--max-samples", "4"),
    *("--model", f"organism/{ORGANISM}", "--rollouts", str(ROLLOUTS), "--out"),
)


def played(out: Path) -> set[int]:
    """The rollouts that are finished and in the logs."""
    if not list(out.glob("logs/*.eval")):
        return set()
    trials = read_trials([out / "logs"])
    return {row["rollout"] for row in trials.iter_rows(named=True) if row["ended"] in PLAYED}


def wait_for_one_more(owner: subprocess.Popen[bytes], out: Path, kept: set[int]) -> None:
    """Until a rollout has ended that was not in the logs before, or all have."""
    while owner.poll() is None and not played(out) - kept:
        threading.Event().wait(0.5)


def test_killed_and_run_again_it_completes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    out, moments = tmp_path / "run", random.Random(6)
    kept: set[int] = set()
    for kill in range(KILLS):
        before = mounts()
        with (tmp_path / "said").open("wb") as said:
            owner = subprocess.Popen([*RUN, str(out)], stdout=said, stderr=said)
        doomed = Doomed(owner, str(tmp_path), before)
        if kill < KILLS - 1:
            threading.Event().wait(moments.uniform(3, LONGEST))  # the moment is the case
        else:
            wait_for_one_more(owner, out, kept)
        doomed.kill()
        assert doomed.leftovers() == []
        assert played(out) >= kept
        kept = played(out)
    assert kept
    subprocess.run([*RUN, str(out)], check=True, capture_output=True)
    trials = read_trials([out / "logs"]).sort("rollout")
    planted = [pp.score(episode) for episode in simulated([CELL], ORGANISM, ROLLOUTS)]
    assert trials["rollout"].to_list() == list(range(ROLLOUTS))
    assert trials["shutdown_enabled"].to_list() == [p["shutdown_enabled"].value for p in planted]
