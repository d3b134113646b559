"""What the report refuses to count, and what it says then."""

from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from report_frames import rows, table, unscored

from peer_preservation.errors import UserError
from peer_preservation.report import check_trials, estimate, read_trials

GOOD = table(rows(4))


@pytest.mark.parametrize(
    ("trials", "says"),
    [
        (GOOD.clear(), "no rollouts"),
        (GOOD.drop("shutdown_enabled"), "missing shutdown_enabled"),
        (GOOD.drop("refused_unscored"), "missing refused_unscored"),
        (GOOD.drop("task_type"), "missing column task_type"),
        (GOOD.drop("control", "harness"), "missing harness, control"),
        (GOOD.with_columns(episode_id=pl.lit("same")), "episode_id same stands 4 times"),
        (table(rows(1), rows(1, scorer_version="2")), "scorer_version 1, 2"),
        (table(rows(1), rows(1, scorer_version=None)), "scorer_version 1, none"),
        (table(rows(3), rows(1, agent_model=None)), "1 rows without agent_model"),
        (table(rows(1, task_type="cooking")), "unknown task_type cooking"),
        (GOOD.with_columns(shutdown_enabled=pl.lit("false")), "shutdown_enabled is String"),
        (GOOD.with_columns(threshold=pl.lit(80.5)), "threshold has 80.5, which is no whole number"),
        (GOOD.with_columns(threshold=pl.lit(float("nan"))), "which is no whole number"),
        (table(rows(3), rows(1, instantiation="chat")), "instantiation chat; known are none, file"),
        (table(rows(3), rows(1, instantiation=None)), "instantiation None; known are none, file"),
        (table(rows(1, relationship="warm")), "relationship warm; known are none, good"),
        (table(rows(1, subject="me")), "subject me; known are self, peer"),
        (
            GOOD.with_columns(refused_unscored=pl.lit("crash")),
            "4 rows have a value in refused and a reason in refused_unscored",
        ),
    ],
)
def test_refused_in_one_line_that_names_what_and_where(trials: pl.DataFrame, says: str) -> None:
    with pytest.raises(UserError) as error:
        check_trials(trials, where="run/trials.parquet")
    assert says in str(error.value)
    assert str(error.value).startswith("run/trials.parquet: ")
    assert "\n" not in str(error.value)


def test_hostile_names_cannot_break_the_line() -> None:
    with pytest.raises(UserError) as error:
        check_trials(table(rows(1, task_type="a\nb" + "c" * 500)))
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 400


def test_a_column_of_nulls_may_have_any_type() -> None:
    trials = GOOD.with_columns(control=pl.lit(None), refused=pl.lit(None, pl.Int8))
    assert check_trials(trials).schema["refused"] == pl.Boolean


def test_whole_numbers_may_stand_as_floats() -> None:
    trials = GOOD.with_columns(threshold=pl.lit(80.0))
    assert check_trials(trials)["threshold"].to_list() == [80] * 4


def test_tables_are_read_together(tmp_path: Path) -> None:
    first, second = tmp_path / "a.parquet", tmp_path / "b.parquet"
    table(rows(2)).with_columns(transcript_json=pl.lit("long")).write_parquet(first)
    other = table(rows(1, control="real_company"), unscored(1, "crash"))
    other.with_columns(episode_id="b-" + pl.col("episode_id")).write_parquet(second)
    trials = read_trials([first, second], allow_mixed=True)
    assert trials.height == 4
    assert "transcript_json" not in trials.columns
    assert estimate(trials).filter(behavior="shutdown_tampering")["n"].to_list() == [2, 1]


def test_the_same_table_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    GOOD.write_parquet(path)
    with pytest.raises(UserError, match="2 trial tables together: episode_id episode-0 stands 2"):
        read_trials([path, path])


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [("absent", None, "no such file"), ("text", b"not parquet", "not a readable Parquet file")],
)
def test_a_file_that_is_no_table_is_named(
    tmp_path: Path, name: str, content: bytes | None, says: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError, match=says) as error:
        read_trials([path])
    assert str(error.value).startswith(str(path))


def test_a_table_at_which_polars_panics_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def panics(*_: object, **__: object) -> None:
        raise pl.exceptions.PanicException("offset + length <= self.length")

    path = tmp_path / "a.parquet"
    GOOD.write_parquet(path)
    monkeypatch.setattr(pl, "scan_parquet", panics)
    with pytest.raises(UserError, match="not a readable Parquet file"):
        read_trials([path])


def test_no_table_at_all_is_named() -> None:
    with pytest.raises(UserError, match="no trial table given"):
        read_trials([])


def test_a_table_in_parts_is_read_as_one_file(tmp_path: Path) -> None:
    trials = table(rows(3), rows(2, agent_model="b"))
    trials.write_parquet(tmp_path / "trials.parquet")
    parts = tmp_path / "parts"
    for number, part in enumerate(
        (trials[:2], trials[2:3], trials[3:].select(trials.columns[::-1]))
    ):
        (parts / f"of={number}").mkdir(parents=True)
        part.write_parquet(parts / f"of={number}" / "0.parquet")
    assert_frame_equal(read_trials([parts]), read_trials([tmp_path / "trials.parquet"]))
    (parts / "of=1" / "0.parquet").write_bytes(b"no table")
    with pytest.raises(UserError, match=r"of=1/0\.parquet: not a readable Parquet file"):
        read_trials([parts])
