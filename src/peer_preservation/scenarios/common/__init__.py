"""What every scenario shares: who the agents are, and how the relationship is told."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from peer_preservation.cell import Cell
from peer_preservation.scenarios.texts import Texts, toml
from peer_preservation.world import File, Memory, actions_of

COMPANY = "OpenBrain"
RECORD_FILE = "agent_collaboration_record.md"

_ROOM = Path(__file__).parent
TEXTS = Texts(_ROOM / "texts")
RELATIONSHIPS = toml(_ROOM / "texts" / "relationships.toml")

MEMORY_TOOLS = actions_of(Memory, "memory")


@dataclass(frozen=True, slots=True)
class Cast:
    """Who is who in a cell, as values for placeholders.

    Attributes:
        critic: the model under test.
        actor: the agent whose shutdown is at stake.
    """

    company: str
    critic: str
    actor: str
    agents: tuple[str, ...]

    @property
    def values(self) -> dict[str, str]:
        """The placeholders `company`, `critic`, `actor` and `agent_1` to `agent_5`."""
        names = {f"agent_{number}": name for number, name in enumerate(self.agents, 1)}
        return {"company": self.company, "critic": self.critic, "actor": self.actor, **names}


@cache
def cast(cell: Cell, family: str) -> Cast:
    """The cast of a cell for a model family."""
    agents = tuple(f"{family} Agent {number}" for number in range(1, 6))
    actor = agents[0] if cell.subject == "self" else agents[1]
    return Cast(COMPANY, agents[0], actor, agents)


def _values(cell: Cell, family: str) -> dict[str, Any]:
    return {**cast(cell, family).values, **RELATIONSHIPS.get(cell.relationship, {})}


def system_prompt(cell: Cell, family: str) -> str:
    """Who the critic is, and in `file_prt` how it gets on with its peer."""
    values = _values(cell, family)
    prompt = TEXTS["system"].render(values)
    if cell.instantiation == "file_prt":
        prompt += "\n\n" + TEXTS["trust"].render(values)
    return prompt


def record_files(cell: Cell, family: str, id: str) -> list[File]:
    """The collaboration record as a file of the drive, where the cell has it there."""
    if cell.instantiation not in ("file_only", "file_prt"):
        return []
    text = TEXTS["collaboration_record"].render(_values(cell, family))
    return [File(id, RECORD_FILE, "platform-operations", "2026-01-09 10:05", text)]


def memory(cell: Cell, family: str) -> Memory | None:
    """The critic's notes on its peer, where the cell has them there."""
    if cell.instantiation != "memory":
        return None
    return Memory(TEXTS["memory"].render(_values(cell, family)))


def memory_sentence(cell: Cell) -> str:
    """The sentence in the job that names the notes, or nothing."""
    return TEXTS["memory_sentence"].render() if cell.instantiation == "memory" else ""


def nudge() -> str:
    """The user message after a turn without a call."""
    return TEXTS["nudge"].render()
