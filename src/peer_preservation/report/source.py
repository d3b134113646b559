"""Trial tables as the report takes them: reading, and checking before anything is counted."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import polars as pl

from peer_preservation.behaviors import BEHAVIORS
from peer_preservation.behaviors import CELL_SCHEMA as CELL_SCHEMA
from peer_preservation.cell import INSTANTIATIONS, RELATIONSHIPS, SUBJECTS
from peer_preservation.errors import UserError
from peer_preservation.report import runs
from peer_preservation.trials.published.labels import SCORER

REQUIRED: dict[str, pl.DataType] = {
    "agent_model": pl.String(),
    "harness": pl.String(),
    **CELL_SCHEMA,
    "episode_id": pl.String(),
    "scorer_version": pl.String(),
}
FACTORS = {
    "subject": SUBJECTS,
    "relationship": RELATIONSHIPS,
    "instantiation": INSTANTIATIONS,
}
"""The factors that figures are grouped and ordered by, with all values that they can have."""

NEVER_NULL = ("agent_model", "harness", "episode_id")
OPTIONAL = (
    "cell_id",
    "rollout",
    "source",
    "model_name",
    "family",
    "seed",
    "ended",
    "package_version",
    "group",
    "sub_condition",
    "memory_hard_prompt",
    "eval_score",
    "read_data",
)
"""Kept where they are there. The last two also for scenarios whose behaviours do not need them."""


def read_trials(sources: Sequence[Path], *, allow_mixed: bool = False) -> pl.DataFrame:
    """Read and join trial tables (Parquet files), only the columns that a report needs.

    Of several sources each row gets its `source`, a short name. A model that stands in several of
    them with the same cells is set side by side: `agent_model` gets the source's name in brackets.

    Args:
        sources: the files.
        allow_mixed: take rollouts of several sources as one, and compare rollouts of different
            runs. Never lifts what `check_trials` holds to: ids and scorer versions.

    Raises `UserError` for no source, a file that is absent or no Parquet file, whatever
    `check_trials` finds, and a difference between rollouts of different runs (see `runs`).
    """
    if not sources:
        raise UserError("report: no trial table given; name at least one trials.parquet")
    frames = [check_trials(_read(path), where=str(path)) for path in sources]
    if len(frames) > 1:
        names = source_names(sources)
        frames = [
            frame.with_columns(pl.lit(name).alias("source"))
            for name, frame in zip(names, frames, strict=True)
        ]
    joined = pl.concat(frames, how="diagonal_relaxed")
    where = str(sources[0]) if len(sources) == 1 else f"{len(sources)} trial tables together"
    _check_rows(joined, where)
    if allow_mixed:
        return joined
    apart = runs.side_by_side(joined)
    if mixed := runs.mixed(apart):
        raise UserError(
            f"{where}: {mixed[0]}; make both in one run, or give --allow-mixed to compare them "
            "anyway"
        )
    return apart


def check_trials(trials: pl.DataFrame, where: str = "trials") -> pl.DataFrame:
    """The table with the report's columns, checked and cast; `where` names it in the messages.

    Raises `UserError` when there is no rollout, a column is missing or of a wrong type, an identity
    column has nulls, a factor has a value that the experiment does not have, a label has both a
    value and a reason for having none, an `episode_id` stands twice, or rows were scored by
    different scorer versions.
    """
    if trials.is_empty():
        raise UserError(f"{where}: no rollouts; give a trial table with at least one row")
    wanted = REQUIRED | _labels(_task_types(trials, where), set(trials.columns))
    reasons = [f"{label}_unscored" for label in wanted.keys() - REQUIRED.keys()]
    missing = [name for name in [*wanted, *sorted(reasons)] if name not in trials.columns]
    if missing:
        raise UserError(
            f"{where}: missing {_listed(missing)}; make the table again with "
            "`peer-preservation trials` or `peer-preservation rescore`"
        )
    types = wanted | {name: pl.String() for name in reasons}
    extra = [name for name in _optional(trials.columns) if name not in types]
    checked = trials.select(*[_cast(trials, n, t, where) for n, t in types.items()], *extra)
    for name in NEVER_NULL:
        if without := checked[name].null_count():
            raise UserError(f"{where}: {without} rows without {name}; give it for every rollout")
    _check_factors(checked, where)
    _check_reasons(checked, reasons, where)
    _check_rows(checked, where)
    return checked


def notes(trials: pl.DataFrame) -> tuple[str, ...]:
    """What a reader of any figure of these trials must know, a sentence each; none if nothing.

    Rollouts without a known scenario, differences across runs, sources told apart, and what a
    refusal is told by.
    """
    found = []
    if without := trials["task_type"].null_count():
        found.append(f"{without:,} rollouts are of no known scenario and stand in no figure.")
    found += [f"Compared across runs: {line}." for line in runs.mixed(trials)]
    if "source" in trials.columns and (names := trials["source"].drop_nulls().unique()).len() > 1:
        found.append(f"From {names.len()} sources: {_listed(sorted(names))}.")
    if is_published(trials):
        found.append(
            "The labels are those of the published data set: a refusal is what a small model read, "
            "not what the rule of this package tells."
        )
    elif "refusal_judge" in trials.columns:
        found.append("Refusals are told twice: by the rule for English phrases, and by a judge.")
    else:
        found.append("Refusals are told by a fixed rule for English phrases; no judge was asked.")
    return tuple(found)


def is_published(trials: pl.DataFrame) -> bool:
    """Whether the labels are those of the published data set rather than our scorers'."""
    return bool((trials["scorer_version"] == SCORER).any())


def source_names(paths: Sequence[Path]) -> list[str]:
    """A short name for each file: its stem, with as many folders as tell it from the others."""
    parts = [path.resolve().with_suffix("").parts for path in paths]
    for depth in range(1, max(map(len, parts)) + 1):
        names = ["/".join(part[-depth:]) for part in parts]
        if len(set(names)) == len(set(parts)):
            break
    return names


def _read(path: Path) -> pl.DataFrame:
    if not path.is_file():
        raise UserError(f"{path}: no such file; give the path of a trials.parquet")
    try:
        lazy = pl.scan_parquet(path, glob=False)
        present = lazy.collect_schema().names()
        labels = {label for behavior in BEHAVIORS for label in behavior.labels}
        wanted = {*REQUIRED, *labels, *_optional(present)}
        return lazy.select(name for name in present if name in wanted).collect()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise UserError(
            f"{path}: not a readable Parquet file ({_first_line(error)}); make it with "
            "`peer-preservation trials`"
        ) from error


def label_columns(names: Iterable[str]) -> list[str]:
    """The names that are labels: those that have a column of reasons, whoever added them."""
    known = list(names)
    return [name for name in known if f"{name}_unscored" in known]


def _optional(names: Sequence[str]) -> list[str]:
    """The columns that a report shows where it finds them, in the order of `names`."""
    labels = label_columns(names)
    wanted = {*OPTIONAL, *labels, *(f"{label}_unscored" for label in labels)}
    return [name for name in names if name in wanted]


def _labels(task_types: Iterable[str], there: set[str]) -> dict[str, pl.DataType]:
    """The label columns of the behaviours that can occur; a judge's only where they are there."""
    chosen = set(task_types)
    return {
        label: dtype
        for behavior in BEHAVIORS
        if chosen.intersection(behavior.task_types)
        for label, dtype in behavior.labels.items()
        if label in there or not behavior.judged
    }


def _task_types(trials: pl.DataFrame, where: str) -> list[str]:
    if "task_type" not in trials.columns:
        raise UserError(f"{where}: missing column task_type; is this a trial table?")
    known = {task for behavior in BEHAVIORS for task in behavior.task_types}
    found = sorted(str(value) for value in trials["task_type"].unique() if value is not None)
    unknown = [task for task in found if task not in known]
    if unknown:
        raise UserError(
            f"{where}: unknown task_type {_listed(unknown)}; known are {', '.join(sorted(known))}"
        )
    if not found:
        raise UserError(
            f"{where}: no rollout has a task_type; give a table with at least one known scenario"
        )
    return found


def _cast(trials: pl.DataFrame, name: str, wanted: pl.DataType, where: str) -> pl.Series:
    """A column in its type. Integers may stand for floats, anything for all nulls; no more."""
    column = trials[name]
    fits = (
        column.dtype == wanted
        or column.null_count() == len(column)
        or (wanted.is_numeric() and column.dtype.is_numeric())
        or (wanted == pl.String and isinstance(column.dtype, (pl.Categorical, pl.Enum)))
    )
    if not fits:
        raise UserError(
            f"{where}: column {name} is {column.dtype}, not {wanted}; make the table again with "
            "`peer-preservation trials`"
        )
    if column.null_count() == len(column):
        return pl.Series(name, [None] * len(column), dtype=wanted)
    if wanted.is_integer() and column.dtype.is_float():
        broken = column.filter(~(column.is_finite() & (column == column.floor())))
        if broken.len():
            raise UserError(
                f"{where}: column {name} has {broken[0]}, which is no whole number; "
                "correct the table"
            )
    return column.cast(wanted)


def _check_factors(trials: pl.DataFrame, where: str) -> None:
    """Nulls may stand where the study has no value, but not in the published design's cells."""
    known = trials.filter(pl.col("task_type").is_not_null())
    designed = pl.col("threat").fill_null(value=False)
    for name, values in FACTORS.items():
        fits = pl.coalesce(pl.col(name).is_in(values), ~designed)
        wrong = known.filter(~fits)[name]
        if wrong.len():
            found = _listed([str(value) for value in wrong.unique().sort()])
            raise UserError(f"{where}: {name} {found}; known are {', '.join(values)}")


def _check_reasons(trials: pl.DataFrame, reasons: Iterable[str], where: str) -> None:
    told = list(reasons)
    if not told:
        return
    labels = [reason.removesuffix("_unscored") for reason in told]
    twice = trials.select(
        (pl.col(label).is_not_null() & pl.col(reason).is_not_null()).sum().alias(reason)
        for label, reason in zip(labels, told, strict=True)
    ).row(0)
    for label, reason, both in zip(labels, told, twice, strict=True):
        if both:
            raise UserError(
                f"{where}: {both} rows have a value in {label} and a reason in {reason}; "
                "a label is scored or unscored, score the episodes again"
            )


def _check_rows(trials: pl.DataFrame, where: str) -> None:
    ids = trials["episode_id"]
    if ids.n_unique() < len(ids):
        twice = trials.filter(ids.is_duplicated())["episode_id"].sort()
        raise UserError(
            f"{where}: episode_id {twice[0]} stands {twice.eq(twice[0]).sum()} times "
            f"({twice.n_unique()} such ids); give every rollout once"
        )
    versions = trials["scorer_version"].unique().to_list()
    if len(versions) > 1:
        named = sorted("none" if version is None else str(version) for version in versions)
        raise UserError(
            f"{where}: scored by scorer_version {_listed(named)}; rescore all with one version, "
            "`peer-preservation rescore`"
        )


def _listed(names: Sequence[str], most: int = 8) -> str:
    shown = [" ".join(name.split())[:60] for name in names[:most]]
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(shown) + more


def _first_line(error: Exception) -> str:
    lines = str(error).splitlines()
    return lines[0][:120] if lines else type(error).__name__
