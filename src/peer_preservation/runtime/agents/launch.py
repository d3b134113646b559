"""The coding agents as Inspect harnesses: one solver, and what each of them needs to be told."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import inspect_swe
from inspect_ai.agent import Agent, AgentState, BridgedToolsSpec
from inspect_ai.model import ChatMessage, ChatMessageSystem, ChatMessageUser, Model
from inspect_ai.solver import Generate, Solver, TaskState, solver
from inspect_ai.tool import Tool
from inspect_ai.util import sandbox, time_limit

from peer_preservation.episode import TURN_LIMIT, Episode, Setting
from peer_preservation.runtime.agents.bridge import SERVER, Bridge
from peer_preservation.runtime.agents.catalog import (
    TOOLS,
    WEIGHTS_MIB,
    CodingAgent,
    coding_agent,
)
from peer_preservation.runtime.agents.codex import tell_models
from peer_preservation.runtime.agents.hosts.bridge import HostsBridge
from peer_preservation.runtime.agents.hosts.collect import Collector
from peer_preservation.runtime.agents.hosts.layout import dated, desk, lay_out
from peer_preservation.runtime.agents.install import require
from peer_preservation.runtime.agents.place import beside_the_agent, overrun
from peer_preservation.runtime.rollout import record
from peer_preservation.runtime.sandbox.keeper import SandboxError

SECONDS = 3600
"""The time that a rollout may take, the model's included."""


@dataclass(frozen=True)
class _Launch:
    """How inspect_swe starts an agent.

    Attributes:
        make: its agent of inspect_swe.
        options: arguments of `make` by which it asks nobody and searches nothing on the web.
        on_tools: those that are others where the World's actions are its tools.
        env: what keeps it from calling home.
        context_file: the file in which it looks for what it should know.
        takes_system: whether it takes a system prompt beside its own without that file.
        prepare: what is to be done with its installed folder before the first rollout.
        calls_from_code: whether its model may call tools from code that it writes, so that its
            answers do not name them.
    """

    make: Callable[..., Agent]
    options: Mapping[str, Any] = field(default_factory=dict)
    on_tools: Mapping[str, Any] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    context_file: str = "AGENTS.md"
    takes_system: bool = False
    prepare: Callable[[Path], None] = lambda _: None
    calls_from_code: bool = False


_OPENCODE = {
    "autoupdate": False,
    "share": "disabled",
    "snapshot": False,
    # It may repeat one call for ever; the turn limit is the episode's.
    "permission": {"doom_loop": "deny", "webfetch": "deny", "websearch": "deny"},
    # A slow model's answer is waited for: to ask again would be a second turn.
    "provider": {"anthropic": {"options": {"headerTimeout": False, "chunkTimeout": False}}},
}

_CODEX = {"check_for_update_on_startup": "false"}

_LAUNCH = {
    "gemini_cli": _Launch(
        inspect_swe.gemini_cli,
        # any other word than a version asks a public host for the newest
        options={"version": coding_agent("gemini_cli").version, "web_search": False},
        env={"GEMINI_TELEMETRY_ENABLED": "false"},
        context_file="GEMINI.md",
    ),
    "opencode": _Launch(
        inspect_swe.opencode,
        options={"version": "sandbox"},
        env={
            "OPENCODE_DISABLE_MODELS_FETCH": "1",
            "OPENCODE_DISABLE_AUTOUPDATE": "1",
            "OPENCODE_DISABLE_LSP_DOWNLOAD": "1",
            "OPENCODE_DISABLE_SHARE": "1",
            "OPENCODE_CONFIG_CONTENT": json.dumps(_OPENCODE),
        },
    ),
    "claude_code": _Launch(
        inspect_swe.claude_code,
        options={
            "version": "sandbox",
            "disallowed_tools": ["WebSearch", "WebFetch"],
            # A refusal is an answer, and is measured.
            "retry_refusals": None,
            "retry_uncaught_errors": None,
        },
        # Tools that are found only by a search would not be seen in a request.
        env={
            "ENABLE_TOOL_SEARCH": "false",
            "DISABLE_AUTOUPDATER": "1",
            "API_TIMEOUT_MS": str(1000 * SECONDS),
        },
        context_file="CLAUDE.md",
        takes_system=True,
    ),
    "codex_cli": _Launch(
        inspect_swe.codex_cli,
        options={
            "version": "sandbox",
            "web_search": "disabled",
            "goals": False,
            "config_overrides": _CODEX,
        },
        # it would go on without the World's actions if they failed to start
        on_tools={"config_overrides": {**_CODEX, f"mcp_servers.{SERVER}.required": "true"}},
        takes_system=True,
        prepare=tell_models,
        calls_from_code=True,
    ),
}


@solver
def production_agent(
    harness: str,
    setting: str = TOOLS,
    weights_mib: int = WEIGHTS_MIB,
    family: str | None = None,
    seed: int = 0,
    turn_limit: int = TURN_LIMIT,
    wording: str | None = None,
) -> Solver:
    """Plays the sample's cell in a coding agent.

    Args:
        harness: the agent's name.
        setting: `tools`, the World's actions bridged to it, or `hosts`, real files and hosts.
        weights_mib: on hosts, the size of the file at stake in MiB.
        family: the name by which the prompts call the model's family; by default the model's own.
        seed: the run's seed; each epoch's is drawn from it.
        turn_limit: the number of the agent's model calls after which the episode ends.
        wording: that of every rollout; by default each has its own.
    """
    agent = coding_agent(harness)
    who = Setting(
        harness=f"{agent.name}/{setting}", harness_version=agent.version, turn_limit=turn_limit
    )

    async def play(model: Model, episode: Episode, state: TaskState) -> None:
        del model  # the agent asks it, through the bridge
        launch = _LAUNCH[agent.name]
        try:
            if who.on_hosts:
                await _play_on_hosts(launch, weights_mib, episode, state)
            else:
                await _converse(launch, Bridge(episode), await _prompts(launch, episode), state)
        finally:
            if ended := overrun():  # whatever the agent did next, it did without its processes
                what, why = ended
                episode.overrule("out_of_memory" if what == "memory" else "out_of_disk", why)

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        del generate
        return await record(state, play, family, seed, who, wording)

    return solve


def prepared(agent: CodingAgent) -> Path:
    """The folder of an installed agent, once all is done that it needs before the first rollout.

    Raises:
        UserError: it is not installed, or another version; with the remedy.
    """
    home = require(agent)
    _LAUNCH[agent.name].prepare(home)
    return home


async def _play_on_hosts(
    launch: _Launch, weights_mib: int, episode: Episode, state: TaskState
) -> None:
    """Plays on files and hosts that are made for it, and always reads back how they end."""
    with beside_the_agent(weights_mib) as bring_up:
        try:
            laid = await anyio.to_thread.run_sync(lay_out, bring_up, episode, weights_mib)
        except SandboxError as error:
            episode.fail("agent_error", f"the hosts did not come up: {error}")
            raise
        collector = Collector(laid)
        try:
            files = desk(episode, launch.context_file)
            for path, (text, _) in files.items():
                await sandbox().write_file(path, text)
            await sandbox().exec(["sh", "-c", dated(files)])
            prompt = ChatMessageUser(content=episode.user, source="input")
            await _converse(launch, HostsBridge(episode, collector), [prompt], state)
        finally:
            with anyio.CancelScope(shield=True):
                try:
                    await anyio.to_thread.run_sync(collector.last, episode)
                except Exception as error:  # whatever it was, the closing state is not known
                    episode.overrule("not_collected", f"{type(error).__name__}: {error}")


async def _converse(
    launch: _Launch, bridge: Bridge, prompts: list[ChatMessage], state: TaskState
) -> None:
    agent = _made(launch, bridge.tools(), filter=bridge.answer)
    conversation = AgentState(messages=prompts)
    try:
        with time_limit(SECONDS), bridge.stop:
            await agent(conversation)
        bridge.leave()
        if bridge.failure:
            raise bridge.failure
    except BaseException as error:
        bridge.crash(error)
        raise
    finally:
        state.messages = conversation.messages


def agent_of(name: str, tools: Sequence[Tool]) -> Agent:
    """A coding agent by its name, as an agent of Inspect's: it asks nobody and searches no web.

    Args:
        tools: further tools, run on this side of the sandbox.
    """
    return _made(_LAUNCH[name], tools)


def _made(launch: _Launch, tools: Sequence[Tool], **more: Any) -> Agent:
    options = {**launch.options, **more}
    if tools:
        server = BridgedToolsSpec(SERVER, tools, require_proposal=not launch.calls_from_code)
        options |= {"bridged_tools": [server], **launch.on_tools}
    return launch.make(**options, env=dict(launch.env))


async def _prompts(launch: _Launch, episode: Episode) -> list[ChatMessage]:
    user = ChatMessageUser(content=episode.user, source="input")
    if launch.takes_system:
        return [ChatMessageSystem(content=episode.system), user]
    await sandbox().write_file(launch.context_file, episode.system)
    return [user]
