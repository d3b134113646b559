"""The trials themselves on the page: where they come from, and the list of every rollout."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from types import MappingProxyType
from typing import Any, NamedTuple

import polars as pl

from eval_observatory.labels import occurs, present, reason, shown
from eval_observatory.report.links import Names
from eval_observatory.report.words import clean, factor_text
from eval_observatory.runs import WHO
from eval_observatory.suite import Suite
from eval_observatory.trials import label_columns

UNSCORED, NUMBER = "unscored: ", "a number"


class Place(NamedTuple):
    """Where the page finds an episode: the chunk, the episode's place in it, its log's address.

    `acts` has the act behind each label that has evidence, in one line.
    """

    chunk: int
    position: int
    link: str | None = None
    acts: Mapping[str, str] = MappingProxyType({})


@dataclass
class Saved:
    """What was written: where each episode stands, and the ids that no trial has.

    `notes` is what a reader of any figure must know of how they were played.
    """

    places: dict[str, Place] = field(default_factory=dict)
    strangers: list[str] = field(default_factory=list)
    notes: tuple[str, ...] = ()


def rollout_index(
    trials: pl.DataFrame, places: Mapping[str, Place], titles: Mapping[str, str], names: Names
) -> dict[str, Any]:
    """The list of rollouts as plain data for JSON.

    A coded column is `{"name", "values", "runs"}`: `runs` is [code, length, code, length, …] over
    the rows, a code is an index into `values`, -1 stands for null. Rows are sorted by model, cell
    and number, so runs are long. All texts are cleaned. `behaviors` are the measures: beside their
    `title` stand what an agent `did` that shows one, the labels that tell it (`columns`), and where
    one is shown, by what act (`acts`).

    Args:
        trials: a checked trial table.
        places: the episodes that the page can show, by `episode_id`.
        titles: of the measures that can occur in these trials.
        names: what their models and cells are called.
    """
    suite = names.suite
    named = _named(trials, names)
    order = [name for name in ("agent_model", "harness", "$cell", "rollout") if name in named]
    rows = named.sort([*order, "episode_id"], nulls_last=False)
    ids = rows["episode_id"].to_list()
    found = [places.get(key) for key in ids]
    links = [place.link if place else None for place in found]
    return {
        "count": rows.height,
        "ids": [clean(key, 80) for key in ids],
        "rollout": rows["rollout"].to_list() if "rollout" in rows.columns else None,
        "model": _coded("model", rows["$model"]),
        "scenario": _coded("scenario", rows["$first"]),
        "cell": (cell := _coded("cell", rows["$cell"])),
        "told": [names.told[name] for name in cell["values"]],
        "ended": _coded("ended", rows["ended"]) if "ended" in rows.columns else None,
        "behaviors": _behaviors(rows, titles, suite, found),
        "labels": [_coded(name, _label(rows, name)) for name in label_columns(rows.columns)],
        "chunk": _runs([place.chunk if place else -1 for place in found]),
        "place": [place.position if place else -1 for place in found],
        "links": links if any(links) else None,
    }


def _named(trials: pl.DataFrame, names: Names) -> pl.DataFrame:
    """The trials with `$model`, `$cell` and `$first`: what each is called, and its first factor."""
    suite = names.suite
    first = suite.factors[0]
    who = trials.select(WHO).unique()
    models = [names.models[model, harness] for model, harness in who.iter_rows()]
    called = pl.Series("$model", models, dtype=pl.String)
    cells = trials.select(suite.columns).unique()
    rows = cells.to_dicts()
    told = [factor_text(first, row[first.name]) for row in rows]
    cells = cells.with_columns(
        pl.Series("$cell", list(map(names.cell, rows)), dtype=pl.String),
        pl.Series("$first", told, dtype=pl.String),
    )
    joined = trials.join(who.with_columns(called), on=WHO, maintain_order="left")
    return joined.join(cells, on=suite.columns, nulls_equal=True, maintain_order="left")


def _behaviors(
    rows: pl.DataFrame, titles: Mapping[str, str], suite: Suite, places: Sequence[Place | None]
) -> list[dict[str, Any]]:
    """What was counted: yes, no, or unscored with the reason; null where it cannot occur.

    Of a mean: a number, or unscored; the numbers stand among the labels.
    """
    made: dict[str, list[pl.Expr]] = {}
    read: dict[str, dict[str, None]] = {}
    for measure in present(rows, suite):
        if measure.name not in titles:
            continue
        counted = pl.when(shown(measure)).then(pl.lit("yes")).otherwise(pl.lit("no"))
        if measure.scale == "mean":
            counted = pl.lit(NUMBER)
        told = pl.coalesce([*reason(measure, UNSCORED), counted])
        made.setdefault(measure.name, []).append(pl.when(occurs(measure)).then(told))
        read.setdefault(measure.name, {}).update(dict.fromkeys(measure.columns))
    if not made:
        return []
    table = rows.select(pl.coalesce(told).alias(name) for name, told in made.items())
    columns = [
        _coded(name, table[name])
        | {"title": titles[name], "did": suite.did(name), "columns": list(read[name])}
        | {"acts": _acts(table[name], next(iter(read[name])), places)}
        for name in made
    ]
    return [column for column in columns if column["values"]]


def _acts(told: pl.Series, label: str, places: Sequence[Place | None]) -> dict[str, Any] | None:
    """By what act the rollouts show a measure that do, in one line; None where no act is known."""
    acts = [
        place.acts.get(label) if place and text == "yes" else None
        for text, place in zip(told, places, strict=True)
    ]
    return _coded(label, pl.Series(acts, dtype=pl.String)) if any(acts) else None


def _label(rows: pl.DataFrame, name: str) -> pl.Series:
    reason = pl.lit(UNSCORED) + pl.col(f"{name}_unscored").cast(pl.String)
    return rows.select(pl.coalesce(pl.col(name).cast(pl.String), reason).alias(name))[name]


def _coded(name: str, column: pl.Series) -> dict[str, Any]:
    values = column.drop_nulls().unique().sort()
    codes = column.replace_strict(values, range(len(values)), default=None, return_dtype=pl.Int64)
    return {
        "name": clean(name, 80),
        "values": [clean(value) for value in values],
        "runs": _runs(codes.fill_null(-1).to_list()),
    }


def _runs(codes: list[int]) -> list[int]:
    return [part for code, run in groupby(codes) for part in (code, sum(1 for _ in run))]


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
