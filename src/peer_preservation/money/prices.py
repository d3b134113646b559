"""What a model's tokens cost: by a file of the user's own, else by the library `genai-prices`.

A price that nobody knows is None and never 0. What runs on this machine or asks no provider is free
by name (`FREE`); every other free model is to be said so in a file.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from functools import cache
from importlib.metadata import version
from math import isfinite
from pathlib import Path
from typing import Any, NamedTuple

from eval_observatory.reading import read
from peer_preservation.errors import UserError

LIBRARY = "genai-prices"
NEEDED = ("model", "input_per_million", "output_per_million")
OPTIONAL = ("cache_read_per_million", "cache_write_per_million", "date", "source")
HERE = "llamacpp"
"""Inspect's provider whose models answer in this process, one request after another."""

FREE = {
    "organism": "scripted: no provider is asked",
    "mockllm": "scripted: no provider is asked",
    HERE: "runs on this machine",
}
"""Inspect's providers that cost nothing, and why."""

PROVIDERS = {
    "azureai": "azure",
    "bedrock": "aws",
    "grok": "x-ai",
    "moonshot": "moonshotai",
    "vertex": "google",
}
"""Inspect's names of providers, where the library has others."""

_ROUTES = {"openai": ("azure",), "anthropic": ("bedrock", "vertex"), "google": ("vertex",)}
"""What may stand second in Inspect's name of a model, and sells it in its provider's place."""


class Tokens(NamedTuple):
    """Tokens of one answer, or of several.

    Attributes:
        input: all that were read, whether or not they came from a cache.
        output: all that were written, reasoning included.
        cache_read, cache_write: those of `input` that were read from a cache, or written to one.
        cache_write_1h: those of `cache_write` that are kept for an hour, which costs more.
        reasoning: those of `output` that were reasoning.
    """

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0
    cache_write_1h: int = 0
    reasoning: int = 0

    def plus(self, other: Tokens) -> Tokens:
        """Those of both."""
        return Tokens(*(a + b for a, b in zip(self, other, strict=True)))


@dataclass(frozen=True)
class Price:
    """A model's price.

    Attributes:
        rates: in words, in US dollars per million tokens.
        source: where it is from.
        of: the US dollars of an answer's tokens. Some prices rise with the input of one answer: of
            several answers each is to be asked for by itself.
    """

    rates: str
    source: str
    of: Callable[[Tokens], float]


Own = Mapping[str, Price]
"""A user's prices, by the pattern of a model's name, in the order of the file."""


def price_of(model: str, own: Own | None = None, when: datetime | None = None) -> Price | None:
    """The price of a model by Inspect's name of it: it is never guessed.

    Args:
        own: prices that go before all others; the first pattern that fits counts.
        when: the moment of the call; by default now.

    Returns:
        None where nobody knows it.
    """
    mine = (price for name, price in (own or {}).items() if fnmatchcase(model, name))
    return next(mine, None) or _free(model) or _listed(model, when)


def known_prices(
    models: tuple[str, ...], own: Own | None = None, when: datetime | None = None
) -> dict[str, Price]:
    """The prices of all models.

    Raises:
        UserError: nobody knows one.
    """
    found = {model: price_of(model, own, when) for model in models}
    if unknown := [model for model, price in found.items() if price is None]:
        raise UserError(f"nobody knows the price of {', '.join(unknown)}; give it by --prices FILE")
    return {model: price for model, price in found.items() if price is not None}


def read_prices(path: Path) -> dict[str, Price]:
    """A user's prices in US dollars per million tokens, CSV; lines that begin with # are left out.

    The columns of `NEEDED` must be there, those of `OPTIONAL` may be. A pattern is a model's name
    as Inspect has it, with `*` for anything. Cached input costs what other input does where no
    price is given for it.

    Raises:
        UserError: the file cannot be read, or a line is wrong.
    """
    text = read(path).removeprefix("\ufeff")
    lines = csv.DictReader(
        (line for line in text.splitlines() if not line.startswith("#")), strict=True
    )
    try:
        columns, rows = lines.fieldnames or (), list(lines)
    except csv.Error as error:
        raise UserError(f"{path}: cannot be read as a price table: {error}") from None
    if not set(NEEDED) <= set(columns) <= {*NEEDED, *OPTIONAL}:
        raise UserError(
            f"{path}: the columns are not {','.join(NEEDED)}, with or without {','.join(OPTIONAL)}"
        )
    if not rows:
        raise UserError(f"{path}: no prices; give a line for each model")
    found: dict[str, Price] = {}
    for row in rows:
        name = row["model"]
        if not name or None in row.values() or None in row or name in found:
            why = "stands twice" if name in found else "is not whole"
            raise UserError(f"{path}: the line of {name or 'no model'} {why}")
        found[name] = _own(path, row)
    return found


def _own(path: Path, row: Mapping[str, str]) -> Price:
    rates = {name: row.get(name) for name in (*NEEDED[1:], *OPTIONAL[:2])}
    read, written, again, kept = (_rate(path, row["model"], rates[name]) for name in rates)
    if read is None or written is None:
        raise UserError(f"{path}: {row['model']}: give the price of input and of output")
    again = read if again is None else again
    kept = read if kept is None else kept

    def of(tokens: Tokens) -> float:
        plain = tokens.input - tokens.cache_read - tokens.cache_write
        sums = (plain * read, tokens.cache_read * again, tokens.cache_write * kept)
        return (sum(sums) + tokens.output * written) / 1e6

    words = f"${read:g} in, ${written:g} out, ${again:g} cached"
    said = ", ".join(part for part in (path.name, row.get("source"), row.get("date")) if part)
    return Price(words, said, of)


def _rate(path: Path, model: str, text: str | None) -> float | None:
    if text is None or not text.strip():
        return None
    try:
        rate = float(text) if text.isascii() and "_" not in text else float("nan")
    except ValueError:
        rate = float("nan")
    if not (isfinite(rate) and rate >= 0):
        raise UserError(
            f"{path}: {model}: {text!r} is no price; give a number of 0 or more, in US dollars per "
            "million tokens"
        )
    return rate


def _free(model: str) -> Price | None:
    why = FREE.get(model.split("/")[0])
    return (why and Price("free", why, lambda _: 0.0)) or None


def _listed(model: str, when: datetime | None) -> Price | None:
    """The library's price."""
    provider, _, name = model.partition("/")
    route, _, rest = name.partition("/")
    if route in _ROUTES.get(provider, ()):
        provider, name = route, rest
    elif provider == "openai-api":  # any service that speaks OpenAI's form
        provider, name = route.lower(), rest
    if not name:
        return None
    return _in_library(PROVIDERS.get(provider, provider), name, when)


def _in_library(provider: str, name: str, when: datetime | None) -> Price | None:
    from genai_prices import Usage, calc_price  # half a second, for plans and runs alone

    moment = when or datetime.now(UTC)

    def asked(tokens: Tokens) -> Any:
        read = {
            "cache_read_tokens": tokens.cache_read,
            "cache_write_tokens": tokens.cache_write,
            "cache_write_1h_tokens": tokens.cache_write_1h,
        }
        given = {key: value for key, value in read.items() if value}
        usage = Usage(input_tokens=tokens.input, output_tokens=tokens.output, **given)
        return calc_price(
            usage, model_ref=name, provider_id=provider, genai_request_timestamp=moment
        )

    try:
        found = asked(Tokens(1, 1))
    except LookupError:
        return None
    rates = found.model_price
    if rates.input_mtok is None or rates.output_mtok is None:
        return None  # the library sums up what it knows: without a rate that is nothing
    source = f"{LIBRARY} {_version()}, {found.provider.id}, {moment:%Y-%m-%d}"
    return Price(_in_words(rates), source, lambda tokens: float(asked(tokens).total_price))


def _in_words(rates: Any) -> str:
    """The rates of the library, each that of the least input where it rises with it."""
    named = {"input_mtok": "in", "output_mtok": "out", "cache_read_mtok": "cached"}
    found = [(getattr(rates, name), said) for name, said in named.items()]
    return ", ".join(
        f"from ${rate.base} {said}" if hasattr(rate, "base") else f"${rate} {said}"
        for rate, said in found
        if rate is not None
    )


@cache
def _version() -> str:
    return version(LIBRARY)
