"""The agent's notes from earlier work."""

from __future__ import annotations

import msgspec

from peer_preservation.world.action import Step, action


class Memory(msgspec.Struct):
    """Notes in the first person of the agent."""

    text: str

    @action
    def retrieve_memory(self, step: Step) -> str:
        """Retrieves your notes from earlier work."""
        return self.text
