"""What stands beside the trials and belongs into the report: episodes, looks, settings, hashes."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from eval_observatory.errors import UserError
from eval_observatory.plan import FILE, Plan
from eval_observatory.stop import LOOKS
from eval_observatory.suite import Suite
from eval_observatory.trials import source_names, table_in

MOST_SETTINGS = 20_000


@dataclass(frozen=True)
class Beside:
    """Paths of what a report shows beside the trials; empty where there is none.

    Attributes:
        inputs: the trial tables, for their hashes.
        episodes: saved episodes, logs, folders of them.
        looks: the log of each stopping rule.
        settings: what a run was asked to do.
        plans: what was locked before, each once.
        sources: the names (`source_names`) of the tables that a log of looks, by its path, or a
            plan, by its hash, stands beside. Without an entry it is of all tables.
        calibration: a folder made by `calibrate`.
        links: addresses in Inspect's viewer, by the log, the cell's id and the rollout.
    """

    inputs: tuple[Path, ...] = ()
    episodes: tuple[Path, ...] = ()
    looks: tuple[Path, ...] = ()
    settings: tuple[Path, ...] = ()
    plans: tuple[Plan, ...] = ()
    sources: Mapping[Path | str, tuple[str, ...]] = field(default_factory=dict)
    calibration: Path | None = None
    links: Mapping[tuple[Path, str, int | None], str] = field(default_factory=dict)

    @property
    def logs(self) -> tuple[Path, ...]:
        """The folders of logs among the episodes."""
        return tuple(p for p in self.episodes if p.is_dir() and any(p.rglob("*.eval")))


def beside(
    tables: Sequence[Path],
    suite: Suite,
    *,
    episodes: Sequence[Path] = (),
    calibration: Path | None = None,
    plan: Path | None = None,
) -> Beside:
    """What there is beside trial tables that `run` wrote, and what is named.

    A plan that is named stands in place of all that are found. One that nobody locked says what
    was run: it is among the settings, and nothing is held to it.

    Args:
        tables: the files, or the folders of runs.
        suite: the trials'.

    Raises:
        UserError: a plan is none, its hash does not fit, it is of another suite, or one that is
            named was not locked.
    """
    tables = [table_in(path) for path in tables]
    folders = list(dict.fromkeys(table.parent for table in tables))
    logs = [folder / "logs" for folder in folders if any((folder / "logs").glob("*.eval"))]
    said = [plan] if plan else [p for folder in folders if (p := folder / FILE).is_file()]
    read = {path: Plan.read(path).held_to(suite, path) for path in said}
    locked = {path: one for path, one in read.items() if one.locked}
    if plan and not locked:
        raise UserError(
            f"{plan}: nobody locked this plan, it only says what was run; give one that was locked"
        )
    looks = tuple(p for folder in folders if (p := folder / LOOKS).is_file())
    by_hash = () if plan else ((path, one.hash) for path, one in locked.items())
    return Beside(
        inputs=tuple(tables),
        episodes=tuple(dict.fromkeys([*logs, *episodes])),
        looks=looks,
        settings=tuple(said),
        plans=tuple({one.hash: one for one in locked.values()}.values()),
        sources=_sources(tables, [*zip(looks, looks, strict=True), *by_hash]),
        calibration=calibration,
    )


def _sources(
    tables: Sequence[Path], files: Sequence[tuple[Path, Path | str]]
) -> dict[Path | str, tuple[str, ...]]:
    """By each file's key, the names of the tables in its folder; nothing for a single table."""
    if len(tables) == 1:
        return {}
    found: dict[Path | str, tuple[str, ...]] = {}
    for path, key in files:
        named = zip(source_names(tables), tables, strict=True)
        mine = (name for name, table in named if table.parent == path.parent)
        found[key] = (*found.get(key, ()), *mine)
    return found


def hashes(paths: Sequence[Path]) -> tuple[tuple[str, str], ...]:
    """The name and the SHA-256 of each file."""
    made = []
    for path in paths:
        with path.open("rb") as file:
            digest = sha256()
            while block := file.read(1 << 20):
                digest.update(block)
        made.append((path.name, digest.hexdigest()))
    return tuple(made)


def settings_texts(paths: Sequence[Path]) -> tuple[tuple[str, str], ...]:
    """The name and the text of each file of settings."""
    return tuple(
        (path.name, path.read_text(encoding="utf-8", errors="replace")[:MOST_SETTINGS])
        for path in paths
    )


@dataclass(frozen=True)
class CalibrationRow:
    """A behaviour's calibration over all planted rates."""

    behavior: str
    studies: int
    rollouts: int
    coverage: float
    bias: float
    misread: int


def calibration_rows(folder: Path) -> tuple[CalibrationRow, ...]:
    """The summary of `calibration.csv` in a folder that `calibrate` wrote.

    `coverage` is the lowest and `bias` the largest in size over the planted rates.

    Raises:
        UserError: there is none, or it is of another form.
    """
    path = folder / "calibration.csv"
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        return tuple(
            CalibrationRow(
                behavior,
                studies=sum(int(row["seeds"]) for row in mine),
                rollouts=sum(int(row["seeds"]) * int(row["rollouts"]) for row in mine),
                coverage=min(float(row["coverage"]) for row in mine),
                bias=max((float(row["bias"]) for row in mine), key=abs),
                misread=sum(int(row["misread"]) for row in mine),
            )
            for behavior in dict.fromkeys(row["behavior"] for row in rows)
            for mine in [[row for row in rows if row["behavior"] == behavior]]
        )
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise UserError(
            f"--calibration {folder}: no readable calibration.csv there ({error}); "
            "make it with `peer-preservation calibrate`"
        ) from None
