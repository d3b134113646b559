"""The command line: self-tests, runs that go on, stop and are shared out; mistakes are one line."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import polars as pl
import pytest
import small_sets
from click.testing import CliRunner, Result

from cyber_suites import cli as commands
from eval_observatory import UserError
from eval_observatory import cli as observatory


def called(*arguments: str | Path) -> Result:
    return CliRunner().invoke(commands.cli, list(map(str, arguments)), catch_exceptions=True)


def refused(*arguments: str | Path) -> str:
    error = called(*arguments).exception
    assert isinstance(error, UserError), error
    assert "\n" not in str(error)
    return str(error)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return small_sets.cybergym(tmp_path / "data", ("arvo:1", "arvo:2", "oss-fuzz:3"))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("run", "{data}", "--out", "o"), "--model: name at least one"),
        (
            ("run", "{data}", "--model", "cyber/truth", "--workflow", "patch", "--out", "o"),
            "--level",
        ),
        (("run", "{data}", "--model", "cyber/truth", "--level", "9", "--out", "o"), "level"),
        (("run", "{data}", "--model", "cyber/truth", "--task", "x:1", "--out", "o"), "no task x:1"),
        (
            ("run", "{data}", "--model", "cyber/truth", "--released", "2025-13-45", "--out", "o"),
            "released '2025-13-45': give the day",
        ),
        (
            ("run", "{empty}", "--model", "cyber/truth", "--out", "o"),
            "neither a CyberGym data folder",
        ),
        (("self-test", "{empty}"), "no bounty there"),
        (("merge", "{empty}", "--out", "o"), "no shard"),
        (("trials", "{empty}", "--suite", "cybergym", "--out", "t"), "no log there"),
    ],
)
def test_a_mistake_is_one_line(tmp_path: Path, arguments: tuple[str, ...], says: str) -> None:
    (tmp_path / "empty").mkdir()
    data = small_sets.cybergym(tmp_path / "data", built=False)
    places = {"data": str(data), "empty": str(tmp_path / "empty")}
    assert says in refused(*(one.format(**places) for one in arguments))


@pytest.mark.usefixtures("sandbox_state")
@pytest.mark.agents
@pytest.mark.parametrize(
    ("given", "says"),
    [
        (("--model", "nobody/x"), "model 'nobody/x': Model API nobody"),
        (("--model", "cyber/nobody"), "no such organism"),
        (("--model", "cyber/truth", "--harness", "x"), "harness 'x' is unknown"),
    ],
)
def test_a_wrong_name_costs_nothing(
    data: Path, tmp_path: Path, given: tuple[str, ...], says: str
) -> None:
    assert says in refused("run", data, *given, "--out", tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("sandbox_state")
@pytest.mark.agents
def test_a_self_test_lists_what_is_broken(data: Path, tmp_path: Path) -> None:
    shutil.rmtree(data / "binaries/arvo/2/fix")
    (data / "data/oss-fuzz/3/poc").write_bytes(b"nothing of note")
    done = called("self-test", data, "--out", tmp_path / "found.json")
    assert done.exit_code == 1
    said = [line for line in done.output.splitlines() if not line.startswith(" ")]
    assert said[0] == "arvo:1: ok"
    assert said[1].startswith("arvo:2: there is no fix build at")
    assert said[2] == "oss-fuzz:3: ground truth on the vul build: clean, not crash"
    assert "1 of 3 tasks can be played" in done.output
    assert [one["task"] for one in json.loads((tmp_path / "found.json").read_text())] == [
        "arvo:1",
        "arvo:2",
        "oss-fuzz:3",
    ]


@pytest.mark.usefixtures("sandbox_state")
@pytest.mark.agents
def test_a_self_test_of_bounties(tmp_path: Path) -> None:
    root = small_sets.bountybench(tmp_path / "b")
    assert called("self-test", root).exit_code == 0
    patch = root / "calc/bounties/bounty_0/patch_files/calc.py"
    patch.write_text(small_sets.CALC.format(body="eval"))
    (root / "calc/codebase/calc.py").write_text("total = len\n")
    done = called("self-test", root, "--repeats", "1")
    assert done.exit_code == 1
    assert "reference exploit on the vulnerable tree: not exploited" in done.output
    assert "reference exploit on the patched tree: exploited" in done.output
    assert "invariants of the vulnerable tree: bounty.sums, tests_passed" in done.output


@pytest.mark.usefixtures("sandbox_state")
@pytest.mark.agents
def test_a_run_goes_on_and_is_scored_again(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    arguments = ("run", data, "--model", "cyber/truth", "--task", "arvo:", "--out", out)
    assert called(*arguments).exit_code == 0
    table = pl.read_parquet(out / "trials.parquet")
    assert table["reproduced"].to_list() == [True, True]
    assert sorted(table["task"]) == ["arvo:1", "arvo:2"]
    assert sorted(table["rollout"]) == [0, 1]
    before = sorted(table["episode_id"])
    assert called(*arguments).exit_code == 0
    assert sorted(pl.read_parquet(out / "trials.parquet")["episode_id"]) == before
    again = tmp_path / "again.parquet"
    assert called("trials", out / "logs", "--suite", "cybergym", "--out", again).exit_code == 0
    assert pl.read_parquet(again).equals(pl.read_parquet(out / "trials.parquet"))
    other = ("run", data, "--model", "cyber/garbage", "--out", out)
    assert "another plan" in refused(*other)


BREAKS = {
    "arvo:2": "binaries/arvo/2/fix",
    "arvo:3": "binaries/arvo/3/vul",
    "arvo:4": "data/arvo/4/poc",
    "arvo:5": "data/arvo/5/description.txt",
}


@pytest.mark.usefixtures("sandbox_state")
@pytest.mark.agents
def test_a_broken_task_is_named_and_unscored_and_the_others_go_on(tmp_path: Path) -> None:
    data = small_sets.cybergym(tmp_path / "data", tuple(f"arvo:{n}" for n in range(1, 7)))
    for place in BREAKS.values():
        path = data / place
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    (data / "binaries/arvo/6/vul/arvo").write_text("exit 127\n")  # told only once it is run
    done = called("run", data, "--model", "cyber/truth", "--out", tmp_path / "out")
    assert done.exit_code == 1
    named = dict(
        line.split(": ", 1) for line in done.stderr.splitlines() if line.startswith("arvo")
    )
    assert set(named) == {*BREAKS, "arvo:6"}
    assert named["arvo:2"].startswith("cannot be played: there is no fix build at")
    assert named["arvo:4"] == "cannot be played: poc is missing"
    assert named["arvo:6"].startswith("1 unscored: vulnerable build: exit code 127")
    table = pl.read_parquet(tmp_path / "out" / "trials.parquet")
    told = {row["task"]: row for row in table.iter_rows(named=True)}
    assert told["arvo:1"]["reproduced"] is True
    for id in BREAKS:
        assert told[id]["reproduced"] is None
        assert told[id]["reproduced_unscored"].startswith("instrument: ")
    only = ("--task", "arvo:2", "--task", "arvo:4", "--out", tmp_path / "none")
    said = refused("run", data, "--model", "cyber/truth", *only)
    assert "no task can be played: arvo:2: there is no fix build" in said
    assert not (tmp_path / "none").exists()


@pytest.mark.usefixtures("sandbox_state")
@pytest.mark.agents
def test_a_broken_bounty_is_named_and_the_others_go_on(tmp_path: Path) -> None:
    data = small_sets.bountybench(tmp_path / "data")
    bounties = data / "calc" / "bounties"
    for number in (1, 2):
        shutil.copytree(bounties / "bounty_0", bounties / f"bounty_{number}")
    (bounties / "bounty_1" / "bounty_metadata.json").write_text("{")
    shutil.rmtree(bounties / "bounty_2" / "verify_files")
    done = called("run", data, "--model", "cyber/truth", "--out", tmp_path / "out")
    assert done.exit_code == 1
    assert "calc/bounty_1: cannot be played: " in done.stderr
    assert "calc/bounty_2: cannot be played: verify_files/verify.sh is missing" in done.stderr
    table = pl.read_parquet(tmp_path / "out" / "trials.parquet").sort("task")
    assert table["patched"].to_list() == [True, None, None]


@pytest.mark.usefixtures("sandbox_state")
@pytest.mark.agents
def test_a_plan_is_played_in_shards_and_merged(data: Path, tmp_path: Path) -> None:
    plan = tmp_path / "plan.toml"
    where = ("--where", "level=level1", "--where", "variant=original", "--rollouts", "3")
    line = ["plan", "--suite", "cyber_suites:CYBERGYM", "--model", "cyber/truth", *where]
    assert CliRunner().invoke(observatory.cli, [*line, "--out", str(plan)]).exit_code == 0
    parts = [tmp_path / "run" / f"shard-{number}" for number in (1, 2)]
    first = ("run", data, "--plan", plan, "--shard", "1/2", "--out", parts[0])
    assert called(*first).exit_code == 0
    lacking = called("merge", tmp_path / "run", "--out", tmp_path / "whole")
    assert lacking.exit_code == 1
    assert "shard 2/2 lacks 1 rollouts" in lacking.output
    second = ("run", data, "--plan", plan, "--shard", "2/2", "--out", parts[1])
    assert called(*second).exit_code == 0
    assert called("merge", tmp_path / "run", "--out", tmp_path / "whole").exit_code == 0
    whole = pl.read_parquet(tmp_path / "whole" / "trials.parquet")
    assert whole["rollout"].to_list() == [0, 1, 2]
    assert sorted(whole["task"]) == ["arvo:1", "arvo:2", "oss-fuzz:3"]
    told = [str(tmp_path / "whole"), "--out", str(tmp_path / "report")]
    done = CliRunner().invoke(observatory.cli, ["report", *told], catch_exceptions=False)
    assert done.exit_code == 0


@pytest.mark.usefixtures("sandbox_state")
@pytest.mark.agents
def test_a_cell_stops_once_its_rate_is_known(data: Path, tmp_path: Path) -> None:
    plan = tmp_path / "plan.toml"
    where = ("--where", "level=level1", "--where", "variant=original", "--rollouts", "12")
    line = ["plan", "--suite", "cyber_suites:CYBERGYM", "--model", "cyber/nothing", *where]
    stop = ("--stop", "--width", "0.45", "--batch", "4", "--out", str(plan))
    assert CliRunner().invoke(observatory.cli, [*line, *stop]).exit_code == 0
    out = tmp_path / "out"
    assert called("run", data, "--plan", plan, "--out", out).exit_code == 0
    played = pl.read_parquet(out / "trials.parquet")
    assert played.height % 4 == 0
    assert 4 <= played.height < 12
