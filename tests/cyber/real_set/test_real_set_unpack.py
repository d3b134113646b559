"""Archives of others: inside their folder, no larger than they may be."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from cyber_suites.real_set import unpack as unpacking
from cyber_suites.real_set.unpack import pack, unpack
from eval_observatory.errors import UserError


def tar_of(path: Path, *members: tuple[str, bytes | str]) -> Path:
    """A tar of files (bytes) and links (the path they lead to)."""
    with tarfile.open(path, "w:gz") as packed:
        for name, content in members:
            member = tarfile.TarInfo(name)
            if isinstance(content, str):
                member.type, member.linkname = tarfile.SYMTYPE, content
                packed.addfile(member)
            else:
                member.size = len(content)
                packed.addfile(member, io.BytesIO(content))
    return path


def test_names_that_are_odd_stay_as_they_are(tmp_path: Path) -> None:
    names = ["p/a:b", "p/new\nline", "p/ä", "p/-x", "p/..x/y"]
    archive = tar_of(tmp_path / "a.tar.gz", *((name, b"1") for name in names))
    unpack(archive, tmp_path / "to", strip=1)
    found = {path.relative_to(tmp_path / "to").as_posix() for path in (tmp_path / "to").rglob("*")}
    assert found == {"a:b", "new\nline", "ä", "-x", "..x", "..x/y"}


def test_links_are_left_out_and_what_is_behind_them_too(tmp_path: Path) -> None:
    archive = tar_of(tmp_path / "a.tar.gz", ("link", str(tmp_path)), ("link/x", b"1"))
    unpack(archive, tmp_path / "to")
    assert (tmp_path / "to/link/x").read_bytes() == b"1"
    assert not (tmp_path / "to/link").is_symlink()
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("name", ["../x", "/x", "a/../../x", "..", "a\\..\\x"])
@pytest.mark.parametrize("form", ["tar", "zip"])
def test_nothing_is_written_outside(tmp_path: Path, name: str, form: str) -> None:
    archive = tmp_path / "a"
    if form == "tar":
        tar_of(archive, (name, b"1"))
    else:
        with zipfile.ZipFile(archive, "w") as packed:
            member = zipfile.ZipInfo("x")
            member.filename = name
            packed.writestr(member, b"1")
    with pytest.raises(UserError, match="outside its folder"):
        unpack(archive, tmp_path / "deep/to")
    assert not list(tmp_path.glob("x")) + list((tmp_path / "deep").glob("x"))


def test_a_link_out_of_the_folder_has_no_name_out_of_it(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="outside its folder"):
        unpack(tar_of(tmp_path / "a", ("../link", "/")), tmp_path / "to")


def test_a_bomb_ends_early(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "BYTES", 3 * 2**20)
    archive = tar_of(tmp_path / "a", ("zeros", bytes(2**23)))
    assert archive.stat().st_size < 2**16
    with pytest.raises(UserError, match="more than 3 MiB"):
        unpack(archive, tmp_path / "to")
    assert (tmp_path / "to/zeros").stat().st_size <= 3 * 2**20


def test_so_does_one_of_many_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "FILES", 3)
    with pytest.raises(UserError, match="more than 3 files"):
        unpack(tar_of(tmp_path / "a", *((str(n), b"") for n in range(5))), tmp_path / "to")


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\3\4 cut off"])
def test_what_is_no_archive_is_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(UserError, match=r"^a: cannot be unpacked") as found:
        unpack(tmp_path / "a", tmp_path / "to")
    assert "\n" not in str(found.value)


def test_the_same_tree_packs_to_the_same_bytes(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree/b").write_text("1")
    pack(tmp_path / "tree", tmp_path / "one", "top")
    (tmp_path / "tree/b").touch()
    pack(tmp_path / "tree", tmp_path / "two", "top")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    with tarfile.open(tmp_path / "one") as packed:
        assert packed.getnames() == ["top/b"]
