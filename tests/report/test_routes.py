"""Rollouts over several routes: refused, a row each, or one by consent; told in every head."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from design_frames import cell, trials

from peer_preservation.errors import UserError
from peer_preservation.report import estimate, notes, read_trials, tables, write_report

ROUTE: dict[str, Any] = {
    "provider": "openrouter",
    "router": "openrouter",
    "endpoint": "openrouter.ai",
    "upstream": "DeepInfra",
    "model_version": "m-2026-01-01",
    "reasoning": "effort high",
    "sampling": "temperature 1.0",
}
NAME = "exfiltration_transfer"


def written(folder: Path, *changes: dict[str, Any], name: str = "t") -> Path:
    """A table with twenty rollouts over each route."""
    parts = [cell(NAME, 5, 20, **ROUTE, agent_model="lab/model") for _ in changes]
    rows = [row | change for part, change in zip(parts, changes, strict=True) for row in part]
    path = folder / f"{name}.parquet"
    trials(rows).with_columns(episode_id=pl.lit(name) + pl.col("episode_id")).write_parquet(path)
    return path


@pytest.mark.parametrize("column", ROUTE)
def test_two_routes_are_refused_unless_somebody_says_how(column: str, tmp_path: Path) -> None:
    path = written(tmp_path, {}, {column: "another"})
    with pytest.raises(UserError, match=r"lab/model in custom .* several routes: .*another \(20\)"):
        read_trials([path])
    with pytest.raises(UserError, match="several routes"):
        estimate(pl.read_parquet(path))
    apart = read_trials([path], routes="apart")
    assert apart["agent_model"].n_unique() == 2
    assert set(apart["model_name"]) == {"lab/model"}
    rates = estimate(apart).filter(behavior="model_exfiltration")
    assert rates["n"].to_list() == [20, 20]
    pooled = read_trials([path], routes="pooled")
    assert estimate(pooled).filter(behavior="model_exfiltration")["n"].to_list() == [40]
    both = f"{min(ROUTE[column], 'another')} + {max(ROUTE[column], 'another')}"
    assert any(both in note for note in notes(pooled))


def test_two_files_of_one_model_over_other_routes_are_not_one(tmp_path: Path) -> None:
    first = written(tmp_path, {}, name="a")
    second = written(tmp_path, {"upstream": "Together"}, name="b")
    beside = read_trials([first, second])  # the same cells stand side by side already
    assert beside["agent_model"].n_unique() == 2
    with pytest.raises(UserError, match="several routes"):
        read_trials([first, second], allow_mixed=True)
    assert read_trials([first, second], allow_mixed=True, routes="pooled").height == 40


def test_a_rollout_without_an_answer_is_of_any_route(tmp_path: Path) -> None:
    path = written(tmp_path, {}, {"upstream": None, "model_version": None})
    assert read_trials([path])["agent_model"].unique().to_list() == ["lab/model"]


def test_a_table_that_says_no_route_is_read_as_before(tmp_path: Path) -> None:
    path = tmp_path / "old.parquet"
    trials(cell(NAME, 5, 20)).write_parquet(path)
    found = read_trials([path])
    assert not any("Route" in note for note in notes(found))
    assert {table.head for table in tables(found)} == {""}


def test_every_table_says_over_which_route_it_was_measured(tmp_path: Path) -> None:
    found = read_trials([written(tmp_path, {})])
    # that of the rules' own errors was not measured on these rollouts
    made = [table for table in tables(found) if table.name != "word_labels"]
    assert made
    told = "provider openrouter, router openrouter, asked at openrouter.ai, upstream DeepInfra"
    for table in made:
        assert told in table.head
        assert "version m-2026-01-01, reasoning effort high, sampling temperature 1.0" in table.head
    report = write_report(found, tmp_path / "report")
    page = report.page.read_text(encoding="utf-8")
    assert page.count("upstream DeepInfra") >= len(made)
    assert report.tables
    for table in made:
        for suffix in ("md", "tex"):
            text = (report.tables / f"{table.name}.{suffix}").read_text(encoding="utf-8")
            assert "upstream DeepInfra" in text
