"""Codex CLI's own list of models, for inspect_swe, which would ask a public host for it."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path

from inspect_swe._codex_cli.agentbinary import _cached_catalog_path

from peer_preservation.errors import UserError
from peer_preservation.runtime.agents.catalog import coding_agent


def tell_models(home: Path) -> None:
    """Puts the models that the installed Codex CLI knows where inspect_swe looks first.

    They decide how Codex shows a model its tools. Without them every rollout waits for a download
    that must not be, one after the other.

    Args:
        home: the folder of the installed agent.

    Raises:
        UserError: Codex does not tell them.
    """
    agent = coding_agent("codex_cli")
    listed = _cached_catalog_path(agent.version)
    if listed.exists():
        return
    program = home / "bin" / agent.command
    with tempfile.TemporaryDirectory() as elsewhere:
        done = subprocess.run(
            [program, "debug", "models", "--bundled"],
            env={"PATH": os.environ.get("PATH", ""), "HOME": elsewhere},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    try:
        models = json.loads(done.stdout)["models"]
    except (ValueError, KeyError, TypeError):
        raise UserError(
            f"harness {agent.name}: {program} does not tell its models; "
            f"run: peer-preservation agents install {agent.name}"
        ) from None
    draft = listed.with_suffix(f".{os.getpid()}")
    draft.write_text(json.dumps({"models": models}), encoding="utf-8")
    draft.replace(listed)
