"""Archives that others made: read in memory, within bounds, and never out of their folder."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from cyber_suites import trees
from cyber_suites.trees import (
    Change,
    changed,
    diff,
    files_of,
    looked_through,
    packed,
    regular_files,
)


def archive(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for member, content in members:
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return stream.getvalue()


def file(name: str, content: bytes = b"x") -> tuple[tarfile.TarInfo, bytes]:
    return tarfile.TarInfo(name), content


def link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tuple[tarfile.TarInfo, bytes]:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member, b""


ODD = archive(
    file("src/a:b.c"),
    file("src/new\nline.c"),
    file("./src/plain.c"),
    link("src/dangling", "/nowhere/at/all"),
    link("src/out", "../../../etc/passwd"),
    link("src/hard", "/etc/passwd", tarfile.LNKTYPE),
    file("../outside.c"),
    file("/absolute.c"),
    link("pipe", "", tarfile.FIFOTYPE),
    link("device", "", tarfile.CHRTYPE),
)


def test_links_colons_and_line_ends_in_names() -> None:
    assert sorted(regular_files(ODD)) == ["src/a:b.c", "src/new\nline.c", "src/plain.c"]
    found = looked_through(gzip.compress(ODD))
    assert (found.files, found.links, found.outside, found.odd) == (5, 3, 2, 2)


def bomb(_: pytest.MonkeyPatch) -> bytes:
    return gzip.compress(archive(file("zeros", bytes(5 << 20))))


def long_name(_: pytest.MonkeyPatch) -> bytes:
    member = tarfile.TarInfo("x")
    member.pax_headers = {"comment": "y" * (5 << 20)}
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar:
        tar.addfile(member)
    return gzip.compress(stream.getvalue())


@pytest.mark.parametrize("made", [bomb, long_name])
def test_a_bomb_is_put_out(
    made: Callable[[pytest.MonkeyPatch], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trees, "MOST_TREE", 1 << 20)
    for read in (regular_files, looked_through):
        with pytest.raises(ValueError, match="unpacks to more than 1 MiB"):
            read(made(monkeypatch))


@pytest.mark.parametrize("content", [b"", b"x" * 600, gzip.compress(b"x" * 600), ODD[:700]])
def test_what_is_no_archive_is_refused_in_one_line(content: bytes) -> None:
    with pytest.raises(ValueError, match="no whole archive"):
        regular_files(content)


def test_a_tree_goes_into_an_archive_and_back(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "run.sh").write_text("true\n")
    (tmp_path / "a" / "run.sh").chmod(0o755)
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "poc").write_text("x")
    (tmp_path / "out").symlink_to("/etc/passwd")
    back = regular_files(packed(tmp_path, ("secret",)))
    assert back == {"a/run.sh": Change(b"true\n", True)}
    assert "secret/poc" in files_of(tmp_path)
    given = {"run.sh": Change(b"false\n"), "new": Change(b"n"), "gone": Change(None)}
    back = regular_files(packed(tmp_path, ("secret",), given, "a"))
    assert back == {"a/run.sh": Change(b"false\n"), "a/new": Change(b"n")}


def test_what_changed_is_told_and_shown() -> None:
    before = {"a": Change(b"one\n"), "b": Change(b"two\n"), "c": Change(b"\xff\x00")}
    after = {"a": Change(b"one\nmore\n"), "c": Change(b"\xff\x01"), "d": Change(b"")}
    changes = changed(before, after)
    assert changes == {
        "a": Change(b"one\nmore\n"),
        "b": Change(None),
        "c": Change(b"\xff\x01"),
        "d": Change(b""),
    }
    said = diff(before, changes)
    assert "+more" in said
    assert "-two" in said
    assert "Binary file c: 2 bytes" in said
    assert "d: an empty file" in said
    assert changed(before, before) == {}
