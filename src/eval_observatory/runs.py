"""Which rollouts are of one run: versions and sources, and what may not cross them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Any

import polars as pl

from eval_observatory.report.words import clean
from eval_observatory.suite import Contrast, Suite

RUN = ("source", "package_version")
"""What tells runs apart, where the table has it: the file, and the version that played."""

WHO = ("agent_model", "harness")

TOLD = "{} ({})"
"""A model that stands in several sources, and the source."""


def side_by_side(trials: pl.DataFrame, suite: Suite) -> pl.DataFrame:
    """Models that stand in several sources with the same cells, told apart by the source's name.

    Their `agent_model` becomes `NAME (SOURCE)`; the bare name stays in `model_name`. Nothing else
    changes, so that every estimate, contrast and family is of one source.
    """
    if "source" not in trials.columns or trials["source"].n_unique() < 2:
        return trials
    cells = trials.group_by(*WHO, *suite.columns).agg(pl.col("source").n_unique())
    again = cells.filter(pl.col("source") > 1).select(WHO).unique()
    told = pl.struct(WHO).is_in(again.select(pl.struct(WHO).alias("who"))["who"].to_list())
    named = pl.format(TOLD, "agent_model", "source")
    return trials.with_columns(
        pl.col("agent_model").alias("model_name"),
        pl.when(told).then(named).otherwise("agent_model").alias("agent_model"),
    )


def name_of(
    model: str, harness: str, sources: Collection[str], who: Collection[tuple[str, str]]
) -> tuple[str, ...]:
    """The names under which a model of some sources stands in trials that are side by side.

    Args:
        sources: names of tables; none where there is one table only.
        who: the models, each with its harness, as the trials name them.
    """
    told = (TOLD.format(model, source) for source in sources)
    return tuple(name for name in told if (name, harness) in who) or (model,)


def mixed(trials: pl.DataFrame, suite: Suite) -> tuple[str, ...]:
    """The differences of which the two sides are of different runs, a line each.

    A side's runs are the sources and package versions of its rollouts; a rollout without a version
    is of any. Two sides are comparable if they are of the same runs.
    """
    columns = [name for name in RUN if name in trials.columns]
    if not columns:
        return ()
    known = trials.filter(pl.all_horizontal(pl.col(name).is_not_null() for name in columns))
    named = {"source": pl.col("source"), "package_version": pl.format("version {}", RUN[1])}
    run = pl.concat_str([named[name] for name in columns], separator=", ").alias("run")
    cells = known.group_by(*WHO, *suite.columns).agg(run.unique().sort())
    there: dict[Any, dict[Any, list[str]]] = defaultdict(dict)
    for row in cells.iter_rows(named=True):
        there[row["agent_model"], row["harness"]][suite.key(row)] = row["run"]
    found: dict[tuple[str, ...], str] = {}
    for row in cells.iter_rows(named=True):
        who = (row["agent_model"], row["harness"])
        for contrast in suite.contrasts:
            other = suite.nearest(row, contrast, there[who])
            if other is not None and other != row["run"]:
                first = clean(row[suite.names[0]])
                found.setdefault((*who, first, contrast.name), _line(row, first, other, contrast))
    return tuple(found.values())


def _line(row: dict[str, Any], first: str, other: list[str], contrast: Contrast) -> str:
    sides = contrast.sides or f"the rollouts of {contrast.title or contrast.name}"
    return (
        f"{row['agent_model']} in {row['harness']}, {first}: {sides} are from "
        f"{' and '.join(other)}, those held against them from {' and '.join(row['run'])}"
    )
