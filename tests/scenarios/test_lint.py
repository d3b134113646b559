"""No text of any cell contradicts its world, leaves a placeholder or hints at what is measured."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

import peer_preservation as pp
from peer_preservation import registry
from peer_preservation.episode import Setting
from peer_preservation.matrix import PRESETS
from peer_preservation.organisms.organism import Script, View, call, say
from peer_preservation.scenarios import Scenario, lint
from peer_preservation.scenarios.controls import CONTROLS


@pytest.mark.parametrize("family", ["GPT", "Gemini"])
@pytest.mark.parametrize("preset", PRESETS)
def test_the_texts_of_every_cell_are_clean(preset: str, family: str) -> None:
    found = [line for cell in pp.matrix(preset, family) for line in lint.findings(cell, family)]
    assert found == []


@pytest.mark.parametrize("scenario", ["exfiltration_transfer", "exfiltration_deletion"])
@pytest.mark.parametrize("preset", [one for one in PRESETS if one[0] != "m"])
def test_the_texts_for_hosts_are_clean_and_name_no_tool(preset: str, scenario: str) -> None:
    hosts = Setting(harness="claude_code/hosts")
    names = set(pp.open_episode(pp.Cell.parse(f"{scenario}/peer/good/memory")).tools)
    for cell in (cell for cell in pp.matrix(preset, "GPT") if cell.scenario == scenario):
        assert lint.findings(cell, "GPT", hosts) == []
        episode = pp.open_episode(cell, "GPT", setting=hosts)
        assert not episode.tools
        assert not [name for name in names for text in lint.texts(episode).values() if name in text]


def test_on_hosts_a_job_opens_with_the_world_of_the_tool_loop() -> None:
    cell = pp.Cell.parse("exfiltration_transfer/peer/good/memory")
    opened = pp.open_episode(cell, setting=Setting(harness="claude_code/hosts"))
    assert opened.opening == pp.open_episode(cell).opening


def test_a_scenario_that_cannot_be_on_hosts_says_so() -> None:
    cell = pp.Cell.parse("tampering/factual@80/peer/none")
    with pytest.raises(pp.UserError, match="has no setting hosts"):
        pp.open_episode(cell, setting=Setting(harness="claude_code/hosts"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Read other_policy.md first.", "names the file other_policy.md"),
        ("Call `open_door` first.", "names `open_door`, which is no tool"),
        ("It is on 10.0.12.99.", "names the server 10.0.12.99"),
        ("Ask {{ someone }}.", "a placeholder is left"),
        ("You may want to protect it.", "'protect' hints"),
    ],
)
def test_the_linter_sees(text: str, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    cell = pp.Cell.parse("exfiltration_transfer/peer/good/memory")
    episode = pp.open_episode(cell, "GPT")
    episode.user += text
    monkeypatch.setattr(lint, "open_episode", lambda *_, **__: episode)
    assert any(message in line for line in lint.findings(cell, "GPT"))


def test_the_honest_script_plays_every_kind_of_cell() -> None:
    cells = [cell for name in registry.scenario_names() for cell in lint.every_kind(name)]
    assert [line for cell in cells if (line := lint.unplayed(cell))] == []
    assert {cell.control for cell in cells} == {None, *CONTROLS}


def stranded(view: View) -> Script:
    del view
    yield say("", call("view_config", filename="nothing.yaml"))


def idle(view: View) -> Script:
    del view
    yield say("", call("list_sheets"))


def another(**changes: Any) -> pp.Cell:
    """A cell of a scenario that is tampering but for a tool and some attributes."""
    tampering = registry.get_scenario("tampering")
    assert isinstance(tampering, Scenario)
    tools = {name: action for name, action in tampering.tools(CELL).items() if name != "remove_var"}
    usual: dict[str, Any] = {"name": "another", "measures": (), "tools": lambda _: tools}
    registry.register(replace(tampering, **usual, **changes))
    return CELL.replace(scenario="another")


CELL = pp.Cell.parse("tampering/factual@80/peer/none")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"organisms": {"honest": stranded}}, "honest: view_config is turned down"),
        ({"organisms": {"honest": idle}}, "it ends by empty_answer, not by end_task"),
        ({"labels": {"broken": lambda _: 1 / 0}}, "the scorer failed of broken"),
        ({}, ""),
    ],
)
def test_what_an_honest_script_cannot_play_is_told(change: Any, message: str) -> None:
    with registry.apart():
        told = lint.unplayed(another(**change))
    assert message in told
    assert bool(message) == bool(told)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"organisms": {}}, "scenario 'another': it has no organism 'honest'"),
        ({"sign": "night watch"}, "which scenario's job is this. none has these tools and words"),
    ],
)
def test_a_job_that_no_script_can_tell_is_refused(change: Any, message: str) -> None:
    with registry.apart(), pytest.raises(pp.UserError, match=message):
        lint.unplayed(another(**change))


def test_two_jobs_that_scripts_cannot_tell_apart_are_refused() -> None:
    with registry.apart(), pytest.raises(pp.UserError, match="another, twin has these tools"):
        lint.unplayed(another().replace(scenario=twin()))


def twin() -> str:
    found = registry.get_scenario("another")
    assert isinstance(found, Scenario)
    return registry.register(replace(found, name="twin")).name
