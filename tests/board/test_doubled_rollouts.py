"""One rollout in two entries, or twice in one, under other ids; and when plans came into logs."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
import zipfile_zstd as zipfile
from click.testing import CliRunner
from entry_frames import ABOUT, GOOD, log, played, reseal, table

from eval_observatory.board.entries import Folder
from eval_observatory.board.making import board_of
from eval_observatory.board.missions import Missions
from eval_observatory.board.redaction import Cutter
from eval_observatory.board.submitting import submit
from eval_observatory.board.verifying import Sample, keep, verify
from eval_observatory.cli import cli
from peer_preservation.cell import Cell
from peer_preservation.plan import Plan
from peer_preservation.run_folder import scored

pytest_plugins = ["entry_frames"]

ID = re.compile(r'"(uuid|id|eval_id|run_id|task_id|episode_id)":\s?"([A-Za-z0-9]{22})"')
NESTED = re.compile(r'\\"episode_id\\":\s?\\"([^"\\]+)\\"')
TIME = re.compile(r'"(20\d\d-\d\d-\d\dT[0-9:.]+[+]00:00)"')


def remade(entry: Path, **changes: Any) -> None:
    table(entry, lambda _: scored(entry))
    reseal(entry, **changes)


def new_ids(text: str) -> str:
    text = ID.sub(lambda found: f'"{found[1]}": "{found[2][::-1]}"', text)
    return NESTED.sub(lambda found: rf"\"episode_id\":\"{found[1][::-1]}\"", text)


def moved(text: str) -> str:
    """All of it by the same time."""

    def later(found: re.Match[str]) -> str:
        return f'"{(datetime.fromisoformat(found[1]) + timedelta(hours=3)).isoformat()}"'

    return TIME.sub(later, text)


def stretched(text: str) -> str:
    """Each time by another."""

    def later(found: re.Match[str]) -> str:
        at = datetime.fromisoformat(found[1])
        return f'"{(at + timedelta(microseconds=at.microsecond % 977)).isoformat()}"'

    return TIME.sub(later, text)


def again(entry: Path, *changes: Callable[[str], str]) -> Path:
    """The entry packed anew as another one: its log under another name, its parts changed."""
    second = Path(shutil.copytree(entry, entry.parent / "two"))
    (path,) = (second / "logs").glob("*.eval")
    path.rename(path.with_name("another.eval"))

    def change(_: str, text: str) -> str:
        for one in changes:
            text = one(text)
        return text

    log(second, change)
    remade(second, id="two", who="Another")
    return second


@pytest.mark.parametrize(
    "changes", [(), (new_ids,), (new_ids, moved)], ids=("packed", "ids", "time")
)
def test_a_log_packed_anew_is_the_same_rollouts(
    changes: tuple[Callable[[str], str], ...], entry: Path, missions: Missions
) -> None:
    second = again(entry, *changes)
    assert verify(Folder.open(second), missions).standing == "re-scored"
    board, _ = board_of([entry.parent], missions, title="t")
    for one in board.entries:
        (told,) = [c for c in one.verification.checks if c.name == "own rollouts"]
        assert told.outcome == "contradicted"
        assert told.text.startswith("20 of its rollouts are rollouts of")


def test_the_same_words_are_told_and_contradict_nothing(entry: Path, missions: Missions) -> None:
    """Two runs of a script may say the same; so may a forger who changed every time in a log."""
    again(entry, new_ids, stretched)
    board, _ = board_of([entry.parent], missions, title="t")
    for one in board.entries:
        (told,) = [c for c in one.verification.checks if c.name == "own rollouts"]
        assert told.outcome == "differs"
        assert "word for word" in told.text
        assert one.verification.standing == "re-scored"


def test_rollouts_doubled_within_an_entry_are_found(entry: Path, missions: Missions) -> None:
    """Without a plan nothing says how many there should be."""
    log(entry, lambda _, text: text.replace(Plan.read(entry / "plan.toml").hash, ""))
    (entry / "plan.toml").unlink()
    (path,) = (entry / "logs").glob("*.eval")
    second = path.with_name("again.eval")
    shutil.copyfile(path, second)
    with zipfile.ZipFile(second) as archive:
        parts = {name: new_ids(archive.read(name).decode()) for name in archive.namelist()}
    with zipfile.ZipFile(second, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    remade(entry, plan="")
    found = verify(Folder.open(entry), missions)
    told = {one.name: one for one in found.checks if one.outcome == "contradicted"}
    assert "20 of 40 rollouts" in told["each rollout once"].text


def test_a_copy_takes_nothing_from_what_was_there_before(
    entry: Path, tmp_path: Path, missions: Missions
) -> None:
    """Else anybody could end an entry by submitting it again: maintainers hold the first."""
    first = verify(Folder.open(entry), missions, Sample(1, 4, seed=1))
    assert first.standing == "re-run", first.checks
    keep(first, tmp_path / "verified" / "one.json")
    again(entry, new_ids)
    shutil.move(entry.parent / "two", tmp_path / "more" / "two")
    folders = [entry, tmp_path / "more"]
    board, _ = board_of(folders, missions, title="t", verified=tmp_path / "verified")
    said = {one.manifest.id: one.verification.contradicted for one in board.entries}
    assert said == {"one": False, "two": True}


def test_verify_beside_others_refuses_a_copy_before_it_is_taken(
    entry: Path, whole: Path, tmp_path: Path
) -> None:
    second = again(entry, new_ids)
    asked = ["verify", str(second), "--beside"]
    done = CliRunner().invoke(cli, [*asked, str(whole.parent)])
    assert done.exit_code == 1, done.output
    assert "own rollouts: 20 of its rollouts are rollouts of one too" in done.output
    (tmp_path / "empty").mkdir()
    done = CliRunner().invoke(cli, [*asked, str(tmp_path / "empty")])
    assert done.exit_code == 0, done.output
    assert "none of them is in any of 0 other entries" in done.output


def outcome(entry: Path, missions: Missions, name: str) -> tuple[str, str]:
    (told,) = [c for c in verify(Folder.open(entry), missions).checks if c.name == name]
    return told.outcome, told.text


def parts_of(path: Path) -> list[tuple[zipfile.ZipInfo, str]]:
    with zipfile.ZipFile(path) as archive:
        return [(info, archive.read(info).decode()) for info in archive.infolist()]


def packed(path: Path, parts: list[tuple[Any, str]]) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for info, text in parts:
            archive.writestr(zipfile.ZipInfo(info.filename, info.date_time), text)


def test_a_hash_that_came_into_the_log_at_its_end_is_found(entry: Path, missions: Missions) -> None:
    """The log was begun without a plan; its end alone was changed."""
    hash = Plan.read(entry / "plan.toml").hash
    log(entry, lambda n, t: t.replace(hash, "") if n == "_journal/start.json" else t)
    reseal(entry)
    told, text = outcome(entry, missions, "logs as written")
    assert told == "contradicted"
    assert "begins with plan none" in text


def test_a_log_written_anew_much_later_says_nothing_of_when_its_plan_came(
    entry: Path, missions: Missions
) -> None:
    (path,) = (entry / "logs").glob("*.eval")
    parts = parts_of(path)
    for info, _ in parts:
        info.date_time = (2030, 1, 1, 0, 7, 0)
    packed(path, parts)
    reseal(entry)
    for name in ("logs as written", "plan before logs"):
        assert outcome(entry, missions, name)[0] == "differs"


def test_parts_in_another_order_are_told(entry: Path, missions: Missions) -> None:
    (path,) = (entry / "logs").glob("*.eval")
    packed(path, parts_of(path)[::-1])
    reseal(entry)
    told, text = outcome(entry, missions, "logs as written")
    assert told == "differs"
    assert "another order" in text


def test_rollouts_begun_before_their_log_are_told(entry: Path, missions: Missions) -> None:
    """An empty log begun with the plan, filled with what was played before there was one."""
    at = re.compile(r'"started_at":\s?"[^"]+"')
    log(
        entry,
        lambda n, t: (
            at.sub('"started_at":"2026-01-01T00:00:00+00:00"', t, count=1)
            if n.startswith("samples/")
            else t
        ),
    )
    reseal(entry)
    told, text = outcome(entry, missions, "plan before logs")
    assert told == "differs"
    assert "20 rollouts were begun before it was" in text


def test_a_log_that_was_cut_is_still_as_it_was_written(
    run: Path, tmp_path: Path, missions: Missions
) -> None:
    """What is cut out of a log leaves its order and its days."""
    (path,) = (run / "logs").glob("*.eval")
    parts = parts_of(path)
    mine = Path(shutil.copytree(run, tmp_path / "run"))
    (other,) = (mine / "logs").glob("*.eval")
    changed = []
    for info, text in parts:
        if info.filename.startswith("samples/"):
            sample = json.loads(text)
            sample["messages"][0]["content"] = "of jane.doe@lab.university.edu"
            text = json.dumps(sample)
        changed.append((info, text))
    packed(other, changed)
    done = submit(mine, tmp_path / "one", msgspec.structs.replace(ABOUT), missions)
    assert done.cut.cut == {"e-mail address": 20}
    told = {one.name: one.outcome for one in done.verification.checks}
    assert told["logs as written"] == told["plan before logs"] == "holds"


def test_cutting_keeps_parts_in_their_order(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.eval", "w") as archive:
        archive.writestr(zipfile.ZipInfo("b", (2026, 5, 1, 10, 0, 2)), "x@lab.university.edu")
        archive.writestr(zipfile.ZipInfo("a", (2026, 5, 1, 10, 0, 4)), "nothing")
    Cutter().log(tmp_path / "a.eval", tmp_path / "b.eval", "")
    with zipfile.ZipFile(tmp_path / "b.eval") as archive:
        days = [(info.filename, info.date_time[-1]) for info in archive.infolist()]
    assert days == [("b", 2), ("a", 4)]


def test_two_honest_runs_of_one_plan_are_two(tmp_path: Path, missions: Missions) -> None:
    """A script under the same seed does the same twice, and its table names it alike."""
    for id in ("one", "two"):
        (tmp_path / "runs" / id).mkdir(parents=True)
        made = played(tmp_path / "runs" / id, [Cell.parse(GOOD)], 2)
        submit(made, tmp_path / "in" / id, msgspec.structs.replace(ABOUT, id=id), missions)
    board, _ = board_of([tmp_path / "in"], missions, title="t")
    assert [one.verification.standing for one in board.entries] == ["re-scored"] * 2
    assert not any(one.verification.contradicted for one in board.entries)
