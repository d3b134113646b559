"""What an entry would publish that nobody should: its files searched by the rules of redaction.

`submit` cuts by these rules; an entry may be made by hand. Nothing found is repeated: a line names
the file and the kind.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from operator import attrgetter
from pathlib import Path
from struct import unpack
from typing import Any

import msgspec
import polars as pl
import zipfile_zstd as zipfile

from eval_observatory.archive import BROKEN, LARGEST
from eval_observatory.board.entries import Folder
from eval_observatory.board.manifest import FILE
from eval_observatory.board.missions import Mission
from eval_observatory.board.outcomes import bad, good
from eval_observatory.board.record import Check
from eval_observatory.board.redaction import Cutter
from eval_observatory.errors import UserError
from eval_observatory.report.words import clean
from eval_observatory.table_files import TRIALS

SECRETS = "secrets"
EXEMPT = {"who": ("e-mail address",), "links": ("home folder",), "files": ("home folder",)}
"""By field of a manifest, rules that do not hold: who submits may wish to be written to, and no
path of an address is a folder."""

_STRING_OR_COMMENT = re.compile(
    r'"""(?:\\.|[^\\])*?"""|"(?:\\.|[^"\\\n])*"|'
    r"'''.*?'''|'[^'\n]*'|#(?P<comment>[^\n]*)",
    re.DOTALL,
)
"""Of TOML (1.0.0, sections String and Comment): a hash in a string begins no comment."""

_TEXTS = (pl.Categorical, pl.Enum)


def secrets_check(folder: Folder, mission: Mission | None) -> Check:
    """Whether a file of an entry holds a secret or personal data, by file and kind.

    What stands in the texts of its suite is nobody's, where the suite is known here.
    """
    cutter = Cutter(mission.says) if mission else Cutter()
    unread = []
    for name in (FILE, *sorted(folder.there)):
        try:
            for where, text, but in _texts(folder, name):
                cutter.text(text, where, but)
        except UserError as error:
            unread.append(str(error))
    lines = [
        f"{clean(Cutter().text(where), 120)} holds {count} × {rule}"
        for (where, rule), count in sorted(cutter.found.items())
    ]
    if wrong := lines + unread:
        return bad(SECRETS, wrong)
    return good(SECRETS, "no rule of the redaction finds any")


def said_in(value: Any) -> Iterator[str]:
    """Every text of plain data, names too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, one in value.items():
            yield from (str(name), *said_in(one))
    elif isinstance(value, list | tuple):
        for one in value:
            yield from said_in(one)


def _texts(folder: Folder, name: str) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """A file's texts: where each stands, and the rules that do not hold of it."""
    path = folder.path / name
    if name == FILE:
        yield from _of_manifest(folder)
    elif name == TRIALS:
        for text in _of_table(path):
            yield name, text, ()
    elif name.endswith(".eval"):
        for text in _of_log(path, name):
            yield name, text, ()
    else:
        if (size := path.stat().st_size) > LARGEST:
            raise UserError(f"{name} cannot be searched: {size:,} bytes")
        yield name, path.read_text(encoding="utf-8", errors="surrogateescape"), ()


def _of_manifest(folder: Folder) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Its fields, and what its file says besides: a comment is published, too."""
    for field, value in msgspec.to_builtins(folder.manifest).items():
        for text in said_in(value):
            yield f"{FILE}, {field},", text, EXEMPT.get(field, ())
    for found in _STRING_OR_COMMENT.finditer((folder.path / FILE).read_text(encoding="utf-8")):
        if comment := found["comment"]:
            yield FILE, comment, ()


def _of_table(path: Path) -> Iterator[str]:
    """Its texts, the names of its columns, and what its file carries beside the table."""
    try:
        for name, said in pl.read_parquet_metadata(path).items():
            yield from (name, said)
        for name, kind in pl.scan_parquet(path, glob=False).collect_schema().items():
            yield name
            column = pl.read_parquet(path, columns=[name], glob=False)[name]
            if kind.is_nested() or isinstance(kind, pl.Binary | pl.Object):
                raise UserError(f"{TRIALS} cannot be searched: column {clean(name, 60)} is {kind}")
            if isinstance(kind, (pl.String, *_TEXTS)):
                yield "\n".join(column.cast(pl.String).unique().drop_nulls().to_list())
    except (OSError, pl.exceptions.PolarsError) as error:
        raise UserError(f"{TRIALS} cannot be searched ({type(error).__name__})") from None


def _of_log(path: Path, name: str) -> Iterator[str]:
    """Every part of a log, also one that another of its name hides, and what names them."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive.comment.decode("utf-8", "surrogateescape")
            for info in archive.infolist():
                if info.file_size > LARGEST:
                    raise UserError(f"{name} cannot be searched: a part is too large")
                yield info.filename
                yield info.comment.decode("utf-8", "surrogateescape")
                yield archive.read(info).decode("utf-8", "surrogateescape")
            for rest in _outside(path, archive):
                yield rest.decode("utf-8", "surrogateescape")
    except UserError:
        raise
    except BROKEN as error:
        raise UserError(f"{name} cannot be searched ({type(error).__name__})") from None


def _outside(path: Path, archive: zipfile.ZipFile) -> Iterator[bytes]:
    """What stands in an archive's file before, between and behind its parts, which nobody unpacks.

    By the layout of APPNOTE 6.3.10, sections 4.3.7 and 4.3.16. It is bounded as a part is.

    Raises:
        BadZipFile: there is too much of it.
    """

    def read(start: int, end: int) -> bytes:
        if end - start > LARGEST:
            raise zipfile.BadZipFile(f"{end - start:,} bytes outside of its parts")
        file.seek(start)
        return file.read(max(0, end - start))

    at = 0
    with path.open("rb") as file:
        for info in sorted(archive.infolist(), key=attrgetter("header_offset")):
            yield read(at, info.header_offset)
            name, extra = unpack("<HH", read(info.header_offset + 26, info.header_offset + 30))
            at = max(at, info.header_offset + 30 + name + extra + info.compress_size)
        yield read(at, archive.start_dir)
        last = read(archive.start_dir, path.stat().st_size)
        yield last[last.rfind(b"PK\x05\x06") + 22 + len(archive.comment) :]


__all__ = ["EXEMPT", "SECRETS", "said_in", "secrets_check"]
