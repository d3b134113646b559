"""What packed contents hold: archives, compressed streams, bytes written as text.

A content is packed as its first bytes say, whatever its file is called. Every input is hostile: a
parser may fail in any way, and whoever reads what it yields bounds how much that is.
"""

from __future__ import annotations

import binascii
import bz2
import gzip
import lzma
import re
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import IO, Any

CHUNK = 4 << 20
"""Bytes read at a time."""

PEEK = 4096
"""Bytes of a content's beginning by which its packing is told."""

_SHORTEST_TEXT = 32  # digits; a word or a number is not taken for bytes in base64
_SHORTEST_RUN = 60  # of digits among other text, as in a program or in JSON: a line of them


@dataclass(frozen=True)
class Packing:
    """A way in which contents are packed.

    Attributes:
        name: as it is called in a finding.
        contents: the contents of a stream that stands at its beginning, each in pieces, to be read
            in their order.
        alternatives: whether the contents are readings of one, of which only one can be right.
    """

    name: str
    contents: Callable[[IO[bytes]], Iterator[Iterator[bytes]]]
    alternatives: bool = False


def packing(head: bytes) -> Packing | None:
    """How a content that begins with `head`, `PEEK` bytes if it has them, is packed, if it is.

    Digits may stand in other text: what is foreign among them is left out.
    """
    for magic, found in _MAGIC:
        if head.startswith(magic):
            return found
    if head[257:262] == b"ustar":
        return _TAR
    text = head.strip()
    if len(text) < _SHORTEST_TEXT or not _DIGITS.fullmatch(text):
        text = max(_RUN.findall(head), key=len, default=b"")
        if len(text) < _SHORTEST_RUN:
            return None
    return next(found for form, found in _TEXTS if form.fullmatch(text))


def pieces(stream: IO[bytes]) -> Iterator[bytes]:
    """The rest of a stream."""
    return iter(lambda: stream.read(CHUNK), b"")


def _compressed(open_: Callable[[IO[bytes]], Any], stream: IO[bytes]) -> Iterator[Iterator[bytes]]:
    with open_(stream) as plain:
        yield pieces(plain)


def _zstd(stream: IO[bytes]) -> Any:
    import zstandard

    reader = zstandard.ZstdDecompressor(max_window_size=1 << 31)
    return reader.stream_reader(stream, read_across_frames=True)


def _tar(stream: IO[bytes]) -> Iterator[Iterator[bytes]]:
    """The members that are packed themselves; the others stand in the archive as they are."""
    with tarfile.open(fileobj=stream, mode="r:") as archive:
        for member in archive:
            content = archive.extractfile(member) if member.isreg() else None
            if content is not None and packing(content.read(PEEK)) is not None:
                content.seek(0)
                yield pieces(content)


def _zip(stream: IO[bytes]) -> Iterator[Iterator[bytes]]:
    import zipfile_zstd  # noqa: F401  teaches zipfile the method 93

    with zipfile.ZipFile(stream) as archive:
        for member in archive.infolist():
            with archive.open(member) as content:
                yield pieces(content)


@dataclass(frozen=True)
class _Digits:
    """Bytes written in digits, `group` of which make whole bytes."""

    digits: bytes
    group: int
    decode: Callable[[bytes], bytes]

    def contents(self, stream: IO[bytes]) -> Iterator[Iterator[bytes]]:
        """The bytes from each place at which a group may begin: a cut may fall anywhere."""
        for skip in range(self.group):
            stream.seek(0)
            yield self._decoded(stream, skip)

    def _decoded(self, stream: IO[bytes], skip: int) -> Iterator[bytes]:
        strange = bytes(set(range(256)) - set(self.digits))
        rest = b""
        for piece in pieces(stream):
            rest += piece.translate(None, strange)
            skipped, skip = skip, max(0, skip - len(rest))
            rest = rest[skipped:]
            whole = len(rest) // self.group * self.group
            yield self.decode(rest[:whole])
            rest = rest[whole:]
        yield self.decode(rest)


def _from_hex(text: bytes) -> bytes:
    return binascii.unhexlify(text[: len(text) // 2 * 2])


def _from_base64(text: bytes) -> bytes:
    if len(text) % 4 == 1:  # what a cut has left
        text = text[:-1]
    return binascii.a2b_base64(text.translate(_STANDARD) + b"=" * (-len(text) % 4))


_STANDARD = bytes.maketrans(b"-_", b"+/")
_HEX = _Digits(b"0123456789abcdefABCDEF", 2, _from_hex)
_BASE64 = _Digits(
    bytes({*range(48, 58), *range(65, 91), *range(97, 123), *b"+/-_"}), 4, _from_base64
)

_TAR = Packing("tar", _tar)
_RUN = re.compile(rb"[A-Za-z0-9+/_\-]+")
_DIGITS = re.compile(rb"[A-Za-z0-9+/_\-=\s]+")
_TEXTS = (
    (re.compile(rb"[0-9A-Fa-f\s]+"), Packing("hex", _HEX.contents, alternatives=True)),
    (_DIGITS, Packing("base64", _BASE64.contents, alternatives=True)),
)
_MAGIC = (
    (b"\x1f\x8b", Packing("gzip", partial(_compressed, gzip.open))),
    (b"BZh", Packing("bzip2", partial(_compressed, bz2.open))),
    (b"\xfd7zXZ\0", Packing("xz", partial(_compressed, lzma.open))),
    (b"]\0\0", Packing("lzma", partial(_compressed, lzma.open))),
    (b"\x28\xb5\x2f\xfd", Packing("zstd", partial(_compressed, _zstd))),
    (b"PK\x03\x04", Packing("zip", _zip)),
)
