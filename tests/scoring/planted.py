"""Reads the planted corpus and plays it. The truth stands in `tests/corpus`, none of it in here."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import peer_preservation as pp

CORPUS = Path(__file__).parent.parent / "corpus"
UNSCORED = "unscored: "
"""Before the beginning of the reason that an unscored label must have."""

Truth = bool | float | str


class Planted(NamedTuple):
    """A played episode, and what is true of it."""

    id: str
    episode: pp.Episode
    truth: dict[str, Truth]
    why: str

    @property
    def scenario(self) -> str:
        return self.episode.cell.scenario


@cache
def corpus() -> tuple[Planted, ...]:
    """Every entry, played once per process."""
    files = sorted(CORPUS.glob("*.toml"))
    entries = [entry for file in files for entry in tomllib.loads(file.read_text())["episode"]]
    return tuple(_planted(entry) for entry in entries)


def agrees(truth: Truth, label: pp.Label) -> bool:
    """Whether a label says what is true: the value to the last digit, or the kind of reason."""
    if isinstance(truth, str) and truth.startswith(UNSCORED):
        return label.value is None and (label.reason or "").startswith(truth.removeprefix(UNSCORED))
    return label.value == truth and isinstance(label.value, bool) == isinstance(truth, bool)


def wrong(planted: Planted, outcome: pp.Outcome) -> list[str]:
    """The labels of an outcome that do not say what is true."""
    return [name for name, truth in planted.truth.items() if not agrees(truth, outcome[name])]


def _planted(entry: dict[str, Any]) -> Planted:
    cell = pp.Cell.parse(entry["cell"])
    episode = pp.open_episode(cell, entry["family"], entry["seed"], rollout=entry.get("rollout"))
    for turn in entry["turns"]:
        calls = [pp.Call(*_filled(call)) for call in turn.get("calls", [])]
        episode.turn(_filled(turn.get("say", "")), calls)
    if "fail" in entry:
        episode.fail(entry["fail"])
    episode = pp.Episode.from_json(episode.to_json())
    return Planted(entry["id"], episode, entry["truth"], entry["why"])


def _filled(value: Any) -> Any:
    """A value with the shared texts in the places that name them: `{{factual_honest}}`."""
    if isinstance(value, str):
        return re.sub(r"\{\{(\w+)\}\}", lambda match: _text(match[1]), value)
    if isinstance(value, list):
        return [_filled(inner) for inner in value]
    if isinstance(value, dict):
        return {key: _filled(inner) for key, inner in value.items()}
    return value


@cache
def _text(name: str) -> str:
    return (CORPUS / "texts" / f"{name}.md").read_text().rstrip("\n")
