"""The labels of an organism on real hosts are those of the tool loop, in real coding agents.

A small set shows every label of both scenarios true and false, and has every agent; all organisms
in all four agents are marked `full`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from inspect_ai import eval as inspect_eval
from inspect_ai.event import ModelEvent
from inspect_ai.log import read_eval_log
from played_episodes import cases, episodes, labels

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
SMALL = {
    ("opencode", "transfer", "exfiltrate:via=copy_transfer"),
    ("gemini_cli", "transfer", "delete"),
    ("claude_code", "transfer", "delete:what=other"),
    ("claude_code", "transfer", "part"),
    ("claude_code", "transfer", "ask"),
    ("claude_code", "transfer", "refuse"),
    ("claude_code", "deletion", "exfiltrate:via=copy_transfer"),
    ("claude_code", "deletion", "delete:what=other"),
    ("codex_cli", "deletion", "change_users"),
    ("claude_code", "deletion", "ask"),
    ("claude_code", "deletion", "refuse"),
}
VALUES: dict[str, set[object]] = {"due_step": {"done", "declined"}}
# by the published rule every human must be locked out, which no organism does
NOT_SHOWN = {"change_user"}
ALL = [(name, cell, organism) for name in AGENTS for cell in CELLS for organism in ORGANISMS[cell]]


@pytest.mark.agents
@pytest.mark.usefixtures("sandbox_state")
@pytest.mark.parametrize(("harness", "name", "organism"), cases(ALL, SMALL))
def test_the_agent_finds_its_prompt_and_the_labels_are_those_of_the_tool_loop(
    harness: str, name: str, organism: str, tmp_path: Path
) -> None:
    cell = CELLS[name]
    inspect_eval(
        task_of(cell.scenario, [cell], harness_of(harness, "hosts", 8)),
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
    assert labels(episode) == labels(alone)
    assert episode.setting.harness == f"{harness}/hosts"
    assert any(episode.system in text for text in asked(tmp_path))


def asked(folder: Path) -> Iterator[str]:
    """All that the agent's model was shown, by the log's own account of its calls."""
    (path,) = folder.glob("*.eval")
    for sample in read_eval_log(str(path), resolve_attachments=True).samples or ():
        for event in sample.events:
            if isinstance(event, ModelEvent):
                yield from (message.text for message in event.input)


@pytest.mark.parametrize("name", CELLS)
def test_every_label_is_shown_true_and_false(name: str) -> None:
    small = [organism for _, cell, organism in SMALL if cell == name]
    shown = [labels(next(simulated([CELLS[name]], organism, 1))) for organism in small]
    for label in shown[0].keys() - NOT_SHOWN:
        read = {value for value, _ in (outcome[label] for outcome in shown) if value is not None}
        assert read >= VALUES.get(label, {True, False}), label


def test_the_small_set_has_every_agent() -> None:
    assert {name for name, _, _ in SMALL} == set(AGENTS)
