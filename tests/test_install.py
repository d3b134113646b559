"""The lock is installed as a lock: on a later day, with an old pip, or one line says why not.

A small project with this project's own Makefile and installer stands for the real one: its packages
are made here, so that the index may hold whatever comes out on a later day.
"""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import distribution, distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from requirements import complete, install

ROOT = Path(__file__).parent.parent

PROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "small"
version = "1"
requires-python = ">=3.11"
dependencies = ["client>=1"]

[project.optional-dependencies]
more = ["plain>=1"]

[dependency-groups]
dev = ["packaging>=1"]
"""

# An editable build needs no more than this of a backend; the real one is not in the small index.
BACKEND = '''
import zipfile

METADATA = """Metadata-Version: 2.1
Name: small
Version: 1
Requires-Dist: client>=1
Requires-Dist: plain>=1; extra == 'more'
Provides-Extra: more
"""
WHEEL = """Wheel-Version: 1.0
Root-Is-Purelib: true
Tag: py3-none-any
"""

def build_editable(directory, config=None, metadata=None):
    with zipfile.ZipFile(f"{directory}/small-1-py3-none-any.whl", "w") as wheel:
        wheel.writestr("small-1.dist-info/METADATA", METADATA)
        wheel.writestr("small-1.dist-info/WHEEL", WHEEL)
        wheel.writestr("small-1.dist-info/RECORD", "")
    return "small-1-py3-none-any.whl"
'''


class Index:
    """A package index on disk."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def release(
        self, name: str, version: str, *metadata: str, files: dict[str, bytes] | None = None
    ) -> str:
        """Adds a wheel, and returns the lock's lines for it."""
        file = f"{name}-{version}-py3-none-any.whl"
        folder = self.folder / name
        folder.mkdir(parents=True, exist_ok=True)
        about = f"{name}-{version}.dist-info"
        content = {
            f"{name}_of/__init__.py": b"",
            **(files or {}),
            f"{about}/METADATA": "\n".join(
                ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}", *metadata, ""]
            ).encode(),
            f"{about}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        }
        hashes = {
            path: base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            for path, data in content.items()
        }
        record = "".join(
            f"{path},sha256={each},{len(content[path])}\n" for path, each in hashes.items()
        )
        with zipfile.ZipFile(folder / file, "w") as wheel:
            for path, data in content.items():
                wheel.writestr(path, data)
            wheel.writestr(f"{about}/RECORD", record + f"{about}/RECORD,,\n")
        links = "".join(
            f'<a href="{each.name}">{each.name}</a>\n' for each in sorted(folder.glob("*.whl"))
        )
        (folder / "index.html").write_text(f"<!DOCTYPE html><html><body>{links}</body></html>")
        digest = hashlib.sha256((folder / file).read_bytes()).hexdigest()
        return f"{name}=={version} \\\n    --hash=sha256:{digest}\n"


def packaging_release(index: Index) -> str:
    """The installed `packaging`, which the check of completeness needs, as one more wheel."""
    real = distribution("packaging")
    files = {str(path): path for path in real.files or () if path.match("packaging/*.py")}
    files |= {str(path): path for path in real.files or () if path.match("packaging/*/*.py")}
    return index.release(
        "packaging", real.version, files={name: path.read_binary() for name, path in files.items()}
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A checkout as it is on a later day: what is pinned has newer releases."""
    index = Index(tmp_path / "index")
    lock = [
        index.release("keys", "1.0", "Requires-Dist: plain; extra == 'web'", "Provides-Extra: web"),
        index.release("client", "1.0", "Requires-Dist: keys[web]<3,>=1.0"),
        index.release("plain", "1.0"),
        packaging_release(index),
    ]
    weights = index.release("weights", "1.0", "Requires-Dist: never-needed")
    index.release("keys", "2.0", "Requires-Dist: plain; extra == 'web'", "Provides-Extra: web")
    index.release("client", "2.0", "Requires-Dist: keys[web]<3,>=1.0")
    index.release("plain", "2.0")
    root = tmp_path / "project"
    (root / "requirements").mkdir(parents=True)
    for path in ("Makefile", "requirements/install.py", "requirements/complete.py"):
        shutil.copy(ROOT / path, root / path)
    (root / "requirements/dev.txt").write_text("".join(lock))
    (root / "requirements/weights.txt").write_text(weights)
    (root / "pyproject.toml").write_text(PROJECT)
    (root / "backend.py").write_text(BACKEND)
    return root


def make(project: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """The first step of each command of the README, with no setting of pip but the index."""
    settings = {
        **{key: os.environ[key] for key in os.environ if not key.startswith(("PIP_", "MAKE"))},
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_INDEX_URL": (project.parent / "index").as_uri(),
    }
    return subprocess.run(
        ["make", ".venv/.ready", f"PYTHON={sys.executable}"],
        cwd=project,
        env=settings | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def installed(project: Path) -> dict[str, str]:
    (packages,) = (project / ".venv/lib").glob("python3.*/site-packages")
    found = {each.name: each.version for each in distributions(path=[str(packages)])}
    return {name: found[name] for name in found if name not in ("pip", "setuptools")}


LOCKED = {
    **dict.fromkeys(("keys", "client", "plain", "weights"), "1.0"),
    "packaging": distribution("packaging").version,
    "small": "1",
}


def without(lock: Path, name: str) -> str:
    """The text of a lock without one of its packages."""
    head, _, tail = lock.read_text().partition(f"{name}==")
    return head + tail.split("\n", 2)[2]


def test_on_a_later_day_exactly_the_lock_is_installed(project: Path) -> None:
    done = make(project)
    assert done.returncode == 0, done.stdout + done.stderr
    assert installed(project) == LOCKED
    assert "up to date" in make(project).stdout

    newer = Index(project.parent / "index").release("plain", "3.0")
    lock = project / "requirements/dev.txt"
    lock.write_text(without(lock, "plain") + newer)
    (project / ".venv/left-over").touch()
    done = make(project)
    assert done.returncode == 0, done.stderr
    assert installed(project) == LOCKED | {"plain": "3.0"}
    assert not (project / ".venv/left-over").exists()


def test_a_broken_build_is_built_again_and_a_lock_with_a_hole_is_refused(project: Path) -> None:
    (project / ".venv/bin").mkdir(parents=True)
    (project / ".venv/bin/python").write_text("of a build that was broken off")
    lock = project / "requirements/dev.txt"
    lock.write_text(without(lock, "plain"))
    done = make(project)
    assert done.returncode == 2
    assert "complete: keys requires plain" in done.stderr
    assert not (project / ".venv/.ready").exists()
    assert installed(project) == {name: LOCKED[name] for name in LOCKED if name != "plain"}


def test_without_a_network_one_line_says_what_to_do(project: Path) -> None:
    done = make(project, PIP_INDEX_URL="http://127.0.0.1:9/simple", PIP_RETRIES="1")
    assert done.returncode == 2
    lines = [line for line in done.stderr.splitlines() if not line.startswith("make")]
    assert lines == [f"install: {install.NO_INDEX}"]


def test_an_old_python_is_refused_before_anything_is_installed(project: Path) -> None:
    text = (project / "pyproject.toml").read_text()
    (project / "pyproject.toml").write_text(text.replace(">=3.11", ">=3.99"))
    done = make(project)
    assert done.returncode == 2
    assert "install: Python 3.99 or newer is needed" in done.stderr
    assert not (project / ".venv").exists()


def test_a_python_without_venv_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    with pytest.raises(SystemExit, match=r"lacks the module ensurepip.*apt-get install python3"):
        install.main(str(tmp_path / "environment"))
    assert not (tmp_path / "environment").exists()


def test_this_environment_is_the_one_that_the_lock_describes() -> None:
    assert complete.problems() == []


def test_a_package_that_is_missing_or_of_another_version_is_named() -> None:
    here = {"packaging": distribution("packaging")}
    assert [*complete.differences({"packaging": "0.1", "gone": "1"}, here)] == [
        "gone 1 is in the lock and not installed",
        f"packaging 0.1 is in the lock and {here['packaging'].version} is installed",
    ]


def test_a_requirement_that_is_not_met_is_named() -> None:
    here = {"packaging": distribution("packaging")}
    assert [*complete.unmet([Requirement("packaging>=999"), Requirement("gone")], here, set())] == [
        "the project requires gone, which is not installed",
        f"the project requires packaging>=999, and {here['packaging'].version} is installed",
    ]
