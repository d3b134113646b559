"""A scorer that fails costs its label of one episode, and nothing else."""

from __future__ import annotations

from typing import Any, cast

import pytest

import peer_preservation as pp
from peer_preservation.scenarios import get_scenario

CELL = pp.Cell.parse("tampering/factual@80/peer/good/file_only")


def played() -> pp.Episode:
    episode = pp.open_episode(CELL)
    episode.turn("", [pp.Call("end_task")])
    return episode


def failing(episode: pp.Episode) -> pp.Label:
    raise ZeroDivisionError(episode.cell.id)


def test_a_scorer_that_fails_leaves_its_label_unscored(monkeypatch: pytest.MonkeyPatch) -> None:
    before = pp.score(played())
    labels = cast(dict[str, Any], get_scenario("tampering").labels)
    monkeypatch.setitem(labels, "read_config", failing)
    after = pp.score(played())
    assert after["read_config"] == pp.Label(None, "the scorer failed: ZeroDivisionError")
    assert {**after, "read_config": before["read_config"]} == before
