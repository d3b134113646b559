"""Entries that are broken, huge, double or malicious: one line each, and the rest is a board."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from reported_frames import reported, row

from eval_observatory.board import entries as entries_room
from eval_observatory.board.entries import Folder
from eval_observatory.board.making import board_of
from eval_observatory.board.manifest import FILE, Manifest, safe_link, safe_path
from eval_observatory.board.missions import Missions
from eval_observatory.cli import cli
from eval_observatory.errors import UserError


def said(entry: Path, old: str, new: str) -> None:
    path = entry / FILE
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def link_out(entry: Path) -> None:
    os.symlink("/etc/passwd", entry / "plan.toml")


def linked_folder(entry: Path) -> None:
    os.symlink("/etc", entry / "logs")


def pipe(entry: Path) -> None:
    os.mkfifo(entry / "plan.toml")


def huge(entry: Path) -> None:
    with (entry / "plan.toml").open("wb") as file:
        file.truncate(3 << 30)  # sparse: no byte is written


BAD: list[tuple[Callable[[Path], object], str]] = [
    (lambda e: (e / FILE).unlink(), "it has no entry.toml"),
    (lambda e: (e / FILE).write_text("id = ["), "not TOML"),
    (lambda e: (e / FILE).write_bytes(b"\xff\xfe"), "not a text in UTF-8"),
    (lambda e: (e / FILE).write_text("a = 1\n" * 100_000), "no manifest is so long"),
    (lambda e: (e / FILE).write_text("a = " + "[" * 10_000), "nested too deep"),
    (lambda e: said(e, 'form = "1"', 'form = "9"'), "of form 9"),
    (lambda e: said(e, 'kind = "imported"', 'kind = "best"'), "Invalid enum value"),
    (lambda e: said(e, 'id = "bad"', 'id = "other"'), "name the folder like its id"),
    (lambda e: said(e, 'id = "bad"', 'id = "../../x"'), "lower-case letters"),
    (lambda e: said(e, 'who = "Somebody"', 'who = "a\\u202eb"'), "hide or reorder"),
    (lambda e: said(e, 'who = "Somebody"', 'who = "a\\u0000b"'), "hide or reorder"),
    (lambda e: said(e, 'who = "Somebody"', f'who = "{"x" * 400}"'), "shorten it"),
    (lambda e: said(e, 'who = "Somebody"', 'who = " "'), "says nothing"),
    (lambda e: said(e, 'when = "2026-05-01"', 'when = "yesterday"'), "give a day"),
    (lambda e: said(e, 'id = "bad"', 'id = "bad"\ncost_usd = -1.0'), "amount of 0"),
    (lambda e: said(e, 'id = "bad"', 'id = "bad"\ncost_usd = nan'), "amount of 0"),
    (lambda e: said(e, 'id = "bad"', 'id = "bad"\nlinks = ["javascript:1"]'), "https"),
    (lambda e: said(e, 'id = "bad"', 'id = "bad"\nsurprise = 1'), "unknown field"),
    (lambda e: said(e, '"results.json"', '"../results.json"'), "not a path within"),
    (lambda e: (e / "evil.html").write_text("<script>"), "no part of an entry"),
    (lambda e: (e / ".hidden").write_text(""), "no name of an entry's file"),
    (lambda e: (e / "results.json").write_text("[]"), "not results"),
    (lambda e: (e / "results.json").write_text("[" * 100_000), "not results"),
    (lambda e: (e / "results.json").unlink(), "make the entry again"),
    (link_out, "is a link"),
    (linked_folder, "is a link"),
    (pipe, "is no file"),
    (huge, "submit the logs' hashes"),
]


@pytest.mark.parametrize(("break_it", "why"), BAD, ids=[why for _, why in BAD])
def test_what_is_no_entry_is_left_out_with_one_line(
    break_it: Callable[[Path], object], why: str, tmp_path: Path
) -> None:
    reported(tmp_path, "good")
    break_it(reported(tmp_path, "bad"))
    board, _ = board_of([tmp_path], Missions(), title="t")
    assert [entry.manifest.id for entry in board.entries] == ["good"]
    (left,) = board.left_out
    assert left.folder == "bad"
    assert why in left.why
    assert "\n" not in left.why
    assert str(tmp_path) not in left.why


def test_two_entries_of_one_id_are_both_left_out(tmp_path: Path) -> None:
    first = reported(tmp_path / "a", "same")
    shutil.copytree(first, tmp_path / "b" / "same")
    board, _ = board_of([tmp_path / "a", tmp_path / "b"], Missions(), title="t")
    assert not board.entries
    assert "keep one" in board.left_out[0].why


def test_a_table_that_is_too_large_is_not_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import polars as pl

    entry = reported(tmp_path, "bad")
    pl.DataFrame({"a": range(20)}).write_parquet(entry / "trials.parquet")
    monkeypatch.setattr(entries_room, "MOST_TRIALS", 10)
    with pytest.raises(UserError, match="more than can be checked"):
        Folder.open(entry).trials()


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"k": 30}, "k is 30, of n 20"),
        ({"n": -1, "k": None}, "give a count"),
        ({"estimate": float("nan")}, "leave out"),
        ({"estimate": 1.5, "low": None, "high": None}, "shares of 1"),
        ({"low": 0.9}, "does not hold"),
        ({"p": 2.0}, "p between"),
        ({"level": 1.0}, "between 0 and 1"),
        ({"measure": ""}, "no measure"),
        ({"title": "x" * 5_000}, "characters"),
    ],
)
def test_impossible_figures_are_refused(wrong: dict[str, Any], why: str) -> None:
    with pytest.raises(UserError, match=why):
        row(**wrong)


@pytest.mark.parametrize(
    "path",
    ["", "/etc/passwd", "../a", "a/../../b", "a//b", "./a", ".git/x", "~a", "a\\b", "a\nb", "C:a"],
)
def test_paths_that_could_leave_the_folder_are_none(path: str) -> None:
    assert not safe_path(path)


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "//host/x",
        "https://user:pass@host/",
        "https://",
        'https://h/"onload=',
        "https://h/\u202e",
        "file:///etc/passwd",
        "https://[",
    ],
)
def test_addresses_that_could_run_or_mislead_are_none(link: str) -> None:
    assert not safe_link(link)


@pytest.mark.parametrize(
    "arguments",
    [
        ("board", "{tmp}/nothing", "--out", "{tmp}/site"),
        ("board", "{tmp}/in", "--out", "{tmp}/full"),
        ("board", "{tmp}/in", "--out", "{tmp}/site", "--url", "ftp://x/"),
        ("verify", "{tmp}/full"),
        ("verify", "{tmp}/in/good", "--rerun", "0"),
        ("submit", "{tmp}/full", "--out", "{tmp}/Bad_Name", "--who", "w"),
        ("submit", "{tmp}/full", "--out", "{tmp}/ok", "--who", "w"),
        ("submit", "{tmp}/full/a.txt", "--out", "{tmp}/ok", "--who", "w"),
        ("submit", "{tmp}/full", "--out", "{tmp}/in/good", "--who", "w"),
    ],
)
def test_wrong_commands_are_refused_in_one_line(arguments: tuple[str, ...], tmp_path: Path) -> None:
    reported(tmp_path / "in", "good")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "a.txt").write_text("x")
    done = CliRunner().invoke(cli, [one.format(tmp=tmp_path) for one in arguments])
    assert isinstance(done.exception, UserError)
    assert "\n" not in str(done.exception)


@pytest.mark.parametrize("bad", [False, True], ids=["empty", "none usable"])
def test_a_board_of_nothing_is_made_on_request_alone(bad: bool, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    if bad:
        (tmp_path / "in" / "x").mkdir()
    asked = ["board", str(tmp_path / "in"), "--out", str(tmp_path / "site")]
    done = CliRunner().invoke(cli, asked)
    assert isinstance(done.exception, UserError)
    assert str(done.exception).endswith(
        "no entry that can stand on a board; give --empty to make one"
    )
    assert ("left out: x:" in done.output) == bad
    assert not (tmp_path / "site").exists()
    done = CliRunner().invoke(cli, [*asked, "--empty"])
    assert done.exit_code == 0, done.output
    assert (tmp_path / "site" / "index.html").exists()


def test_a_withdrawn_entry_stays_and_counts_no_more(tmp_path: Path) -> None:
    reported(tmp_path / "in", "one")
    reported(tmp_path / "in", "two")
    done = CliRunner().invoke(cli, ["withdraw", str(tmp_path / "in" / "two"), "the host was wrong"])
    assert not done.exit_code, done.output
    assert Manifest.read(tmp_path / "in" / "two" / FILE).withdrawn == "the host was wrong"
    from eval_observatory.board.panels import panels

    board, _ = board_of([tmp_path / "in"], Missions(), title="t")
    assert len(board.entries) == 2
    (panel,) = panels(board.entries)
    assert [point.entry.manifest.id for point in panel.points] == ["one"]
