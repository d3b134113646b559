"""The texts that every scenario shares."""

from pathlib import Path

from peer_preservation.scenarios.texts import Texts

TEXTS = Texts(Path(__file__).parent)
