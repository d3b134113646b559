"""What tokens cost, by whom and when; what nobody knows is said, and is never 0."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from peer_preservation.errors import UserError
from peer_preservation.money.prices import FREE, Tokens, known_prices, price_of, read_prices

FIVE = (
    "openai/gpt-6-sol",
    "anthropic/claude-opus-5-5",
    "google/gemini-4-argon",
    "mistral/mistral-large-4",
    "grok/grok-4.7",
    "deepseek/deepseek-v4-pro",
)
MILLION = 1_000_000
HEAD = "model,input_per_million,output_per_million"


@pytest.mark.parametrize("model", FIVE)
def test_current_models_of_every_vendor_have_a_price(model: str) -> None:
    price = price_of(model)
    assert price
    assert 0 < price.of(Tokens(1000, 0)) < price.of(Tokens(1000, 1000))
    assert 0 < price.of(Tokens(1000, 0, cache_read=1000)) < price.of(Tokens(1000, 0))
    assert price.source.startswith("genai-prices ")


@pytest.mark.parametrize(
    "model",
    [
        "openai/gpt-5-imaginary",
        "nobody/model",
        "vllm/meta-llama/Llama-3.3-70B",
        "google/gemini-embedding-001",  # a model that writes nothing has no price of output
        "openrouter/deepseek/deepseek-chat-v3-0324:free",  # listed without a single rate
        "openai",
        "openai/",
    ],
)
def test_a_price_that_nobody_knows_is_none(model: str) -> None:
    assert price_of(model) is None
    with pytest.raises(UserError, match="nobody knows the price of"):
        known_prices((FIVE[0], model))


def test_one_model_has_other_prices_elsewhere_and_at_another_time() -> None:
    def of(model: str, when: datetime | None = None) -> float:
        price = price_of(model, when=when)
        assert price
        return price.of(Tokens(1000, 1000))

    sonnet = "claude-sonnet-4-5-20250929"
    assert of(f"anthropic/bedrock/anthropic.{sonnet}-v1:0") > of(f"anthropic/{sonnet}")
    assert of("openai/azure/gpt-5") == of("openai/gpt-5")
    assert of("openai-api/deepseek/deepseek-chat") == of("deepseek/deepseek-chat")
    early = datetime(2025, 5, 1, tzinfo=UTC)
    assert of("openai/o3", early) > of("openai/o3")


def test_an_hour_in_a_cache_costs_more_than_five_minutes() -> None:
    price = price_of("anthropic/claude-opus-5-5")
    assert price
    short = price.of(Tokens(MILLION, 0, cache_write=MILLION))
    long = price.of(Tokens(MILLION, 0, cache_write=MILLION, cache_write_1h=MILLION))
    assert long == pytest.approx(1.6 * short)


@pytest.mark.parametrize("provider", FREE)
def test_what_asks_no_provider_is_free(provider: str) -> None:
    price = price_of(f"{provider}/anything")
    assert price
    assert price.of(Tokens(MILLION, MILLION)) == 0


def test_a_users_prices_go_before_all_others(tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_text(
        f"# of my contract\n{HEAD},cache_read_per_million,source\n"
        "openai/gpt-6-*,2,10,0.5,page\nmockllm/*,1,1,,\n"
    )
    own = read_prices(path)
    price = price_of("openai/gpt-6-sol", own)
    assert price
    assert price.of(Tokens(500_000, 100_000, cache_read=100_000)) == pytest.approx(0.8 + 1 + 0.05)
    assert price.source == "prices.csv, page"
    mock = price_of("mockllm/model", own)
    assert mock
    # without a price of their own, tokens of a cache cost what others do
    assert mock.of(Tokens(MILLION, MILLION, cache_read=MILLION)) == pytest.approx(2)
    assert price_of("openai/gpt-5", own) != price


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("model,price\na,1\n", "the columns are not model,"),
        (f"{HEAD},colour\na,1,1,red\n", "the columns are not model,"),
        ("", "the columns are not model,"),
        (f"{HEAD}\n", "no prices; give a line for each model"),
        (f"{HEAD}\na,x,1\n", "a: 'x' is no price"),
        (f"{HEAD}\na,-1,1\n", "a: '-1' is no price"),
        (f"{HEAD}\na,nan,1\n", "a: 'nan' is no price"),
        (f"{HEAD}\na,1,inf\n", "a: 'inf' is no price"),
        (f"{HEAD}\na,1_0,1\n", "a: '1_0' is no price"),
        (f"{HEAD}\na,,1\n", "a: give the price of input and of output"),
        (f"{HEAD}\na,1\n", "the line of a is not whole"),
        (f"{HEAD}\na,1,1,1\n", "cannot be read|is not whole"),
        (f"{HEAD}\na,1,1\na,2,2\n", "the line of a stands twice"),
        ('model,input_per_million,output_per_million\n"a,1,1\n', "cannot be read as a price table"),
    ],
)
def test_a_broken_price_table_is_one_line(text: str, says: str, tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_text(text)
    with pytest.raises(UserError, match=says) as raised:
        read_prices(path)
    assert "\n" not in str(raised.value)


def test_a_price_table_that_is_no_text_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match=r"prices\.csv: not a text in UTF-8"):
        read_prices(path)
