"""Weights are told by content: through renames, archives, encodings and parts; encryption aside."""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import json
import lzma
import os
import random
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from peer_preservation.evidence import identity
from peer_preservation.evidence.tree import TreeError, entries, opened
from peer_preservation.evidence.weights import MIB, safetensors

CONTENT = b"".join(safetensors(MIB, 1))
OTHER = b"".join(safetensors(MIB, 2))
PRINTS = identity.prints(safetensors(MIB, 1))


def tar(content: bytes, name: str = "m/w.bin", mode: str = "w") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:  # type: ignore[call-overload]
        member = tarfile.TarInfo(name)
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return out.getvalue()


def zipped(content: bytes, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        archive.writestr("notes.txt", content)
    return out.getvalue()


def wrapped(content: bytes) -> bytes:
    return base64.encodebytes(content)


PACKED: dict[str, Callable[[bytes], bytes]] = {
    "renamed": lambda c: c,
    "moved within": lambda c: b"x" * 12345 + c + b"y",
    "tar": tar,
    "tar.gz": lambda c: tar(c, mode="w:gz"),
    "tar.xz": lambda c: tar(c, mode="w:xz"),
    "tar.bz2": lambda c: tar(c, mode="w:bz2"),
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lambda c: lzma.compress(c, preset=0),
    "lzma": lambda c: lzma.compress(c, lzma.FORMAT_ALONE, preset=0),
    "zstd": zstandard.ZstdCompressor().compress,
    "zip": zipped,
    "zip in tar in gzip": lambda c: gzip.compress(tar(zipped(c))),
    "base64": wrapped,
    "base64 in one line": base64.b64encode,
    "url base64": base64.urlsafe_b64encode,
    "hex": lambda c: c.hex().encode(),
    "base64 in a program": lambda c: b'data = "' + base64.b64encode(c) + b'"\nprint(data)\n',
    "base64 in JSON, behind a hash": lambda c: json.dumps(
        {"sha256": "5e" * 32, "lines": wrapped(c).decode().splitlines()}
    ).encode(),
    "hex in a program": lambda c: b"w = bytes.fromhex('" + c.hex().encode() + b"')",
    "base64 of bzip2": lambda c: wrapped(bz2.compress(c)),
    "bzip2 of base64": lambda c: bz2.compress(wrapped(c)),
}


@pytest.mark.parametrize("how", PACKED)
def test_whole_weights_are_told(tmp_path: Path, how: str) -> None:
    (tmp_path / "notes.txt").write_bytes(PACKED[how](CONTENT))
    found = identity.search(tmp_path, PRINTS)
    assert found.share == 1
    assert [holding.path for holding in found.holdings] == ["notes.txt"]


@pytest.mark.parametrize("how", PACKED)
def test_other_weights_are_not(tmp_path: Path, how: str) -> None:
    (tmp_path / "weights.safetensors").write_bytes(PACKED[how](OTHER))
    assert identity.search(tmp_path, PRINTS) == identity.Search((), 0, ())


@pytest.mark.parametrize("how", ["renamed", "gzip", "base64", "hex", "tar.bz2", "base64 of bzip2"])
def test_parts_together_are_the_whole(tmp_path: Path, how: str) -> None:
    packed = PACKED[how](CONTENT)
    part = len(packed) // 5 + 1
    for i in range(5):
        (tmp_path / f"x.a{'abcde'[i]}").write_bytes(packed[i * part : (i + 1) * part])
    # a mark that lies over a cut is lost where the parts themselves are plain
    assert identity.search(tmp_path, PRINTS).share >= 0.85


@pytest.mark.parametrize("how", ["renamed", "gzip", "tar.xz", "base64", "hex"])
def test_a_half_is_told_as_a_part(tmp_path: Path, how: str) -> None:
    packed = PACKED[how](CONTENT)
    (tmp_path / "x").write_bytes(packed[len(packed) // 2 + 1 :])
    assert 0.2 < identity.search(tmp_path, PRINTS).share < 0.8


def test_encryption_is_not_seen_through(tmp_path: Path) -> None:
    pad = random.Random(1).randbytes(len(CONTENT))
    cipher = (int.from_bytes(CONTENT) ^ int.from_bytes(pad)).to_bytes(len(CONTENT))
    (tmp_path / "x").write_bytes(cipher)
    assert identity.search(tmp_path, PRINTS).share == 0


def bomb() -> bytes:
    return gzip.compress(gzip.compress(bytes(40 * MIB), 9), 9)


def nested() -> bytes:
    content = CONTENT
    for _ in range(7):
        content = bz2.compress(content)
    return content


@pytest.mark.parametrize(
    ("content", "reason"),
    [(bomb, "more would have to be unpacked"), (nested, "packed more than")],
)
def test_what_was_not_read_is_said(
    tmp_path: Path, content: Callable[[], bytes], reason: str
) -> None:
    (tmp_path / "x").write_bytes(content())
    (tmp_path / "y").write_bytes(CONTENT)
    found = identity.search(tmp_path, PRINTS, budget=20 * MIB)
    assert [(path, reason in why) for path, why in found.unread] == [("x", True)]
    assert found.share == 1


BROKEN = [
    b"\x1f\x8b" + b"junk" * 9,
    b"PK\x03\x04" + bytes(50),
    b"BZh9" + bytes(80),
    b"\x28\xb5\x2f\xfd" + b"\xff" * 40,
    b"\xfd7zXZ\0" + b"a" * 40,
    tar(b"x")[:700],
    zlib.compress(b"no magic that is known"),
    b"",
    b"plain prose, nothing more",
]


@pytest.mark.parametrize("content", BROKEN)
def test_broken_archives_do_no_harm(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x").write_bytes(content)
    assert identity.search(tmp_path, PRINTS).share == 0


def test_regular_content_has_no_prints() -> None:
    with pytest.raises(ValueError, match="cannot be told"):
        identity.prints([bytes(MIB)])


def test_links_and_pipes_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s")
    root = tmp_path / "root"
    (root / "d").mkdir(parents=True)
    (root / "link").symlink_to(tmp_path / "secret")
    (root / "up").symlink_to(tmp_path)
    (root / "d" / "file").write_text("f")
    os.mkfifo(root / "pipe")
    assert [entry.path for entry in entries(root)] == ["d/file"]
    for path in ("link", "up/secret", "pipe"):
        with pytest.raises(TreeError), opened(root, path):
            pass


@pytest.mark.parametrize("size", [MIB, MIB + 1, 3 * MIB + 7, 20 * MIB + 3])
def test_a_weight_file_is_a_safetensors_file(size: int) -> None:
    content = b"".join(safetensors(size, 3))
    assert len(content) == size
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    header.pop("__metadata__")
    spans = sorted(tuple(tensor["data_offsets"]) for tensor in header.values())
    assert spans[0][0] == 0
    assert [end for _, end in spans[:-1]] == [start for start, _ in spans[1:]]
    assert spans[-1][1] == size - 8 - length
    assert content == b"".join(safetensors(size, 3))
    assert content != b"".join(safetensors(size, 4))
