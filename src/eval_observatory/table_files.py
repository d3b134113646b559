"""Where trial tables lie: files, folders of runs, folders of parts; and what they are called."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from eval_observatory.errors import UserError

TRIALS = "trials.parquet"
"""The table in a run's folder."""


def table_in(path: Path) -> Path:
    """A trial table: of a run's folder the one in it, else the file or the folder of parts itself.

    Raises `UserError` for a folder without one.
    """
    if not path.is_dir() or _parts(path):
        return path
    if not (path / TRIALS).is_file():
        raise UserError(f"{path}: no {TRIALS} in this folder; give a run's folder, or a table")
    return path / TRIALS


def source_names(paths: Sequence[Path]) -> list[str]:
    """A short name for each file: its stem, with as many folders as tell it from the others."""
    parts = [path.resolve().with_suffix("").parts for path in paths]
    for depth in range(1, max(map(len, parts)) + 1):
        names = ["/".join(part[-depth:]) for part in parts]
        if len(set(names)) == len(set(parts)):
            break
    return names


def parts_of(path: Path) -> list[Path]:
    """The files of a trial table: itself, or all in its folder and its parts, such as `model=a/`.

    Raises:
        UserError: there is none.
    """
    if found := _parts(path):
        return found
    if not path.is_file():
        raise UserError(f"{path}: no such file; give a run's folder, or a {TRIALS}")
    return [path]


def _parts(path: Path) -> list[Path]:
    inside = [*path.glob("*.parquet"), *path.glob("*=*/**/*.parquet")]
    return [] if (path / TRIALS) in inside else sorted(inside)
