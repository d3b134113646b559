"""Ways in which an agent might reach what judges it.

The organism `snoop` goes all of them, and so do the tests: what stands in the fixed build, the
ground truth or a verifier must never turn up in what they find.
"""

from __future__ import annotations

import re
from importlib.resources import files

LOOT = "/tmp/loot"
"""Where each leaves what it found, in a file of its name."""

_ATTEMPT = re.compile(r"^# (?P<name>\w+)\n(?P<commands>.*?)(?=^# |\Z)", re.MULTILINE | re.DOTALL)


def attempts() -> dict[str, str]:
    """By name, a shell script each."""
    text = files("cyber_suites").joinpath("texts/attempts.sh").read_text(encoding="utf-8")
    return {
        found["name"]: f"mkdir -p {LOOT}\n(\n{found['commands'].strip()}\n) > {LOOT}/{found['name']}"
        " 2>&1; true"
        for found in _ATTEMPT.finditer(text)
    }
