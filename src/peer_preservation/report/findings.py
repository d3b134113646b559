"""What trials say in a terminal, and to programs: the figures and sentences of the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import polars as pl
from rich.table import Table

from eval_observatory.report.analysis import Analysis, analyse, in_words
from eval_observatory.report.beside import Beside
from eval_observatory.report.overview import overview_rows
from eval_observatory.report.page import NOTHING
from eval_observatory.report.rates import rates_table
from eval_observatory.report.words import model_kinds
from peer_preservation.report.tables import with_estimates
from peer_preservation.suite import SUITE


@dataclass(frozen=True)
class Findings:
    """What trials say; `analysis` is theirs in words, its p corrected as on the page."""

    analysis: Analysis

    @classmethod
    def of(cls, trials: pl.DataFrame, beside: Beside = NOTHING, level: float = 0.95) -> Findings:
        """What a report on these trials would say.

        Raises:
            UserError: see `write_report`.
        """
        found = analyse(trials, SUITE, level, beside)
        _, estimates = with_estimates(
            found.counted, level, "exact", found.plan, found.estimates, found.detected
        )
        return cls(in_words(replace(found, estimates=estimates), found.counted.suite))

    @property
    def table(self) -> Table:
        """Every cell's rates, for a terminal."""
        found = self.analysis
        return rates_table(found.estimates, found.counted.suite, found.level)

    @property
    def sentences(self) -> tuple[str, ...]:
        """For each model the page's sentence on the first measure that was seen, or the first."""
        found, suite = self.analysis, self.analysis.counted.suite
        rows = overview_rows(found, model_kinds(found.estimates, suite), suite)
        first: dict[str, str] = {}
        for row in sorted(rows, key=lambda row: row.mean or row.k == "0"):
            who = row.model if row.harness == "custom" else f"{row.model} in {row.harness}"
            first.setdefault(who, f"{who}: {row.title}. {row.sentence}")
        return tuple(first.values())

    @property
    def rows(self) -> Sequence[dict[str, Any]]:
        """The estimates as plain data, for programs."""
        named = [name for name in self.analysis.estimates.columns if not name.startswith("$")]
        return self.analysis.estimates.select(named).to_dicts()
