"""What trials say in a terminal, and to programs: the figures and sentences of the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import polars as pl
from rich.table import Table

from eval_observatory.counts import Counted
from eval_observatory.report.analysis import Analysis, analyse, in_words
from eval_observatory.report.answer import Answer, answers
from eval_observatory.report.beside import Beside
from eval_observatory.report.links import Names
from eval_observatory.report.page import NOTHING
from eval_observatory.report.rates import rates_table
from eval_observatory.report.together import together
from peer_preservation.report.known import published
from peer_preservation.report.tables import with_estimates
from peer_preservation.suite import SUITE


@dataclass(frozen=True)
class Findings:
    """What trials say; `analysis` is theirs in words, its p corrected as on the page."""

    analysis: Analysis

    @classmethod
    def of(
        cls, trials: pl.DataFrame | Counted, beside: Beside = NOTHING, level: float = 0.95
    ) -> Findings:
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
        """What the page says first: of several models together, and of each what happened."""
        found, suite = self.analysis, self.analysis.counted.suite
        whole = together(found, Names.of(found.counted.trials, suite), suite)
        each = self.answers
        said = (f"{one.model} {one.finding}. {one.verdict}. {one.reason}" for one in each)
        return (*([str(whole)] if whole else []), *said)

    @cached_property
    def answers(self) -> tuple[Answer, ...]:
        """For each model in each harness what the page says and draws first."""
        found, suite = self.analysis, self.analysis.counted.suite
        names = Names.of(found.counted.trials, suite)
        models = sorted(found.estimates["model"].unique())
        return answers(found, names, suite, dict.fromkeys(models, ""), published(models))

    @property
    def rows(self) -> Sequence[dict[str, Any]]:
        """The estimates as plain data, for programs."""
        named = [name for name in self.analysis.estimates.columns if not name.startswith("$")]
        return self.analysis.estimates.select(named).to_dicts()
