"""Tokens, money and hours in tables and lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click
import polars as pl
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from peer_preservation.cli.options import many
from peer_preservation.expectations import ROLLOUTS
from peer_preservation.money.outlay import SCRIPT
from peer_preservation.money.pilots import LEVEL
from peer_preservation.money.spending import Spent, differences, total
from peer_preservation.plan import Plan
from peer_preservation.runtime.agents.catalog import LOOP

if TYPE_CHECKING:
    from peer_preservation.run_folder import Run

UNKNOWN = "unknown"


def effort_table(plan: Plan, taken: pl.DataFrame) -> Table:
    """Calls, tokens, dollars and hours of each model, for each purpose, at most."""
    cells, each = many(len(plan.cells), "cell"), many(plan.rollouts, "rollout")
    rollouts = f"{cells} × {each} of each model, {plan.harness}"
    table = Table(title=f"{rollouts}; tokens in and out", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("model", overflow="fold", min_width=16)
    for name in ("calls", "in", "out", "US $", "from–to", "hours", "from–to"):
        table.add_column(name, justify="right", no_wrap=True)
    for (purpose,), rows in taken.group_by("purpose", maintain_order=True):
        if purpose != ROLLOUTS:
            table.add_section()
            table.add_row(str(purpose), style="italic")
        for row in rows.iter_rows(named=True):
            table.add_row(escape(row["model"]), *_figures(row))
    known = taken.filter(pl.col("cost").is_not_null())
    if known.height > 1:
        table.add_section()
        left = "of those with a price" if known.height < taken.height else "in all"
        table.add_row(left, "", "", "", _figure(float(known["cost"].sum())))
    return table


def _figures(row: dict[str, Any]) -> Iterator[str]:
    yield from (_short(row[name]) for name in ("calls", "input_tokens", "output_tokens"))
    for name in ("cost", "hours"):
        yield _figure(row[name])
        yield _between(row[f"{name}_low"], row[f"{name}_high"])


def effort_notes(plan: Plan, taken: pl.DataFrame, at_once: int) -> Iterator[str]:
    """What the figures rest on, and what is not in them, a line each."""
    scripted = taken.filter(pl.col("basis") == SCRIPT)
    piloted = taken.filter(pl.col("basis") != SCRIPT)
    if scripted.height:
        yield (
            "Estimated from the honest script's calls, with the rendered prompts, tools and "
            "results, at four characters a token. The ends are guesses, no interval: what was read "
            "before comes from a cache; twice the turns, with thoughts before each. Give --pilot a "
            "small run for figures of the model itself."
        )
    for row in piloted.iter_rows(named=True):
        yield (
            f"{row['model']}: foretold from {row['basis']} of the plan, with its {LEVEL:.0%} "
            "interval."
        )
    yield f"Hours: {at_once} requests to a model at a time, to one on this machine one."
    untimed = taken.filter(pl.col("hours").is_null())["model"].unique(maintain_order=True)
    if untimed.len():
        yield (
            f"How fast {', '.join(untimed)} is hangs on this machine: give --pilot a small run of "
            "it for the hours."
        )
    for price in (
        taken.drop_nulls("price").unique("model", maintain_order=True).iter_rows(named=True)
    ):
        yield f"{price['model']}: {price['price']}."
    unknown = taken.filter(pl.col("cost").is_null())["model"].unique(maintain_order=True)
    if unknown.len():
        yield (
            f"Nobody knows the price of {', '.join(unknown)}: what it costs is in no sum; give it "
            "by --prices FILE (docs/cost.md)."
        )
    if plan.harness != LOOP:
        yield "The agent's own prompts, tools and calls are not in it: expect more."


def _figure(value: float | None) -> str:
    """Dollars or hours: two digits after the point where they are few."""
    if value is None:
        return UNKNOWN
    return f"{value:,.0f}" if value >= 100 or not value else f"{value:,.2f}"


def _between(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None or not high else f"{_figure(low)}–{_figure(high)}"


def _short(count: int) -> str:
    """A count in few characters: `2,780`, `70.1 k`, `4.86 M`."""
    for unit, name in ((1_000_000_000, " G"), (1_000_000, " M"), (1000, " k")):
        if count >= max(unit, 10_000):
            return f"{count / unit:.3g}{name}"
    return f"{count:,}"


def say_what_was_spent(run: Run) -> None:
    """What the run took, on the error stream, if anybody was asked whose answers cost."""
    if any(one.usd or one.unpriced for one in run.spent.values()):
        Console(stderr=True).print(spent_table(run.spent))
    for line in (*differences(run.spent), *_unpriced(run.spent)):
        click.echo(line, err=True)
    if run.stopped_at is not None:
        click.echo(
            f"stopped at the budget: {_cents(total(run.spent))} of {run.stopped_at:g} US dollars "
            "are spent, and another rollout would go beyond it; give a larger --max-cost, and the "
            "same command goes on from here",
            err=True,
        )


def spent_table(spent: Mapping[str, Spent]) -> Table:
    """Rollouts, answers, tokens and dollars of each model, in all and for each rollout."""
    table = Table(
        title="Spent in this folder; tokens in and out", box=SIMPLE_HEAD, padding=(0, 1, 0, 0)
    )
    table.add_column("model", overflow="fold", min_width=16)
    for name in ("rollouts", "in", "cached", "out", "thought", "US $", "each"):
        table.add_column(name, justify="right", no_wrap=True)
    for model, one in spent.items():
        tokens = one.tokens
        read = (one.rollouts, tokens.input, tokens.cache_read)
        priced = one.unpriced < one.answers
        costs = (one.usd, one.usd / one.rollouts if one.rollouts else None)
        table.add_row(
            escape(model),
            *map(_short, (*read, tokens.output, tokens.reasoning)),
            *(_cents(cost) if priced else UNKNOWN for cost in costs),
        )
    return table


def _cents(value: float | None) -> str:
    return "" if value is None else f"{value:,.2f}" if value >= 1 else f"{value:.4f}"


def _unpriced(spent: Mapping[str, Spent]) -> Iterator[str]:
    for model, one in spent.items():
        if one.unpriced:
            yield (
                f"{model}: nobody knows the price of {one.unpriced:,} of {one.answers:,} answers, "
                "which are in no sum; give it by --prices FILE (docs/cost.md)"
            )
