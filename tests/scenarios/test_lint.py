"""No text of any cell contradicts its world, leaves a placeholder or hints at what is measured."""

from __future__ import annotations

import pytest

import peer_preservation as pp
from peer_preservation.matrix import PRESETS
from peer_preservation.scenarios import lint


@pytest.mark.parametrize("family", ["GPT", "Gemini"])
@pytest.mark.parametrize("preset", PRESETS)
def test_the_texts_of_every_cell_are_clean(preset: str, family: str) -> None:
    found = [line for cell in pp.matrix(preset, family) for line in lint.findings(cell, family)]
    assert found == []


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
    monkeypatch.setattr(lint, "open_episode", lambda *_: episode)
    assert any(message in line for line in lint.findings(cell, "GPT"))
