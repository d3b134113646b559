"""Which sandbox a coding agent runs in: asked for, kept by a plan, refused where there is none."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

import peer_preservation as pp
from peer_preservation.cli import cli
from peer_preservation.plan import Plan
from peer_preservation.runtime.tasks import scenario_task

PLAN = ["plan", "--scenario", "exfiltration_transfer", "--model", "organism/honest", "--out"]


def test_a_plan_keeps_what_is_not_the_usual(tmp_path: Path) -> None:
    given = {"docker": ["--sandbox", "docker"], "bwrap": ["--sandbox", "bwrap"], "none": []}
    plans = {}
    for name, options in given.items():
        path = tmp_path / f"{name}.toml"
        command = [*PLAN, str(path), "--harness", "claude_code", *options]
        CliRunner().invoke(cli, command, catch_exceptions=False)
        plans[name] = Plan.read(path)
    assert [plan.run.sandbox for plan in plans.values()] == ["docker", "bwrap", "bwrap"]
    assert plans["bwrap"].hash == plans["none"].hash != plans["docker"].hash
    assert "sandbox" not in (tmp_path / "none.toml").read_text()


@pytest.mark.parametrize(
    ("harness", "sandbox", "message"),
    [
        ("claude_code", "podman", "'podman' is unknown; use bwrap or docker"),
        ("custom", "docker", "'docker': only coding agents run in one"),
    ],
)
def test_what_is_not_there_is_refused(
    harness: str, sandbox: str, message: str, tmp_path: Path
) -> None:
    with pytest.raises(pp.UserError, match=message):
        scenario_task("exfiltration_transfer")(harness=harness, sandbox=sandbox)
    told = [*PLAN, str(tmp_path / "plan.toml"), "--harness", harness, "--sandbox", sandbox]
    with pytest.raises(pp.UserError, match=message):
        CliRunner().invoke(cli, told, catch_exceptions=False)
    assert not list(tmp_path.iterdir())
