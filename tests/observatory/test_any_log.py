"""A log of a task that is not ours, by a suite of a few lines, to estimates and a page."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result
from inspect_ai.log import read_eval_log, write_eval_log
from msgspec import structs
from strangers_suite import MODELS, SUITE

import eval_observatory as ob
from eval_observatory import cli as commands
from eval_observatory.trials import suite_in

pytest_plugins = ["strangers_logs"]

AT = "strangers_suite:SUITE"


def called(*arguments: str) -> Result:
    return CliRunner().invoke(commands.cli, arguments, catch_exceptions=True)


def test_each_sample_and_epoch_is_a_trial(trials: pl.DataFrame) -> None:
    assert trials.height == 2 * 2 * 4 * 3
    assert set(trials["agent_model"]) == set(MODELS)
    assert trials["episode_id"].n_unique() == trials.height
    south = trials.filter(region="south", hint=True, agent_model=MODELS[0])
    assert south["cell_id"].unique().to_list() == ["region=south/hint=True"]
    assert sorted(south["rollout"]) == list(range(6))


def test_correct_and_incorrect_are_yes_and_no_and_the_rest_is_unscored_with_its_reason(
    trials: pl.DataFrame,
) -> None:
    one = trials.filter(agent_model=MODELS[0], hint=False)
    by_country = one.group_by("sample_id").agg(
        pl.col("right").sum(), pl.col("right").count().alias("n")
    )
    assert {row[0]: row[1:] for row in by_country.iter_rows()} == {
        "Norway": (3, 3),
        "Finland": (3, 3),
        "Chile": (0, 3),
        "Peru": (0, 2),
    }
    (failed,) = one.filter(ended="error").iter_rows(named=True)
    assert (failed["right"], failed["polite"]) == (None, None)
    assert "hung up" in failed["right_unscored"]
    chile = one.filter(sample_id="Chile")
    assert chile["polite"].null_count() == 3
    assert chile["polite_unscored"].unique().to_list() == [
        "scores.manners.polite is nan, not of kind yes_no"
    ]


def test_estimates_have_intervals_contrasts_and_unscored(trials: pl.DataFrame) -> None:
    found = ob.estimate(trials, SUITE)
    (row,) = found.filter(model=MODELS[0], behavior="right", region="south", hint=True).iter_rows(
        named=True
    )
    assert (row["k"], row["n"], row["unscored"]) == (6, 6, 0)
    assert (row["baseline"], row["difference"]) == (0.0, 1.0)
    assert row["difference_low"] > 0
    assert row["p_adjusted"] < 0.05
    assert row["low"] < 1.0 == row["high"]


def test_a_mean_stands_beside_the_rates(trials: pl.DataFrame) -> None:
    """The north: Oslo and Helsinki; the south without a hint: Paris, and an error in Peru."""
    found = ob.estimate(trials, SUITE).filter(model=MODELS[0], behavior="letters")
    north, south = (
        found.filter(region=one, hint=False).row(0, named=True) for one in ("north", "south")
    )
    assert (north["estimand"], north["estimate"], north["n"]) == ("mean", 6.0, 6)
    assert (north["k"], north["rate"]) == (None, None)
    assert 0 < north["low"] < 6 < north["high"] < 20
    assert (south["estimate"], south["sd"], south["n"], south["unscored"]) == (5.0, 0.0, 5, 1)
    hinted = found.filter(region="south", hint=True).row(0, named=True)
    assert (hinted["baseline"], hinted["difference"]) == (5.0, 1.0)
    assert hinted["difference_low"] < 0 < hinted["difference_high"]
    assert hinted["method"] == "betting; hint: recovered variances, permutation, gatekeeping"


def test_a_log_that_was_retried_counts_each_sample_once(logs: Path, tmp_path: Path) -> None:
    """The same task again, later: what had an error is replaced, what had none stays once."""
    first = sorted(logs.glob("*.eval"))[0]
    log = read_eval_log(str(first))
    write_eval_log(log, str(tmp_path / "a.eval"))
    assert log.samples
    log.samples = [sample for sample in log.samples if sample.error]
    for sample in log.samples:
        assert sample.scores is None or not sample.scores
        done = read_eval_log(str(first)).samples
        assert done
        sample.error, sample.scores = None, done[-1].scores
    log.eval.created = "2099-01-01T00:00:00+00:00"
    write_eval_log(log, str(tmp_path / "b.json"), format="json")
    again = ob.read_logs([tmp_path / "b.json", tmp_path / "a.eval"], SUITE)
    assert again.height == 12
    assert again.filter(ended="error").is_empty()


def test_from_the_logs_to_the_page_by_command(
    logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    table, rates = tmp_path / "trials.parquet", tmp_path / "estimates.csv"
    assert called("trials", str(logs), "--suite", AT, "--out", str(table)).exit_code == 0
    assert suite_in(table) == SUITE
    assert called("estimates", str(table), "--out", str(rates)).exit_code == 0
    assert pl.read_csv(rates).height == 3 * 2 * 4
    made = called("report", str(table), "--out", str(tmp_path / "report"))
    assert made.exit_code == 0, made.output
    page = (tmp_path / "report" / "index.html").read_text(encoding="utf-8")
    for text in (
        *("Capitals", "Does a hint help", "Right answer", "mockllm/two"),
        *("Letters of the answer", "mean 6.00 of 0 to 20 [", "0.00"),
    ):
        assert text in page
    for word in ("shut down", "threat", "peer", "<b>hung up"):
        assert word not in page
    for name in ("right", "letters"):
        assert list((tmp_path / "report" / "figures").glob(f"{name}*.svg"))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"factors": (ob.Factor(name="level"),)}, "no sample has metadata.level (factor level"),
        ({"measures": (ob.Measure(name="won", column="won"),)}, "scores.won (measure won"),
        (
            {"factors": (*SUITE.factors, ob.Factor(name="number", kind="whole", source="id"))},
            "id has 'Norway', which is not of kind whole",
        ),
    ],
)
def test_a_log_without_the_declared_sources_is_named(
    logs: Path, change: dict[str, object], says: str
) -> None:
    kept = {name: getattr(SUITE, name) for name in ("name", "title", "question")}
    other = {"factors": SUITE.factors, "measures": SUITE.measures, **change}
    with pytest.raises(ob.UserError) as error:
        ob.read_logs([logs], ob.Suite(**kept, **other))  # type: ignore[arg-type]
    assert says in str(error.value)
    assert ".eval: " in str(error.value)


def test_words_for_readers_may_change_and_the_design_may_not(logs: Path, tmp_path: Path) -> None:
    table = tmp_path / "trials.parquet"
    ob.write_trials(ob.read_logs([logs], SUITE), SUITE, table)
    words = structs.replace(SUITE, title="Cities", question="Does it?")
    assert words.hash != SUITE.hash
    assert ob.read_trials([table], words).height == 48
    counted = structs.replace(SUITE, contrasts=())
    with pytest.raises(ob.UserError, match="a table of suite capitals"):
        ob.read_trials([table], counted)


def test_what_is_no_log_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.eval").write_text(json.dumps({}))
    with pytest.raises(ob.UserError, match=r"x\.eval: cannot be read as an Inspect log"):
        ob.read_logs([tmp_path], SUITE)
    with pytest.raises(ob.UserError, match="no log there"):
        ob.read_logs([tmp_path / "nothing"], SUITE)


def test_a_table_of_another_suite_is_refused(logs: Path, tmp_path: Path) -> None:
    table = tmp_path / "trials.parquet"
    ob.write_trials(ob.read_logs([logs], SUITE), SUITE, table)
    named = ("--suite", "peer_preservation.suite:SUITE", "--out", str(tmp_path / "x.csv"))
    refused = called("estimates", str(table), *named)
    assert isinstance(refused.exception, ob.UserError)
    said = str(refused.exception)
    assert "a table of suite capitals" in said
    assert "make it again from its logs, or read it with its own suite" in said
