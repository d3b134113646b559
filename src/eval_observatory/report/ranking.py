"""Models side by side, as a table: rates that hold together, and ranks as far as they are told."""

from __future__ import annotations

from collections.abc import Iterator

from eval_observatory.counts import Counted, Row
from eval_observatory.ranking import ranked
from eval_observatory.report.table import Table
from eval_observatory.report.words import level_text, model_text, percent, span
from eval_observatory.suite import Suite

NAME = "models"


def ranking_table(counted: Counted, level: float) -> Iterator[Table]:
    """The table of `ranking.ranked`; none of one model alone."""
    suite = counted.suite
    data = ranked(counted, level)
    if data.is_empty():
        return
    note = (
        "Each behaviour over the cells in which all models have scored rollouts; cells weigh "
        "alike, and a model that shares no cell with the others is left out. "
        f"The intervals of all models of a behaviour hold together in {level_text(level)} "
        "(Bonferroni; of one cell Clopper-Pearson, of several by the exact tails at the likeliest "
        "rates). So do the ranks, 1 being the highest rate: from exact tests of all pairs of "
        "models, corrected by Holm (Mogstad, Romano, Shaikh and Wilhelm). A rank from … to … says "
        "that nothing closer is told: models whose ranks overlap are in no order. Each behaviour "
        "is by itself. Rates behind a judge’s verdicts are not ranked."
    )
    columns = ("Behaviour", "Model", "Rate, %", "Interval, all models together, %")
    more = ("n", "Unscored", "Cells", "Rank")
    rows = tuple(_line(row, suite) for row in data.iter_rows(named=True))
    yield Table(NAME, "Models side by side", note, (*columns, *more), rows, data)


def _line(row: Row, suite: Suite) -> tuple[str, ...]:
    best, worst = row["rank_best"], row["rank_worst"]
    told = f"{best}" if best == worst else f"{best} to {worst}"
    return (
        suite.title_of(row["behavior"]),
        model_text(row["model"], row["harness"]),
        percent(row["rate"]),
        span(row["low"], row["high"]),
        f"{row['n']:,}",
        f"{row['unscored']:,}",
        f"{row['cells']:,} of {row['of']:,}",
        f"none told, {told}" if (best, worst) == (1, row["models"]) else told,
    )
