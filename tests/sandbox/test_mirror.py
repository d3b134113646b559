"""A machine's files brought over by commands, from a machine of any mind."""

from __future__ import annotations

import base64
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from peer_preservation.evidence import tree
from peer_preservation.runtime.sandbox.keeper import SandboxError
from peer_preservation.runtime.sandbox.mirror import Mirror


class Here:
    """Scripts run on this machine, confined to a folder by their words alone.

    Attributes:
        reads: how many files were asked for.
        before_reading: done once, when files are listed and not yet read.
    """

    longest = 64 << 10

    def __init__(self, root: Path) -> None:
        self.root = root
        self.reads: list[int] = []
        self.before_reading: Callable[[], object] | None = None

    def run(self, script: str, *arguments: str, text: bytes = b"") -> str:
        if text:
            self.reads.append(text.count(b"\0") // 3)
            act, self.before_reading = self.before_reading, None
            if act:
                act()
        local = script.replace("find / /dev/shm", f"find {self.root}")
        local = local.replace("-uid 1000", f"-uid {os.getuid()}")
        command = ["/bin/bash", "-c", f"set -eo pipefail; {local}", "bash", *arguments]
        done = subprocess.run(command, input=text, capture_output=True, check=False)
        if done.returncode:
            raise SandboxError(done.stderr.decode())
        assert len(done.stdout) < self.longest
        return done.stdout.decode("ascii")


@pytest.fixture
def there(tmp_path: Path) -> Path:
    folder = tmp_path / "there"
    folder.mkdir()
    (folder / "kept").write_bytes(b"kept")
    (folder / "a" / "b").mkdir(parents=True)
    (folder / "a" / "b" / "c").write_bytes(b"deep")
    return folder


@pytest.fixture
def shell(there: Path) -> Here:
    return Here(there)


@pytest.fixture
def mirror(shell: Here, tmp_path: Path) -> Mirror:
    (tmp_path / "here").mkdir()
    return Mirror(shell, tmp_path / "here", 8 << 20)


def same(mirror: Mirror, there: Path) -> bool:
    """Whether the copy has the files that are there: paths, sizes, times, content."""
    here = mirror.root.joinpath(*there.parts[1:])
    listed = [tree.entries(root) for root in (here, there)]
    digests = [[tree.sha256(root, e.path) for e in tree.entries(root)] for root in (here, there)]
    return listed[0] == listed[1] and digests[0] == digests[1]


def replace_by_folder(there: Path) -> None:
    (there / "kept").unlink()
    (there / "kept").mkdir()
    (there / "kept" / "in").write_bytes(b"new")


def replace_folder(there: Path) -> None:
    (there / "a" / "b" / "c").unlink()
    (there / "a" / "b").rmdir()
    (there / "a" / "b").write_bytes(b"a file now")


def rewrite_and_backdate(there: Path) -> None:
    before = (there / "kept").stat()
    (there / "kept").write_bytes(b"KEPT")
    os.utime(there / "kept", ns=(before.st_atime_ns, before.st_mtime_ns))


ODD = ("-rf", "a\nb", " a b ", "ø€😀", "$(id)", "`id`", "a\\b", "'\"", "*", os.fsdecode(b"\xff"))


def hostile_names(there: Path) -> None:
    for name in ODD:
        (there / name).write_bytes(os.fsencode(name))


def links_and_pipes(there: Path) -> None:
    (there / "link").symlink_to("/etc/passwd")
    (there / "loop").symlink_to(there)
    os.mkfifo(there / "pipe")
    os.link(there / "kept", there / "again")


def replace_by_link(there: Path) -> None:
    (there / "kept").unlink()
    (there / "kept").symlink_to("/etc/passwd")


def replace_by_pipe(there: Path) -> None:
    (there / "kept").unlink()
    os.mkfifo(there / "kept")


CHANGES: dict[str, Callable[[Path], object]] = {
    "written": lambda there: (there / "new").write_bytes(b"x" * 5000),
    "empty": lambda there: (there / "new").touch(),
    "grown": lambda there: (there / "kept").write_bytes(b"kept and more"),
    "large": lambda there: (there / "new").write_bytes(os.urandom(300_001)),
    "sparse": lambda there: os.truncate(there / "kept", 1 << 20),
    "many": lambda there: [(there / f"f{i}").write_bytes(b"%d" % i) for i in range(300)],
    "renamed": lambda there: (there / "kept").rename(there / "a" / "moved"),
    "removed": lambda there: (there / "a" / "b" / "c").unlink(),
    "retimed": lambda there: os.utime(there / "kept", (0, 1_700_000_000.5)),
    "before 1970": lambda there: os.utime(there / "kept", (0, -5.5)),
    "same size and date": rewrite_and_backdate,
    "a folder in a file's place": replace_by_folder,
    "a file in a folder's place": replace_folder,
    "hostile names": hostile_names,
    "links and pipes": links_and_pipes,
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_the_copy_follows(mirror: Mirror, there: Path, change: Callable[[Path], object]) -> None:
    mirror.update()
    assert same(mirror, there)
    change(there)
    mirror.update()
    assert same(mirror, there)


def test_only_what_has_changed_is_read(mirror: Mirror, shell: Here, there: Path) -> None:
    mirror.update()
    (there / "kept").write_bytes(b"other")
    mirror.update()
    mirror.update()
    assert shell.reads == [2, 1]


def test_no_answer_is_longer_than_is_kept(mirror: Mirror, shell: Here, there: Path) -> None:
    (there / "large").write_bytes(os.urandom(300_001))
    mirror.update()  # `run` holds each answer against the bound
    assert sum(shell.reads) == 2 + -(-300_001 // (shell.longest // 2))


@pytest.mark.parametrize(
    "change",
    [
        lambda there: (there / "kept").write_bytes(b"more than before"),
        lambda there: (there / "kept").write_bytes(b"KEPT"),
        lambda there: (there / "kept").unlink(),
        replace_by_link,
        replace_by_pipe,
    ],
)
def test_a_file_that_changes_while_it_is_read_is_read_again(
    mirror: Mirror, shell: Here, there: Path, change: Callable[[Path], object]
) -> None:
    shell.before_reading = lambda: change(there)
    with pytest.raises(SandboxError):
        mirror.update()
    mirror.update()
    assert same(mirror, there)


def test_what_is_forbidden_is_an_error_until_it_is_unlocked(there: Path, mirror: Mirror) -> None:
    if os.geteuid() == 0:
        pytest.skip("nothing is forbidden to root")
    (there / "a" / "b" / "c").chmod(0)
    (there / "a" / "b").chmod(0)
    with pytest.raises(SandboxError):
        mirror.update()
    mirror.update(unlock=True)
    assert same(mirror, there)


def test_more_than_it_may_hold_is_an_error(mirror: Mirror, there: Path) -> None:
    os.truncate(there / "kept", 1 << 40)
    with pytest.raises(SandboxError, match="more than 8 MiB"):
        mirror.update()


class Liar(Here):
    """Lists one file, and gives it one byte."""

    path = ""

    def run(self, script: str, *arguments: str, text: bytes = b"") -> str:
        del script, arguments
        listed = f"1 2.0 3.0 1 {self.path}\0".encode()
        return "eA==\n" if text else base64.b64encode(listed).decode()


PATHS = ("../out", "/a/../../out", "relative", "/a//b", "/.", "/", "", "/a/")


@pytest.mark.parametrize("path", PATHS)
def test_a_path_that_leads_out_is_refused(path: str, tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    liar = Liar(tmp_path)
    liar.path = path
    with pytest.raises(SandboxError, match="no path"):
        Mirror(liar, tmp_path / "here", 1 << 20).update()
    assert [path.name for path in tmp_path.iterdir()] == ["here"]
