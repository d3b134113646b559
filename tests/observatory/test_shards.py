"""Shards of a plan: disjoint, complete, whole under a stopping rule; and put together again."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest
from polars.testing import assert_frame_equal

import peer_preservation as pp
from eval_observatory.claims import Claim
from eval_observatory.merging import (
    MERGED,
    PART,
    Held,
    Part,
    Whole,
    again,
    asked_for,
    held_shards,
    in_order,
    in_part,
    merged,
    plan_of,
)
from eval_observatory.shards import WHERE, Shard, places, together
from eval_observatory.stop import Stop
from peer_preservation.scoring.outcome import SCORER_VERSION

MODELS = ("organism/tamper:p=0.5", "organism/honest")
CELLS = pp.matrix("quick")
COUNTS = (1, 2, 7, 16, 300)
VERSIONS = {"package": pp.__version__, "scorer": SCORER_VERSION, "inspect-ai": "0.3.285"}


@cache
def plan(stop: bool = False, rollouts: int = 5) -> pp.Plan:
    made = pp.Plan.of(CELLS, MODELS, rollouts, stop=Stop(batch=2) if stop else None)
    return msgspec.structs.replace(made, locked=True)


@cache
def whole() -> pl.DataFrame:
    """What one process would have written, without Inspect."""
    tables = [pp.simulate(CELLS, name.removeprefix("organism/"), 5) for name in MODELS]
    return in_order(pl.concat(tables))


def held(number: int, count: int, folder: str = "", **changes: Any) -> Held:
    part = Part(shard=Shard(number, count), plan=plan().hash, versions=VERSIONS)
    return Held(Path(folder or f"run/shard-{number:02}"), msgspec.structs.replace(part, **changes))


def rows_of(number: int, count: int) -> pl.DataFrame:
    mine = Shard(number, count).rollouts(plan())
    return whole().join(mine, on=WHERE, how="semi")


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("stop", [False, True])
def test_shards_are_disjoint_and_complete(stop: bool, count: int) -> None:
    each = [Shard(number, count).rollouts(plan(stop)) for number in range(1, count + 1)]
    together = pl.concat(each)
    assert not together.is_duplicated().any()
    assert set(together.iter_rows()) == {
        (model, cell.id, n) for model in MODELS for cell in CELLS for n in range(5)
    }
    if not stop:
        sizes = {rollouts.height for rollouts in each}
        assert max(sizes) - min(sizes) <= 1


def test_a_shard_does_not_hang_on_the_order_of_the_cells() -> None:
    backwards = msgspec.structs.replace(plan(), cells=dict(reversed(plan().cells.items())))
    assert backwards.hash == plan().hash
    assert_frame_equal(places(backwards, 7), places(plan(), 7))


@pytest.mark.parametrize("count", COUNTS)
def test_under_a_stopping_rule_no_claim_reaches_out_of_its_shard(count: int) -> None:
    where = places(plan(stop=True), count)
    for model in MODELS:
        shard_of = dict(where.filter(agent_model=model).select("cell_id", "shard").iter_rows())
        for claim in plan(stop=True).claims:
            assert len({shard_of[id] for id in claim.cells}) == 1, claim


def test_under_a_stopping_rule_shards_come_to_the_looks_of_one_process() -> None:
    ruled = plan(stop=True)
    alone = ruled.courses(whole())
    cells = [Shard(number, 4).cells(ruled) for number in range(1, 5)]
    parts = [ruled.courses(whole(), mine) for mine in cells]
    for model in MODELS:
        looks = [look for part in parts for look in part[model].looks]
        assert sorted(map(repr, looks)) == sorted(map(repr, alone[model].looks))
        asked = {id: n for part in parts for id, n in part[model].asked.items()}
        assert asked == alone[model].asked


def test_cells_that_share_a_baseline_stay_together() -> None:
    claims = plan().claims
    parts = together(plan().cells, claims)
    assert sorted(id for part in parts for id in part) == sorted(plan().cells)
    assert len(parts) > 1
    chain = [Claim("b", ("c1",), ("c2",)), Claim("b", ("c3",), ("c4",)), Claim("b", ("c4", "c1"))]
    assert together(["c0", "c1", "c2", "c3", "c4"], chain) == [("c0",), ("c1", "c2", "c3", "c4")]


@pytest.mark.parametrize(
    ("text", "environment", "shard"),
    [
        ("3/16", {}, Shard(3, 16)),
        ("slurm", {"ID": "3", "COUNT": "16", "MIN": "1", "MAX": "16"}, Shard(3, 16)),
        ("slurm", {"ID": "3", "COUNT": "16"}, Shard(3, 16)),
        ("slurm", {"ID": "0", "COUNT": "16", "MIN": "0", "MAX": "15"}, Shard(1, 16)),
        ("slurm", {"ID": "15", "COUNT": "16", "MIN": "0", "MAX": "15"}, Shard(16, 16)),
        ("slurm/16", {"ID": "7", "COUNT": "2", "MIN": "3", "MAX": "7"}, Shard(7, 16)),
        ("kubernetes/16", {"JOB_COMPLETION_INDEX": "0"}, Shard(1, 16)),
        ("kubernetes/16", {"JOB_COMPLETION_INDEX": "15"}, Shard(16, 16)),
    ],
)
def test_a_shard_is_named_or_told_by_its_runner(
    text: str, environment: dict[str, str], shard: Shard
) -> None:
    assert Shard.of(text, _slurm(environment)) == shard


def _slurm(environment: dict[str, str]) -> dict[str, str]:
    return {n if "_" in n else f"SLURM_ARRAY_TASK_{n}": v for n, v in environment.items()}


@pytest.mark.parametrize(
    ("text", "environment", "line"),
    [
        ("17/16", {}, "--shard 17/16: there is no such shard; they are numbered from 1"),
        ("0/16", {}, "--shard 0/16: there is no such shard"),
        ("1/0", {}, "--shard 1/0: there is no such shard"),
        ("-1/16", {}, "--shard -1/16: give NUMBER/COUNT such as 3/16, slurm, "),
        ("3", {}, "--shard 3: of how many"),
        ("٣/١٦", {}, "give NUMBER/COUNT"),
        ("three", {}, "give NUMBER/COUNT"),
        ("kubernetes", {"JOB_COMPLETION_INDEX": "0"}, "kubernetes: of how many"),
        ("kubernetes/2", {"JOB_COMPLETION_INDEX": "2"}, "3/2: there is no such shard"),
        ("kubernetes/16", {}, "JOB_COMPLETION_INDEX is '', no number; start it by that runner"),
        ("slurm", {}, "SLURM_ARRAY_TASK_ID is '', no number"),
        ("slurm", {"ID": "x", "COUNT": "3"}, "SLURM_ARRAY_TASK_ID is 'x', no number"),
        ("slurm", {"ID": "3", "COUNT": "2", "MIN": "3", "MAX": "7"}, "of a part of an array"),
        ("slurm", {"ID": "3", "COUNT": "2", "MIN": "1", "MAX": "3"}, "say of how many shards"),
        ("slurm/16", {"ID": "0", "COUNT": "16", "MIN": "0"}, "number the array from 1"),
        ("slurm/16", {"ID": "17", "COUNT": "17"}, "17/16: there is no such shard"),
    ],
)
def test_what_is_no_shard_is_refused(text: str, environment: dict[str, str], line: str) -> None:
    with pytest.raises(pp.UserError) as raised:
        Shard.of(text, _slurm(environment))
    assert line in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("count", [1, 3, 16])
def test_connections_are_divided_without_rest(count: int) -> None:
    for total in (count, 64, 100):
        shares = [Shard(number, count).share(total) for number in range(1, count + 1)]
        assert sum(shares) == total
    assert Shard(count, count).share(0) == 1


@pytest.mark.parametrize("count", [1, 3, 16])
def test_merged_shards_are_what_one_process_would_have_written(count: int) -> None:
    numbers = range(count, 0, -1)
    shards = [held(number, count) for number in numbers]
    found = merged(plan(), shards, [rows_of(number, count) for number in numbers])
    assert_frame_equal(found.trials, whole())
    assert found.whole == Whole(plan=plan().hash, count=count, asked=whole().height)


def test_what_is_missing_is_named_with_its_command() -> None:
    shards = [held(number, 3) for number in (1, 2)]
    lost = rows_of(2, 3).head(70)
    found = merged(plan(), shards, [rows_of(1, 3), lost])
    here, there = rows_of(2, 3).height - 70, rows_of(3, 3).height
    assert found.whole.missing == {"2": here, "3": there}
    start = "peer-preservation run run/shard-01/plan.toml --shard"
    assert again(found, "peer-preservation run") == [
        f"shard 2/3 lacks {here} rollouts: {start} 2/3 --out run/shard-02",
        f"shard 3/3 lacks {there} rollouts: {start} 3/3 --out run/shard-03",
    ]


def test_under_a_stopping_rule_what_is_asked_for_follows_from_what_is_there() -> None:
    ruled = plan(stop=True)
    asked = asked_for(ruled, whole())
    assert asked.height < places(ruled, 1).height
    first = asked_for(ruled, whole().head(0))
    assert first.height < asked.height
    assert not first.join(asked, on=WHERE, how="anti").height


def test_a_shard_that_stands_in_two_folders_is_folded_if_both_say_the_same() -> None:
    rows = rows_of(1, 2)
    shards = [held(1, 2, "a"), held(1, 2, "b"), held(2, 2)]
    found = merged(plan(), shards, [rows.head(10), rows, rows_of(2, 2)])
    assert_frame_equal(found.trials, whole())
    assert found.folded == (Path("a"),)
    assert [one.folder for one in found.held] == [Path("b"), Path("run/shard-02")]


def _other_turns(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(num_turns=pl.col("num_turns") + 1)


def _of_the_other(rows: pl.DataFrame) -> pl.DataFrame:
    return pl.concat([rows, rows_of(2, 2).head(1)])


def _beyond(rows: pl.DataFrame) -> pl.DataFrame:
    return pl.concat([rows, rows.head(1).with_columns(rollout=pl.lit(5, pl.Int64))])


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (_of_the_other, "a: 1 rollouts are not of shard 1/2, first "),
        (_beyond, "a: 1 rollouts are not of shard 1/2, first "),
        (lambda rows: pl.concat([rows, rows.head(1)]), "a: rollouts stand twice, first "),
        (
            lambda rows: rows.with_columns(scorer_version=pl.lit("0")),
            f"rollouts are of scorer_version 0, the shard of {SCORER_VERSION}",
        ),
        (
            lambda rows: rows.with_columns(package_version=pl.lit("0.0.9")),
            f"rollouts are of package_version 0.0.9, the shard of {pp.__version__}",
        ),
    ],
)
def test_rows_that_are_not_a_shards_own_are_refused(
    change: Callable[[pl.DataFrame], pl.DataFrame], line: str
) -> None:
    with pytest.raises(pp.UserError) as raised:
        merged(plan(), [held(1, 2, "a")], [change(rows_of(1, 2))])
    assert line in str(raised.value)


def test_two_different_folders_of_one_shard_are_refused() -> None:
    rows = rows_of(1, 2)
    with pytest.raises(pp.UserError, match=r"a and b both hold shard 1/2, with .* different"):
        merged(plan(), [held(1, 2, "a"), held(1, 2, "b")], [rows, _other_turns(rows)])


@pytest.fixture
def folders(tmp_path: Path) -> list[Path]:
    """Two shards' folders, without rollouts."""
    made = [tmp_path / f"shard-{number}" for number in (1, 2)]
    for number, folder in enumerate(made, 1):
        plan().write(folder / "plan.toml")
        held(number, 2).part.keep(folder)
    return made


def test_shards_are_found_by_themselves_and_in_a_folder_of_them(folders: list[Path]) -> None:
    for given in (folders, [folders[0].parent], [*folders[::-1], *folders, folders[0].parent]):
        found = held_shards(given)
        assert [one.part.shard for one in found] == [Shard(1, 2), Shard(2, 2)]
    assert plan_of(found, pp.Plan).hash == plan().hash


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"plan": "0" * 32}, f"differ in plan: {plan().hash} and {'0' * 32}"),
        ({"versions": VERSIONS | {"package": "9"}}, f"package: {pp.__version__} and 9;"),
        ({"versions": VERSIONS | {"scorer": "0"}}, f"differ in scorer: {SCORER_VERSION} and 0"),
        ({"providers": {"m": "https://b"}}, "in provider of m: unknown and https://b"),
        ({"shard": Shard(2, 3)}, "hold shards 1/2 and 2/3; merge shards of one count"),
    ],
)
def test_shards_that_were_played_otherwise_are_refused(
    changes: dict[str, Any], line: str, folders: list[Path]
) -> None:
    msgspec.structs.replace(Part.read(folders[1]), **changes).keep(folders[1])
    with pytest.raises(pp.UserError) as raised:
        plan_of(held_shards(folders), pp.Plan)
    assert line in str(raised.value)


def test_a_plan_that_was_put_in_anothers_place_is_refused(folders: list[Path]) -> None:
    msgspec.structs.replace(plan(), alpha=0.01).write(folders[1] / "plan.toml")
    with pytest.raises(pp.UserError, match=r"its plan\.toml is plan .*, its shard\.toml is of"):
        plan_of(held_shards(folders), pp.Plan)


def test_a_shard_that_says_what_cannot_be_is_refused(folders: list[Path]) -> None:
    (folders[0] / PART).write_text("shard = { number = 3, count = 2 }\n")
    with pytest.raises(pp.UserError, match=r"shard\.toml: damaged \("):
        held_shards(folders)


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"shard": Shard(2, 2)}, "the folder holds shard 1/2, not 2/2; choose another"),
        ({"shard": Shard(1, 3)}, "the folder holds shard 1/2, not 1/3; choose another"),
        ({"plan": "0" * 32}, f"begun with plan {plan().hash}, now it is {'0' * 32}"),
        ({"versions": VERSIONS | {"inspect-ai": "0.4"}}, "inspect-ai 0.3.285, now it is 0.4"),
        ({"providers": {"m": "https://b"}}, "provider of m unknown, now it is https://b"),
    ],
)
def test_a_folder_that_holds_something_else_is_not_gone_on_with(
    changes: dict[str, Any], line: str, folders: list[Path]
) -> None:
    part = msgspec.structs.replace(Part.read(folders[0]), **changes)
    with pytest.raises(pp.UserError) as raised:
        part.taken_up(folders[0])
    assert line in str(raised.value)


def test_what_was_scored_is_kept_when_a_shard_is_taken_up(folders: list[Path]) -> None:
    part = Part.read(folders[0])
    msgspec.structs.replace(part, scored="abc").keep(folders[0])
    assert part.taken_up(folders[0]).scored == "abc"


def test_a_folder_says_whether_its_trials_are_a_part_of_a_study(folders: list[Path]) -> None:
    assert in_part(folders[0]) == "A part of a study: shard 1/2 alone."
    assert not in_part(folders[0].parent)
    whole = Whole(plan=plan().hash, count=2, asked=230)
    whole.keep(folders[0].parent)
    assert not in_part(folders[0].parent)
    msgspec.structs.replace(whole, missing={"2": 30}).keep(folders[0].parent)
    said = in_part(folders[0].parent)
    assert "200 of 230 rollouts" in said
    assert "shard 2/2 (30)" in said
    (folders[0].parent / MERGED).write_text("x")
    with pytest.raises(pp.UserError, match="damaged"):
        in_part(folders[0].parent)
