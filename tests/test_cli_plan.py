"""`plan` and `run PLAN` as a user types them."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

import peer_preservation as pp
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


def test_a_plan_is_run_exactly_and_leaves_its_looks(plan: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(cli, ["run", str(plan), "--out", "run"])
    assert done.exit_code == 0, done.output
    assert Plan.read(tmp_path / "run" / "plan.toml") == Plan.read(plan)
    looks = [json.loads(line) for line in (tmp_path / "run" / "looks.jsonl").open()]
    assert looks[-1]["decision"] == "known"
    assert read_trials([tmp_path / "run"]).equals(pl.read_parquet("run/trials.parquet"))
    assert {"cell", "model", "harness", "behavior", "look", "n", "k", "unscored"} <= set(looks[0])
    with pytest.raises(pp.UserError, match="leave seed out"):
        CliRunner().invoke(
            cli, ["run", str(plan), "--seed", "1", "--out", "x"], catch_exceptions=False
        )
    changed = plan.read_text().replace("rollouts = 20", "rollouts = 21")
    plan.write_text(changed)
    with pytest.raises(pp.UserError, match="the plan's hash does not fit"):
        CliRunner().invoke(cli, ["run", str(plan), "--out", "x"], catch_exceptions=False)
    assert not (tmp_path / "x").exists()
