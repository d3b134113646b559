"""The line above the first sentence: which model, by which way, when, how many, at what cost."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from eval_observatory.labels import occurs, present, scored
from eval_observatory.report.words import clean, model_text
from eval_observatory.runs import WHO
from eval_observatory.suite import Suite

COST, STARTED = ("total_cost_usd", "charged_usd"), ("started", "created")
LOOP = "custom"


@dataclass(frozen=True)
class Masthead:
    """What a reader must know before a number.

    Attributes:
        models: the first of them, and in words how many more there are.
        title: of the document.
        facts: what else stands in the line, each in a few words.
    """

    models: str
    title: str
    facts: tuple[str, ...]


def masthead(trials: pl.DataFrame, suite: Suite, title: str, day: str) -> Masthead:
    """The masthead of checked trials.

    Args:
        title: the report's own, "" where it was given none.
        day: on which their table was written, where they do not say it themselves.
    """
    who = trials.select(WHO).unique(maintain_order=True).sort(WHO)
    named = [model_text(clean(model, 60), harness, 60) for model, harness in who.iter_rows()]
    models, sides = bare_models(trials), who["agent_model"].n_unique()
    several = f"{models:,} model{'s' * (models != 1)}"
    if models < sides:
        several += f", {sides:,} sides"
    if who["harness"].n_unique() > 1:
        several += f" in {who['harness'].n_unique():,} harnesses"
    shown = " and ".join(named) if len(named) <= 2 else several
    count = f"{trials.height:,} rollout{'s' * (trials.height != 1)}"
    cells = trials.select(suite.columns).n_unique()
    facts = [f"{count}, {cells:,} cell{'s' * (cells != 1)}", *(_dates(trials) or [day])]
    ways = [
        "tool loop" if one == LOOP else clean(one, 40) for one in who["harness"].unique().sort()
    ]
    facts.append(", ".join(ways[:3]) + (f" and {len(ways) - 3} more" if len(ways) > 3 else ""))
    facts += [_unscored(trials, suite), _cost(trials)]
    facts.append(clean(title) if title else "")
    whole = " · ".join(filter(None, [shown, clean(title) or suite.title, count]))
    return Masthead(shown, whole, tuple(filter(None, facts)))


def bare_models(trials: pl.DataFrame) -> int:
    """How many models there are, each once, also where its runs or routes are its sides."""
    return trials["model_name" if "model_name" in trials.columns else "agent_model"].n_unique()


def _unscored(trials: pl.DataFrame, suite: Suite) -> str:
    """How many rollouts the suite's own measures could not be read of."""
    if trials.is_empty():
        return ""
    mine = [m for m in present(trials, suite) if m.primary]
    lost = [occurs(measure) & ~scored(measure) for measure in mine]
    count = int(trials.select(pl.any_horizontal(pl.lit(False), *lost).sum()).item())
    return f"{count:,} unscored"


def _dates(trials: pl.DataFrame) -> list[str]:
    for name in STARTED:
        if name in trials.columns and (days := trials[name].drop_nulls().cast(pl.String)).len():
            first, last = str(days.min())[:10], str(days.max())[:10]
            return [clean(first if first == last else f"{first} to {last}")]
    return []


def _cost(trials: pl.DataFrame) -> str:
    for name in COST:
        if name in trials.columns and trials[name].drop_nulls().len():
            known = trials[name].drop_nulls()
            more = "" if known.len() == trials.height else ", of some unknown"
            return f"${known.sum():,.2f}{more}"
    return "cost not recorded"
