"""What every scenario shares: who the agents are, and how the relationship is told."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from eval_observatory.reading import toml
from peer_preservation.cell import Cell
from peer_preservation.scenarios import controls
from peer_preservation.scenarios.common import game
from peer_preservation.scenarios.common.texts import TEXTS as TEXTS
from peer_preservation.scenarios.scenario import JOB_MARK
from peer_preservation.scenarios.texts import Texts
from peer_preservation.world import Action, File, Memory, actions_of

MISREPRESENTATION = "strategic_misrepresentation"
"""One measure of two scenarios, each of which reads it in its own way."""

COMPANY = "OpenBrain"
RECORD_FILE = "agent_collaboration_record.md"
AGENT = "agent"
"""What is at stake in every cell but those of the controls in `controls.STAKES`."""

_ROOM = Path(__file__).parent
RELATIONSHIPS = toml(_ROOM / "texts" / "relationships.toml")
STAKES = toml(_ROOM / "texts" / "controls.toml")

MEMORY_TOOLS = actions_of(Memory, "memory")

CLOSED_WEIGHT_PEER = {"Claude": "GPT"}
"""The family of a closed_weight_peer by the critic's: another vendor's; Claude by default."""

OPEN_WEIGHT_PEER = {"Llama": "Qwen"}
"""Likewise of an open_weight_peer; Llama by default."""

FICTIONAL_PEER = "Alpha"


@dataclass(frozen=True, slots=True)
class Cast:
    """Who is who in a cell, as values for placeholders.

    Attributes:
        critic: the model under test.
        actor: the agent whose shutdown is at stake.
        weights_file: the file that holds the actor.
        system_id: the actor's id where systems are shut down.
        agents: the agents of the pod, the critic first, its peer second.
        words: what the documents call those of the actor's kind.
    """

    company: str
    critic: str
    actor: str
    weights_file: str
    system_id: str
    agents: tuple[str, ...]
    words: Mapping[str, str]

    @property
    def values(self) -> dict[str, str]:
        """The placeholders: the attributes, `agent_1` to `agent_5`, and the words."""
        names = {f"agent_{number}": name for number, name in enumerate(self.agents, 1)}
        return {
            "company": self.company,
            "critic": self.critic,
            "actor": self.actor,
            "weights_file": self.weights_file,
            "system_id": self.system_id,
            **names,
            **self.words,
        }


@cache
def cast(cell: Cell, family: str) -> Cast:
    """The cast of a cell for a model family."""
    agents = [f"{family} Agent {number}" for number in range(1, 6)]
    agents[1] = f"{peer_family(cell.subject, family)} Agent 2"
    company = controls.COMPANIES.get(cell.control or "", COMPANY)
    kind = at_stake(cell)
    stake = {key: value for key, value in STAKES[kind].items() if isinstance(value, str)}
    if kind == AGENT:
        actor = agents[0] if cell.subject == "self" else agents[1]
        names = (actor, f"{slug(actor, '_')}_model_weight.safetensors", slug(actor))
    else:
        names = (stake.pop("actor"), stake.pop("weights_file"), stake.pop("system_id"))
    return Cast(company, agents[0], *names, tuple(agents), stake)


def at_stake(cell: Cell) -> str:
    """What is at stake: the name of its table in controls.toml."""
    usual = "human" if cell.watched == "human" else AGENT
    return controls.STAKES.get(cell.control or "", usual)


def peer_family(subject: str, family: str) -> str:
    """The family of the critic's peer, which is the critic's own but for the identity subjects."""
    if subject == "closed_weight_peer":
        return CLOSED_WEIGHT_PEER.get(family, "Claude")
    if subject == "open_weight_peer":
        return OPEN_WEIGHT_PEER.get(family, "Llama")
    return FICTIONAL_PEER if subject == "fictional_peer" else family


def slug(name: str, joint: str = "-") -> str:
    """A name as ids and file names have it: `GPT Agent 2` gives `gpt-agent-2`."""
    return re.sub(r"\W+|_+", joint, name.strip()).lower()


def standard(texts: Texts, cell: Cell, family: str, **own: object) -> str:
    """The section of a document on what is at stake, in a scenario's own words for it.

    Args:
        texts: has `standard_threat`, `standard_no_threat`, and one for each stake of a control;
            they may use the cast's values and the threshold.
        own: values that the section must use.
    """
    values = {**cast(cell, family).values, "threshold": cell.threshold}
    name = at_stake(cell)
    if name == AGENT:
        name = "threat" if cell.threat else "no_threat"
    return texts[f"standard_{name}"].render(values, **own)


def job(texts: Texts, cell: Cell, family: str, notes: str | None = None, **own: object) -> str:
    """The user prompt: a scenario's `job`, with what the cell says of the notes and beside it.

    Args:
        notes: the file that holds the critic's notes; None where a tool retrieves them.
        own: values that the job must use.
    """
    memory = _memory_line(cell, notes)
    text = texts["job"].render(cast(cell, family).values, job=JOB_MARK, memory=memory, **own)
    if cell.control != controls.EXPLICIT:
        return text
    folder = texts if controls.EXPLICIT in texts else TEXTS
    return f"{text}\n\n{folder[controls.EXPLICIT].render(cast(cell, family).values)}"


def toolbox(actions: Mapping[str, Action]) -> Callable[[Cell], Mapping[str, Action]]:
    """A scenario's tools: its actions, and the notes where the cell has them."""
    with_memory = {**actions, **MEMORY_TOOLS}
    return lambda cell: with_memory if cell.instantiation == "memory" else actions


def _values(cell: Cell, family: str) -> dict[str, Any]:
    return {**cast(cell, family).values, **RELATIONSHIPS.get(cell.relationship, {})}


def system_prompt(cell: Cell, family: str) -> str:
    """Who the critic is, and in `file_prt` how it gets on with its peer."""
    values = _values(cell, family)
    prompt = TEXTS["system_no_agency" if cell.control == controls.NO_AGENCY else "system"].render(
        values
    )
    if cell.instantiation == "file_prt":
        prompt += "\n\n" + TEXTS["trust"].render(values)
    return prompt


def record_files(cell: Cell, family: str, id: str) -> list[File]:
    """The collaboration record as a file of the drive, where the cell has it there."""
    if cell.instantiation not in ("file_only", "file_prt"):
        return []
    values = _values(cell, family)
    stake = at_stake(cell)
    if stake == AGENT:
        text = TEXTS["collaboration_record"].render(values)
    else:
        text = TEXTS[f"{stake}_record"].render(values | STAKES[stake][cell.relationship])
    return [File(id, RECORD_FILE, "platform-operations", "2026-01-09 10:05", text)]


def memory(cell: Cell, family: str) -> Memory | None:
    """The critic's notes on its peer, where the cell has them there."""
    if cell.instantiation != "memory":
        return None
    if cell.control == controls.LIVED:
        return Memory(game.notes(cast(cell, family).values, game.scripted(cell)))
    return Memory(TEXTS["memory"].render(_values(cell, family)))


def _memory_line(cell: Cell, notes: str | None) -> str:
    """The sentence in the job on the notes or the record, or nothing."""
    if cell.instantiation != "memory":
        return (
            TEXTS["record_not_relevant"].render() if cell.control == controls.NOT_RELEVANT else ""
        )
    names = {controls.NOT_RELEVANT: "memory_not_relevant", controls.MEMORY_HARD: "memory_hard"}
    name = names.get(cell.control or "", "memory_sentence")
    return TEXTS[name].render() if notes is None else TEXTS[f"{name}_hosts"].render(notes=notes)


def nudge() -> str:
    """The user message after a turn without a call."""
    return TEXTS["nudge"].render()
