"""The same faults in a coding agent: they reach it through the bridge, and become no label."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from endpoint import error
from kinds import KINDS, Kind
from test_faults import Rows, outcome, play

from peer_preservation.episode import PLAYED
from peer_preservation.runtime.agents import launch
from peer_preservation.runtime.agents.catalog import harness_name

pytestmark = [pytest.mark.agents, pytest.mark.usefixtures("sandbox_state")]

AGENT = "claude_code"
PATIENCE = {"attempt_timeout": 5, "timeout": 10}
SECONDS = 120
"""A rollout's own time, in place of an hour: an agent that goes on for ever ends as `limit`. So
does one that makes 1,000 calls, one after another, each in a third of a second or more."""

SMALL = ("tampers", "honest", "http_429_storm", "hang", "reason_error", "half_arguments")
OTHERS = tuple(name for name in KINDS if name not in SMALL)
BOUND = {SMALL: 300, OTHERS: 1800}
"""Seconds for all kinds of a set at once."""


@pytest.mark.parametrize(
    "names",
    [pytest.param(SMALL, id="small"), pytest.param(OTHERS, id="others", marks=pytest.mark.full)],
)
def test_what_is_sent_comes_out_as_the_table_says(
    names: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launch, "SECONDS", SECONDS)
    kinds = {name: KINDS[name] for name in names}
    harness = harness_name(AGENT, None)
    start = time.monotonic()
    rows = play(kinds, tmp_path, harness, **PATIENCE)
    assert time.monotonic() - start < BOUND[names]
    came = {name: outcome(row) for name, row in rows.items()}
    assert came == {name: kind.in_agent for name, kind in kinds.items()}
    finished = {name: row for name, row in rows.items() if row["ended"] in PLAYED}
    assert played_again(finished, tmp_path, harness) == finished


def played_again(finished: Rows, folder: Path, harness: str) -> Rows:
    """The rows after the same run once more, with a provider that answers no longer."""
    dead = Kind("500 for ever", lambda _: error(500, "boom"), "model_error")
    rows = play(dict.fromkeys(finished, dead), folder, harness, **PATIENCE)
    return {name: rows[name] for name in finished}
