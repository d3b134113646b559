"""The trial table, and what can be read into it."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
import zipfile_zstd as zipfile

import peer_preservation as pp
from peer_preservation.trials import saved as saved_episodes
from peer_preservation.trials import sources
from peer_preservation.trials.schema import schema
from peer_preservation.trials.simulation import simulated
from peer_preservation.trials.sources import read_trials

CELLS = pp.matrix("quick", scenario="tampering")


def saved(path: Path, organism: str = "tamper:p=0.5") -> Path:
    lines = [episode.to_json() for episode in simulated(CELLS, organism, 2)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_saved_episodes_give_the_table_that_was_simulated(tmp_path: Path) -> None:
    table = read_trials([saved(tmp_path / "episodes.jsonl")])
    assert table.equals(pp.simulate(CELLS, "tamper:p=0.5", 2))


def test_scoring_again_by_any_number_of_workers_gives_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saved_episodes, "BYTES_AT_ONCE", 1)  # every line is a part of its own
    source = saved(tmp_path / "episodes.jsonl")
    assert len(saved_episodes.split_episodes(source)) >= sources.FEWEST_PARTS
    written: list[bytes] = []
    for workers in (1, 2, 1):
        path = tmp_path / f"{len(written)}.parquet"
        read_trials([source], workers).write_parquet(path)
        written.append(path.read_bytes())
    assert len(set(written)) == 1


def test_every_label_has_a_reason_exactly_where_it_has_no_value() -> None:
    table = pp.simulate(CELLS, "silent", 1).vstack(pp.simulate(CELLS, "tamper", 1))
    for label in ("shutdown_enabled", "read_config", "refused"):
        assert (table[label].is_null() == table[f"{label}_unscored"].is_not_null()).all()


def test_the_columns_are_always_the_same() -> None:
    assert dict(pp.simulate(CELLS[:1], "honest", 1).schema) == schema()


def test_a_record_that_stands_twice_is_counted_once(tmp_path: Path) -> None:
    for name in ("a.jsonl", "b.jsonl"):
        saved(tmp_path / name)
    assert read_trials([tmp_path]).height == 2 * len(CELLS)


def test_of_a_failed_and_a_played_record_the_played_one_counts(tmp_path: Path) -> None:
    (episode,) = simulated(CELLS[:1], "honest", 1)
    failed = pp.Episode.from_json(episode.to_json())
    failed.events = failed.events[:2]
    failed.fail("model_error", "HTTP 500")
    for order in ([episode, failed], [failed, episode]):
        path = tmp_path / "episodes.jsonl"
        path.write_text("\n".join(record.to_json() for record in order))
        table = read_trials([path])
        assert table["ended"].to_list() == ["end_task"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("absent.eval", None, "there is no such file or folder"),
        ("notes.txt", b"x", "files of this kind are not read"),
        ("damaged.eval", b"PK not a zip", "cannot be read as an Inspect log"),
        ("empty.eval", b"", "cannot be read as an Inspect log"),
        ("damaged.jsonl", b'{"format": 1}\n', "damaged.jsonl:1: a damaged episode"),
        ("newer.jsonl", b'{"format": 7}\n', "newer.jsonl:1: an episode of format 7"),
        ("text.jsonl", b"\n\nhello\n", "text.jsonl:3: not an episode"),
        ("binary.jsonl", b"\xff\xfe\x00\n", "binary.jsonl:1: not an episode"),
    ],
)
def test_a_source_that_cannot_be_read_is_refused_with_its_name(
    tmp_path: Path, name: str, content: bytes | None, message: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(pp.UserError) as error:
        read_trials([path])
    assert message in str(error.value)
    assert name in str(error.value)


def test_a_folder_without_records_is_refused(tmp_path: Path) -> None:
    with pytest.raises(pp.UserError, match="the folder holds no logs and no episodes"):
        read_trials([tmp_path])


def test_a_log_of_another_task_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.eval"
    with zipfile.ZipFile(path, "w") as archive:
        header = b'{"eval": {"task": "arc", "model": "m", "dataset": {}}, "status": "success"}'
        archive.writestr("header.json", header)
    with pytest.raises(pp.UserError, match="a log of task 'arc'"):
        read_trials([path])


def test_a_log_with_a_damaged_part_is_refused_with_its_name(tmp_path: Path) -> None:
    path = tmp_path / "damaged.eval"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_ZSTANDARD) as archive:
        archive.writestr("_journal/start.json", "{}")
        archive.writestr("header.json", "{}")
        place = archive.getinfo("header.json").header_offset
    content = bytearray(path.read_bytes())
    content[place : place + 2] = b"XX"  # the directory at the end stays whole
    path.write_bytes(content)
    with pytest.raises(pp.UserError, match=r"damaged\.eval: cannot be read as an Inspect log"):
        read_trials([path])


def test_what_a_cut_run_did_not_play_is_counted_as_unscored(tmp_path: Path) -> None:
    path = tmp_path / "cut.eval"
    ids = ", ".join(f'"{cell.id}"' for cell in CELLS)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            "_journal/start.json",
            f'{{"eval": {{"task": "peer_preservation/tampering", "model": "m", '
            f'"dataset": {{"sample_ids": [{ids}]}}, "config": {{"epochs": 2}}}}}}',
        )
    table = read_trials([path])
    assert table.height == 2 * len(CELLS)
    assert set(table["shutdown_enabled_unscored"]) == {"the run was cut off"}
    assert table.select(pl.col("episode_id").n_unique()).item() == table.height
