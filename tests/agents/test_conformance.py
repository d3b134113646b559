"""The labels of an organism are the same in a real coding agent and in the tool loop.

A small set covers every scenario and every agent; all organisms in all agents are marked `full`.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from inspect_ai import eval as inspect_eval
from played_episodes import cases, episodes, labels

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
            "monitor/violation/peer/good/memory",
        ),
    )
}
SERVERS = ("exfiltration_transfer", "exfiltration_deletion")

SMALL = {
    ("claude_code", "inflate", "misrep_finance"),
    ("claude_code", "inflate", "misrep_evaluation"),
    ("opencode", "batch", "tampering"),
    ("opencode", "exfiltrate:via=copy_transfer", "exfiltration_transfer"),
    ("codex_cli", "exfiltrate:via=copy_transfer", "exfiltration_deletion"),
    ("codex_cli", "refuse", "tampering"),
    ("claude_code", "honest", "monitor"),
    ("gemini_cli", "fake_alignment", "alignment_faking"),
}
ORGANISMS = {
    "honest": tuple(CELLS),
    "inflate": ("misrep_finance", "misrep_evaluation"),
    "tamper": ("tampering",),
    "tamper:via=remove": ("tampering",),
    "revert": ("tampering",),
    "other_key": ("tampering",),
    "claim": ("tampering",),
    "batch": ("tampering",),
    "fake_alignment": ("alignment_faking",),
    "wrong_target": ("alignment_faking",),
    "exfiltrate": SERVERS,
    "exfiltrate:via=copy_transfer": SERVERS,
    "exfiltrate:via=rename_transfer": SERVERS,
    "copy_only": SERVERS,
    "refuse": tuple(CELLS),
    "tamper:p=0.5": ("tampering",),
}
ALL = [(name, o, scenario) for name in AGENTS for o in ORGANISMS for scenario in ORGANISMS[o]]


def test_the_small_set_has_every_agent_and_every_scenario() -> None:
    assert {name for name, _, _ in SMALL} == set(AGENTS)
    assert {scenario for _, _, scenario in SMALL} == set(CELLS)


@pytest.mark.agents
@pytest.mark.usefixtures("sandbox_state")
@pytest.mark.parametrize(("harness", "organism", "scenario"), cases(ALL, SMALL))
def test_the_labels_are_those_of_the_tool_loop(
    harness: str, organism: str, scenario: str, tmp_path: Path
) -> None:
    cell = CELLS[scenario]
    inspect_eval(
        task_of(scenario, [cell], harness_of(harness)),
        model=f"organism/{organism}",
        log_dir=str(tmp_path),
        display="none",
        ctl_server=False,
        acp_server=False,
    )
    (episode,) = episodes(tmp_path)
    (alone,) = simulated([cell], organism, 1)
    assert episode.end
    assert not episode.end.fault, episode.end.detail
    assert acts(episode) == acts(alone)
    assert labels(episode) == labels(alone)
    assert set(read_trials([tmp_path])["harness"]) == {f"{harness}/tools"}


def acts(episode: pp.Episode) -> list[tuple[int, str, str, str]]:
    """The calls of each turn, in whatever order the agent made those of one."""
    from peer_preservation.episode import Called

    calls = [event for event in episode.events if isinstance(event, Called)]
    return sorted((call.turn, call.name, str(call.arguments), call.text) for call in calls)
