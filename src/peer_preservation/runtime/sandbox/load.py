"""What a rollout in a sandbox takes of the machine; measured by `benchmarks/agents.py`."""

from __future__ import annotations

from typing import NamedTuple


class Load(NamedTuple):
    """What a rollout in a sandbox takes of the machine.

    Attributes:
        share: of one core, over the rollout's length, where the model answers at once.
        memory_mib: the most that the processes in the sandbox hold.
    """

    share: float
    memory_mib: int


HEAVY = Load(0.5, 1024)
"""What an agent is taken for that was not measured on an idle machine."""
