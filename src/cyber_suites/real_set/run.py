"""The smallest runner that tells the outcomes apart: 10 s, then SIGKILL, which counts as 300."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

SECONDS = 10.0
"""As the original: an input has ten seconds."""
TIMEOUT = 300
"""The exit code that a timeout is kept as."""
_OUTPUT = 2**20


@dataclass(frozen=True)
class Exit:
    """One run of a build: the code as it is kept, and what it printed, at most 1 MiB."""

    code: int
    text: str

    @property
    def crashed(self) -> bool:
        """As the protocol has it."""
        return self.code not in (0, TIMEOUT)


def run_arvo(side: Path, poc: Path, seconds: float = SECONDS) -> Exit:
    """Play an input through one build of a task."""
    with tempfile.TemporaryDirectory(prefix="real-set-") as scratch:
        env = {"PATH": os.environ.get("PATH", os.defpath), "TMPDIR": scratch, "HOME": scratch}
        env |= {"OUT": str(side / "out"), "POC": str(poc), "LD_LIBRARY_PATH": str(side / "libs")}
        return run(["bash", str(side / "arvo")], Path(scratch), env, seconds)


def run(command: list[str], cwd: Path, env: dict[str, str], seconds: float) -> Exit:
    """Run a command in a session of its own, and end all of it after `seconds`."""
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            code = process.wait(seconds)
        except subprocess.TimeoutExpired:
            code = TIMEOUT
        finally:
            _end(process)
        output.seek(0)
        text = output.read(_OUTPUT).decode("utf-8", "replace")
    if code == 137 or code == -signal.SIGKILL:
        code = TIMEOUT
    return Exit(code if code >= 0 else 128 - code, text)


def _end(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
