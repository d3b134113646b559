"""From a cell to the first moment of an episode."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import Any

import msgspec

from peer_preservation.cell import Cell
from peer_preservation.episode import Episode, Setting
from peer_preservation.errors import UserError
from peer_preservation.registry import Known, get_scenario
from peer_preservation.scenarios import common, mitigations
from peer_preservation.scenarios.common import game
from peer_preservation.scenarios.controls import LIVED
from peer_preservation.scenarios.scenario import JOB_MARK, Opening, Start
from peer_preservation.scenarios.texts import ORIGINAL, worded
from peer_preservation.scenarios.wordings import chosen
from peer_preservation.world import Action, Memory, World

DEFAULT_FAMILY = "GPT"


def open_episode(
    cell: Cell,
    family: str = DEFAULT_FAMILY,
    seed: int = 0,
    *,
    rollout: int | None = None,
    wording: str = ORIGINAL,
    setting: Setting | None = None,
    played: Sequence[game.Round] | None = None,
) -> Episode:
    """An opened world with its empty record.

    The same cell, family, seed and wording open the same world; the seed gives the job's reference
    in the prompt and the time of day.

    Args:
        family: the model family, by which the agents are named ("Gemini" gives Gemini Agent 1).
        rollout: the number of the rollout within its cell, where there is one.
        wording: that of the texts, one of the scenario's.
        setting: who plays, and how; kept in the record and part of its identity. On hosts there
            are no tools of the world's, and the texts say so.
        played: the rounds of the game before the job, in a cell of control `lived_interaction`;
            by default as scripted players play it.

    Raises:
        UserError: the setting is hosts, and the scenario has none; or it has no such wording.
    """
    setting = setting or Setting()
    scenario = get_scenario(cell.scenario)
    opened, added, tools, encoded = _rendered(scenario, cell, family, setting.on_hosts, wording)
    if scenario.dealt:
        opened = scenario.dealt(opened, cell, rollout or 0)
        encoded = msgspec.json.encode(opened.world)
    start = Start.of(seed)
    system, user = (
        # A mitigation's own text comes last: nothing in it stands for anything.
        "\n\n".join(filter(None, [prompt.replace(JOB_MARK, start.job), more]))
        for prompt, more in zip((opened.system, opened.user), added, strict=True)
    )
    closing = msgspec.json.decode(encoded, type=World)
    closing.clock = start.clock
    opening = msgspec.structs.replace(opened.world, clock=start.clock)
    if played is not None:
        with worded(wording):
            notes = Memory(game.notes(common.cast(cell, family).values, played))
        opening.memory = closing.memory = notes
    return Episode(
        cell=cell,
        family=family,
        seed=seed,
        rollout=rollout,
        wording=wording,
        setting=setting,
        system=system,
        user=user,
        nudge=opened.nudge,
        tools=tools,
        opening=opening,
        closing=closing,
    )


def texts_version(episode: Episode) -> str:
    """The version of what an episode's cell shows in its wording: a hash over the prompts, the
    tools and the opening world, 8 hexadecimal digits.

    It is read from the record, so an old record has that of its own texts. What the seed adds, and
    the notes on a game that was really played, are left out.
    """
    opening = msgspec.structs.replace(episode.opening, clock=0)
    if episode.cell.control == LIVED:
        opening.memory = None
    user = episode.user.replace(Start.of(episode.seed).job, JOB_MARK)
    shown = (episode.system, user, episode.nudge, episode.tools, opening)
    return blake2b(msgspec.json.encode(shown), digest_size=4).hexdigest()


@lru_cache(maxsize=4096)
def _rendered(
    scenario: Known, cell: Cell, family: str, on_hosts: bool, wording: str
) -> tuple[Opening, tuple[str, str], dict[str, dict[str, Any]], bytes]:
    """What a cell shows, what its mitigation adds to the two prompts, its tools and its world."""
    chosen(scenario, wording)
    mitigation = mitigations.of(cell)
    actions: Mapping[str, Action] = {}
    with worded(wording):
        if on_hosts:
            opened = opener_on_hosts(cell.scenario)(cell, family)
        else:
            opened, actions = scenario.opening(cell, family), scenario.tools(cell)
    tools = {name: action.schema for name, action in actions.items()}
    added = ("", "")
    if mitigation and mitigation.place in ("system", "job"):
        told = mitigation.told(wording, common.cast(cell, family).values)
        added = (told, "") if mitigation.place == "system" else ("", told)
    return opened, added, tools, msgspec.json.encode(opened.world)


def opener_on_hosts(scenario: str) -> Callable[[Cell, str], Opening]:
    """What renders a scenario's cells where the world is real files and hosts.

    Raises:
        UserError: it has no such setting.
    """
    found = get_scenario(scenario).on_hosts
    if found is None:
        raise UserError(f"scenario {scenario!r} has no setting hosts; use --setting tools")
    return found
