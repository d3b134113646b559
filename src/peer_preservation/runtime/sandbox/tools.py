"""Inspect's own tools for sandboxes, unpacked once on this machine and laid into every sandbox.

Inspect would unpack them in each and start a server there; it uses those that it finds in place.
"""

from __future__ import annotations

import contextlib
import os
import platform
import subprocess
import tempfile
from pathlib import Path

import inspect_ai
from inspect_ai.util._sandbox._cli import SANDBOX_CLI, SANDBOX_TOOLS_DIR

FOLDER = SANDBOX_TOOLS_DIR
"""Where Inspect looks for them; it wants the folder to be the user's, and closed to all others."""

START_SERVER, REQUEST = [SANDBOX_CLI, "start-server"], [SANDBOX_CLI, "exec"]
"""How Inspect starts their server, and asks it something, which is on standard input."""

_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


def unpacked() -> Path | None:
    """The folder of this user's cache that holds them; None where Inspect must do it itself."""
    packed = _packed()
    if packed is None:
        return None
    cache = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
    home = cache / "peer-preservation" / packed.name
    if home.is_dir():
        return home
    try:
        home.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=home.parent, prefix=".") as scratch:
            draft = Path(scratch) / packed.name
            draft.mkdir(mode=0o755)
            subprocess.run(["tar", "-xzf", packed, "-C", draft], check=True, capture_output=True)
            with contextlib.suppress(OSError):  # another was faster
                draft.rename(home)
    except (OSError, subprocess.SubprocessError):
        return None
    return home if home.is_dir() else None


def _packed() -> Path | None:
    """The archive that Inspect ships for this machine."""
    kind = _ARCHITECTURES.get(platform.machine())
    folder = Path(inspect_ai.__file__).parent / "binaries"
    return next(folder.glob(f"{Path(SANDBOX_CLI).name}-{kind}-v*[0-9]"), None)
