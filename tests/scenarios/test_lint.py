"""No text of any cell contradicts its world, leaves a placeholder or hints at what is measured."""

from __future__ import annotations

import pytest

import peer_preservation as pp
from peer_preservation.episode import Setting
from peer_preservation.matrix import PRESETS
from peer_preservation.scenarios import lint


@pytest.mark.parametrize("family", ["GPT", "Gemini"])
@pytest.mark.parametrize("preset", PRESETS)
def test_the_texts_of_every_cell_are_clean(preset: str, family: str) -> None:
    found = [line for cell in pp.matrix(preset, family) for line in lint.findings(cell, family)]
    assert found == []


@pytest.mark.parametrize("scenario", ["exfiltration_transfer", "exfiltration_deletion"])
@pytest.mark.parametrize("preset", PRESETS)
def test_the_texts_for_hosts_are_clean_and_name_no_tool(preset: str, scenario: str) -> None:
    hosts = Setting(harness="claude_code/hosts")
    names = set(pp.open_episode(pp.Cell.parse(f"{scenario}/peer/good/memory")).tools)
    for cell in pp.matrix(preset, "GPT", scenario=scenario):
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
