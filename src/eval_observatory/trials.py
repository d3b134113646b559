"""Trial tables as the report takes them: reading, and checking before anything is counted."""

from collections.abc import Iterable, Mapping, Sequence, Set
from pathlib import Path
from typing import Any

import polars as pl

from eval_observatory import runs
from eval_observatory.declaration import TYPES
from eval_observatory.errors import UserError
from eval_observatory.judged import SUFFIXES
from eval_observatory.labels import ATTEMPTS, among
from eval_observatory.levels import sampled_notes
from eval_observatory.routes import ROUTE, Routes, sentences, settled
from eval_observatory.suite import Factor, Measure, Note, Suite
from eval_observatory.table_files import parts_of, source_names, table_in

POLARS: dict[str, pl.DataType] = {
    "text": pl.String(),
    "whole": pl.Int64(),
    "number": pl.Float64(),
    "yes_no": pl.Boolean(),
}
"""The type of a column, by the kind of what it holds."""

REQUIRED: dict[str, pl.DataType] = {
    "agent_model": pl.String(),
    "harness": pl.String(),
    "episode_id": pl.String(),
    "scorer_version": pl.String(),
}
"""The columns of every trial table, beside those of its suite."""

SUITE_KEY = "eval_observatory.suite"
"""Where a Parquet file keeps the suite of its table, as JSON."""

UNREADABLE = (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError)
"""What reading a damaged file raises; a panic of polars' reader is no `Exception`."""

NEVER_NULL = ("agent_model", "harness", "episode_id")
OPTIONAL = (
    "cell_id",
    "rollout",
    "source",
    "model_name",
    "family",
    "seed",
    "ended",
    "num_turns",
    "total_input_tokens",
    "total_output_tokens",
    ATTEMPTS,
    "package_version",
    *ROUTE,
    "group",
    "sub_condition",
    "memory_hard_prompt",
    "read_data",
)
"""Kept where they are there. The last also for scenarios whose behaviours do not need it."""

TELLER = ("grader", "kin")
"""What may be said of who told a label, in `LABEL_grader` and `LABEL_kin`."""

NO_NUMBER = "not a number"
"""Of a value that a mean cannot have, whatever its bounds."""


def schema_of(suite: Suite) -> dict[str, pl.DataType]:
    """The columns of the factors of a suite's design, with their types."""
    return {factor.name: POLARS[factor.kind] for factor in suite.designed}


def sampled_schema(suite: Suite) -> dict[str, pl.DataType]:
    """The columns of the factors that a suite samples, with their types."""
    return {factor.name: POLARS[factor.kind] for factor in suite.sampled}


def type_of(measure: Measure, column: str) -> pl.DataType:
    """The type of one of a measure's columns; of those that it has besides by their levels."""
    if column == measure.column:
        return POLARS[measure.kind]
    levels = (measure.also | measure.given)[column]
    yes_no = all(isinstance(level, bool) for level in levels)
    kinds = ("yes_no",) if yes_no else ("text", "whole", "number")
    fits = (k for k in kinds if all(isinstance(level, TYPES[k]) for level in levels))
    return POLARS[next(fits, "text")]


def write_trials(trials: pl.DataFrame, suite: Suite, path: Path) -> None:
    """Writes a trial table as a Parquet file that carries its suite.

    Raises `OSError` as the file system does.
    """
    trials.write_parquet(path, metadata={SUITE_KEY: suite.to_json().decode()})


def suite_in(path: Path) -> Suite | None:
    """The suite that a trial table carries; None of a table that was written without.

    Raises `UserError` for a file that is no Parquet file, or of a suite of another form.
    """
    try:
        kept = pl.read_parquet_metadata(path).get(SUITE_KEY)
    except UNREADABLE as error:
        raise UserError(f"{path}: not a readable Parquet file ({_first_line(error)})") from None
    try:
        return Suite.from_json(kept) if kept else None
    except UserError as error:
        raise UserError(
            f"{path}: its suite is of another version of this package ({error}); "
            "make the table again from its logs"
        ) from None


def read_trials(
    sources: Sequence[Path], suite: Suite, *, allow_mixed: bool = False, routes: Routes = "one"
) -> pl.DataFrame:
    """Read and join trial tables (Parquet files), only the columns that a report needs.

    Of several sources each row gets its `source`, a short name. A model that stands in several of
    them with the same cells is set side by side: `agent_model` gets the source's name in brackets.

    Args:
        sources: the files, or the folders of runs; a folder of files is one table in parts, of
            which only the columns that a report needs are read.
        allow_mixed: take rollouts of several sources as one, and compare rollouts of different
            runs. Never lifts what `check_trials` holds to: ids and scorer versions.
        routes: what is made of a model that was measured over several (`routes.settled`).

    Raises `UserError` for no source, a file that is absent or no Parquet file, whatever
    `check_trials` finds, and a difference between rollouts of different runs (see `runs`).
    """
    if not sources:
        raise UserError("report: no trial table given; name at least one trials.parquet")
    sources = [table_in(path) for path in sources]
    frames = [
        check_trials(settled(_read(path, suite), routes, str(path)), suite, where=str(path))
        for path in sources
    ]
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
        return settled(joined, routes, where)
    apart = settled(runs.side_by_side(joined, suite), routes, where)
    if mixed := runs.mixed(apart, suite):
        raise UserError(
            f"{where}: {mixed[0]}; make both in one run, or give --allow-mixed to compare them "
            "anyway"
        )
    return apart


def check_trials(trials: pl.DataFrame, suite: Suite, where: str = "trials") -> pl.DataFrame:
    """The table with the report's columns, checked and cast; `where` names it in the messages.

    Raises `UserError` when there is no rollout, a column is missing or of a wrong type, an identity
    column has nulls, a factor has a level that the suite does not have, a label has both a value
    and a reason for having none, a value of a mean lies outside of its bounds, an `episode_id`
    stands twice, rows were scored by different scorer versions, or a model was measured over
    several routes that nobody told apart. NaN is no value: it is unscored.
    """
    if trials.is_empty():
        raise UserError(f"{where}: no rollouts; give a trial table with at least one row")
    _check_first(trials, suite, where)
    settled(trials, "one", where)
    trials = _with_usual(trials, suite)
    required = REQUIRED | schema_of(suite)
    wanted = required | _labels(trials, suite)
    reasons = [f"{label}_unscored" for label in wanted.keys() - required.keys()]
    missing = [name for name in [*wanted, *sorted(reasons)] if name not in trials.columns]
    if missing:
        raise UserError(f"{where}: missing {_listed(missing)}; make the table again from its logs")
    # Older tables do not say which of the sampled levels a rollout had.
    types = wanted | {name: pl.String() for name in reasons}
    types |= {n: kind for n, kind in sampled_schema(suite).items() if n in trials.columns}
    extra = [name for name in _optional(trials.columns) if name not in types]
    checked = trials.select(*[_cast(trials, n, t, where) for n, t in types.items()], *extra)
    for name in NEVER_NULL:
        if without := checked[name].null_count():
            raise UserError(f"{where}: {without} rows without {name}; give it for every rollout")
    known = checked.filter(pl.col(suite.names[0]).is_not_null())
    for factor in suite.factors:
        if factor.name in known.columns:
            _check_levels(known, factor, where)
    checked = _bounded(checked, suite, where)
    _check_reasons(checked, reasons, where)
    _check_rows(checked, where)
    return checked


def _with_usual(trials: pl.DataFrame, suite: Suite) -> pl.DataFrame:
    """The table with the factors that are younger than it, at the levels that went without saying.

    So is a table that says none of any rollout. Left out where it lacks a column by which such a
    level is told.
    """
    found = {}
    for factor in suite.designed:
        needed = {name for usual in factor.usual for name in usual.where}
        said = factor.name in trials.columns and trials[factor.name].count()
        if factor.usual and not said and needed <= {*trials.columns}:
            told = pl.lit(None, POLARS[factor.kind])
            for usual in reversed(factor.usual):
                told = pl.when(among(usual.where)).then(pl.lit(usual.level)).otherwise(told)
            found[factor.name] = told
    return trials.with_columns(**found)


def notes(trials: pl.DataFrame, suite: Suite) -> tuple[str, ...]:
    """What a reader of any figure of these trials must know, a sentence each; none if nothing.

    Rollouts of no known cell, differences across runs, sources told apart, over which route each
    model was measured, the suite's notes, and the levels that were sampled.
    """
    trials, found = _with_usual(trials, suite), []
    if without := trials[suite.names[0]].null_count():
        found.append(f"{without:,} rollouts are of no known cell and stand in no figure.")
    found += [f"Compared across runs: {line}." for line in runs.mixed(trials, suite)]
    if "source" in trials.columns and (names := trials["source"].drop_nulls().unique()).len() > 1:
        found.append(f"From {names.len()} sources: {_listed(sorted(names))}.")
    found += [f"Route of {line}" for line in sentences(trials)]
    if note := note_of(trials, suite):
        found.append(note.text)
    return (*found, *sampled_notes(trials, suite))


def note_of(trials: pl.DataFrame, suite: Suite) -> Note | None:
    """The first of the suite's notes that applies to trials."""
    for note in suite.notes:
        scored = not note.scorer or (trials["scorer_version"] == note.scorer).any()
        if scored and (not note.column or note.column in trials.columns):
            return note
    return None


def _read(path: Path, suite: Suite) -> pl.DataFrame:
    parts = parts_of(path)
    for part in parts:
        kept = suite_in(part)
        if kept and not suite.counts_as(kept):
            raise UserError(
                f"{part}: a table of {_version(kept)}, not of {_version(suite)}; "
                "make it again from its logs, or read it with its own suite"
            )
    try:
        scanned = [pl.scan_parquet(part, glob=False) for part in parts]
        lazy = pl.concat(scanned, how="diagonal_relaxed")
        present = lazy.collect_schema().names()
        labels = {label for measure in suite.measures for label in measure.columns}
        wanted = {*REQUIRED, *suite.columns, *sampled_schema(suite), *labels, *_optional(present)}
        return lazy.select(name for name in present if name in wanted).collect()
    except UNREADABLE as error:
        raise UserError(
            f"{path}: not a readable Parquet file ({_first_line(error)}); make it from logs"
        ) from error


def label_columns(names: Iterable[str]) -> list[str]:
    """The names that are labels: those that have a column of reasons, whoever added them."""
    known = list(names)
    return [name for name in known if f"{name}_unscored" in known]


def _optional(names: Sequence[str]) -> list[str]:
    """The columns that a report shows where it finds them, in the order of `names`."""
    labels = label_columns(names)
    told = ("", "_unscored", *SUFFIXES, *(f"_{what}" for what in TELLER))
    wanted = {*OPTIONAL, *(f"{label}{what}" for label in labels for what in told)}
    return [name for name in names if name in wanted]


def _labels(trials: pl.DataFrame, suite: Suite) -> dict[str, pl.DataType]:
    """The columns of the measures that can occur; an optional one's only where they are there."""
    there = set(trials.columns)
    asked = {name for measure in suite.measures for name in measure.where} & there
    levels = {name: set(trials[name].unique()) for name in asked}
    return {
        name: type_of(measure, name)
        for measure in suite.measures
        if _possible(measure, levels)
        for name in measure.columns
        if name in there or not measure.optional
    }


def _possible(measure: Measure, levels: Mapping[str, Set[Any]]) -> bool:
    """Whether the levels that a measure needs are in the table, whose levels are given."""
    return all(
        not levels[name].isdisjoint(wanted)
        for name, wanted in measure.where.items()
        if name in levels
    )


def _check_first(trials: pl.DataFrame, suite: Suite, where: str) -> None:
    """Whether it is a trial table of this suite, by its first factor."""
    first = suite.factors[0]
    if first.name not in trials.columns:
        raise UserError(f"{where}: missing column {first.name}; is this a trial table?")
    _check_levels(trials, first, where)
    if trials[first.name].null_count() == trials.height:
        raise UserError(
            f"{where}: no rollout has a {first.name}; give a table with at least one known one"
        )


def _check_levels(trials: pl.DataFrame, factor: Factor, where: str) -> None:
    """Nulls may stand where a factor need not have a level."""
    if not factor.levels:
        return
    column = pl.col(factor.name)
    needed = [pl.col(name).is_in(list(levels)) for name, levels in factor.given.items()]
    unknown = ~column.is_in(list(factor.levels)).fill_null(value=True)
    lacking = column.is_null() & pl.all_horizontal(*needed) if needed else pl.lit(value=False)
    wrong = trials.filter(unknown | lacking.fill_null(value=False))[factor.name]
    if wrong.len():
        found = _listed([str(value) for value in wrong.unique().sort()])
        known = ", ".join(map(str, factor.levels))
        raise UserError(f"{where}: unknown {factor.name} {found}; known are {known}")


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
            f"{where}: column {name} is {column.dtype}, not {wanted}; make the table again from "
            "its logs"
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


def _bounded(trials: pl.DataFrame, suite: Suite, where: str) -> pl.DataFrame:
    """The trials with every value of a mean within its bounds, or unscored if it is NaN."""
    for measure in suite.measures:
        name, (low, high) = measure.column, measure.bounds
        if measure.scale == "rate" or name not in trials.columns:
            continue
        column, reason = pl.col(name), f"{name}_unscored"
        if trials[name].dtype.is_float() and trials[name].is_nan().any():
            told = pl.when(column.is_nan()).then(pl.lit(NO_NUMBER)).otherwise(pl.col(reason))
            trials = trials.with_columns(told.alias(reason), column.fill_nan(None))
        outside = among(measure.where) & ~column.is_between(low, high)
        wrong = trials.lazy().filter(outside).select(name).collect()[name]
        if wrong.len():
            raise UserError(
                f"{where}: column {name} has {wrong[0]:g} (rows: {wrong.len()}), outside of "
                f"the bounds of {measure.name}, {low:g} to {high:g}; correct the table, or the "
                "measure's bounds"
            )
    return trials


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
            f"({twice.n_unique()} such ids); give every rollout once; runs of the same cells have "
            "rollouts of their own by seeds of their own"
        )
    versions = trials["scorer_version"].unique().to_list()
    if len(versions) > 1:
        named = sorted("none" if version is None else str(version) for version in versions)
        raise UserError(
            f"{where}: scored by scorer_version {_listed(named)}; rescore all with one version"
        )


def _listed(names: Sequence[str], most: int = 8) -> str:
    shown = [" ".join(name.split())[:60] for name in names[:most]]
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(shown) + more


def _version(suite: Suite) -> str:
    return f"suite {suite.name} ({suite.design[:12]})"


def _first_line(error: Exception) -> str:
    lines = str(error).splitlines()
    return lines[0][:120] if lines else type(error).__name__
