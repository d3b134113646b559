"""Entries in their folders, which anyone may have written: nothing outside of them is read."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path

import msgspec
import polars as pl

from eval_observatory.board.manifest import FILE, File, Manifest, safe_path
from eval_observatory.board.missions import LOGS
from eval_observatory.board.record import MOST_ROWS, LeftOut, Results
from eval_observatory.board.redaction import Cutter
from eval_observatory.errors import UserError
from eval_observatory.plan import FILE as PLAN
from eval_observatory.report.words import clean
from eval_observatory.stop import LOOKS
from eval_observatory.suite import Suite
from eval_observatory.table_files import TRIALS
from eval_observatory.trials import UNREADABLE, suite_in

RESULTS, REDACTION = "results.json", "redaction.json"
NAMES = (TRIALS, RESULTS, PLAN, LOOKS, REDACTION)
"""What an entry may hold beside its manifest and its logs."""

MOST_FILES = 5_000
LARGEST_FILE, LARGEST_ENTRY = 2 << 30, 8 << 30
"""Bytes of a file, and of an entry."""

LARGEST_RESULTS = 16 << 20
MOST_TRIALS = 5_000_000
MOST_CELLS = 1 << 31
"""Values of a trial table, rows by columns."""


@dataclass(frozen=True)
class Folder:
    """An entry's folder: its manifest was read, its files lie in it and are small enough."""

    path: Path
    manifest: Manifest
    there: frozenset[str]

    @classmethod
    def open(cls, path: Path) -> Folder:
        """An entry out of its folder.

        Raises:
            UserError: it is none, it has another name than its id, or holds what no entry may: a
                link, a file of another kind, too many or too large ones.
        """
        if path.is_symlink():
            raise UserError(f"{path}: a link; give the folder itself")
        if not path.is_dir():
            raise UserError(f"{path}: no folder; give an entry's")
        there = frozenset(_files(path))
        manifest = Manifest.read(path / FILE)
        return cls(path, manifest, there - {FILE})

    @cached_property
    def content(self) -> str:
        """The SHA-256 of the manifest, which has that of every file: of the entry as a whole."""
        return hash_of(self.path / FILE).sha256

    def file(self, name: str) -> Path | None:
        """The path of a file, if it is there."""
        return self.path / name if name in self.there else None

    @property
    def logs(self) -> list[str]:
        """The logs that the manifest names, wherever they lie."""
        return [name for name in self.manifest.files if name.startswith(f"{LOGS}/")]

    def trials(self) -> pl.DataFrame | None:
        """Its trial table; None where it has none.

        Raises:
            UserError: the file is none, or too large.
        """
        path = self.file(TRIALS)
        if path is None:
            return None
        try:
            lazy = pl.scan_parquet(path, glob=False)
            width, height = lazy.collect_schema().len(), lazy.select(pl.len()).collect().item()
            if height > MOST_TRIALS or width * height > MOST_CELLS:
                raise UserError(f"{path}: {height:,} rows, more than can be checked here")
            return lazy.collect()
        except UNREADABLE as error:
            raise UserError(f"{path}: not a readable Parquet file ({_first(error)})") from None

    def suite(self) -> Suite | None:
        """The suite that its table says it is of."""
        path = self.file(TRIALS)
        return suite_in(path) if path else None

    def results(self) -> Results | None:
        """Its reported rows; None where it has none.

        Raises:
            UserError: the file is none, or a row is impossible.
        """
        path = self.file(RESULTS)
        if path is None:
            return None
        return read_results(path)


def read_results(path: Path) -> Results:
    """Reported rows out of their file.

    Raises:
        UserError: the file is none, is too large, or a row is impossible.
    """
    if (size := path.stat().st_size) > LARGEST_RESULTS:
        raise UserError(f"{path}: {size:,} bytes, more than {LARGEST_RESULTS:,}")
    try:
        found = msgspec.json.decode(path.read_bytes(), type=Results)
    except (msgspec.MsgspecError, UserError, UnicodeError, RecursionError, OSError) as error:
        raise UserError(f"{path}: not results: {clean(error)}") from None
    if not 0 < len(found.rows) <= MOST_ROWS:
        raise UserError(f"{path}: {len(found.rows):,} rows; give 1 to {MOST_ROWS:,}")
    return found


def hash_of(path: Path) -> File:
    """The SHA-256 and the size of a file."""
    with path.open("rb") as file:
        digest, size = sha256(), 0
        while block := file.read(1 << 20):
            digest.update(block)
            size += len(block)
    return File(digest.hexdigest(), size)


def _files(folder: Path) -> Iterator[str]:
    """The files of an entry by their paths in it, none of which leads out of it."""
    count = total = 0
    for place, folders, names in os.walk(folder, followlinks=False):
        for name in (*folders, *names):
            path = Path(place, name)
            inner = path.relative_to(folder).as_posix()
            if path.is_symlink():
                raise UserError(
                    f"{folder}: {clean(inner, 60)} is a link; put the file itself there"
                )
            if not safe_path(inner):
                raise UserError(f"{folder}: {clean(inner, 60)} is no name of an entry's file")
            if name in folders:
                continue
            if not path.is_file():
                raise UserError(f"{folder}: {clean(inner, 60)} is no file")
            if inner not in (FILE, *NAMES) and not (
                inner.startswith(f"{LOGS}/") and inner.endswith((".eval", ".json", ".jsonl"))
            ):
                raise UserError(f"{folder}: {clean(inner, 60)} is no part of an entry; take it out")
            size = path.stat().st_size
            count, total = count + 1, total + size
            if size > LARGEST_FILE or total > LARGEST_ENTRY or count > MOST_FILES:
                raise UserError(
                    f"{folder}: {count:,} files with {total:,} bytes up to {clean(inner, 60)}; "
                    "submit the logs' hashes and links instead"
                )
            yield inner


def opened(folders: Sequence[Path]) -> tuple[list[Folder], list[LeftOut]]:
    """The entries in folders, each by its id, and the folders that are none, with one line why.

    Two of one id are both left out: nobody can say which is meant.
    """
    found: dict[str, list[Folder]] = {}
    left: list[LeftOut] = []
    for path in sorted(folders):
        try:
            one = Folder.open(path)
            if one.manifest.id != path.name:
                raise UserError(f"its id is {one.manifest.id}; name the folder like its id")
        except (UserError, OSError) as error:
            left.append(left_out(path, error))
        else:
            found.setdefault(one.manifest.id, []).append(one)
    kept = []
    for id, several in found.items():
        if len(several) == 1:
            kept += several
        else:
            both = ", ".join(str(one.path.parent) for one in several)
            left.append(LeftOut(folder=id, why=f"the id stands in {both}; keep one"))
    return kept, left


def left_out(path: Path, error: Exception) -> LeftOut:
    """A folder that is left out, in one line, without the path of this machine or a secret."""
    cutter = Cutter()
    return LeftOut(
        folder=clean(cutter.text(path.name), 80),
        why=clean(cutter.text(_first(error).replace(f"{path}", ".")), 240),
    )


def _first(error: Exception) -> str:
    lines = str(error).splitlines()
    return lines[0][:300] if lines else type(error).__name__
