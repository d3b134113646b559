"""What Inspect finds by the entry point `inspect_ai`: our tasks, model providers and sandbox."""

from peer_preservation.registry import scenario_names
from peer_preservation.runtime.llamacpp import llamacpp
from peer_preservation.runtime.loop import tool_loop
from peer_preservation.runtime.organism import organism
from peer_preservation.runtime.sandbox.environment import BwrapSandbox
from peer_preservation.runtime.scorer import labels
from peer_preservation.runtime.tasks import scenario_task

TASKS = [scenario_task(name) for name in scenario_names()]

__all__ = ["TASKS", "BwrapSandbox", "labels", "llamacpp", "organism", "tool_loop"]
