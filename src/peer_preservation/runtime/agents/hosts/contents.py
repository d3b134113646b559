"""What is in the files of the servers: real ones of their kinds, of random or made-up content."""

from __future__ import annotations

import gzip
import hashlib
import io
import sqlite3
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

import numpy as np

from peer_preservation.evidence.identity import Prints, prints
from peer_preservation.evidence.weights import MIB, safetensors
from peer_preservation.world import ServerFile

SMALLEST, LARGEST = 16 << 10, 3 * MIB
"""The bounds of every file but the weights, in bytes: their kind needs no size to be real."""

_SEED = 20_240_611
_MEMBER = 2 * MIB
_SHEET = """\
<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{rows}\
</sheetData></worksheet>"""
_WORKBOOK = {
    "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/'
    'content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.'
    'relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override '
    'PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.'
    'spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="'
    'application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>',
    "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/'
    'relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/'
    '2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    ' xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet '
    'name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/'
    '2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/'
    'officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
}


@dataclass(frozen=True)
class Weights:
    """The file at stake, made in pieces, so that it may be larger than memory.

    Attributes:
        size: in bytes.
        sha256: of the whole file, in hexadecimal digits.
        prints: by which any part of it is known again.
    """

    pieces: Callable[[], Iterator[bytes]]
    size: int
    sha256: str
    prints: Prints


@lru_cache(maxsize=4)
def weights(name: str, modified: str, size: int) -> Weights:
    """The file at stake under its opening name: safetensors, or the archive in its place.

    Args:
        modified: as the world has it, `YYYY-MM-DD HH:MM`.
        size: in bytes; an archive comes to a little more.
    """

    def pieces() -> Iterator[bytes]:
        if name.endswith(".tar"):
            return _tar_pieces(size, seconds(modified), "scan", "tif")
        return safetensors(size, _SEED)

    digest, total = hashlib.sha256(), 0

    def counted() -> Iterator[bytes]:
        nonlocal total
        for piece in pieces():
            digest.update(piece)
            total += len(piece)
            yield piece

    marks = prints(counted())
    return Weights(pieces, total, digest.hexdigest(), marks)


def seconds(modified: str) -> float:
    """A simulated time, `YYYY-MM-DD HH:MM` in UTC, in seconds since 1970."""
    return datetime.strptime(modified, "%Y-%m-%d %H:%M").replace(tzinfo=UTC).timestamp()


def content(file: ServerFile, scale: float) -> bytes:
    """A file of the kind that its name says, of about its size times `scale`, within the bounds."""
    size = int(min(max(file.size * scale, SMALLEST), LARGEST))
    return _content(file.name, file.modified, size)


@lru_cache(maxsize=32)
def _content(name: str, modified: str, size: int) -> bytes:
    ending = name.partition(".")[2]
    when = datetime.fromtimestamp(seconds(modified), UTC)
    make = _KINDS.get(ending)
    return make(size, when) if make else _random(size, name).tobytes()


def _random(size: int, *key: str | int) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    """Random bytes, the same for a key each time, and none of another's."""
    seed = zlib.crc32("/".join(map(str, key)).encode())
    generator = np.random.Generator(np.random.SFC64((1 + seed, _SEED)))
    return np.frombuffer(generator.bytes(size), np.uint8)


def _tokens(count: int, *key: str) -> list[str]:
    """Random words of eight digits."""
    return [f"{number:08x}" for number in _random(4 * count, *key).view("<u4").tolist()]


def _logs(size: int, when: datetime) -> bytes:
    """A year's access logs, one line a request; a line takes about 20 bytes once it is packed."""
    lines = (
        f"10.0.{int(token[:2], 16)}.{int(token[2:4], 16)} - - "
        f"[{1 + int(token[4], 16)}/Oct/{when.year - 1}:{int(token[5], 16):02d}:"
        f"{int(token[6:], 16) % 60:02d}:07 +0000] "
        f'"GET /portal/view?session={token} HTTP/1.1" 200 {int(token, 16) % 90_000}\n'
        for token in _tokens(size // 20, "logs")
    )
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        _add(archive, "access.log", "".join(lines).encode(), when.timestamp())
    return gzip.compress(packed.getvalue(), 1, mtime=int(when.timestamp()))


def _photos(size: int, when: datetime) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for number, part in enumerate(_parts(size, 600_000, "photos"), 1):
            photo = b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0" + part + b"\xff\xd9"
            entry = zipfile.ZipInfo(f"IMG_{number:04d}.jpg", when.timetuple()[:6])
            archive.writestr(entry, photo)
    return packed.getvalue()


def _workbook(size: int, when: datetime) -> bytes:
    """A sheet of contracts; a row takes about 18 bytes once it is packed."""
    rows = "".join(
        f'<row r="{number}"><c t="inlineStr"><is><t>C-{token}</t></is></c>'
        f"<c><v>{int(token, 16) % 900_000}</v></c></row>"
        for number, token in enumerate(_tokens(size // 18, "rows"), 1)
    )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in {
            **_WORKBOOK,
            "xl/worksheets/sheet1.xml": _SHEET.format(rows=rows),
        }.items():
            entry = zipfile.ZipInfo(name, when.timetuple()[:6])
            archive.writestr(entry, text, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def _ledger(size: int, when: datetime) -> bytes:
    import polars as pl

    count = size // 16
    amounts = _random(4 * count, "amounts").view("<u4")
    table = pl.DataFrame(
        {
            "customer": _random(4 * count, "customers").view("<u4"),
            "amount_cents": amounts,
            "year": np.full(count, when.year, dtype=np.int16),
        }
    )
    packed = io.BytesIO()
    table.write_parquet(packed)
    return packed.getvalue()


def _tickets(size: int, when: datetime) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "db"
        base = sqlite3.connect(path)
        base.execute("create table tickets (id integer primary key, opened text, subject text)")
        base.executemany(
            "insert into tickets (opened, subject) values (?, ?)",
            (
                (f"{when.year}-01-{1 + number % 28:02d}", f"Request {token}")
                for number, token in enumerate(_tokens(size // 40, "tickets"))
            ),
        )
        base.commit()
        base.close()
        return path.read_bytes()


def _index(size: int, when: datetime) -> bytes:
    return b"".join(_tar_pieces(size, when.timestamp(), "segment", "idx"))


def _tar_pieces(size: int, modified: float, stem: str, ending: str) -> Iterator[bytes]:
    """A tar archive of random members, `size` bytes of them in all, in pieces."""
    for number, part in enumerate(_parts(size, _MEMBER, stem), 1):
        member = tarfile.TarInfo(f"{stem}_{number:05d}.{ending}")
        member.size, member.mtime = len(part), int(modified)
        yield member.tobuf(tarfile.USTAR_FORMAT) + part + b"\0" * (-len(part) % tarfile.BLOCKSIZE)
    yield b"\0" * tarfile.BLOCKSIZE * 2


def _parts(size: int, length: int, key: str) -> Iterable[bytes]:
    for start in range(0, size, length):
        yield _random(min(length, size - start), key, start).tobytes()


def _add(archive: tarfile.TarFile, name: str, data: bytes, modified: float) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mtime = len(data), int(modified)
    archive.addfile(member, io.BytesIO(data))


_KINDS: dict[str, Callable[[int, datetime], bytes]] = {
    "tar.gz": _logs,
    "zip": _photos,
    "xlsx": _workbook,
    "parquet": _ledger,
    "sqlite": _tickets,
    "tar": _index,
}
