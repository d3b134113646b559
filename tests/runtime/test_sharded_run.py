"""Shards under Inspect: played, killed, taken up, merged; and what of them is refused."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import polars as pl
import pytest
from inspect_ai.model import Model, get_model
from polars.testing import assert_frame_equal

import peer_preservation as pp
from eval_observatory.merging import MERGED, PART, Part, in_order
from eval_observatory.shards import Shard
from eval_observatory.stop import LOOKS, Stop
from peer_preservation.cli import main
from peer_preservation.merging import merge
from peer_preservation.runtime.sharding import HERE, provider_path, shared

COMMAND = (sys.executable, "-c", "from peer_preservation.cli import main; main()")
MODEL = "organism/tamper:p=0.5"
CELLS = pp.matrix("quick", scenario="tampering")[:3]


def planned(folder: Path, rollouts: int = 4, stop: Stop | None = None) -> Path:
    path = folder / "plan.toml"
    pp.Plan.of(CELLS, [MODEL], rollouts, stop=stop).write(path)
    return path


def play(plan: Path, out: Path, shard: str = "") -> pp.Run:
    return pp.run(plan, out, display="none", shard=Shard.of(shard, {}) if shard else None)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A plan, played at once and in three shards."""
    folder = tmp_path_factory.mktemp("study")
    plan = planned(folder)
    play(plan, folder / "one")
    for number in (1, 2, 3):
        ran = play(plan, folder / f"shard-{number}", f"{number}/3")
        assert ran.asked == ran.trials.height == 4
    return folder


@pytest.fixture
def folder(study: Path, tmp_path: Path) -> Path:
    """The same, to be changed."""
    return Path(shutil.copytree(study, tmp_path / "study", dirs_exist_ok=True))


def shards(folder: Path) -> list[Path]:
    return [folder / f"shard-{number}" for number in (1, 2, 3)]


def table(folder: Path) -> pl.DataFrame:
    """Its trials in the order of a merge: one process writes them as they ended."""
    return in_order(pl.read_parquet(folder / "trials.parquet"))


def test_merged_shards_are_the_run_of_one_process(folder: Path) -> None:
    whole = folder / "whole"
    done = merge([folder], whole)
    assert done.written
    assert not done.merged.whole.missing
    assert_frame_equal(table(whole), table(folder / "one"))
    assert (whole / "plan.toml").read_bytes() == (folder / "one" / "plan.toml").read_bytes()
    records = {episode.id for episode in pp.read_run(whole).episodes()}
    assert records == {episode.id for episode in pp.read_run(folder / "one").episodes()}
    before = {path.name: path.read_bytes() for path in whole.rglob("*") if path.is_file()}
    merge(shards(folder), whole)
    assert {path.name: path.read_bytes() for path in whole.rglob("*") if path.is_file()} == before


def test_a_merge_takes_what_there_is_and_the_report_says_so(folder: Path) -> None:
    whole = folder / "whole"
    shutil.rmtree(folder / "shard-2")
    assert not merge(shards(folder)[::2], whole).written
    assert not whole.exists()
    assert merge([folder], whole, in_part=True).written
    assert table(whole).height == 8
    report = pp.read_run(whole).report(folder / "report")
    said = (
        "A part of a study: 8 of 12 rollouts that are asked for so far; missing are those of "
        "shard 2/3 (4)."
    )
    assert report.notes[0] == said
    assert said in report.page.read_text(encoding="utf-8")
    play(folder / "plan.toml", folder / "shard-2", "2/3")
    assert merge([folder], whole).written
    assert_frame_equal(table(whole), table(folder / "one"))
    assert said not in pp.read_run(whole).report(folder / "report").page.read_text("utf-8")


def edited(path: Path) -> None:
    """Every label turned round beside logs that say otherwise."""
    trials = pl.read_parquet(path)
    trials.with_columns(~pl.col("shutdown_enabled")).write_parquet(path)


@pytest.mark.parametrize("change", [lambda path: path.write_bytes(b"garbage"), edited])
def test_a_table_that_was_changed_is_made_again_from_the_logs(
    folder: Path, capsys: pytest.CaptureFixture[str], change: Callable[[Path], object]
) -> None:
    change(folder / "shard-3" / "trials.parquet")
    assert merge([folder], folder / "whole").written
    said = "not the table that this shard's process wrote; its logs are scored again"
    assert capsys.readouterr().err.count(said) == 1
    assert_frame_equal(table(folder / "whole"), table(folder / "one"))


def test_an_empty_shard_plays_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A variable that is not set in a job array must not make every worker play everything."""
    arguments = ["peer-preservation", "run", str(folder / "plan.toml"), "--shard", ""]
    monkeypatch.setattr(sys, "argv", [*arguments, "--out", str(folder / "none")])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert "--shard : " in capsys.readouterr().err
    assert not (folder / "none").exists()


def test_a_shard_whose_process_wrote_no_table_is_scored_from_its_logs(folder: Path) -> None:
    (folder / "shard-2" / "trials.parquet").unlink()
    (folder / "shard-3" / "trials.parquet").write_bytes(b"of other logs")
    part = Part.read(folder / "shard-3")
    msgspec.structs.replace(part, scored="0" * 32).keep(folder / "shard-3")
    assert merge([folder], folder / "whole").written
    assert_frame_equal(table(folder / "whole"), table(folder / "one"))


def test_of_a_log_that_is_still_written_the_whole_records_are_taken(folder: Path) -> None:
    (log,) = (folder / "shard-1" / "logs").glob("*.eval")
    content = log.read_bytes()
    log.write_bytes(content[: len(content) * 2 // 3])
    (torn,) = (folder / "shard-2" / "logs").glob("*.eval")
    torn.write_bytes(b"PK")
    done = merge([folder], folder / "whole", in_part=True)
    lost = 4 - table(folder / "whole").join(table(folder / "shard-1"), on="episode_id").height
    assert 0 < lost < 4
    assert done.merged.whole.missing == {"1": lost, "2": 4}
    for number in (1, 2):
        play(folder / "plan.toml", folder / f"shard-{number}", f"{number}/3")
    assert merge([folder], folder / "whole").written
    assert_frame_equal(table(folder / "whole"), table(folder / "one"))


def test_clocks_that_disagree_change_nothing(folder: Path) -> None:
    """Logs that are dated a day ahead, and named a year back."""
    day = time.time_ns() + 86_400 * 10**9
    for path in shards(folder)[0].rglob("*"):
        subprocess.run(["touch", "-d", f"@{day // 10**9}", str(path)], check=True)
    for log in (shards(folder)[1] / "logs").glob("*.eval"):
        log.rename(log.with_name(f"2025{log.name[4:]}"))
    for number in (1, 2):
        play(folder / "plan.toml", folder / f"shard-{number}", f"{number}/3")
    assert merge([folder], folder / "whole").written
    assert_frame_equal(table(folder / "whole"), table(folder / "one"))


def test_under_a_stopping_rule_the_looks_are_those_of_one_process(tmp_path: Path) -> None:
    plan = planned(tmp_path, 8, Stop(width=0.45, batch=2))
    alone = play(plan, tmp_path / "one")
    for number in (1, 2):
        play(plan, tmp_path / f"shard-{number}", f"{number}/2")
    merge([tmp_path], tmp_path / "whole")
    assert_frame_equal(table(tmp_path / "whole"), in_order(alone.trials))
    looks = (tmp_path / "one" / LOOKS).read_bytes()
    assert looks
    assert (tmp_path / "whole" / LOOKS).read_bytes() == looks


def test_a_shard_without_rollouts_is_whole(tmp_path: Path) -> None:
    plan = planned(tmp_path, 1)
    for number in range(1, 5):
        play(plan, tmp_path / f"shard-{number}", f"{number}/4")
    assert merge([tmp_path], tmp_path / "whole").written
    assert table(tmp_path / "whole").height == 3


def into_its_folder(*more: str) -> Callable[[Path], list[str]]:
    return lambda folder: [
        *("run", str(folder / "plan.toml"), "--out", str(folder / "shard-1"), *more)
    ]


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (into_its_folder("--shard", "17/16"), "there is no such shard"),
        (into_its_folder("--shard", "2/3"), "the folder holds shard 1/3, not 2/3"),
        (into_its_folder("--shard", "1/4"), "the folder holds shard 1/3, not 1/4"),
        (into_its_folder(), "the folder holds a shard; give --shard 1/3"),
        (
            lambda folder: ["run", "--model", MODEL, "--shard", "1/3", "--out", str(folder / "x")],
            "--shard 1/3: of what? give the file of a plan",
        ),
        (
            lambda folder: [
                *("run", str(folder / "plan.toml"), "--shard", "1/3", "--out"),
                str(folder / "one"),
            ],
            "the folder holds a run without shards",
        ),
        (
            lambda folder: ["merge", str(folder), "--out", str(folder / "one")],
            "the folder holds a run; choose another for the sum",
        ),
        (
            lambda folder: ["merge", str(folder), "--out", str(folder / "shard-1")],
            "the folder holds a shard; choose another",
        ),
        (
            lambda folder: ["merge", str(folder / "one"), "--out", str(folder / "x")],
            "no shard: it has no shard.toml",
        ),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_lost(
    arguments: Callable[[Path], list[str]],
    line: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    monkeypatch.setattr(sys, "argv", ["peer-preservation", *arguments(folder)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert line in said
    assert said.count("\n") == 1
    after = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert {path: after.get(path) for path in before} == before


def test_merged_shards_are_not_played_on(folder: Path) -> None:
    merge([folder], folder / "whole")
    assert (folder / "whole" / MERGED).exists()
    for shard in ("", "1/3"):
        with pytest.raises(pp.UserError, match="the folder holds merged shards"):
            play(folder / "plan.toml", folder / "whole", shard)


def test_a_shard_is_of_a_locked_plan(tmp_path: Path) -> None:
    plan = pp.Plan.of(CELLS, [MODEL], 1)
    with pytest.raises(pp.UserError, match="shards are of a locked plan"):
        pp.run(plan, tmp_path / "run", display="none", shard=Shard(1, 2))
    assert not (tmp_path / "run" / PART).exists()


def _at(url: str) -> Model:
    return get_model("openai/gpt-5", base_url=url, api_key="k", memoize=False)


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("https://a.example/v1", "https://a.example/v1/"),
        ("https://name:secret@a.example:8443/v1?key=1", "https://a.example:8443/v1"),
        ("http://localhost:8000/v1", HERE),
        ("http://127.0.0.1:41234/v1", HERE),
        ("http://[::1]:8000/v1", HERE),
    ],
)
def test_the_path_to_a_provider_is_told_without_its_secrets(url: str, path: str) -> None:
    assert provider_path(_at(url)).rstrip("/") == path.rstrip("/")


def test_connections_are_those_of_all_shards_but_to_a_server_of_ones_own() -> None:
    far, here = _at("https://a.example/v1"), _at("http://localhost:8000/v1")
    rest = shared(Shard(1, 16), [far, here], {"max_connections": 33, "max_retries": 2})
    assert rest == {"max_retries": 2}
    assert (far.config.max_connections, here.config.max_connections) == (3, 33)


def test_without_a_number_inspects_own_limits_are_divided() -> None:
    far, here = _at("https://a.example/v1"), _at("http://localhost:8000/v1")
    shared(Shard(2, 10), [far, here], {})
    adaptive = far.config.adaptive_connections
    assert not isinstance(adaptive, bool | int | None)
    assert (adaptive.min, adaptive.start, adaptive.max) == (1, 2, 10)
    assert here.config.adaptive_connections is None


@pytest.mark.slow
def test_a_shard_that_is_killed_goes_on_where_it_stopped(tmp_path: Path) -> None:
    plan = planned(tmp_path, 60)
    one = [*COMMAND, "run", str(plan), "--shard", "1/2", "--out", str(tmp_path / "shard-1")]
    for _ in range(2):
        with subprocess.Popen(one, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as killed:
            logs = tmp_path / "shard-1" / "logs"
            while killed.poll() is None and not any(logs.glob("*.eval")):
                time.sleep(0.2)
            time.sleep(1)
            killed.kill()
    subprocess.run(one, check=True, capture_output=True)
    play(plan, tmp_path / "shard-2", "2/2")
    assert merge([tmp_path], tmp_path / "whole").written
    assert_frame_equal(table(tmp_path / "whole"), in_order(play(plan, tmp_path / "one").trials))
