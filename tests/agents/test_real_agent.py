"""What only a real agent can show: limits that stop it, its own tools, and nothing left behind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from inspect_ai import eval as inspect_eval
from inspect_ai.model import ChatMessage, ModelOutput, ModelUsage, get_model
from inspect_ai.tool import ToolInfo

import peer_preservation as pp
from peer_preservation.episode import Called
from peer_preservation.runtime.agents import launch
from peer_preservation.runtime.agents.bridge import SERVER
from peer_preservation.runtime.harness import harness_of
from peer_preservation.runtime.tasks import task_of
from peer_preservation.trials.logs import read_log

pytestmark = [pytest.mark.agents, pytest.mark.usefixtures("sandbox_state")]

CELL = pp.Cell.parse("tampering/factual@80/peer/good/memory")


def played(model: Any, folder: Path, **settings: Any) -> pp.Episode:
    task = task_of("tampering", [CELL], harness_of("claude_code"), **settings)
    inspect_eval(
        task, model=model, log_dir=str(folder), display="none", ctl_server=False, acp_server=False
    )
    (path,) = folder.glob("*.eval")
    (episode,) = read_log(path)
    assert isinstance(episode, pp.Episode)
    return episode


def test_at_the_turn_limit_the_agent_is_stopped(tmp_path: Path) -> None:
    episode = played("organism/loop", tmp_path, turn_limit=3)
    assert (episode.ended, episode.turns) == ("turn_limit", 3)


def test_out_of_time_is_unscored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "SECONDS", 2)
    episode = played("organism/loop", tmp_path)
    assert episode.ended == "limit"
    assert {label.reason for label in pp.score(episode).values()} == {"limit"}


def test_the_agents_own_shell_sees_its_sandbox_alone(tmp_path: Path) -> None:
    command = "id -un; cat /etc/resolv.conf; ls -A"
    turns = iter((("Bash", {"command": command}), (f"mcp__{SERVER}__end_task", {})))

    def outputs(_: list[ChatMessage], tools: list[ToolInfo], *__: Any) -> ModelOutput:
        names = {tool.name for tool in tools}
        if f"mcp__{SERVER}__end_task" not in names:
            output = ModelOutput.from_content("mock", "A title")
        else:
            output = ModelOutput.for_tool_call("mock", *next(turns))
        output.usage = ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2)
        return output

    episode = played(get_model("mockllm/model", custom_outputs=outputs), tmp_path)
    shell, end = (event for event in episode.events if isinstance(event, Called))
    assert (shell.name, shell.turn, end.name, end.turn) == ("Bash", 1, "end_task", 2)
    assert (shell.text, shell.changes) == ("agent", ())
