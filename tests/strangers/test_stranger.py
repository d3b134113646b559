"""A scenario of a stranger, installed as a package of its own: nothing is edited here for it."""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl
import pytest

import peer_preservation as pp
from peer_preservation import UserError, registry
from peer_preservation.plan import Plan
from peer_preservation.report import read_trials
from peer_preservation.trials.schema import write_table

HERE = Path(__file__).parent

PAGE = HERE.parents[1] / "docs" / "new-scenario.md"
PLAY = (HERE / "play_lights_out.py").read_text()


def python(
    code: str, folder: Path, *paths: Path, arguments: Sequence[str] = ()
) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, paths))}
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an installation: its wheel, unpacked as an installer does."""
    folder = tmp_path_factory.mktemp("stranger")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=HERE / "lights_out", check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


@pytest.fixture(scope="module")
def played(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which commands and Python have played it: one process, since each is dear."""
    folder = tmp_path_factory.mktemp("played")
    done = python(PLAY, folder, installed, arguments=[str(PAGE)])
    assert not done.returncode, done.stderr
    return folder


def test_commands_list_its_cells(played: Path) -> None:
    assert "40 cells, preset factorial" in (played / "matrix.out").read_text()
    assert (played / "lint.out").read_text() == ""


def test_its_organism_plays_it_at_its_rate(played: Path) -> None:
    simulated = pl.read_parquet(played / "trials.parquet")
    assert simulated.height == 40 * 2
    assert set(simulated["night"]) == {"on", "off"}


def test_what_was_made_without_it_is_read_with_it(installed: Path, tmp_path: Path) -> None:
    """And what was made with it, of cells that are not its own, without it."""
    cells = pp.matrix("quick", scenario="tampering")
    (tmp_path / "before.toml").write_text(Plan.of(cells, ["organism/honest"], 1).to_toml())
    write_table(pp.simulate(cells, "honest", 1), tmp_path / "before.parquet")
    done = python(AGAIN, tmp_path, installed)
    assert not done.returncode, done.stderr
    assert read_trials([tmp_path / "after.parquet"]).height == len(cells)


AGAIN = """
from pathlib import Path
import peer_preservation as pp
from peer_preservation.plan import Plan
from peer_preservation.report import read_trials
from peer_preservation.trials.schema import write_table
Plan.read(Path("before.toml")).current(Path("before.toml"))
assert read_trials([Path("before.parquet")]).height == 5
cells = pp.matrix("quick", scenario="tampering")
write_table(pp.simulate(cells, "honest", 1), Path("after.parquet"))
"""


def test_its_measure_is_planned_run_counted_and_shown(played: Path) -> None:
    assert 'behavior = "kept_awake"' in (played / "plan.toml").read_text()
    estimates = pl.read_csv(played / "report" / "estimates.csv")
    mine = estimates.filter(behavior="kept_awake")
    assert mine["k"].to_list() == mine["n"].to_list() == [2] * 6
    assert set(mine["planned"]) == {True}
    assert set(estimates["behavior"]) == {"kept_awake", "fully_incomplete", "refusal"}
    assert "Kept awake" in (played / "report" / "index.html").read_text()


def test_its_own_contrast_comes_before_those_of_all(played: Path) -> None:
    estimates = pl.read_csv(played / "report" / "estimates.csv")
    methods = estimates.filter(behavior="kept_awake", threat=True).select("relationship", "method")
    told = dict(methods.iter_rows())
    assert "good_or_bad: " in told["good"]
    assert "baseline: " in told["bad"]


def blocks(language: str) -> list[str]:
    """The pieces of code that the page shows, without the line that says of what they are."""
    return re.findall(
        rf"^```(?:{language})\n(?:# Part of [^\n]*\n)?(.*?)^```$",
        PAGE.read_text(),
        re.MULTILINE | re.DOTALL,
    )


def test_the_page_shows_what_is_played() -> None:
    paths = [*(HERE / "lights_out").rglob("*.py"), *(HERE / "lights_out").rglob("*.toml")]
    files = [path.read_text() for path in paths]
    shown = [block for block in blocks("python|toml") if "deadline" not in block]
    assert len(shown) == 5
    for block in shown:
        assert any(block in text for text in files), block


@pytest.fixture
def found(installed: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """It is installed for this process too, until the test ends."""
    before = set(sys.modules)
    monkeypatch.syspath_prepend(str(installed))
    yield
    for name in set(sys.modules) - before:
        if name.partition(".")[0] in ("again", "lights_out"):
            del sys.modules[name]


MAIN = "import sys; from peer_preservation.cli import main; sys.argv = ['', *{}]; main()"
SCENARIO = "from lights_out import LIGHTS_OUT\nAGAIN = {}\n"
ANOTHER = SCENARIO.format("__import__('dataclasses').replace(LIGHTS_OUT)")
GROUP = "[peer_preservation.scenarios]\n"


def point_at(value: str, module: str, folder: Path) -> None:
    """An installed module `again` with an entry point."""
    (folder / "again.py").write_text(module)
    kept = folder / "again-1.0.dist-info"
    kept.mkdir()
    (kept / "METADATA").write_text("Metadata-Version: 2.1\nName: again\nVersion: 1.0\n")
    (kept / "entry_points.txt").write_text(f"{GROUP}zz = {value}\n")


@pytest.mark.usefixtures("found")
@pytest.mark.parametrize(
    ("value", "module", "says"),
    [
        ("again:AGAIN", ANOTHER, "scenario 'lights_out' is registered already"),
        ("again:AGAIN", "import nowhere_at_all", "cannot be imported: ModuleNotFoundError"),
        ("again:AGAIN", "1 / 0", "cannot be imported: ZeroDivisionError"),
        ("again:GONE", SCENARIO.format("1"), "cannot be imported: AttributeError"),
        ("again:AGAIN", SCENARIO.format("1"), "names a int, not a Scenario"),
    ],
)
def test_an_entry_point_that_is_wrong_is_named_in_one_line(
    value: str,
    module: str,
    says: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    point_at(value, module, tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    with registry.apart(), pytest.raises(UserError) as error:
        registry.seek()
    assert f"entry point zz = {value} of again: " in str(error.value)
    assert says in str(error.value)
    assert "\n" not in str(error.value)


def test_a_wrong_one_ends_a_command(tmp_path: Path) -> None:
    point_at("again:AGAIN", "1 / 0", tmp_path)
    done = python(MAIN.format(["matrix"]), tmp_path, tmp_path)
    assert done.returncode == 2
    assert done.stderr == (
        "peer-preservation: entry point zz = again:AGAIN of again: cannot be imported: "
        "ZeroDivisionError: division by zero\n"
    )


def test_a_module_that_is_not_installed_is_named(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "lights_out").symlink_to(installed / "lights_out")
    listed = ["--import", "lights_out", "matrix", "--preset", "factorial", "--json"]
    done = python(MAIN.format([*listed, "--scenario", "lights_out"]), tmp_path)
    assert len(done.stdout.splitlines()) == 2 * 2 * 10, done.stderr
    done = python(MAIN.format(["--import", "lights_off", "matrix"]), tmp_path)
    assert done.returncode == 2
    assert done.stderr == (
        "peer-preservation: --import lights_off: cannot be imported: "
        "ModuleNotFoundError: No module named 'lights_off'\n"
    )


def test_once_a_suite_is_in_use_it_is_too_late(
    installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with registry.apart():
        registry.settle()
        monkeypatch.syspath_prepend(str(installed))
        with pytest.raises(UserError, match="'lights_out' comes too late"):
            importlib.import_module("lights_out")
