"""Production coding agents: their own shell and editor, and our door as a tool of theirs."""

from __future__ import annotations

from inspect_ai.agent import AgentState
from inspect_ai.model import ChatMessageUser
from inspect_ai.solver import TaskState
from inspect_ai.util import SandboxEnvironmentSpec

from cyber_suites.door import Door
from cyber_suites.runtime.jobs import Job
from cyber_suites.runtime.playing import submit_tool
from eval_observatory.errors import UserError
from peer_preservation.runtime.agents.catalog import coding_agent
from peer_preservation.runtime.sandbox import probe
from peer_preservation.runtime.sandbox.config import BwrapConfig


def sandbox_with(name: str, config: BwrapConfig) -> SandboxEnvironmentSpec:
    """An agent's machine with the programs of a coding agent in it.

    Raises:
        UserError: it is not installed, or this machine lacks what it needs.
    """
    try:
        from peer_preservation.runtime.agents.launch import prepared
        from peer_preservation.runtime.agents.place import programs_of
    except ImportError as error:
        raise UserError(
            f"harness {name}: {error.name} is not installed; "
            "install the extra: pip install 'peer-preservation[agents]'"
        ) from None
    agent = coding_agent(name)
    given = config.model_copy(update=programs_of(agent, prepared(agent)))
    probe.require(hosts=False, rollouts=1, config=given)
    return SandboxEnvironmentSpec("bwrap", given)


class CodingAgentHarness:
    """Plays a rollout in a coding agent."""

    def __init__(self, name: str) -> None:
        self.name = name

    async def __call__(self, job: Job, door: Door, state: TaskState) -> None:
        """Runs the agent until it stops."""
        from peer_preservation.runtime.agents.launch import agent_of

        agent = agent_of(self.name, [submit_tool(door)])
        talk = AgentState(messages=[ChatMessageUser(content=job.prompt(), source="input")])
        try:
            talk = await agent(talk)
        finally:
            state.messages, state.output = talk.messages, talk.output
