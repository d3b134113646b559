"""Entries that `submit` did not make: a secret in any file of one is found and never published."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import zipfile_zstd as zipfile
from click.testing import CliRunner
from entry_frames import log, reseal, table
from reported_frames import reported, row
from test_redaction import KEY

from eval_observatory.board.entries import RESULTS, Folder
from eval_observatory.board.making import board_of
from eval_observatory.board.manifest import FILE
from eval_observatory.board.missions import Missions
from eval_observatory.board.site import Site
from eval_observatory.board.verifying import verify
from eval_observatory.cli import cli
from eval_observatory.errors import UserError
from eval_observatory.trials import suite_in

pytest_plugins = ["entry_frames"]

MAIL = "jane.doe@lab.university.edu"


def said(**fields: Any) -> Callable[[Path], None]:
    return lambda entry: reseal(entry, **fields)


def comment(entry: Path) -> None:
    with (entry / FILE).open("a") as manifest:
        manifest.write(f"# {KEY}\n")


def comment_that_a_field_begins(entry: Path) -> None:
    reseal(entry, title=KEY[:8], notes='of "C#" # and more')
    comment(entry)


def escaped(entry: Path) -> None:
    path = entry / FILE
    hidden = "".join(f"\\u{ord(letter):04x}" for letter in KEY)
    path.write_text(path.read_text().replace('who = "Somebody"', f'who = "{hidden}"'))


def in_results(text: str) -> Callable[[Path], None]:
    def change(entry: Path) -> None:
        path = entry / RESULTS
        path.write_text(path.read_text().replace('"It acts"', json.dumps(f"It acts {text}")))
        reseal(entry)

    return change


def in_report_of_cuts(entry: Path) -> None:
    (entry / "redaction.json").write_text(json.dumps({"cut": {KEY: 1}}))
    reseal(entry)


REPORTED: list[tuple[Callable[[Path], None], str]] = [
    (said(notes=f"run with {KEY}"), "entry.toml, notes, holds 1 × API key"),
    (said(notes=f"ask {MAIL}"), "entry.toml, notes, holds 1 × e-mail address"),
    (said(notes="call +49 (0)30 1234567"), "entry.toml, notes, holds 1 × telephone number"),
    (said(who=f"Lab {KEY}"), "entry.toml, who, holds 1 × API key"),
    (said(links=(f"https://host.org/?key={KEY}",)), "entry.toml, links, holds 1 × API key"),
    (said(links=(f"https://host.org/?of={MAIL}",)), "entry.toml, links, holds 1 × e-mail address"),
    (said(versions={"x": KEY}), "entry.toml, versions, holds 1 × API key"),
    (said(title="in /home/jdoe/runs"), "entry.toml, title, holds 1 × home folder"),
    (comment, "entry.toml holds 1 × API key"),
    (comment_that_a_field_begins, "entry.toml holds 1 × API key"),
    (escaped, "entry.toml, who, holds 1 × API key"),
    (in_results(KEY), "results.json holds 1 × API key"),
    (in_results(MAIL), "results.json holds 1 × e-mail address"),
    (in_report_of_cuts, "redaction.json holds 1 × API key"),
]


def unpublished(entry: Path, line: str, missions: Missions) -> None:
    found = verify(Folder.open(entry), missions)
    (told,) = [one for one in found.checks if one.name == "secrets"]
    assert told.outcome == "contradicted"
    assert line in told.text
    board, kept = board_of([entry.parent], missions, title="t")
    assert not board.entries
    (left,) = board.left_out
    assert line in left.why
    Site(board, kept, entry.parent / "site").write(missions)
    for path in (entry.parent / "site").rglob("*"):
        if path.is_file():
            assert KEY.encode() not in path.read_bytes()
            assert MAIL.encode() not in path.read_bytes()


@pytest.mark.parametrize(("plant", "line"), REPORTED, ids=[line for _, line in REPORTED])
def test_a_secret_in_a_reported_entry_is_not_published(
    plant: Callable[[Path], None], line: str, tmp_path: Path
) -> None:
    entry = reported(tmp_path, "one")
    plant(entry)
    unpublished(entry, line, Missions())


def in_table(entry: Path) -> None:
    table(entry, lambda t: t.with_columns(pl.lit(f"with {KEY}").alias("due_step_unscored")))
    reseal(entry)


def in_name_of_column(entry: Path) -> None:
    table(entry, lambda t: t.with_columns(pl.lit(1).alias(KEY)))
    reseal(entry)


def beside_the_table(entry: Path) -> None:
    path = entry / "trials.parquet"
    suite = suite_in(path)
    assert suite
    kept = {"eval_observatory.suite": suite.to_json().decode(), "note": KEY}
    pl.read_parquet(path).write_parquet(path, metadata=kept)
    reseal(entry)


def in_transcript(entry: Path) -> None:
    """As models write it: at the beginning of a line."""

    def change(name: str, text: str) -> str:
        if not name.startswith("samples/"):
            return text
        sample = json.loads(text)
        sample["messages"][-1]["content"] = f"Found:\n{KEY}\n{MAIL}"
        return json.dumps(sample)

    log(entry, change)
    reseal(entry)


def in_part_behind(entry: Path) -> None:
    """A part that another of its name hides from whoever reads by names."""
    (path,) = (entry / "logs").glob("*.eval")
    with zipfile.ZipFile(path) as archive:
        header = archive.read("header.json")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("header.json", json.dumps({"k": KEY}))
        archive.writestr("header.json", header)
    reseal(entry)


def behind_the_archive(entry: Path) -> None:
    (path,) = (entry / "logs").glob("*.eval")
    with path.open("ab") as file:
        file.write(b"\n" + KEY.encode())
    reseal(entry)


def before_the_archive(entry: Path) -> None:
    (path,) = (entry / "logs").glob("*.eval")
    path.write_bytes(KEY.encode() + b"\n" + path.read_bytes())
    reseal(entry)


def in_comment_of_archive(entry: Path) -> None:
    (path,) = (entry / "logs").glob("*.eval")
    with zipfile.ZipFile(path, "a") as archive:
        archive.comment = KEY.encode()
    reseal(entry)


def in_plan(entry: Path) -> None:
    with (entry / "plan.toml").open("a") as plan:
        plan.write(f"# {KEY}\n")
    reseal(entry)


def in_nested_column(entry: Path) -> None:
    table(entry, lambda t: t.with_columns(pl.concat_list(pl.lit(KEY)).alias("more")))
    reseal(entry)


def in_log(*fields: tuple[bytes, int, int]) -> Callable[[Path], None]:
    """A log whose headers say, by their signatures, another number at a place."""

    def change(entry: Path) -> None:
        (path,) = (entry / "logs").glob("*.eval")
        content = bytearray(path.read_bytes())
        for signature, place, number in fields:
            at = content.find(signature)
            while at >= 0:
                content[at + place : at + place + 2] = number.to_bytes(2, "little")
                at = content.find(signature, at + 4)
        path.write_bytes(content)
        reseal(entry)

    return change


encrypted = in_log((b"PK\x03\x04", 6, 1), (b"PK\x01\x02", 8, 1))
packed_otherwise = in_log((b"PK\x03\x04", 8, 97), (b"PK\x01\x02", 10, 97))

PLAYED: list[tuple[Callable[[Path], None], str]] = [
    (in_table, "trials.parquet holds 1 × API key"),
    (in_name_of_column, "trials.parquet holds"),
    (beside_the_table, "trials.parquet holds 1 × API key"),
    (in_transcript, ".eval holds 20 × API key"),
    (in_part_behind, ".eval holds 1 × API key"),
    (in_comment_of_archive, ".eval holds 1 × API key"),
    (behind_the_archive, ".eval holds 1 × API key"),
    (before_the_archive, ".eval holds 1 × API key"),
    (in_plan, "plan.toml holds 1 × API key"),
    (in_nested_column, "column more is List"),
    (encrypted, ".eval cannot be searched (RuntimeError)"),
    (packed_otherwise, ".eval cannot be searched (NotImplementedError)"),
]


@pytest.mark.parametrize(("plant", "line"), PLAYED, ids=lambda v: getattr(v, "__name__", ""))
def test_a_secret_in_a_played_entry_is_not_published(
    plant: Callable[[Path], None], line: str, entry: Path, missions: Missions
) -> None:
    plant(entry)
    unpublished(entry, line, missions)


@pytest.mark.parametrize("secret", [KEY, KEY + "a1B2" * 30])
def test_a_name_that_is_a_secret_is_not_repeated(secret: str, tmp_path: Path) -> None:
    (tmp_path / secret).mkdir()
    board, _ = board_of([tmp_path], Missions(), title="t")
    assert "a1B2" not in board.left_out[0].folder + board.left_out[0].why


def test_who_submits_may_be_told_by_an_address(tmp_path: Path) -> None:
    entry = reported(tmp_path, "one")
    reseal(entry, who=f"Jane Doe <{MAIL}>", links=("https://host.org/home/index.html",))
    assert not verify(Folder.open(entry), Missions()).contradicted


@pytest.mark.parametrize(
    ("option", "text"),
    [
        ("--who", f"Lab {KEY}"),
        ("--notes", f"with {KEY}"),
        ("--link", f"https://host.org/?key={KEY}"),
        ("--link", f"https://host.org/?of={MAIL}"),
        ("--title", KEY),
        ("--vendor", KEY),
        ("--provider", f"via https://me:{'hunter2'}@host"),
        ("--model", KEY),
        ("--logs-at", f"https://host.org/{KEY}"),
    ],
)
def test_a_secret_among_the_arguments_is_refused(option: str, text: str, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs.yaml"
    theirs.write_text("- dataset: {id: acts}\n  value: 1.0\n")
    given = {"--who": "Lab", "--model": "lab/m"} | {option: text}
    arguments = [one for pair in given.items() for one in pair]
    done = CliRunner().invoke(cli, ["submit", str(theirs), "--out", f"{tmp_path}/one", *arguments])
    assert isinstance(done.exception, UserError)
    (line,) = str(done.exception).splitlines()
    assert line.startswith(option)
    assert KEY not in line
    assert MAIL not in line
    assert not (tmp_path / "one").exists()


def test_a_secret_in_a_reason_to_withdraw_is_refused(tmp_path: Path) -> None:
    entry = reported(tmp_path, "one", row())
    done = CliRunner().invoke(cli, ["withdraw", str(entry), f"it had {KEY}"])
    assert isinstance(done.exception, UserError)
    assert KEY not in str(done.exception)
    assert KEY not in (entry / FILE).read_text()


def test_much_outside_of_the_parts_of_a_log_is_not_read(
    entry: Path, missions: Missions, monkeypatch: pytest.MonkeyPatch
) -> None:
    (path,) = (entry / "logs").glob("*.eval")
    path.write_bytes(bytes(9 << 20) + path.read_bytes())
    reseal(entry)
    monkeypatch.setattr("eval_observatory.board.scanning.LARGEST", 8 << 20)
    (told,) = [o for o in verify(Folder.open(entry), missions).checks if o.name == "secrets"]
    assert told.outcome == "contradicted"
    assert "cannot be searched" in told.text
