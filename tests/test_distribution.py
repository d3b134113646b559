"""What is published: the same bytes from the same source, the packages and their papers alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from packaging.metadata import Metadata

ROOT = Path(__file__).parent.parent
BESIDE = ("pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", ".gitignore")
UNTRACKED = shutil.ignore_patterns("__pycache__", "*.pyc")


def built(folder: Path) -> tuple[Path, Path]:
    """The sdist and the wheel of a copy of the source, whose files have times of their own."""
    folder.mkdir()
    shutil.copytree(ROOT / "src", folder / "src", ignore=UNTRACKED, copy_function=shutil.copyfile)
    for name in BESIDE:
        shutil.copyfile(ROOT / name, folder / name)
    (folder / "notes.txt").write_text("what lies about in a checkout")
    build = [sys.executable, "-m", "hatchling", "build", "-d", "out"]
    subprocess.run(build, cwd=folder, check=True)
    (sdist,) = (folder / "out").glob("*.tar.gz")
    (wheel,) = (folder / "out").glob("*.whl")
    return sdist, wheel


@pytest.fixture(scope="module")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return built(tmp_path_factory.mktemp("first") / "source")


def source_files() -> set[str]:
    files = (path for path in (ROOT / "src").rglob("*") if path.is_file())
    return {str(path.relative_to(ROOT / "src")) for path in files if path.suffix != ".pyc"}


def test_the_same_source_gives_the_same_bytes(
    distributions: tuple[Path, Path], tmp_path: Path
) -> None:
    before = os.umask(0o077)
    try:
        again = built(tmp_path / "elsewhere")
    finally:
        os.umask(before)
    for one, other in zip(distributions, again, strict=True):
        assert one.name == other.name
        assert one.read_bytes() == other.read_bytes()


def test_the_wheel_holds_the_packages_and_their_papers(distributions: tuple[Path, Path]) -> None:
    with zipfile.ZipFile(distributions[1]) as wheel:
        names = set(wheel.namelist())
    papers = {name.partition("/")[2] for name in names - source_files()}
    assert papers == {"METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE"}
    assert source_files() <= names
    packages = {path.name for path in (ROOT / "src").iterdir() if (path / "__init__.py").exists()}
    assert {f"{package}/py.typed" for package in packages} <= names


def test_the_sdist_holds_the_source_and_its_papers(distributions: tuple[Path, Path]) -> None:
    with tarfile.open(distributions[0]) as sdist:
        names = {name.partition("/")[2] for name in sdist.getnames()}
    assert names == {f"src/{name}" for name in source_files()} | {*BESIDE, "PKG-INFO"}


def test_the_metadata_is_valid(distributions: tuple[Path, Path]) -> None:
    with zipfile.ZipFile(distributions[1]) as wheel:
        (name,) = (name for name in wheel.namelist() if name.endswith("/METADATA"))
        metadata = Metadata.from_email(wheel.read(name), validate=True)
    assert metadata.license_expression == "MIT"
    assert metadata.provides_extra == ["agents", "cluster", "local", "notebook"]
    assert str(metadata.requires_python) == ">=3.11"
