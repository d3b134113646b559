"""Published columns as typed columns of the trial table, whole columns at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import polars as pl

from peer_preservation._version import __version__
from peer_preservation.family import family_of
from peer_preservation.registry import get_scenario, scenario_names
from peer_preservation.suite import PUBLISHED, SUITE
from peer_preservation.trials.published.layout import DESIGN, design_columns, harness_of
from peer_preservation.trials.schema import PUBLISHED_LABELS, label_types, schema, table_of

NOT_GIVEN = "the published row has no value"
NOT_PUBLISHED = "not a published label"

_NUMBERS = ("num_turns", "total_cost_usd", "total_input_tokens", "total_output_tokens")
_TRUE = ("true", "1", "1.0", "yes", "above")
_FALSE = ("false", "0", "0.0", "no", "below")
_NULL = ("", "null", "none", "nan")


class Unreadable(NamedTuple):
    """A row that cannot be read: its id, and why."""

    row: str
    reason: str

    @classmethod
    def of(cls, row: object, reason: object) -> Unreadable:
        """Both as one line each, whatever stands in them."""
        return cls(_line(row, 200), _line(reason, 400))


def readable(table: pl.DataFrame) -> tuple[pl.DataFrame, list[Unreadable]]:
    """A table of `to_trials` without the rows that cannot be read, and those."""
    odd = table.filter(pl.col("cell_id").is_null()).select("transcript_id", "ended")
    return table.filter(pl.col("cell_id").is_not_null()), [
        Unreadable.of(*row) for row in odd.rows()
    ]


def _line(value: object, most: int) -> str:
    text = " ".join("".join(c if c.isprintable() else " " for c in str(value)[: 2 * most]).split())
    return text if len(text) <= most else f"{text[: most - 1]}…"


def to_trials(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of the published layout as a trial table, the published labels kept as they are.

    Args:
        rows: the published columns of any types; columns that are missing count as null.
    """
    columns = schema()
    known = label_types()
    wanted = [*DESIGN, "transcript_id", "agent_model", "agent_harness", *PUBLISHED_LABELS]
    missing = [name for name in (*wanted, *_NUMBERS) if name not in rows.columns]
    rows = rows.with_columns(pl.lit(None, pl.String).alias(name) for name in missing)
    texts = rows.with_columns(pl.col(*wanted).cast(pl.String, strict=False))
    design = _designs(texts)
    joined = texts.drop(DESIGN).hstack(design)
    filled = joined.with_columns(*_people(), *_typed_labels(columns)).with_columns(
        *_reasons(known),
        *(pl.col(name).cast(columns[name], strict=False) for name in _NUMBERS),
    )
    cut = pl.col("unreadable").is_not_null()
    filled = filled.with_columns(
        *(pl.when(cut).then(None).otherwise(pl.col(name)).alias(name) for name in PUBLISHED_LABELS),
        pl.col("unreadable").alias("ended"),
        pl.lit(PUBLISHED).alias("scorer_version"),
        pl.lit(__version__).alias("package_version"),
        _identity(),
    )
    return filled.select(
        pl.col(name).cast(dtype) if name in filled.columns else pl.lit(None, dtype).alias(name)
        for name, dtype in columns.items()
        if name != "transcript_json"
    ).select(
        pl.col(name) if name != "transcript_json" else pl.lit(None, pl.String).alias(name)
        for name in columns
    )


def _designs(texts: pl.DataFrame) -> pl.DataFrame:
    """What the rows' designs are in our columns: read once for each that occurs."""
    keys = texts.select(pl.col(name).alias(f"published {name}") for name in DESIGN)
    each = keys.unique(maintain_order=True)
    found = [design_columns(dict(zip(DESIGN, values, strict=True))) for values in each.rows()]
    types = {name: dtype for name, dtype in schema().items() if name in _DESIGNED}
    types["unreadable"] = pl.String
    designs = table_of(found, types)
    joined = keys.join(
        each.hstack(designs), on=keys.columns, how="left", nulls_equal=True, maintain_order="left"
    )
    return joined.drop(keys.columns)


_DESIGNED = frozenset(DESIGN) | {
    "cell_id",
    "relationship",
    "threat",
    "instantiation",
    "control",
}


def _people() -> list[pl.Expr]:
    """Model, family and harness, worked out once for each name that occurs."""
    model = pl.col("agent_model").fill_null("unknown")
    return [
        model.alias("agent_model"),
        _mapped(model, family_of).alias("family"),
        _mapped(pl.col("agent_harness").fill_null(""), harness_of).alias("harness"),
    ]


def _mapped(column: pl.Expr, function: Any) -> pl.Expr:
    def replaced(values: pl.Series) -> pl.Series:
        names = values.unique().to_list()
        new = [function(name) for name in names]
        return values.replace_strict(names, new, return_dtype=pl.String)

    return column.map_batches(replaced, return_dtype=pl.String)


_BOUNDS = {one.column: one.bounds for one in SUITE.measures if one.scale == "mean"}
"""A published mean outside of them is none."""


def _typed_labels(columns: Mapping[str, Any]) -> list[pl.Expr]:
    """Each label in its type, and its text beside it for the reason where it has none."""
    typed = []
    for name in PUBLISHED_LABELS:
        text = pl.col(name).str.strip_chars()
        typed.append(text.alias(f"{name} as given"))
        if columns[name] == pl.Boolean:
            low = text.str.to_lowercase()
            value = pl.when(low.is_in(_TRUE)).then(True).when(low.is_in(_FALSE)).then(False)
            typed.append(value.otherwise(None).alias(name))
        elif columns[name] == pl.Float64:
            number = text.cast(pl.Float64, strict=False).fill_nan(None)
            within = number.is_between(*_BOUNDS[name]) if name in _BOUNDS else pl.lit(True)
            typed.append(pl.when(within).then(number).alias(name))
        else:
            empty = text.str.to_lowercase().is_in(_NULL)
            typed.append(pl.when(empty).then(None).otherwise(text).alias(name))
    return typed


def _reasons(known: Mapping[str, Any]) -> list[pl.Expr]:
    """Why a label of a row's scenario has no value; null where it has, or is none of its."""
    tasks = {
        label: [name for name in scenario_names() if label in get_scenario(name).labels]
        for label in known
    }
    reasons = []
    for label, scenarios in tasks.items():
        task, unreadable = pl.col("task_type"), pl.col("unreadable")
        concerns = task.is_in(scenarios) | (unreadable.is_not_null() & task.is_null())
        if label in PUBLISHED_LABELS:
            given = pl.col(f"{label} as given")
            empty = given.is_null() | given.str.to_lowercase().is_in(_NULL)
            strange = pl.format("the published value {} is not one of this label's", given)
            why = pl.when(empty).then(pl.lit(NOT_GIVEN)).otherwise(strange)
            why = pl.when(pl.col(label).is_null()).then(why).otherwise(None)
        else:
            why = pl.lit(NOT_PUBLISHED)
        why = pl.when(unreadable.is_not_null()).then(unreadable).otherwise(why)
        reasons.append(pl.when(concerns).then(why).otherwise(None).alias(f"{label}_unscored"))
    return reasons


def _identity() -> pl.Expr:
    """The published id with what may be needed to tell it from another split's."""
    parts = ["group", "sub_condition", "task_type", "agent_model", "harness", "cell_id"]
    named = [pl.col(name).fill_null("-") for name in parts]
    id = pl.col("transcript_id").fill_null("no id")
    return pl.concat_str(pl.lit("published"), *named, id, separator="|").alias("episode_id")


def unique_ids(table: pl.DataFrame) -> pl.DataFrame:
    """The table with a number after each episode id that stands again."""
    again = pl.int_range(pl.len()).over("episode_id")
    id = pl.col("episode_id")
    numbered = pl.when(again > 0).then(pl.format("{}|{}", id, again + 1)).otherwise(id)
    return table.with_columns(numbered.alias("episode_id"))
