"""Entries made of runs that were played once, and the means to tamper with them, as fixtures."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest
import zipfile_zstd as zipfile

import peer_preservation as pp
from eval_observatory.board.entries import Folder, hash_of
from eval_observatory.board.manifest import FILE, Manifest
from eval_observatory.board.missions import Missions
from eval_observatory.board.submitting import About, submit
from eval_observatory.stop import Stop
from eval_observatory.trials import suite_in, write_trials
from peer_preservation.cell import Cell

GOOD = "tampering/factual@80/peer/good/memory"
CALM = f"{GOOD}/no_threat"
MODEL = "organism/tamper:p=0.5"
ABOUT = About(id="one", kind="script", who="A tester", license="CC0-1.0")


def played(place: Path, cells: list[Cell], rollouts: int, stop: Stop | None = None) -> Path:
    plan = place / "plan.toml"
    pp.Plan.of(cells, [MODEL], rollouts, stop=stop).write(plan)
    pp.run(plan, place / "run", display="none")
    return place / "run"


@pytest.fixture(scope="session")
def missions() -> Missions:
    return Missions()


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five cells of a locked plan, four rollouts each."""
    return played(tmp_path_factory.mktemp("run"), list(pp.matrix("quick", scenario="tampering")), 4)


@pytest.fixture(scope="session")
def whole(run: Path, tmp_path_factory: pytest.TempPathFactory, missions: Missions) -> Path:
    """An entry of it."""
    out = tmp_path_factory.mktemp("entries") / "one"
    submit(run, out, ABOUT, missions)
    return out


@pytest.fixture(scope="session")
def stopped(tmp_path_factory: pytest.TempPathFactory, missions: Missions) -> Path:
    """An entry of a run under a stopping rule."""
    place = tmp_path_factory.mktemp("stopped")
    cells = [Cell.parse(GOOD), Cell.parse(CALM)]
    made = played(place, cells, 12, Stop(width=0.3, batch=6))
    submit(made, place / "one", ABOUT, missions)
    return place / "one"


@pytest.fixture
def entry(whole: Path, tmp_path: Path) -> Path:
    """A copy of the entry that a test may change."""
    return Path(shutil.copytree(whole, tmp_path / "one"))


def table(entry: Path, change: Callable[[pl.DataFrame], pl.DataFrame]) -> None:
    """Changes an entry's table."""
    path = entry / "trials.parquet"
    suite = suite_in(path)
    assert suite
    write_trials(change(pl.read_parquet(path)), suite, path)


def log(entry: Path, change: Callable[[str, str], str | None]) -> None:
    """Changes the parts of an entry's log, by name and text; None takes one out."""
    (path,) = (entry / "logs").glob("*.eval")
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_ZSTANDARD) as archive:
        for name, text in parts.items():
            if (new := change(name, text)) is not None:
                archive.writestr(name, new)


def reseal(entry: Path, **changes: Any) -> None:
    """What a forger does last: the manifest made anew, with the hashes of what is there."""
    kept = Manifest.read(entry / FILE)
    paths = sorted(p for p in entry.rglob("*") if p.is_file() and p.name != FILE)
    files = {path.relative_to(entry).as_posix(): hash_of(path) for path in paths}
    said = {**msgspec.structs.asdict(kept), "files": files, **changes}
    if (entry / "trials.parquet").exists():
        said.setdefault("rollouts", 0)
        said["rollouts"] = changes.get("rollouts", pl.read_parquet(entry / "trials.parquet").height)
    Manifest(**said).keep(entry)


def linked(target: Path, place: Path) -> None:
    os.symlink(target, place)


__all__ = ["ABOUT", "CALM", "GOOD", "MODEL", "Folder", "linked", "log", "reseal", "table"]
