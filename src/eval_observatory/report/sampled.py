"""What sampled factors, such as wordings, do to the figures: a table each."""

from __future__ import annotations

import polars as pl

from eval_observatory.counts import Counted, Row
from eval_observatory.report.scales import Scale, scales_of
from eval_observatory.report.table import Table
from eval_observatory.report.words import (
    MISSING,
    clean,
    factor_text,
    level_text,
    model_text,
    percent,
)
from eval_observatory.sampling import sampled
from eval_observatory.suite import Factor, Suite

MOST_ROWS = 100
"""More are not for reading: then those alone are shown that these levels decide."""

COLUMNS = (
    *("Model", "Behaviour", "Cell", "Figure", "For those used", "For others like them"),
    *("Between {name}s, sd on the logit", "Difference", "For those used"),
    *("For others like them", "A further {name} turns the sign"),
)


def sampled_tables(counted: Counted, estimates: pl.DataFrame, level: float) -> tuple[Table, ...]:
    """One table for each sampled factor of which a cell has at least two levels."""
    found = sampled(counted, estimates, level)
    suite = counted.suite
    parts = ((factor, found.filter(pl.col("sampled") == factor.name)) for factor in suite.sampled)
    return tuple(
        _table(factor, part, suite, level) for factor, part in parts if (part["levels"] > 1).any()
    )


def _table(factor: Factor, found: pl.DataFrame, suite: Suite, level: float) -> Table:
    name, decided = factor.reading, _decided(found)
    primary = [measure.name for measure in suite.measures if measure.primary]
    shown = found.filter(pl.col("behavior").is_in(primary))
    few = shown.height <= MOST_ROWS
    shown = shown if few else shown.filter(_excluded("difference") & ~_excluded(BEYOND))
    differences = found["difference"].count()
    note = (
        f"Rollouts are spread over {name}s. The first interval holds for those that were used: "
        f"it says how often they show it. The second holds for {name}s like them, of which they "
        f"are a sample: for a rate Clopper and Pearson's with the rollouts that it is worth "
        f"(Korn and Graubard), for a mean t, for a difference from the two cells' own with their "
        f"correlation over {name}s; never shorter than the first; none where one {name} has "
        f"more than twice another's rollouts, since the figure is then mostly that {name}'s. "
        f"Between {name}s: the standard deviation of their rates on the logit, with its "
        f"interval; about 0.5 takes 50 % to 38 or 62 %. Of {differences:,} differences the "
        f"intervals of {decided:,} exclude 0 for those "
        f"{name}s and not for others like them"
        f"{'' if few else '; these alone are shown, all are in the CSV'}. "
        f"Intervals: {level_text(level)}."
    )
    scales = scales_of(suite)
    rows = tuple(_line(row, suite, scales[row["behavior"]]) for row in shown.iter_rows(named=True))
    columns = tuple(one.format(name=name) for one in COLUMNS)
    title = f"What the {name}s do to the figures"
    return Table(f"{factor.name}s", title, note, columns, rows, found.drop("sampled"))


BEYOND = "sampled_difference"


def _decided(found: pl.DataFrame) -> int:
    return found.filter(_excluded("difference") & ~_excluded(BEYOND)).height


def _excluded(name: str) -> pl.Expr:
    """Whether a difference's interval leaves 0 out; null is no."""
    low, high = pl.col(f"{name}_low"), pl.col(f"{name}_high")
    return ((low > 0) | (high < 0)).fill_null(value=False)


def _line(row: Row, suite: Suite, scale: Scale) -> tuple[str, ...]:
    levels = [
        factor_text(factor, row[factor.name])
        for factor in suite.designed
        if not factor.derived and suite.says(row, factor.name)
    ]
    return (
        model_text(row["model"], row["harness"]),
        suite.title_of(row["behavior"]),
        clean(", ".join(levels), 400),
        scale.value(row["estimate"]),
        scale.span(row["low"], row["high"]),
        scale.span(row["sampled_low"], row["sampled_high"]),
        _spread(row),
        scale.change(row["difference"]),
        scale.change_span(row["difference_low"], row["difference_high"]),
        scale.change_span(row["sampled_difference_low"], row["sampled_difference_high"]),
        MISSING if row["turns"] is None else f"{percent(row['turns'])} %",
    )


def _spread(row: Row) -> str:
    """The spread on the logit; an upper end that no spread of logits reaches is left open."""
    if row["logit_sd"] is None:
        return MISSING
    high = "…" if row["logit_sd_high"] is None else f"{row['logit_sd_high']:.2f}"
    return f"{row['logit_sd']:.2f} ({row['logit_sd_low']:.2f} to {high})"
