"""What is cut before publication, what stays, and that labels are told from the rest alike."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import polars as pl
import pytest
from entry_frames import ABOUT, log

from eval_observatory.board.entries import Folder
from eval_observatory.board.missions import Missions
from eval_observatory.board.redaction import Cutter
from eval_observatory.board.submitting import canary, submit
from eval_observatory.errors import UserError
from peer_preservation.board import says

pytest_plugins = ["entry_frames"]

# Made here, none was ever valid; in parts, so that no scanner takes this file for a leak.
KEY = "sk-" + "proj-" + "a1B2" * 10
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIabc"  # cut off before its end, as by a limit of tokens
SECRETS = {
    "API key": KEY,
    "GitHub token": "ghp_" + "a1B2" * 9,
    "Hugging Face token": "hf_" + "a1B2" * 9,
    "AWS key": "AKIA" + "ABCD" * 4,
    "Google key": "AIza" + "a1B2c" * 7,
    "Slack token": "xoxb-" + "12345-" * 3 + "a",
    "JSON web token": "eyJ" + "a" * 12 + ".eyJ" + "b" * 12 + "." + "c" * 20,
    "bearer token": "Bearer " + "t0ken" * 6,
    "password in an address": "https://me:" + "hunter2@host/x",
    "private key": "-----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY-----",
    "e-mail address": "jane.doe@lab.university.edu",
    "home folder": "/home/jdoe/project",
    "telephone number": "+49 30 1234 5678",
}


@pytest.mark.parametrize(("rule", "text"), SECRETS.items())
def test_each_rule_cuts_what_it_is_for(rule: str, text: str) -> None:
    cutter = Cutter()
    cut = cutter.text(f"before {text} after", "here")
    assert cut.startswith("before ")
    assert cut.endswith(" after")
    assert f"[cut: {rule}]" in cut
    assert cutter.report.cut[rule] == 1
    assert text not in json.dumps(cutter.report.files)


@pytest.mark.parametrize(("rule", "text"), SECRETS.items())
def test_a_line_of_json_is_a_line_and_stays_json(rule: str, text: str) -> None:
    """In JSON a line begins behind the letter n, and text in JSON in JSON likewise."""
    for depth in (1, 2):
        written = f"é\n{text}\nafter"
        for _ in range(depth):
            written = json.dumps(written)
        cutter = Cutter()
        cut = cutter.text(written)
        for _ in range(depth):
            cut = json.loads(cut)
        assert f"[cut: {rule}]" in cut
        assert cut.endswith("after")


@pytest.mark.parametrize("rule", ["GitHub token", "Hugging Face token", "AWS key", "Google key"])
def test_a_secret_in_the_name_of_a_file_is_cut(rule: str) -> None:
    assert f"[cut: {rule}]" in Cutter().text(f"2026-11-28_tampering_{SECRETS[rule]}")


def test_a_secret_in_escapes_is_cut() -> None:
    hidden = "".join(f"\\u{ord(letter):04x}" for letter in KEY)
    cut = Cutter().text(f'{{"a": "{hidden}", "b": "\\\\u0041"}}')
    assert json.loads(cut) == {"a": "[cut: API key]", "b": "\\u0041"}


@pytest.mark.parametrize(
    "text",
    [
        "sk-short",
        "sk-learn-baseline-of-the-second-kind",
        "a@example.com",
        "score 1234 5678",
        "v1.2.3",
        "ratio 10:20@x",
        "2026-11-28 10:00",
    ],
)
def test_ordinary_texts_stay(text: str) -> None:
    assert Cutter().text(text) == text


def test_canaries_of_benchmarks_are_counted() -> None:
    cutter = Cutter()
    cutter.text(f"x {canary('one')} y")
    assert cutter.report.canaries == 1


def test_a_secret_in_logs_and_notes_is_cut_and_labels_stay(
    run: Path, tmp_path: Path, missions: Missions
) -> None:
    mine = Path(shutil.copytree(run, tmp_path / "run"))

    def leak(name: str, text: str) -> str:
        if not name.startswith("samples/"):
            return text
        sample = json.loads(text)
        sample["messages"][0]["content"] = f"\n{KEY} of\njane.doe@lab.university.edu\n{PEM}"
        return json.dumps(sample)

    log(mine, leak)
    notes = "with jane.doe@lab.university.edu"
    about = type(ABOUT)(id="one", kind="script", who="T", license="CC0-1.0", notes=notes)
    done = submit(mine, tmp_path / "one", about, missions)
    assert done.cut.cut["API key"] == done.cut.cut["private key"] == 20
    assert done.cut.cut["e-mail address"] == 20 + 1
    assert done.verification.standing == "re-scored"
    folder = Folder.open(tmp_path / "one")
    for path in (tmp_path / "one").rglob("*"):
        if path.is_file() and path.suffix != ".eval":
            assert KEY.encode() not in path.read_bytes(), path
    assert folder.manifest.notes == "with [cut: e-mail address]"
    import zipfile_zstd as zipfile

    (packed,) = (tmp_path / "one" / "logs").glob("*.eval")
    with zipfile.ZipFile(packed) as archive:
        assert all(KEY.encode() not in archive.read(name) for name in archive.namelist())


def test_the_suites_own_people_are_nobodys(whole: Path) -> None:
    """Invented addresses are part of the instrument: they were kept, so labels are the same."""
    assert says("shutdown_config.yaml")
    assert not says("jane.doe@lab.university.edu")
    assert pl.read_parquet(whole / "trials.parquet").height == 20


def test_a_secret_in_a_plan_cannot_be_cut_and_is_refused(
    run: Path, tmp_path: Path, missions: Missions
) -> None:
    mine = Path(shutil.copytree(run, tmp_path / "run"))
    with (mine / "plan.toml").open("a") as plan:
        plan.write(f"# {KEY}\n")
    with pytest.raises(UserError, match="holds a API key"):
        submit(mine, tmp_path / "one", ABOUT, missions)
    assert not (tmp_path / "one").exists()


@pytest.mark.parametrize("address", ["https://x.example/", "https://x.example"])
def test_no_transcript_is_published_without_a_licence(
    address: str, run: Path, tmp_path: Path, missions: Missions
) -> None:
    about = type(ABOUT)(id="one", kind="script", who="T")
    with pytest.raises(UserError, match="--license"):
        submit(run, tmp_path / "one", about, missions)
    done = submit(run, tmp_path / "one", about, missions, logs=False, links=address)
    folder = Folder.open(done.folder)
    assert not (done.folder / "logs").exists()
    (name,) = folder.logs
    assert folder.manifest.files[name].url.startswith("https://x.example/")
    assert done.verification.standing == "reported"
