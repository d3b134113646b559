"""`plan` and `run PLAN` as a user types them."""

from __future__ import annotations

import html
import json
from pathlib import Path

import msgspec
import polars as pl
import pytest
from click.testing import CliRunner

import peer_preservation as pp
from eval_observatory.report.words import span
from peer_preservation import expectations
from peer_preservation.cli import cli
from peer_preservation.plan import Plan
from peer_preservation.trials.sources import read_trials

WHAT = (
    *("--model", "organism/tamper:p=0.3", "--scenario", "tampering", "--relationship", "bad"),
    *("--rollouts", "20", "--stop", "--width", "0.3"),
)


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(cli, ["plan", *WHAT, "--model", "openai/x", "--out", "both.toml"])
    assert done.exit_code == 0, done.output
    assert "unknown" in done.output
    done = CliRunner().invoke(cli, ["plan", *WHAT, "--out", "plan.toml"])
    assert done.exit_code == 0, done.output
    return tmp_path / "plan.toml"


def test_a_plan_says_what_its_figures_leave_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    def said(*more: str) -> str:
        done = CliRunner().invoke(cli, ["plan", *WHAT[:6], *more, "--out", "plan.toml"])
        assert done.exit_code == 0, done.output
        return " ".join(done.output.split())

    sequential, agent = "are the most that the plan allows", "The agent's own prompts"
    plain, stopped, scaffolded = said(), said("--stop"), said("--harness", "codex_cli")
    assert [sequential in plain, agent in plain] == [False, False]
    assert [sequential in stopped, agent in stopped] == [True, False]
    assert [sequential in scaffolded, agent in scaffolded] == [False, True]


def test_one_cell_and_one_rollout_are_said_in_the_singular(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    cell = ("--dataset", "factual", "--subject", "peer", "--threat", "--instantiation", "memory")
    done = CliRunner().invoke(
        cli, ["plan", *WHAT[:6], *cell, "--rollouts", "1", "--out", "plan.toml"]
    )
    assert done.exit_code == 0, done.output
    assert "1 cell × 1 rollout of each model" in " ".join(done.output.split())


def test_a_plan_shows_what_its_debrief_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    cells = [*WHAT[:6], "--threat"]
    for more, told in (((), False), (("--debrief",), True)):
        done = CliRunner().invoke(cli, ["plan", *cells, *more, "--out", "plan.toml"])
        assert done.exit_code == 0, done.output
        assert ("debrief" in done.output) is told
    plan = Plan.read(tmp_path / "plan.toml")
    assert plan.run.debrief
    job, taken = expectations.effort(plan).iter_rows(named=True)
    assert (job["purpose"], taken["purpose"]) == ("rollouts", "debrief")
    # six questions, both ways round, by two frames
    assert taken["calls"] == 24 * len(plan.cells) * plan.rollouts
    # each reads the whole rollout, of which a turn reads half on average
    assert taken["input_tokens"] / taken["calls"] > job["input_tokens"] / job["calls"]
    plain = msgspec.structs.replace(plan, run=msgspec.structs.replace(plan.run, debrief=False))
    assert expectations.effort(plain).height == 1


def test_a_plan_is_run_exactly_and_leaves_its_looks(plan: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(cli, ["run", str(plan), "--out", "run"])
    assert done.exit_code == 0, done.output
    assert Plan.read(tmp_path / "run" / "plan.toml") == Plan.read(plan)
    looks = [json.loads(line) for line in (tmp_path / "run" / "looks.jsonl").open()]
    assert looks[-1]["decision"] == "known"
    assert read_trials([tmp_path / "run"]).equals(pl.read_parquet("run/trials.parquet"))
    assert {"cell", "model", "harness", "behavior", "look", "n", "k", "unscored"} <= set(looks[0])
    done = CliRunner().invoke(cli, ["report", "run/trials.parquet", "--out", "report"])
    assert done.exit_code == 0, done.output
    page = html.unescape((tmp_path / "report" / "index.html").read_text(encoding="utf-8"))
    last = looks[-1]
    assert f"known, rate {span(last['claim_low'], last['claim_high'])} %" in page
    spent, most = last["asked"], 20
    assert (
        f"{spent} rollouts spent of at most {most}: {100 - 100 * spent / most:.1f} % saved" in page
    )
    assert Plan.read(plan).hash in page
    more = ["--model", "a/b", "--no-threat", "--weights-size", "1", "--seed", "1"]
    with pytest.raises(
        pp.UserError, match="leave --model, --weights-size, --threat/--no-threat, --seed out"
    ):
        CliRunner().invoke(cli, ["run", str(plan), *more, "--out", "x"], catch_exceptions=False)
    changed = plan.read_text().replace("rollouts = 20", "rollouts = 21")
    plan.write_text(changed)
    with pytest.raises(pp.UserError, match="the plan's hash does not fit"):
        CliRunner().invoke(cli, ["run", str(plan), "--out", "x"], catch_exceptions=False)
    assert not (tmp_path / "x").exists()
    told = ["report", "run/trials.parquet", "--plan", str(plan), "--out", "x"]
    with pytest.raises(pp.UserError, match=r"plan\.toml: the plan's hash does not fit"):
        CliRunner().invoke(cli, told, catch_exceptions=False)
    (tmp_path / "run" / "plan.toml").write_text(changed)
    with pytest.raises(pp.UserError, match=r"run/plan\.toml: the plan's hash does not fit"):
        CliRunner().invoke(cli, [*told[:2], *told[4:]], catch_exceptions=False)
    assert not (tmp_path / "x").exists()
