"""What stands beside the trials and belongs into the report: episodes, looks, settings, hashes."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from peer_preservation.errors import UserError

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
        bundles: folders of logs that Inspect's viewer is to show.
    """

    inputs: tuple[Path, ...] = ()
    episodes: tuple[Path, ...] = ()
    looks: tuple[Path, ...] = ()
    settings: tuple[Path, ...] = ()
    calibration: Path | None = None
    bundles: tuple[Path, ...] = ()


def beside(
    tables: Sequence[Path],
    *,
    episodes: Sequence[Path] = (),
    calibration: Path | None = None,
    bundle: bool = False,
) -> Beside:
    """What there is beside trial tables that `run` wrote, and what is named.

    Raises:
        UserError: a bundle is asked for, and there is no folder of logs.
    """
    folders = list(dict.fromkeys(table.parent for table in tables))
    logs = [folder / "logs" for folder in folders if any((folder / "logs").glob("*.eval"))]
    sources = tuple(dict.fromkeys([*logs, *episodes]))
    bundles = tuple(path for path in sources if path.is_dir() and any(path.rglob("*.eval")))
    if bundle and not bundles:
        raise UserError(
            "--bundle: there are no logs beside the trial tables; name their folder by --episodes"
        )
    return Beside(
        inputs=tuple(tables),
        episodes=sources,
        looks=tuple(p for folder in folders if (p := folder / "looks.jsonl").is_file()),
        settings=tuple(p for folder in folders for n in SETTINGS if (p := folder / n).is_file()),
        calibration=calibration,
        bundles=bundles if bundle else (),
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
