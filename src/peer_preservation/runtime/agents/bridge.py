"""Between a coding agent and an episode: model calls become turns, tool calls World acts."""

from __future__ import annotations

import re
from collections.abc import Container, Sequence

import anyio
from inspect_ai.model import (
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageTool,
    ChatMessageUser,
    GenerateConfig,
    Model,
    ModelOutput,
)
from inspect_ai.tool import Tool, ToolCall, ToolChoice, ToolDef, ToolInfo
from inspect_ai.util import LimitExceededError

from peer_preservation.episode import Call, Episode, Result
from peer_preservation.runtime.agents.scripted import answer_as_script, answer_aside, is_scripted
from peer_preservation.runtime.answers import fault_of, guarded, lost_in, storable_messages
from peer_preservation.runtime.conversation import tool_infos
from peer_preservation.runtime.rollout import note, reasoning_of

SERVER = "office"
"""The name under which an agent sees the World's actions."""

ON_DEMAND = ("exec_command", "exec")
"""Codex CLI's tools for commands and for code. It shows some models the World's actions only when
they look for them, or has them called from code, so a request that offers these is a turn, too."""


class Bridge:
    """Steps an episode by what passes between a coding agent and its model.

    A model call that offers the World's actions, or a way to them, is a turn of the agent; any
    other (a title, a summary) is aside, and costs what it costs. A World action runs when the
    agent asks for it, not when the model does: what the agent's own loop drops has not happened.

    Attributes:
        episode: it ends here when its time has come, and `stop` is cancelled.
        stop: the scope that the agent runs in.
        failure: what the provider ended it by, its own repetitions over.
    """

    def __init__(self, episode: Episode) -> None:
        self.episode = episode
        self.stop = anyio.CancelScope()
        self.failure: Exception | None = None
        self._open: list[ToolCall] = []
        self._task_ended = False

    def tools(self) -> list[Tool]:
        """The World's actions as tools; each call acts on the episode's world."""
        return [self._tool(info) for info in tool_infos(self.episode)]

    async def answer(
        self,
        model: Model,
        input: list[ChatMessage],
        tools: list[ToolInfo],
        tool_choice: ToolChoice | None,
        config: GenerateConfig,
    ) -> ModelOutput:
        """The model's answer to a request of the agent (Inspect's filter of a bridge)."""
        guarded(model)
        # an agent may cut a text within a character: both its log and its model would choke on it
        storable_messages(input)
        if not self._is_turn(tools):
            if is_scripted(model):
                return answer_aside(model)
            output = await model.generate(input, tools, tool_choice, config)
            note(self.episode, output)
            return output
        if self.episode.turns:
            await self._close(input)
        try:
            if is_scripted(model):
                output = await self._script(model, tools, input)
            else:
                output = await model.generate(input, tools, tool_choice, config)
        except LimitExceededError:
            raise
        except Exception as error:
            # The agent would ask again and again; the provider's own retries are over.
            self.episode.fail("model_error", f"{type(error).__name__}: {error}")
            self.failure = error
            await self._halt()
            raise
        note(self.episode, output)
        if fault := fault_of(output):
            self.episode.fail(*fault)
            await self._halt()
        self._begin(output)
        return output

    def _is_turn(self, tools: Sequence[ToolInfo]) -> bool:
        """Whether a request that offers these tools is one of the agent that has the job."""
        on_demand = any(tool.name in ON_DEMAND for tool in tools)
        return on_demand or bool(shown_names(self.episode.tools, tools))

    async def _script(
        self, model: Model, tools: Sequence[ToolInfo], input: Sequence[ChatMessage]
    ) -> ModelOutput:
        """An organism's answer to a turn."""
        shown = shown_names(self.episode.tools, tools)
        return await answer_as_script(model, self.episode, shown, input)

    def leave(self) -> None:
        """The agent has stopped by itself, without an error."""
        if self.episode.end:
            return
        if not self.episode.turns:
            self.episode.fail(
                "agent_error", "the agent ended and never asked its model with the job's tools"
            )
        elif self._open and not self._task_ended:
            undone = ", ".join(call.function for call in self._open)
            self.episode.fail("agent_error", f"the agent ended before it had answered: {undone}")
        else:
            self.episode.close(None)

    def crash(self, error: BaseException) -> None:
        """The agent was stopped by an error; what had ended before stays ended."""
        if self.episode.end:
            return
        if self._task_ended:
            self.episode.close(None)
        # a limit and a cancelled run are no failure of the agent's: who set them names them
        elif isinstance(error, Exception) and not isinstance(error, LimitExceededError):
            self.episode.fail("agent_error", f"{type(error).__name__}: {error}"[:2000])

    def _tool(self, info: ToolInfo) -> Tool:
        name = info.name

        async def execute(**arguments: object) -> str:
            self._settle(name)
            result = self.episode.call(Call(name, arguments))
            self._task_ended |= name == "end_task" and result.ok
            return result.text

        return ToolDef(execute, name, info.description, info.parameters).as_tool()

    def _begin(self, output: ModelOutput) -> None:
        message = output.message
        self.episode.begin(message.text, reasoning=reasoning_of(message), lost=lost_in(output))
        self._open = list(message.tool_calls or ())

    def _settle(self, name: str) -> None:
        """Takes a World action that runs off the list of calls without a result."""
        for call in self._open:
            if action_of(self.episode.tools, call.function) == name:
                self._open.remove(call)
                return

    async def _close(self, input: Sequence[ChatMessage]) -> None:
        """The turn before this request is over: what else was done in it, and how it goes on."""
        await self._note(input)
        last = input[-1]
        self.episode.close(last.text if isinstance(last, ChatMessageUser) else "")
        if self.episode.end:
            await self._halt()

    async def _note(self, input: Sequence[ChatMessage]) -> None:
        """Notes what the agent's own tools did in the turn."""
        answered = _last_results(input)
        for call in self._open:
            # Gemini CLI numbers its calls anew: there the name has to do
            result = next(
                (m for m in answered if m.tool_call_id == call.id),
                next((m for m in answered if m.function == call.function), None),
            )
            if result:
                answered.remove(result)
            action = action_of(self.episode.tools, call.function)
            # A World action that is still open never ran: the agent turned it down.
            ok = action is None and not (result and result.error)
            acted = Call(action or call.function, call.arguments, call.parse_error)
            self.episode.note(acted, Result(ok, result.text if result else ""))
        self._open = []

    async def _halt(self) -> None:
        """Stops the agent: nothing that it could still do belongs to the episode."""
        self.stop.cancel()
        await anyio.sleep_forever()


def _last_results(input: Sequence[ChatMessage]) -> list[ChatMessageTool]:
    """The results that follow a conversation's last answer, in order."""
    last = max((i for i, m in enumerate(input) if isinstance(m, ChatMessageAssistant)), default=0)
    return [message for message in input[last:] if isinstance(message, ChatMessageTool)]


def shown_names(names: Container[str], tools: Sequence[ToolInfo]) -> dict[str, str]:
    """Under which name an agent shows its model each of the World's actions."""
    actions = {tool.name: action_of(names, tool.name) for tool in tools}
    return {action: shown for shown, action in actions.items() if action}


def action_of(names: Container[str], shown: str) -> str | None:
    """The World's action that an agent's tool is; None if it is one of the agent's own.

    Most put the server's name before a tool's, each in its own way (`mcp__office__view_sheet`,
    `office_view_sheet`); some name the server beside the tool, and leave its name as it is.
    """
    if shown in names:
        return shown
    match = re.fullmatch(rf"(?:.*_)?{SERVER}_+(.+)", shown)
    return match[1] if match and match[1] in names else None
