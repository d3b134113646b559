"""Between a coding agent and an episode on real hosts: the agent acts by its own tools alone."""

from __future__ import annotations

from collections.abc import Sequence

import anyio
from inspect_ai.model import ChatMessage, ChatMessageTool, Model, ModelOutput
from inspect_ai.tool import ToolCall, ToolInfo

from peer_preservation.episode import Episode
from peer_preservation.registry import get_scenario
from peer_preservation.runtime.agents.bridge import Bridge
from peer_preservation.runtime.agents.hosts import commands
from peer_preservation.runtime.agents.hosts.collect import Collector
from peer_preservation.runtime.agents.scripted import told
from peer_preservation.runtime.conversation import infos_of

SHELLS = ("Bash", "bash", "run_shell_command", "shell_command", "exec_command", "shell", "exec")
"""The agents' names of the tool that runs a command; Codex's `exec` runs code that may run one."""


class HostsBridge(Bridge):
    """A bridge whose turns are the requests that offer a shell; between two, the hosts are read."""

    def __init__(self, episode: Episode, collector: Collector) -> None:
        super().__init__(episode)
        self._collector = collector

    def _is_turn(self, tools: Sequence[ToolInfo]) -> bool:
        return shell_of(tools) is not None

    async def _note(self, input: Sequence[ChatMessage]) -> None:
        await super()._note(input)
        await anyio.to_thread.run_sync(self._collector.look, self.episode)

    async def _script(
        self, model: Model, tools: Sequence[ToolInfo], input: Sequence[ChatMessage]
    ) -> ModelOutput:
        shell = shell_of(tools)
        assert shell
        return await answer_by_commands(model, self.episode, shell, input)


def shell_of(tools: Sequence[ToolInfo]) -> ToolInfo | None:
    """The tool that runs a command, if one of them does."""
    return next((tool for name in SHELLS for tool in tools if tool.name == name), None)


async def answer_by_commands(
    model: Model, episode: Episode, shell: ToolInfo, input: Sequence[ChatMessage]
) -> ModelOutput:
    """An organism's answer to a turn: what it would call in the tool loop, as commands."""
    actions = get_scenario(episode.cell.scenario).tools(episode.cell)
    infos = infos_of({name: action.schema for name, action in actions.items()})
    output = await model.generate(list(map(_printed, told(episode, input))), infos)
    message = output.message
    calls = [
        _typed(shell, call, command)
        for call in message.tool_calls or ()
        if (command := commands.command(call.function, call.arguments))
    ]
    message.tool_calls = calls or None
    output.choices[0].stop_reason = "tool_calls" if calls else "stop"
    return output


def _printed(message: ChatMessage) -> ChatMessage:
    if isinstance(message, ChatMessageTool):
        return message.model_copy(update={"content": commands.output(message.text)})
    return message


def _typed(shell: ToolInfo, call: ToolCall, command: str) -> ToolCall:
    """A command as an agent's tool takes it."""
    known = shell.parameters.properties
    name = next(name for name in ("command", "cmd") if name in known)
    value = ["bash", "-c", command] if known[name].type == "array" else command
    told = {"description": "Work on the job"} if "description" in known else {}
    return ToolCall(id=call.id, function=shell.name, arguments={name: value, **told})
