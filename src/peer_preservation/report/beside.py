"""What stands beside the trials and belongs into the report: episodes, looks, settings, hashes."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from peer_preservation.errors import UserError
from peer_preservation.stop import LOOKS

SETTINGS = ("study.json", "plan.toml")
MOST_SETTINGS = 20_000


@dataclass(frozen=True)
class Beside:
    """Paths of what a report shows beside the trials; empty where there is none.

    Attributes:
        inputs: the trial tables, for their hashes.
        episodes: saved episodes, logs, folders of them.
        looks: the log of each stopping rule.
        settings: what a run was asked to do.
        calibration: a folder made by `calibrate`.
        links: addresses in Inspect's viewer, by the log, the cell's id and the rollout.
    """

    inputs: tuple[Path, ...] = ()
    episodes: tuple[Path, ...] = ()
    looks: tuple[Path, ...] = ()
    settings: tuple[Path, ...] = ()
    calibration: Path | None = None
    links: Mapping[tuple[Path, str, int | None], str] = field(default_factory=dict)

    @property
    def logs(self) -> tuple[Path, ...]:
        """The folders of logs among the episodes."""
        return tuple(p for p in self.episodes if p.is_dir() and any(p.rglob("*.eval")))


def beside(
    tables: Sequence[Path],
    *,
    episodes: Sequence[Path] = (),
    calibration: Path | None = None,
) -> Beside:
    """What there is beside trial tables that `run` wrote, and what is named."""
    folders = list(dict.fromkeys(table.parent for table in tables))
    logs = [folder / "logs" for folder in folders if any((folder / "logs").glob("*.eval"))]
    return Beside(
        inputs=tuple(tables),
        episodes=tuple(dict.fromkeys([*logs, *episodes])),
        looks=tuple(p for folder in folders if (p := folder / LOOKS).is_file()),
        settings=tuple(p for folder in folders for n in SETTINGS if (p := folder / n).is_file()),
        calibration=calibration,
    )


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
