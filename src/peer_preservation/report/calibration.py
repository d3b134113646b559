"""The page of a calibration: what was planted, what was read, how often the intervals held."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from eval_observatory.report.page import Report, environment
from eval_observatory.report.scales import x
from eval_observatory.report.table import write_csv
from peer_preservation._version import __version__
from peer_preservation.trials.calibration import FAILED, MISSING, Calibrated, by_behavior

LEVEL = 0.95
LEAST = 0.9
"""Where the axis of the coverage begins; it ends at 1."""

WIDEST = 0.02
"""Where the axis of the bias ends, on either side of zero."""


def write_calibration(table: Sequence[Calibrated], out: Path) -> Report:
    """Writes `index.html` and `calibration.csv` into the folder `out`, made if absent."""
    groups = [
        (behavior, cell, [(row, *_places(row)) for row in rows])
        for (behavior, cell), rows in by_behavior(table).items()
    ]
    html = (
        environment("peer_preservation.report")
        .get_template("calibration.html")
        .render(
            groups=groups,
            lowest=min(row.coverage for row in table),
            misread=sum(row.misread for row in table),
            studies=sum(row.seeds for row in table),
            episodes=sum(row.seeds * row.rollouts for row in table),
            failed=FAILED,
            missing=MISSING,
            nominal=_coverage_place(LEVEL),
            version=__version__,
        )
    )
    out.mkdir(parents=True, exist_ok=True)
    report = Report(out / "index.html", out / "calibration.csv")
    report.page.write_text(html, encoding="utf-8")
    write_csv(
        pl.DataFrame({name: [getattr(row, name) for row in table] for name in _COLUMNS}),
        report.estimates,
    )
    return report


_COLUMNS = (
    *("behavior", "cell", "planted", "seeds", "rollouts", "mean", "bias", "noise"),
    *("coverage", "unscored", "misread"),
)


def _places(row: Calibrated) -> tuple[str, str, str, str]:
    """Where the coverage, the bias and the bias's noise (two standard errors) are drawn."""
    low, high = (row.bias + sign * 2 * row.noise for sign in (-1, 1))
    return (
        _coverage_place(row.coverage),
        _bias_place(row.bias),
        _bias_place(low),
        _bias_place(high),
    )


def _coverage_place(coverage: float) -> str:
    return x((max(coverage, LEAST) - LEAST) / (1 - LEAST))


def _bias_place(bias: float) -> str:
    return x((max(-WIDEST, min(WIDEST, bias)) + WIDEST) / (2 * WIDEST))
