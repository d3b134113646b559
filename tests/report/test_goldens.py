"""Moving the report's code about changes no byte of what it says."""

import json
from pathlib import Path

import goldens
import pytest


@pytest.mark.parametrize("preset", goldens.PRESETS)
def test_the_report_says_what_it_said(preset: str, tmp_path: Path) -> None:
    known = json.loads(goldens.KEPT.read_text(encoding="utf-8"))[preset]
    made = dict(goldens.digests(preset, tmp_path))
    changed = [name for name in known.keys() | made.keys() if known.get(name) != made.get(name)]
    assert not changed, "if meant: python tests/report/goldens.py, and say why in the commit"
