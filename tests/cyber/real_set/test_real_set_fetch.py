"""Sources: by hash, from a folder of one's own or a registry's client, else one line."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from cyber_suites.real_set import fetch
from cyber_suites.real_set.fetch import Sources
from cyber_suites.real_set.recipes import BountyTask, Package
from eval_observatory.errors import UserError

pytest_plugins = ("toy_package",)


def test_what_lies_there_is_taken(toy: Package, sources: Path, tmp_path: Path) -> None:
    files = Sources(tmp_path / "cache", sources).package(toy)
    assert {path.parent for path in files.values()} == {sources}


def test_but_not_if_it_is_another(toy: Package, sources: Path, tmp_path: Path) -> None:
    path = sources / "toy_1.0.orig.tar.xz"
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(UserError, match=r"toy_1\.0\.orig.*SHA-256"):
        Sources(tmp_path / "cache", sources).package(toy)


def test_a_system_without_apt_says_what_to_bring(
    toy: Package, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match=r"no apt-get: put toy_1\.0\.orig\.tar\.xz, toy_1\.0-1"):
        Sources(tmp_path / "cache").package(toy)


def test_a_registry_that_sends_another_file_is_found_out(
    hanger: BountyTask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def client(command: list[str], _: str) -> None:
        assert "--require-hashes" in command
        Path(command[-1], hanger.fixed.file).write_bytes(b"another")

    monkeypatch.setattr(fetch, "_client", client)
    with pytest.raises(UserError, match="not what the recipe names"):
        Sources(tmp_path / "cache").release(hanger.fixed)


def test_a_client_that_refuses_is_one_line(
    hanger: BountyTask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = ["sh", "-c", "echo working; echo 'ERROR: no such version' >&2; echo more >&2; exit 1"]
    run = subprocess.run
    monkeypatch.setattr("subprocess.run", lambda _, **options: run(said, **options))
    with pytest.raises(UserError, match=r"^hanger 2 by pip: ERROR: no such version$"):
        Sources(tmp_path / "cache").release(hanger.fixed)


@pytest.mark.parametrize(
    ("suffix", "text", "expected"),
    [
        (".sources", "Types: deb\nURIs: u\n", "Types: deb-src\nURIs: u\n"),
        (".sources", "types: deb deb-src\n", "Types: deb-src\n"),
        (".list", "deb u s main\n# deb x\n", "deb-src u s main\n# deb x\n"),
    ],
)
def test_lists_of_packages_become_lists_of_sources(suffix: str, text: str, expected: str) -> None:
    assert fetch._of_sources(text, suffix) == expected
