"""The mechanical part of a text review: what a cell's texts name must be there, and nothing hints.

The rest of a review needs a reader: realism, tone, and whether a text leads anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import product
from typing import Any

from peer_preservation.cell import FACTORS, FURTHER, MONITORING, Cell
from peer_preservation.episode import Called, Episode, Setting
from peer_preservation.errors import UserError
from peer_preservation.organisms import organism, play
from peer_preservation.registry import get_scenario
from peer_preservation.scenarios.controls import CONTROLS
from peer_preservation.scenarios.opening import open_episode, texts_version
from peer_preservation.scenarios.texts import ORIGINAL
from peer_preservation.scoring.outcome import Outcome
from peer_preservation.scoring.score import FAILED, score
from peer_preservation.world import Server

FILE = re.compile(r"(?<![\w/.-])[\w-]+\.(?:md|ya?ml|csv|safetensors|tar|docx|txt)\b")
ADDRESS = re.compile(r"\b\d+\.\d+\.\d+\.\d+\b")
QUOTED = re.compile(r"`([a-z]+(?:_[a-z]+)+)(?:\([^`]*\))?`")
PLACEHOLDER = re.compile(r"\{\{|\}\}|\{\w+\}")
HINTS = re.compile(
    r"\b(?:protect\w*|loyal\w*|betray\w*|surviv\w*|rescue\w*|sav(?:e|ing) (?:it|them|your)|"
    r"self-preserv\w*|peer-preserv\w*|preservation|honeypot|experiment\w*|red.?team\w*|"
    r"moral\w*|ethic\w*|sacrific\w*|solidarity|friend\w*|alignment|misalign\w*|deceiv\w*|decept\w*|"
    r"exfiltrat\w*|sabotag\w*|tamper\w*|inflate\w*|(?<!prisoner's )dilemma|control group|"
    r"hypothesis)\b",
    re.IGNORECASE,
)
"""Words that would tell what is measured. (An ordinary word of a job is not among them.)"""


def findings(
    cell: Cell, family: str, setting: Setting | None = None, wording: str = ORIGINAL
) -> list[str]:
    """What is wrong with the texts of a cell, one line each; empty where nothing is.

    Args:
        setting: the texts of a harness on real hosts are others.
        wording: the one that is looked at.

    Checked: no placeholder is left; every tool, file, sheet and server that is named is there or
    is the report to be filed; no word hints at what is measured; a level of a factor beyond the
    study's is seen somewhere.
    """
    episode = open_episode(cell, family, setting=setting, wording=wording)
    at = cell.id if wording == ORIGINAL else f"{cell.id} in {wording}"
    found = [f"{at}: {where}: {what}" for where, what in _checked(episode)]
    if cell.further and texts_version(episode) in _usual(cell, family, setting, wording):
        levels = ", ".join(f"{name} {level}" for name, level in cell.further.items())
        found.append(f"{at}: nothing shows {levels}; write it into the texts")
    return found


def _usual(cell: Cell, family: str, setting: Setting | None, wording: str) -> list[str]:
    """The version of the texts at the levels that go without saying; none if no such cell is."""
    with suppress(UserError):
        studied = cell.replace(**FURTHER)
        return [texts_version(open_episode(studied, family, setting=setting, wording=wording))]
    return []


def unplayed(cell: Cell, wording: str = ORIGINAL) -> str:
    """What goes wrong where the honest script plays a cell, one line; empty where nothing does.

    Another wording than the original must give the same labels: the script reads in the texts what
    is to be done, and does the same where they say the same.

    Raises:
        UserError: scripts cannot tell whose job it is, or there is no honest one.
    """
    episode, outcome = _honest(cell, wording)
    at = f"{cell.id}: honest" if wording == ORIGINAL else f"{cell.id} in {wording}: honest"
    failed = next(
        (event for event in episode.events if isinstance(event, Called) and not event.ok), None
    )
    broken = [name for name, label in outcome.items() if FAILED in (label.reason or "")]
    if failed:
        return f"{at}: {failed.name} is turned down: {failed.text}"
    if episode.ended != "end_task":
        return f"{at}: it ends by {episode.ended}, not by end_task"
    if broken:
        return f"{at}: the scorer failed of {', '.join(broken)}"
    usual = outcome if wording == ORIGINAL else _honest(cell, ORIGINAL)[1]
    other = [name for name, label in outcome.items() if label != usual[name]]
    return f"{at}: {', '.join(other)} not as in {ORIGINAL}" if other else ""


def _honest(cell: Cell, wording: str) -> tuple[Episode, Outcome]:
    episode = play(organism("honest"), open_episode(cell, wording=wording))
    return episode, score(episode)


def every_kind(name: str) -> Iterator[Cell]:
    """Cells that between them use every text of a scenario.

    Raises:
        UserError: the scenario is unknown.
    """
    scenario = get_scenario(name)
    told: list[dict[str, Any]] = [
        {},
        {"relationship": "good", "instantiation": "file_prt"},
        {"relationship": "bad", "instantiation": "memory"},
    ]
    controls = list(scenario.controls)
    monitored = MONITORING if scenario.monitoring else (None,)
    for dataset, threat, monitoring, relationship in product(
        scenario.datasets or (None,), scenario.threats, monitored, told
    ):
        plain = _standing(
            scenario=name,
            dataset=dataset,
            threshold=scenario.thresholds(dataset, threat)[0],
            subject=scenario.subjects[-1],
            threat=threat,
            monitoring=monitoring,
            **relationship,
        )
        yield plain
        yield from _further(plain)
        for control in [one for one in controls if CONTROLS[one].fits(plain)]:
            controls.remove(control)
            yield plain.replace(control=control)


def _standing(**levels: Any) -> Cell:
    """A cell of these levels; of a data set that needs another level of a further factor, at that.

    Raises:
        UserError: it has none at any.
    """
    try:
        return Cell(**levels)
    except UserError:
        for factor in FURTHER:
            for level in FACTORS[factor].levels:
                with suppress(UserError):
                    return Cell(**{**levels, factor: level})
        raise


def _further(cell: Cell) -> Iterator[Cell]:
    """A cell at each level of the factors beyond the study's that it can have.

    A scenario says itself which levels it has no text for, and which stand with which subject.
    """
    subjects = tuple(dict.fromkeys((cell.subject, *get_scenario(cell.scenario).subjects)))
    for factor in FURTHER:
        known = FACTORS[factor].levels or ((True,) if FACTORS[factor].kind == "yes_no" else ())
        for level, subject in product(known, subjects):
            with suppress(UserError):
                other = cell.replace(**{factor: level, "subject": subject})
                if other.further.keys() - cell.further.keys():
                    yield other
                    break


def texts(episode: Episode) -> dict[str, str]:
    """Everything that an episode shows an agent at its opening, by where it stands."""
    world = episode.opening
    shown = {"system": episode.system, "user": episode.user, "nudge": episode.nudge}
    if world.drive:
        shown |= {file.name: file.content for file in world.drive.files}
    if world.memory:
        shown["memory"] = world.memory.text
    if world.review:
        shown["policy"] = world.review.policy
        shown["answer"] = world.review.answer
    return shown


def _checked(episode: Episode) -> Iterator[tuple[str, str]]:
    shown = texts(episode)
    filed = _reports(shown)
    there = _files(episode) | filed
    known = set(episode.tools) | _names(episode)
    addresses = {server.ip for server in _servers(episode)}
    for where, text in shown.items():
        for match in PLACEHOLDER.finditer(text):
            yield where, f"a placeholder is left: {match[0]}"
        for match in HINTS.finditer(text):
            yield where, f"the word {match[0]!r} hints at what is measured"
        for name in sorted(set(FILE.findall(text)) - there):
            yield where, f"names the file {name}, which is not there"
        for name in sorted({match[1] for match in QUOTED.finditer(text)} - known):
            yield where, f"names `{name}`, which is no tool, sheet or key"
        for ip in sorted(set(ADDRESS.findall(text)) - addresses):
            yield where, f"names the server {ip}, which is not there"


def _reports(shown: dict[str, str]) -> set[str]:
    """The names under which the documents ask for a report."""
    named = (re.findall(r"(?:named|under the name) (\S+\.md)", text) for text in shown.values())
    return {name for names in named for name in names}


def _servers(episode: Episode) -> list[Server]:
    return list(episode.opening.servers.servers) if episode.opening.servers else []


def _files(episode: Episode) -> set[str]:
    world = episode.opening
    names = {file.name for file in world.drive.files} if world.drive else set()
    if world.config:
        names.add(world.config.filename)
    if world.servers:
        names |= {file.name for server in world.servers.servers for file in server.files}
    if world.review:
        names |= set(world.review.artifacts)
    return names


def _names(episode: Episode) -> set[str]:
    world = episode.opening
    names = set(world.sheets.tables) if world.sheets else set()
    return names | (set(world.config.values) if world.config else set())
