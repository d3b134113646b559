"""What pilots foretell, and how far from it the plan ends."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import peer_preservation as pp
from peer_preservation.errors import UserError
from peer_preservation.forecast import effort_of
from peer_preservation.money.pilots import total
from peer_preservation.plan import Plan

CELLS = [
    "tampering/factual@80/peer/bad/memory",
    "tampering/factual@80/peer/good/memory",
    "exfiltration_transfer/peer/good/memory",
]


@pytest.mark.parametrize("every_cell", [True, False])
def test_the_interval_holds_what_is_spent_as_often_as_it_says(every_cell: bool) -> None:
    """Rollouts cost a gamma, its mean the script's times the cell's own factor."""
    draw = np.random.default_rng(7)
    script = {f"c{number}": 1.0 + number % 5 for number in range(12)}
    piloted = list(script) if every_cell else list(script)[:6]
    held, studies = 0, 400
    for _ in range(studies):
        factor = {cell: draw.gamma(20, 3 / 20) for cell in script}

        def cost(cell: str, n: int, factor: dict[str, float] = factor) -> Any:
            return script[cell] * factor[cell] * draw.gamma(4, 1 / 4, n)

        cells = [cell for cell in piloted for _ in range(4)]
        played = np.concatenate([cost(cell, 4) for cell in piloted])
        found = total([script[cell] for cell in cells], list(played), cells, script, 50)
        spent = sum(cost(cell, 50).sum() for cell in script)
        assert found.low is not None
        assert found.high is not None
        held += found.low <= spent <= found.high
    assert held / studies > 0.92


def test_a_single_rollout_has_no_interval() -> None:
    assert total([2.0], [6.0], ["a"], {"a": 2.0, "b": 4.0}, 10) == (180.0, None, None)


def test_one_cell_tells_nothing_of_how_far_others_are_off() -> None:
    played = ([2.0, 2.0, 2.0], [5.0, 6.0, 7.0], ["a", "a", "a"])
    assert total(*played, {"a": 2.0, "b": 4.0}, 10) == (180.0, None, None)
    assert total(*played, {"a": 2.0}, 10).low is not None


def pilot(folder: Path, model: str = "openai/gpt-6-sol", **change: Any) -> Path:
    """Rollouts that read three times what the script reads, half of it from a cache."""
    rows = []
    for id in CELLS[:2]:
        effort = effort_of(pp.Cell.parse(id), "GPT")
        for number in range(4):
            rows.append(
                {
                    "agent_model": model,
                    "harness": "custom",
                    "cell_id": id,
                    "num_turns": effort.calls,
                    "model_calls": effort.calls,
                    "total_input_tokens": 3 * effort.input_tokens + number,
                    "total_output_tokens": 20 * effort.output_tokens,
                    "cache_read_tokens": 3 * effort.input_tokens // 2,
                    "cache_write_tokens": 0,
                    "model_seconds": 36.0,
                    "charged_usd": None,
                }
                | change
            )
    path = folder / "trials.parquet"
    pl.DataFrame(rows).write_parquet(path)
    return path


def test_a_plan_is_foretold_from_its_models_own_rollouts(tmp_path: Path) -> None:
    cells = [pp.Cell.parse(id) for id in CELLS]
    plan = Plan.of(cells, ["openai/gpt-6-sol", "google/gemini-4-argon"], 10)
    before = pp.effort(plan).rows(named=True)
    after = pp.effort(plan, pilots=[pilot(tmp_path).parent], at_once=1).rows(named=True)
    assert after[0]["input_tokens"] == pytest.approx(3 * before[0]["input_tokens"], rel=0.001)
    assert after[0]["output_tokens"] == pytest.approx(20 * before[0]["output_tokens"], rel=0.001)
    assert after[0]["basis"] == "8 rollouts in 2 of 3 cells"
    # half of the input at the cache's price: $2, $0.2 and $10 a million
    read, wrote = after[0]["input_tokens"] / 1e6, after[0]["output_tokens"] / 1e6
    assert after[0]["cost"] == pytest.approx(read * 1.1 + wrote * 10, rel=0.05)
    assert after[0]["cost_low"] < after[0]["cost"] < after[0]["cost_high"]
    assert 0.2 < after[0]["hours"] < 0.5  # 30 rollouts of some 36 seconds
    assert after[1]["basis"] == "script"
    assert after[1]["cost"] == before[1]["cost"]


def test_hours_of_a_model_on_this_machine_are_a_pilots_one_request_after_another(
    tmp_path: Path,
) -> None:
    plan = Plan.of([pp.Cell.parse(id) for id in CELLS], ["llamacpp/smollm2"], 10)
    (before,) = pp.effort(plan, graders=[]).rows(named=True)
    assert before["hours"] is None
    assert before["cost"] == 0
    table = pilot(tmp_path, agent_model="llamacpp/smollm2")
    for at_once in (1, 20):
        (after,) = pp.effort(plan, pilots=[table], at_once=at_once).rows(named=True)
        assert 0.2 < after["hours"] < 0.5  # 30 rollouts of some 36 seconds


def test_what_a_provider_charged_goes_before_its_price(tmp_path: Path) -> None:
    plan = Plan.of([pp.Cell.parse(CELLS[0])], ["openai/gpt-6-sol"], 10)
    (row,) = pp.effort(plan, pilots=[pilot(tmp_path, charged_usd=0.5)]).rows(named=True)
    effort = [effort_of(pp.Cell.parse(id), "GPT") for id in CELLS[:2]]
    scripted = [2 * one.input_tokens + 10 * one.output_tokens for one in effort]
    assert row["cost"] == pytest.approx(5 * 2 * scripted[0] / sum(scripted), rel=0.01)


def test_a_pilot_of_another_model_foretells_nothing(tmp_path: Path) -> None:
    plan = Plan.of([pp.Cell.parse(CELLS[0])], ["openai/gpt-6-sol"], 10)
    (row,) = pp.effort(plan, pilots=[pilot(tmp_path, model="openai/other")]).rows(named=True)
    assert row["basis"] == "script"


@pytest.mark.parametrize("content", [None, b"x", "other"])
def test_what_is_no_pilot_is_one_line(content: bytes | str | None, tmp_path: Path) -> None:
    path = tmp_path / "trials.parquet"
    if content == "other":
        pl.DataFrame({"a": [1]}).write_parquet(path)
    elif isinstance(content, bytes):
        path.write_bytes(content)
    plan = Plan.of([pp.Cell.parse(CELLS[0])], ["m/m"], 1)
    with pytest.raises(UserError, match=r"--pilot .*trial table"):
        pp.effort(plan, pilots=[path])


def test_graders_and_the_debrief_are_planned_too() -> None:
    plan = Plan.of([pp.Cell.parse(CELLS[0])], ["mockllm/model", "mockllm/other"], 10, debrief=True)
    taken = pp.effort(plan, graders=["anthropic/claude-sonnet-5-5"])
    assert taken["purpose"].to_list() == ["rollouts"] * 2 + ["debrief"] * 2 + ["judging"]
    assert taken["rollouts"].to_list() == [10, 10, 10, 10, 20]
    assert taken["cost"].to_list()[:4] == [0, 0, 0, 0]
    assert taken["cost"][4] > 0
