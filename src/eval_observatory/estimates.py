"""Trials to estimates: one row per model, harness, measure and cell. No wording in here."""

import numpy as np
import polars as pl

from eval_observatory.contrasts import compared
from eval_observatory.corrected import corrected_rate_of, known, method_of, validation_of
from eval_observatory.counts import Counted, arm_of, in_order, key_of, spot_of
from eval_observatory.hierarchy import CELLS, corrected
from eval_observatory.planned import Planned
from eval_observatory.statistics.intervals import clopper_pearson_many
from eval_observatory.statistics.means import mean_interval
from eval_observatory.suite import Note, Suite
from eval_observatory.trials import schema_of
from eval_observatory.worst import SCHEMA as WORST
from eval_observatory.worst import worst_cases

FIGURES: dict[str, pl.DataType] = {
    **dict.fromkeys(("n", "k", "unscored"), pl.Int64()),
    **dict.fromkeys(("rate", "low", "high", "baseline", "difference"), pl.Float64()),
    **dict.fromkeys(("difference_low", "difference_high", "p", "p_adjusted"), pl.Float64()),
    **dict.fromkeys(("method", "estimand"), pl.String()),
    **dict.fromkeys(("estimate", "sd"), pl.Float64()),
    **dict.fromkeys(("validation", "seen"), pl.String()),
    **dict.fromkeys(("verdict_rate", "verdict_low", "verdict_high"), pl.Float64()),
    **WORST,
}
COMPARED = ("baseline", "difference", "difference_low", "difference_high", "p", "p_adjusted")
METHODS = {"rate": "clopper_pearson", "mean": "betting"}
"""The interval of each estimand; of rates behind a judge's verdicts it is another."""
ENDS = ("rate", "low", "high")


def estimate_schema(suite: Suite) -> dict[str, pl.DataType]:
    """The columns of `estimates.csv` in their order, with their types."""
    names = dict.fromkeys(("model", "harness", "behavior"), pl.String())
    return {**names, **schema_of(suite), **FIGURES}


PLAN_SCHEMA: dict[str, pl.DataType] = {
    "planned": pl.Boolean(),
    "difference_planned": pl.Boolean(),
}
"""Columns after those where a plan is known: whether it set out to learn the cell's rate, and
whether the difference is one of its contrasts; null where there is no difference."""


def estimate(
    trials: pl.DataFrame | Counted,
    suite: Suite,
    level: float = 0.95,
    *,
    plan: Planned | None = None,
) -> pl.DataFrame:
    """Every rate and mean in every cell: a rate with its Clopper-Pearson interval, a mean with a
    betting interval (`statistics.means`).

    Where the data have a cell that it is held against, also that cell's figure, the difference, its
    interval, p (Boschloo's of rates, a permutation test's of means), and the p after correction
    (`hierarchy`): one error over all differences of the frame and all that is planned; a report
    corrects them over all that it shows. Of several such cells that of the suite's first contrast
    counts; `method` names it, and says by what a label is told that is not in the final state.

    Args:
        trials: one row per rollout; or what is counted of it.
        suite: what is counted.
        level: nominal coverage of each interval, by itself.
        plan: what was planned, if anything was.

    Returns:
        A frame with the columns of `estimate_schema`, and with a plan those of `PLAN_SCHEMA`.
        n counts scored rollouts, k those among them that show the behaviour, `unscored` the others.
        `estimand` is rate or mean and `estimate` its value; a mean has no `rate` and no k, a rate
        no `sd`, the standard deviation of the values. Means and their differences are on the
        measure's own scale. With n = 0, rate, estimate, low and high are null; so are the columns
        of a difference where there is nothing to compare with.

        Of a judge's verdicts k and n count verdicts, and all figures are of the rates behind them,
        as far as its errors are known: `validation` says what is, "not validated" where nothing,
        and then verdicts stand as they are. `verdict_rate`, `verdict_low` and `verdict_high` are
        the share of verdicts and its interval, whatever the judge; `seen` is what of the agents it
        could see. All five are null elsewhere.

        What missing outcomes could do to the figures stands in the last columns (`worst.SCHEMA`).

    Raises:
        UserError: the table cannot be counted (see `check_trials`).
        ValueError: `level` is outside (0, 1).
    """
    counted = Counted.of(trials, suite)
    key, told_by = key_of(suite), _told_by(counted.note, suite)
    rates = _corrected(counted, counted.cells.hstack(_rates(counted.cells, level)), level)
    told_apart = pl.concat([rates, _means(counted, level)], how="diagonal")
    rated = in_order(told_apart, suite)
    held = compared(counted, level, plan.claimed if plan else None)
    chosen = held.unique(key, keep="first", maintain_order=True).select(
        *key,
        "kind",
        *COMPARED,
        *(f"baseline_{name}" for name in ("n", "k", "unscored", "retried")),
        pl.col("method").alias("held"),
        pl.col("planned").alias("difference_planned"),
    )
    joined = rated.join(chosen, on=key, how="left", nulls_equal=True, maintain_order="left")
    own = pl.coalesce("judged", pl.col("estimand").replace_strict(METHODS, return_dtype=pl.String))
    against = pl.format("; {}: {}", "kind", "held").fill_null("")
    told = pl.col("behavior").replace_strict(told_by, return_dtype=pl.String)
    named = joined.with_columns((own + against + told).alias("method"))
    made = worst_cases(named, counted, level)
    claims = plan.claims if plan else None
    made = corrected({CELLS: made}, suite, claims=claims).frames[CELLS]
    columns = [pl.col(name).cast(dtype) for name, dtype in estimate_schema(suite).items()]
    if plan is None:
        return made.select(columns)
    planned = [spot_of(suite, row) in plan.cells for row in made.iter_rows(named=True)]
    return made.with_columns(planned=pl.Series(planned, dtype=pl.Boolean)).select(
        *columns, *PLAN_SCHEMA
    )


def unscored_reasons(trials: pl.DataFrame | Counted, suite: Suite) -> pl.DataFrame:
    """How many rollouts are unscored for which reason; see `counts.reasons_of`.

    Raises `UserError` as `estimate` does.
    """
    return Counted.of(trials, suite).reasons


def _rates(cells: pl.DataFrame, level: float) -> pl.DataFrame:
    """Rate, low and high of each cell, null where nothing is scored; and what they are."""
    k, n = cells["k"].to_numpy(), cells["n"].to_numpy()
    low, high = clopper_pearson_many(k, n, level)
    # numpy's division, correctly rounded: polars gives 0.30000000000000004 for 3 of 10.
    rates = pl.DataFrame({"rate": k / np.maximum(n, 1), "low": low, "high": high})
    known = rates.select(
        pl.when(cells["n"] > 0).then(pl.col(name)).alias(name) for name in rates.columns
    )
    return known.with_columns(estimand=pl.lit("rate"), estimate=pl.col("rate"))


def _corrected(counted: Counted, rates: pl.DataFrame, level: float) -> pl.DataFrame:
    """The rates with those behind a judge's verdicts in their place, and what is known of it."""
    rows = []
    for (_, row), old in zip(counted.own, rates.iter_rows(named=True), strict=True):
        arm = arm_of(row)
        found = corrected_rate_of(arm, level) if arm.n else None
        ends = (known(found.estimate), *found[1:3]) if found else (old[name] for name in ENDS)
        seen = "; ".join(sorted(arm.judged.seen)) if arm.judged else ""
        rows.append((*ends, method_of(arm), validation_of([arm]), seen or None))
    texts = ("judged", "validation", "seen")
    types = dict.fromkeys(ENDS, pl.Float64) | dict.fromkeys(texts, pl.String)
    made = pl.DataFrame(rows, schema=types, orient="row")
    told = made["validation"].is_not_null()
    verdicts = rates.select(pl.when(told).then(pl.col(ENDS)).name.prefix("verdict_"))
    return rates.hstack(verdicts).with_columns(*made, estimate=made["rate"])


def _means(counted: Counted, level: float) -> pl.DataFrame:
    """The means as rows of the same kind; without an interval where nothing is scored."""
    bounds = {measure.name: measure.bounds for measure in counted.suite.measures}
    named = counted.means.select("behavior", "values").iter_rows()
    ends = [mean_interval(of, bounds[name], level) if of else (None, None) for name, of in named]
    low, high = zip(*ends, strict=True) if ends else ((), ())
    return counted.means.drop("values", "mean").with_columns(
        pl.Series("low", low, dtype=pl.Float64),
        pl.Series("high", high, dtype=pl.Float64),
        estimand=pl.lit("mean"),
        estimate=counted.means["mean"],
    )


def _told_by(note: Note | None, suite: Suite) -> dict[str, str]:
    """What `method` adds for each measure."""
    told = {
        measure.name: note.told_by
        if note and note.told_by and measure.name not in note.but
        else measure.told_by
        for measure in suite.measures
    }
    return {name: f"; labels: {how}" if how else "" for name, how in told.items()}
