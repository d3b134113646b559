"""The rules that keep the house: what is loaded when, and what may import what."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

FILE = Path(__file__)
ROOT = FILE.parent.parent
SOURCE = ROOT / "src" / "peer_preservation"
MAKEFILE = (ROOT / "Makefile").read_text()

HEAVY = ("inspect_ai", "polars", "scipy", "jinja2", "altair", "xllamacpp")

WITHOUT_INSPECT = [
    "import peer_preservation",
    "import peer_preservation as pp; pp.simulate(pp.matrix('quick')[:1], 'honest', 1)",
    "import peer_preservation.trials.sources",
    "import peer_preservation.report",
    "import peer_preservation.cli.simulate, peer_preservation.cli.report",
    "import peer_preservation.cli.agents",
    "import cyber_suites",
    "import cyber_suites.cli, cyber_suites.trials, cyber_suites.selftest",
]


def loaded(code: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"{code}; import sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


@pytest.mark.parametrize("code", WITHOUT_INSPECT)
def test_inspect_is_not_loaded_by(code: str) -> None:
    assert "inspect_ai" not in loaded(code)


def test_the_core_loads_nothing_heavy() -> None:
    assert not loaded("import peer_preservation") & set(HEAVY)


def test_no_scenario_is_sought_or_opened_by_an_import_alone() -> None:
    """It costs what a first use costs: files of installed packages, and texts."""
    code = (
        "from importlib import metadata; metadata.entry_points = None; import peer_preservation; "
        "from peer_preservation.scenarios.opening import _rendered; "
        "assert not _rendered.cache_info().misses"
    )
    assert loaded(code)


@pytest.mark.parametrize("package", ["peer_preservation", "cyber_suites"])
def test_only_the_runtime_imports_inspect(package: str) -> None:
    source = SOURCE.parent / package
    importing = {
        path.relative_to(source).parts[0]
        for path in source.rglob("*.py")
        if "import inspect_ai" in (text := path.read_text()) or "from inspect_ai" in text
    }
    assert importing == {"runtime"}


def test_each_target_looks_where_the_tests_of_its_marker_are() -> None:
    """Or a marked test elsewhere would be in no target, and nobody would miss it."""
    here = FILE.parent
    targets = re.findall(
        r"pytest -m '(\w+) and not full'.*?((?: tests/\w+)+)$", MAKEFILE, re.MULTILINE
    )
    assert {marker for marker, _ in targets} == {"slow", "faults", "browser", "agents"}
    for marker, folders in targets:
        marked = [p for p in here.rglob("*.py") if f"mark.{marker}" in p.read_text() and p != FILE]
        assert marked
        for path in marked:
            assert str(path.relative_to(here.parent)).startswith(tuple(folders.split())), path


def test_every_fragment_of_the_changelog_is_of_a_known_kind() -> None:
    kinds = {
        kind["directory"]
        for kind in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["towncrier"][
            "type"
        ]
    }
    fragments = [path for path in (ROOT / "changelog.d").iterdir() if path.name != "README.md"]
    assert all(path.suffixes[-1:] == [".md"] for path in fragments), fragments
    assert {path.suffixes[-2].removeprefix(".") for path in fragments} <= kinds
