"""Trials to counts: n, k or mean, unscored and why, of every measure in every cell.

No statistics.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any, NamedTuple

import polars as pl

from eval_observatory.judged import (
    SEEN,
    Judged,
    judge_of,
    labels_of,
    sampled,
    validation_of,
    with_judges,
)
from eval_observatory.labels import ATTEMPTS, among, occurs, present, reason, retried, scored, shown
from eval_observatory.statistics.labelled import Labels
from eval_observatory.suite import Contrast, Key, Measure, Note, Suite
from eval_observatory.trials import check_trials, note_of, notes, schema_of

Spot = tuple[Any, ...]
"""Model, harness, measure and the levels of a cell (`Suite.key`)."""


Row = dict[str, Any]


Counts = tuple[Spot, Row]
"""A row of counts, and where it stands."""


class Arm(NamedTuple):
    """The counts of one cell; `judged`: what is known of the judge, where one told them.

    `retried` are attempts that failed before one was counted; their outcomes are `missing`, too.
    """

    k: int
    n: int
    unscored: int
    judged: Judged | None = None
    retried: int = 0

    @property
    def missing(self) -> int:
        """Outcomes that are not known."""
        return self.unscored + self.retried


@dataclass(frozen=True)
class Counted:
    """Checked trials and the counts of their cells, made once for all that a report shows.

    Attributes:
        suite: what is counted.
        trials: as `check_trials` gives them.
        cells: `counts` of them.
        calm: `reread_counts` of them.
        means: `tallies` of them.
        judged: what is known of judges, of every cell that counts verdicts.
        note: what must be said of how their labels are told, if anything must.
    """

    suite: Suite
    trials: pl.DataFrame
    cells: pl.DataFrame
    calm: pl.DataFrame
    means: pl.DataFrame
    judged: Mapping[Spot, Judged]
    note: Note | None

    @cached_property
    def arms(self) -> dict[Spot, Arm]:
        """The counts of every cell, also of those that are read at other cells' levels."""
        return {spot: arm_of(row) for spot, row in self.rows()}

    def rows(self) -> Iterator[Counts]:
        """The counts of rates with all columns, the cells' own after those that are reread."""
        yield from self._rows(self.calm)
        yield from self.own

    @cached_property
    def mean_rows(self) -> dict[Spot, Row]:
        """`tallies` of every cell."""
        return {spot_of(self.suite, row): row for row in self.means.iter_rows(named=True)}

    @cached_property
    def own(self) -> tuple[Counts, ...]:
        """The cells' own counts of rates."""
        return tuple(self._rows(self.cells))

    def _rows(self, table: pl.DataFrame) -> Iterator[Counts]:
        for row in table.iter_rows(named=True):
            spot = spot_of(self.suite, row)
            yield spot, row | {"judged": self.judged.get(spot)}

    @cached_property
    def pairs(self) -> tuple[tuple[Contrast, Counts, Counts], ...]:
        """Contrast, cell and the cell that it is held against, wherever both have scored rollouts.

        Rates first, and then means.
        """
        suite = self.suite
        means = [(spot_of(suite, row), row) for row in self.means.iter_rows(named=True)]
        there: dict[Key, dict[Key, Counts]] = defaultdict(dict)
        for spot, row in chain(self.rows(), means):
            there[spot[:3]][spot[3:]] = (spot, row)
        return tuple(
            (contrast, (spot, row), other)
            for spot, row in chain(self.own, means)
            for contrast in suite.contrasts
            if row["n"] and (other := suite.nearest(row, contrast, there[spot[:3]]))
            if other[1]["n"]
        )

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """What a reader of any figure must know (`trials.notes`)."""
        return notes(self.trials, self.suite)

    @cached_property
    def reasons(self) -> pl.DataFrame:
        """Why rollouts are unscored (`reasons_of`)."""
        return reasons_of(self.trials, self.suite)

    @classmethod
    def of(cls, trials: pl.DataFrame | Counted, suite: Suite) -> Counted:
        """Raises `UserError` for a table that cannot be counted (see `check_trials`)."""
        if isinstance(trials, Counted):
            return trials
        checked = check_trials(trials, suite)
        suite = with_judges(suite, checked)
        return cls(
            suite=suite,
            trials=checked,
            cells=counts(checked, suite),
            calm=reread_counts(checked, suite),
            means=tallies(checked, suite),
            judged=judges(checked, suite),
            note=note_of(checked, suite),
        )


def key_of(suite: Suite) -> tuple[str, ...]:
    """The columns that tell the rows of counts apart."""
    return ("model", "harness", "behavior", *suite.columns)


def spot_of(suite: Suite, row: Mapping[str, Any]) -> Spot:
    """Where a row of counts stands."""
    return (row["model"], row["harness"], row["behavior"], *suite.key(row))


def arm_of(row: Mapping[str, Any]) -> Arm:
    """The counts of a row (`Counted.rows`)."""
    return Arm(row["k"], row["n"], row["unscored"], row["judged"], row["retried"])


def counts(trials: pl.DataFrame, suite: Suite) -> pl.DataFrame:
    """n, k and unscored per model, harness, rate and cell, from checked trials.

    n counts scored rollouts, k those among them that show the behaviour, `unscored` the others,
    `retried` the attempts that failed before any of them. Rows are in reading order.
    """
    rates = (one for one in present(trials, suite) if one.scale == "rate")
    parts = [_counted(_applicable(trials, measure, suite), measure, suite) for measure in rates]
    return in_order(pl.concat([pl.DataFrame(schema=_schema(suite)), *parts]), suite)


def judges(trials: pl.DataFrame, suite: Suite) -> dict[Spot, Judged]:
    """What is known of the judge of every cell that counts a judge's verdicts."""
    found: dict[Spot, Judged] = {}
    for measure in present(trials, suite):
        label = judge_of(measure, suite)
        if label is None:
            continue
        sums = sampled(measure, trials)
        seen = f"{measure.column}{SEEN}"
        ways = [pl.col(seen).drop_nulls().unique()] if seen in trials.columns else []
        read = [name for total in (*sums, *ways) for name in total.meta.root_names()]
        rows = _applicable(trials, measure, suite, read)
        for row in rows.group_by(key_of(suite)).agg(*sums, *ways).iter_rows(named=True):
            people = labels_of(row) if sums else Labels()
            judged = Judged(validation_of(label), people, frozenset(row.get(seen, ())))
            found[spot_of(suite, row)] = judged
    return found


def tallies(trials: pl.DataFrame, suite: Suite) -> pl.DataFrame:
    """n, unscored, `mean`, `sd` and `values` per model, harness, mean and cell.

    `sd` is the sample's standard deviation (n - 1; null below two), `values` the scored ones in
    ascending order: neither depends on the order of the rollouts. Rows are in reading order.
    """
    schema = {name: kind for name, kind in _schema(suite).items() if name != "k"}
    schema |= {"mean": pl.Float64(), "sd": pl.Float64(), "values": pl.List(pl.Float64())}
    key, parts = key_of(suite), [pl.DataFrame(schema=schema)]
    for measure in present(trials, suite):
        if measure.scale == "mean":
            values = pl.col(measure.column).cast(pl.Float64).drop_nulls().sort()
            grouped = _applicable(trials, measure, suite).group_by(key)
            made = grouped.agg(
                pl.col(measure.column).count().alias("n"),
                pl.col(measure.column).null_count().alias("unscored"),
                retried(trials.columns),
                values.mean().alias("mean"),
                values.std().alias("sd"),
                values.alias("values"),
            )
            parts.append(made.select(pl.col(name).cast(kind) for name, kind in schema.items()))
    return in_order(pl.concat(parts), suite)


def reread_counts(trials: pl.DataFrame, suite: Suite) -> pl.DataFrame:
    """The counts of rollouts that are read at other cells' levels of a bar, at each such level.

    Without a threat there is no threshold, and so no misrepresentation. The same rollouts are the
    baseline of every threshold of their model, harness and point: rows that differ only in the
    bar's level share their rollouts.
    """
    parts = [
        _counted(_reread(trials, measure, suite), measure, suite)
        for measure in present(trials, suite)
        if measure.bar
    ]
    return pl.concat([pl.DataFrame(schema=_schema(suite)), *parts])


def _reread(trials: pl.DataFrame, measure: Measure, suite: Suite) -> pl.DataFrame:
    rows = trials.filter(among(measure.where))
    known = [among({n: (v,) for n, v in one.items()}) for one in suite.rereads(measure.bar)]
    calm = rows.filter(pl.col(measure.bar).is_null() & pl.any_horizontal(pl.lit(False), *known))
    who = ["agent_model", "harness", *(name for name in suite.points if name != measure.bar)]
    levels = rows.select(*who, measure.bar).drop_nulls(measure.bar).unique()
    return _named(calm.drop(measure.bar).join(levels, on=who, nulls_equal=True), measure)


def reasons_of(trials: pl.DataFrame, suite: Suite) -> pl.DataFrame:
    """How many rollouts are unscored for which reason: the key columns, `reason`, `count`.

    One row per model, harness, measure, cell and reason, commonest first within a cell. A label
    that is null without a reason counts as "no reason recorded". Where several labels of one
    measure are missing, the first one's reason is given, so that the counts add up to `unscored`.
    """
    key = key_of(suite)
    parts = [
        _applicable(trials, measure, suite)
        .filter(~scored(measure))
        .group_by(*key, pl.coalesce(reason(measure)).alias("reason"))
        .len("count")
        for measure in present(trials, suite)
    ]
    joined = pl.concat(parts).with_columns(pl.col("count").cast(pl.Int64))
    return in_order(joined, suite, last=[-pl.col("count"), pl.col("reason")])


def in_order(table: pl.DataFrame, suite: Suite, last: list[pl.Expr] | None = None) -> pl.DataFrame:
    """Rows in reading order: measures as listed, factors by their levels, nulls first."""
    ranks: dict[str, dict[Any, int]] = {"behavior": suite.ranked}
    ranks |= {factor.name: suite.ranks(factor.name) for factor in suite.factors if factor.levels}
    # A derived factor only names what others say: it must not come before them.
    derived = [name for name in suite.columns if name not in suite.names]
    order: list[pl.Expr] = []
    for name in ("model", "harness", "behavior", *suite.names, *derived):
        if name in ranks:
            order.append(
                pl.col(name).replace_strict(ranks[name], default=99, return_dtype=pl.Int64)
            )
        order.append(pl.col(name))
    return table.sort([*order, *(last or [])], nulls_last=False, maintain_order=True)


def _schema(suite: Suite) -> dict[str, Any]:
    names = dict.fromkeys(("model", "harness", "behavior"), pl.String())
    counted = ("n", "k", "unscored", "retried")
    return names | schema_of(suite) | dict.fromkeys(counted, pl.Int64())


def _counted(rows: pl.DataFrame, measure: Measure, suite: Suite) -> pl.DataFrame:
    told, key = scored(measure), key_of(suite)
    return (
        rows.group_by(key)
        .agg(
            told.sum().alias("n"),
            (told & shown(measure)).sum().alias("k"),
            (~told).sum().alias("unscored"),
            retried(rows.columns),
        )
        .select(pl.col(name).cast(dtype) for name, dtype in _schema(suite).items())
        .sort(key)
    )


def _applicable(
    trials: pl.DataFrame, measure: Measure, suite: Suite, more: Iterable[str] = ()
) -> pl.DataFrame:
    """The rollouts that can show a measure, with the columns that counting it needs, and more."""
    read = (*measure.columns, *(f"{name}_unscored" for name in measure.columns))
    tried = [name for name in [ATTEMPTS] if name in trials.columns]
    needed = dict.fromkeys(("agent_model", "harness", *suite.columns, *read, *more, *tried))
    return _named(trials.lazy().select(*needed).filter(occurs(measure)).collect(), measure)


def _named(rows: pl.DataFrame, measure: Measure) -> pl.DataFrame:
    return rows.with_columns(
        pl.col("agent_model").alias("model"), pl.lit(measure.name).alias("behavior")
    )
