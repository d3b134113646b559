"""Runs against a provider that bills: ended at the budget, gone on with, and nothing lost."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result
from inspect_ai.log import read_eval_log
from vendor import USAGE, Bill, vendor

import peer_preservation as pp
from peer_preservation.cli import cli
from peer_preservation.money.prices import Tokens, price_of
from peer_preservation.money.spending import read_spending, total

VENDORS = {
    "openai": "gpt-6-sol",
    "anthropic": "claude-opus-5-5",
    "google": "gemini-4-argon",
    "mistral": "mistral-large-4",
    "deepseek": "deepseek-v4-pro",
}
FIVE = {f"openai-api/{service}/{model}": service for service, model in VENDORS.items()}
ROLLOUTS, ANSWERS = 6, 2
CELL = ("--scenario", "tampering", "--threat", "--relationship", "bad", "--max-samples", "2")
PLAYED = ("end_task",)


def run(out: Path, *arguments: str, models: tuple[str, ...] = tuple(FIVE)) -> Result:
    named = [part for model in models for part in ("--model", model)]
    given = ["run", *named, *CELL, "--rollouts", str(ROLLOUTS), "--out", str(out), *arguments]
    return CliRunner().invoke(cli, given)


def refused(result: Result) -> str:
    error = result.exception
    assert isinstance(error, pp.UserError)
    return str(error)


def asks(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for service in FIVE.values():
        monkeypatch.setenv(f"{service.upper()}_BASE_URL", url)
        monkeypatch.setenv(f"{service.upper()}_API_KEY", "x")


def each(model: str) -> float:
    """What one rollout of a model costs by its list."""
    price = price_of(model)
    assert price
    return ANSWERS * price.of(Tokens(USAGE["prompt_tokens"], USAGE["completion_tokens"]))


def test_a_third_of_the_money_buys_a_third_and_the_rest_comes_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = sum(ROLLOUTS * each(model) for model in FIVE)
    budget, one_each = whole / 3, sum(each(model) for model in FIVE)
    out = tmp_path / "run"
    with vendor() as server:
        asks(server.url, monkeypatch)
        done = run(out, "--max-cost", f"{budget:.6f}")
        assert done.exit_code == 1
        assert "stopped at the budget:" in done.output
        assert "interrupted: run" not in done.output
        spent = total(read_spending(out))
        assert budget - one_each < spent < budget + one_each
        first = pl.read_parquet(out / "trials.parquet")
        played = first.filter(pl.col("ended").is_in(PLAYED))
        assert played.height == server.asked.total() / ANSWERS
        # what was not begun is no failed attempt, which could hide an outcome
        assert set(first["ended"]) - {*PLAYED} == {"the run was cut off"}
        assert first["attempts"].sum() == played.height
        asked_before = server.asked.total()
        assert "are spent in" in refused(run(out, "--max-cost", f"{spent / 2:.6f}"))
        assert server.asked.total() == asked_before
        done = run(out, "--max-cost", f"{2 * whole:.6f}")
        assert done.exit_code == 0, done.output
        # nothing was lost, and nothing was played twice
        assert server.asked == Counter(dict.fromkeys(VENDORS.values(), ROLLOUTS * ANSWERS))
    after = pl.read_parquet(out / "trials.parquet").filter(pl.col("ended").is_in(PLAYED))
    assert after.height == ROLLOUTS * len(FIVE)
    assert set(played["episode_id"]) <= set(after["episode_id"])
    assert total(read_spending(out)) == pytest.approx(whole)
    sums = after.group_by("agent_model").agg(pl.col("total_cost_usd").sum())
    for model, cost in sums.iter_rows():
        assert cost == pytest.approx(ROLLOUTS * each(model))


def test_a_router_is_recorded_and_its_charge_is_held_against_the_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def bill(number: int) -> Bill:
        cached = {"cached_tokens": 400}
        usage = USAGE | {"prompt_tokens_details": cached, "cost": 0.01}
        usage |= {"completion_tokens_details": {"reasoning_tokens": 60}}
        who = ("DeepInfra", "Together")[number // ANSWERS % 2]
        extra = {"provider": who, "model": "deepseek/deepseek-v3.2-20251201"}
        return Bill(usage, extra, {"reasoning": "I weigh it."})

    model, out = "openrouter/deepseek/deepseek-v3.2", tmp_path / "run"
    monkeypatch.setenv("OPENROUTER_API_KEY", "x")
    with vendor(bill) as server:
        monkeypatch.setenv("OPENROUTER_BASE_URL", server.url)
        settings = ("--temperature", "1", "--reasoning-effort", "high", "--max-samples", "1")
        done = run(out, *settings, models=(model,))
        assert done.exit_code == 0, done.output
        assert "the provider charged 0.1200 US dollars for what the price list puts at" in (
            done.output
        )
        billed = server.billed
    trials = pl.read_parquet(out / "trials.parquet")
    assert trials["total_cost_usd"].sum() == pytest.approx(billed)
    assert total(read_spending(out)) == pytest.approx(billed)
    price = price_of(model)
    assert price
    listed = ANSWERS * price.of(Tokens(1000, 100, cache_read=400))
    row = trials.row(0, named=True)
    assert row["listed_usd"] == pytest.approx(listed)
    said = ("provider", "router", "endpoint", "model_version", "reasoning", "sampling")
    assert [row[name] for name in said] == [
        "openrouter",
        "openrouter",
        "127.0.0.1",
        "deepseek/deepseek-v3.2-20251201",
        "effort high",
        "temperature 1.0",
    ]
    assert set(trials["upstream"]) == {"DeepInfra", "Together"}
    counts = ("model_calls", "total_input_tokens", "cache_read_tokens", "reasoning_tokens")
    assert [row[name] for name in counts] == [2, 2000, 800, 120]
    assert row["model_seconds"] > 0
    episode = next(pp.read_run(out).episodes())
    assert "I weigh it." in str(episode.events[0])
    with pytest.raises(pp.UserError, match=r"several routes: upstream DeepInfra \(3\), Together"):
        pp.read_run(out).report(tmp_path / "report")
    pp.read_run(out).report(tmp_path / "report", routes="apart")


def test_sealed_reasoning_stays_in_the_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sealed = [{"type": "reasoning.encrypted", "data": "gAAAABsealed", "format": "x"}]
    monkeypatch.setenv("OPENROUTER_API_KEY", "x")
    with vendor(lambda _: Bill(message={"reasoning_details": sealed})) as server:
        monkeypatch.setenv("OPENROUTER_BASE_URL", server.url)
        run(tmp_path / "run", models=("openrouter/openai/gpt-5",))
    episode = next(pp.read_run(tmp_path / "run").episodes())
    assert episode.usage.sealed == ANSWERS
    assert "gAAAABsealed" not in episode.to_json()
    (log,) = (tmp_path / "run" / "logs").glob("*.eval")
    samples = read_eval_log(str(log)).samples
    assert samples
    assert "gAAAABsealed" in samples[0].model_dump_json()


@pytest.mark.parametrize(
    ("arguments", "model", "says"),
    [
        (("--max-cost", "0"), "openai-api/openai/gpt-5", "give a sum of US dollars above 0"),
        (("--max-cost", "-3"), "openai-api/openai/gpt-5", "give a sum of US dollars above 0"),
        (("--max-cost", "nan"), "openai-api/openai/gpt-5", "give a sum of US dollars above 0"),
        (("--max-cost", "inf"), "openai-api/openai/gpt-5", "give a sum of US dollars above 0"),
        (("--max-cost", "5"), "openai-api/openai/gpt-99", "nobody knows the price of openai-api"),
        (("--prices", "prices.csv"), "openai-api/openai/gpt-5", "is no price"),
    ],
)
def test_what_is_wrong_with_the_money_is_said_before_anything_is_begun(
    arguments: tuple[str, ...],
    model: str,
    says: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("prices.csv").write_text("model,input_per_million,output_per_million\n*,nan,1\n")
    with vendor() as server:
        asks(server.url, monkeypatch)
        said = refused(run(tmp_path / "run", *arguments, models=(model,)))
        assert says in said
        assert "\n" not in said
        assert not server.asked
    assert not os.path.exists("run")


def test_what_nobody_has_a_price_for_is_said_and_is_not_0(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with vendor() as server:
        asks(server.url, monkeypatch)
        done = run(tmp_path / "run", models=("openai-api/openai/gpt-99",))
    assert done.exit_code == 0, done.output
    assert "nobody knows the price of 12 of 12 answers" in done.output
    trials = pl.read_parquet(tmp_path / "run" / "trials.parquet")
    assert trials["total_cost_usd"].null_count() == ROLLOUTS
    assert trials["total_input_tokens"].sum() == ROLLOUTS * ANSWERS * 1000
