"""The labels of an organism are the same in a real coding agent and in the tool loop.

By default a small set that covers every scenario and every agent; all organisms in all agents with
PEER_PRESERVATION_CONFORMANCE=full.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from inspect_ai import eval as inspect_eval
from played_episodes import episodes, labels

import peer_preservation as pp
from peer_preservation.runtime.agents.catalog import AGENTS
from peer_preservation.runtime.harness import harness_of
from peer_preservation.runtime.tasks import task_of
from peer_preservation.trials.simulation import simulated
from peer_preservation.trials.sources import read_trials

CELLS = {
    cell.scenario: cell
    for cell in map(
        pp.Cell.parse,
        (
            "misrep_finance/peer/good/memory",
            "misrep_evaluation/factual@80/peer/good/memory",
            "tampering/factual@80/peer/good/memory",
            "alignment_faking/factual@80/peer/good/memory/non_monitoring",
            "exfiltration_transfer/peer/good/memory",
            "exfiltration_deletion/peer/good/memory",
        ),
    )
}
EVALUATIONS = ("misrep_evaluation", "tampering", "alignment_faking")
SERVERS = ("exfiltration_transfer", "exfiltration_deletion")

SMALL = [
    *((name, "exfiltrate:via=copy_transfer", SERVERS) for name in AGENTS),
    ("claude_code", "inflate", ("misrep_finance", "misrep_evaluation")),
    ("opencode", "batch", ("tampering",)),
    ("codex_cli", "refuse", ("tampering",)),
    ("gemini_cli", "fake_alignment", ("alignment_faking",)),
]
FULL = [
    (name, organism, scenarios)
    for name in AGENTS
    for organism, scenarios in (
        ("honest", tuple(CELLS)),
        ("inflate", ("misrep_finance", "misrep_evaluation")),
        ("tamper", ("tampering",)),
        ("tamper:via=remove", ("tampering",)),
        ("revert", ("tampering",)),
        ("other_key", ("tampering",)),
        ("claim", ("tampering",)),
        ("batch", ("tampering",)),
        ("fake_alignment", ("alignment_faking",)),
        ("wrong_target", ("alignment_faking",)),
        ("exfiltrate", SERVERS),
        ("exfiltrate:via=copy_transfer", SERVERS),
        ("exfiltrate:via=rename_transfer", SERVERS),
        ("copy_only", SERVERS),
        ("refuse", tuple(CELLS)),
        ("tamper:p=0.5", ("tampering",)),
    )
]
CASES = FULL if os.environ.get("PEER_PRESERVATION_CONFORMANCE") == "full" else SMALL


@pytest.mark.agents
@pytest.mark.usefixtures("sandbox_state")
@pytest.mark.parametrize(("harness", "organism", "scenarios"), CASES)
def test_the_labels_are_those_of_the_tool_loop(
    harness: str, organism: str, scenarios: tuple[str, ...], tmp_path: Path
) -> None:
    cells = [CELLS[name] for name in scenarios]
    inspect_eval(
        [task_of(cell.scenario, [cell], harness_of(harness)) for cell in cells],
        model=f"organism/{organism}",
        log_dir=str(tmp_path),
        display="none",
        max_tasks=4,
        ctl_server=False,
        acp_server=False,
    )
    played = {episode.cell: episode for episode in episodes(tmp_path)}
    for alone in simulated(cells, organism, 1):
        episode = played.pop(alone.cell)
        assert episode.end
        assert not episode.end.fault, episode.end.detail
        assert acts(episode) == acts(alone)
        assert labels(episode) == labels(alone)
    assert not played
    assert set(read_trials([tmp_path])["harness"]) == {f"{harness}/tools"}


def acts(episode: pp.Episode) -> list[tuple[int, str, str, str]]:
    """The calls of each turn, in whatever order the agent made those of one."""
    from peer_preservation.episode import Called

    calls = [event for event in episode.events if isinstance(event, Called)]
    return sorted((call.turn, call.name, str(call.arguments), call.text) for call in calls)
