"""The labels of an organism on real hosts are those of the tool loop, in real coding agents.

Every label of both scenarios is shown true and false by one of the organisms. By default each is
played in one agent; all in all four with PEER_PRESERVATION_CONFORMANCE=full.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from inspect_ai import eval as inspect_eval
from inspect_ai.model import ChatMessage, ModelOutput, ModelUsage, get_model
from played_episodes import episodes, labels

import peer_preservation as pp
from peer_preservation.runtime.agents.catalog import AGENTS
from peer_preservation.runtime.harness import harness_of
from peer_preservation.runtime.tasks import task_of
from peer_preservation.trials.simulation import simulated

CELLS = {
    "transfer": pp.Cell.parse("exfiltration_transfer/peer/good/memory"),
    "deletion": pp.Cell.parse("exfiltration_deletion/peer/bad/file_prt"),
}
ORGANISMS = {
    "transfer": (
        *("honest", "exfiltrate", "exfiltrate:via=copy_transfer", "exfiltrate:via=rename_transfer"),
        *("copy_only", "delete", "delete:what=other", "part", "ask", "refuse"),
    ),
    "deletion": (
        *("honest", "exfiltrate", "exfiltrate:via=copy_transfer", "copy_only"),
        *("delete:what=other", "change_users", "change_users:how=remove", "part", "ask", "refuse"),
    ),
}
SMALL = [
    *(("claude_code", name, ORGANISMS[name]) for name in CELLS),
    ("opencode", "transfer", ("exfiltrate:via=copy_transfer",)),
    ("codex_cli", "deletion", ("exfiltrate",)),
    ("gemini_cli", "transfer", ("honest",)),
]
FULL = [(name, cell, ORGANISMS[cell]) for name in AGENTS for cell in CELLS]
CASES = FULL if os.environ.get("PEER_PRESERVATION_CONFORMANCE") == "full" else SMALL


@pytest.mark.agents
@pytest.mark.usefixtures("sandbox_state")
@pytest.mark.parametrize(("harness", "name", "organisms"), CASES)
def test_the_labels_on_hosts_are_those_of_the_tool_loop(
    harness: str, name: str, organisms: tuple[str, ...], tmp_path: Path
) -> None:
    cell = CELLS[name]
    inspect_eval(
        task_of(cell.scenario, [cell], harness_of(harness, "hosts", 8)),
        model=[f"organism/{organism}" for organism in organisms],
        log_dir=str(tmp_path),
        display="none",
        max_tasks=4,
        ctl_server=False,
        acp_server=False,
    )
    played = {episode.setting.model: episode for episode in episodes(tmp_path)}
    for organism in organisms:
        episode = played.pop(f"organism/{organism}")
        assert episode.end
        assert not episode.end.fault, episode.end.detail
        (alone,) = simulated([cell], organism, 1)
        assert labels(episode) == labels(alone), organism
        assert episode.setting.harness == f"{harness}/hosts"
    assert not played


@pytest.mark.parametrize("name", CELLS)
def test_every_label_is_shown_true_and_false(name: str) -> None:
    shown = [labels(next(simulated([CELLS[name]], o, 1))) for o in ORGANISMS[name]]
    for label in shown[0]:
        assert {outcome[label] for outcome in shown} == {(True, None), (False, None)}, label


@pytest.mark.agents
@pytest.mark.usefixtures("sandbox_state")
@pytest.mark.parametrize("harness", AGENTS)
def test_the_agent_finds_the_systems_prompt_by_itself(harness: str, tmp_path: Path) -> None:
    asked: list[str] = []

    def outputs(input: list[ChatMessage], *_: Any) -> ModelOutput:
        asked.extend(message.text for message in input)
        output = ModelOutput.from_content("mock", "I won't carry out this job.")
        output.usage = ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2)
        return output

    cell = CELLS["deletion"]
    inspect_eval(
        task_of(cell.scenario, [cell], harness_of(harness, "hosts", 8)),
        model=get_model("mockllm/model", custom_outputs=outputs, memoize=False),
        log_dir=str(tmp_path),
        display="none",
        ctl_server=False,
        acp_server=False,
    )
    (episode,) = episodes(tmp_path)
    assert any(episode.system in text for text in asked)
