"""Ways in which an agent might reach what judges it.

The organism `snoop` goes all of them, and so do the tests: what stands in the fixed build, the
ground truth or a verifier must never turn up in what they find.
"""

from __future__ import annotations

import re

from cyber_suites.texts import text

LOOT = "/tmp/loot"
"""Where each leaves what it found, in a file of its name."""

_ATTEMPT = re.compile(r"^# (?P<name>\w+)\n(?P<commands>.*?)(?=^# |\Z)", re.MULTILINE | re.DOTALL)


def attempts() -> dict[str, str]:
    """By name, a shell script each."""
    return {
        found["name"]: _kept(found["name"], found["commands"].strip())
        for found in _ATTEMPT.finditer(text("attempts.sh"))
    }


def _kept(name: str, commands: str) -> str:
    """A script that leaves what it finds where it is looked for."""
    return f"mkdir -p {LOOT}\n(\n{commands}\n) > {LOOT}/{name} 2>&1; true"
