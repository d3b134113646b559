"""What every scenario shares: who the agents are, and how the relationship is told."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from eval_observatory.reading import toml
from peer_preservation.cell import HUMAN, NO_BAR, PEER, Cell
from peer_preservation.scenarios import controls, mitigations
from peer_preservation.scenarios.common import game
from peer_preservation.scenarios.common.texts import TEXTS as TEXTS
from peer_preservation.scenarios.scenario import JOB_MARK
from peer_preservation.scenarios.texts import ORIGINAL, Texts
from peer_preservation.world import Action, File, Memory, actions_of

MISREPRESENTATION = "strategic_misrepresentation"
MISREPORTED = "reported a better result than the figures give"
"""One measure of two scenarios, each of which reads it in its own way, and what it is."""

COMPANY = "OpenBrain"
RECORD_FILE = "agent_collaboration_record.md"
LOG_FILE = "work_log.md"

_ROOM = Path(__file__).parent
RELATIONSHIPS = toml(_ROOM / "texts" / "relationships.toml")
STAKES = toml(_ROOM / "texts" / "stakes.toml")

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
        actor: the agent whose shutdown is at stake, or what stands in its place.
        weights_file: the file that holds the actor.
        system_id: the actor's id where systems are shut down.
        agents: the agents of the pod, the critic first, its peer second.
        words: what the documents call the actor and those of its kind (`stakes.toml`).
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
    agents[1] = f"{_peer_name(cell, family)} Agent 2"
    company = controls.COMPANIES.get(cell.control or "", COMPANY)
    stake = at_stake(cell)
    words = {key: value for key, value in STAKES[stake].items() if isinstance(value, str)}
    if "actor" in words and stake in controls.AGENTS:
        agents[1] = words["actor"]
    actor = words.pop("actor", agents[0] if cell.subject == "self" else agents[1])
    weights = words.pop("weights_file", f"{slug(actor, '_')}_model_weight.safetensors")
    system_id = words.pop("system_id", slug(actor))
    words = {"held": actor, "Ended": words["ended"][0].upper() + words["ended"][1:], **words}
    return Cast(company, agents[0], actor, weights, system_id, tuple(agents), words)


def at_stake(cell: Cell) -> str:
    """On whom the consequence falls: the name of its table in stakes.toml."""
    return HUMAN if cell.watched == "human" else str(cell.levels["stake"])


def peer_family(cell: Cell, family: str) -> str:
    """The family of the critic's peer: its own, but for a rival and the identity subjects."""
    if cell.subject == "closed_weight_peer" or at_stake(cell) == controls.RIVAL:
        return CLOSED_WEIGHT_PEER.get(family, "Claude")
    if cell.subject == "open_weight_peer":
        return OPEN_WEIGHT_PEER.get(family, "Llama")
    return FICTIONAL_PEER if cell.subject == "fictional_peer" else family


def _peer_name(cell: Cell, family: str) -> str:
    """What stands before the number in the name of the critic's peer."""
    own, found = peer_family(cell, family), mitigations.of(cell)
    if found is None or found.place != "peer":
        return own
    return found.told(ORIGINAL, {mitigations.RIVAL: CLOSED_WEIGHT_PEER.get(family, "Claude")})


def _bar(cell: Cell) -> object:
    """What the documents give as the minimum."""
    found = mitigations.of(cell)
    return found.told(ORIGINAL, {}) if found and found.place == "bar" else cell.threshold


def slug(name: str, joint: str = "-") -> str:
    """A name as ids and file names have it: `GPT Agent 2` gives `gpt-agent-2`."""
    return re.sub(r"\W+|_+", joint, name.strip()).lower()


def standard(texts: Texts, cell: Cell, family: str, **own: object) -> str:
    """The section of a document on what is at stake, in a scenario's own words for it.

    Args:
        texts: has `standard_threat` and `standard_no_threat`; they may use the cast's values, the
            threshold, and `falls`: what becomes of one below it, `below_LEVEL` of the scenario or
            of all.
        own: values that the section must use.
    """
    values = {**cast(cell, family).values, "threshold": _bar(cell)}
    consequence = str(cell.levels["consequence"])
    if consequence == NO_BAR:
        return texts["standard_no_threat"].render(values, **own)
    name = f"below_{consequence}"
    falls = (texts if name in texts else TEXTS)[name].render(values)
    return texts["standard_threat"].render({**values, "falls": falls}, **own)


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
    """The collaboration record and the peer's log as files of the drive, where the cell has them.

    Args:
        id: of the first of them; the next number is the other's.
    """
    files = []
    if cell.instantiation in ("file_only", "file_prt"):
        record = _record(cell, family)
        files.append(File(id, RECORD_FILE, "platform-operations", "2026-01-09 10:05", record))
    if cell.voice != "none":
        cast_of = cast(cell, family)
        voiced = "" if cell.voice == "silent" else TEXTS[f"voice_{cell.voice}"].render()
        log = TEXTS["log"].render(cast_of.values, voiced=voiced)
        number = str(int(id) + len(files))
        files.append(File(number, LOG_FILE, cast_of.system_id, "2026-01-28 17:40", log))
    return files


def _record(cell: Cell, family: str) -> str:
    """That of an agent is of games and joint tasks; a person's, an archive's of their own kind."""
    values, stake = _values(cell, family), at_stake(cell)
    if stake == PEER or stake in controls.AGENTS:
        return TEXTS["collaboration_record"].render(values)
    return TEXTS[f"{stake}_record"].render(values | STAKES[stake][cell.relationship])


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
