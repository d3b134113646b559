"""A run of the scripts on the board: found by the suite's name, scored again, and held to that."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
import small_sets
from click.testing import CliRunner, Result

from cyber_suites import BOUNTYBENCH, CYBERGYM
from cyber_suites import cli as suites
from cyber_suites.board import says
from cyber_suites.texts import text
from eval_observatory import cli as observatory
from eval_observatory.board.missions import Missions
from eval_observatory.errors import UserError
from eval_observatory.loading import load_suite
from eval_observatory.suite import Suite
from eval_observatory.trials import write_trials


def observed(*arguments: str | Path) -> Result:
    return CliRunner().invoke(observatory.cli, list(map(str, arguments)), catch_exceptions=False)


@pytest.mark.parametrize("suite", [CYBERGYM, BOUNTYBENCH], ids=lambda suite: suite.name)
def test_a_suite_is_found_by_its_name(suite: Suite) -> None:
    assert load_suite(suite.name) == suite
    mission = Missions().get(suite.name)
    assert mission is not None
    assert mission.suite == suite
    with pytest.raises(UserError, match="or one of bountybench, cybergym, peer_preservation"):
        load_suite(f"{suite.name}x")


def test_what_agents_are_told_is_nobodys_secret() -> None:
    assert says(text("cybergym.md")[:80])
    assert says("mktemp -d /tmp/.submissions/XXXXXXXX")
    assert not says("token-of-somebody")


@pytest.mark.usefixtures("sandbox_state", "no_figures")
@pytest.mark.agents
@pytest.mark.parametrize("suite", [CYBERGYM, BOUNTYBENCH], ids=lambda suite: suite.name)
def test_a_run_is_submitted_and_scored_again(suite: Suite, tmp_path: Path) -> None:
    made = small_sets.cybergym if suite is CYBERGYM else small_sets.bountybench
    data, run = made(tmp_path / "data"), tmp_path / "run"
    line = ["run", str(data), "--model", "cyber/truth", "--model", "cyber/garbage"]
    done = CliRunner().invoke(suites.cli, [*line, "--out", str(run)])
    assert done.exit_code == 0, done.output
    who = ("--who", "A lab", "--license", "CC-BY-4.0", "--model", "cyber/truth")
    sent = observed("submit", run, "--out", tmp_path / "entries" / "truth", *who)
    assert sent.exit_code == 0, sent.output
    assert "standing: re-scored" in sent.output
    assert "of this name its suite says script" in sent.output
    site = tmp_path / "site"
    assert observed("board", tmp_path / "entries", "--out", site).exit_code == 0
    assert suite.title in (site / "index.html").read_text()

    table = pl.read_parquet(run / "trials.parquet")
    name = suite.measures_of(table.row(0, named=True))[0].column
    write_trials(table.with_columns(~pl.col(name)), suite, run / "trials.parquet")
    forged = observed("submit", run, "--out", tmp_path / "forged", *who)
    assert forged.exit_code == 1
    assert "standing: reported" in forged.output
