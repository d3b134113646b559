"""Where the numbers come from: facts of the trials, files beside them, their hashes."""

from __future__ import annotations

import polars as pl

from eval_observatory.report.words import clean
from eval_observatory.suite import Suite


def provenance(trials: pl.DataFrame) -> tuple[tuple[str, str], ...]:
    """Where the numbers come from: (what, value) pairs."""
    facts = [
        ("rollouts", f"{trials.height:,}"),
        ("scorer version", _distinct(trials, "scorer_version")),
    ]
    for name, column in (
        ("package version of the rollouts", "package_version"),
        ("models", "agent_model"),
        ("harness", "harness"),
        ("families", "family"),
        ("ended by", "ended"),
    ):
        facts.append((name, _distinct(trials, column)))
    facts.append(("seeds", _seeds(trials)))
    return tuple(facts)


def mixtures(trials: pl.DataFrame, suite: Suite) -> tuple[str, ...]:
    """Settings that differ between rollouts of one cell, which the rates therefore average over."""
    names = {
        "family": "family",
        "group": "group",
        "sub_condition": "sub-condition",
        "memory_hard_prompt": "must-read-memory wording",
        "package_version": "package version",
    }
    present = [name for name in names if name in trials.columns]
    cells = trials.group_by("agent_model", "harness", *suite.columns).agg(
        pl.col(name).n_unique() for name in present
    )
    found = []
    for name in present:
        mixed = cells.filter(pl.col(name) > 1).height
        if mixed:
            found.append(f"{names[name]} (in {mixed:,} of {cells.height:,} cells)")
    return tuple(found)


def _distinct(trials: pl.DataFrame, column: str, most: int = 12) -> str:
    if column not in trials.columns:
        return "not recorded"
    values = sorted(clean(value, 80) for value in trials[column].unique() if value is not None)
    if not values:
        return "not recorded"
    more = f" and {len(values) - most:,} more" if len(values) > most else ""
    unknown = "; for some not recorded" if trials[column].null_count() else ""
    return ", ".join(values[:most]) + more + unknown


def _seeds(trials: pl.DataFrame) -> str:
    if "seed" not in trials.columns or trials["seed"].null_count() == trials.height:
        return "not recorded"
    seeds = trials["seed"].drop_nulls()
    low, high = seeds.min(), seeds.max()
    several = f"{seeds.n_unique():,} from {clean(low)} to {clean(high)}"
    without = trials.height - seeds.len()
    return (clean(low) if low == high else several) + (
        f"; none recorded for {without:,} rollouts" if without else ""
    )
