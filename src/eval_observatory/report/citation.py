"""How a report is made again and cited: commands, hashes and versions, and an entry for BibTeX."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from eval_observatory.report.beside import Beside
from eval_observatory.report.words import clean


@dataclass(frozen=True)
class Cited:
    """What a reader needs to make a report again, and to cite it.

    Attributes:
        commands: in order; of a run whose plan is not known the first is left out.
        facts: what tells this result from others, as (what, value).
        bibtex: entries.
    """

    commands: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    bibtex: str


def cited(
    program: str, version: str, trials: pl.DataFrame, beside: Beside, works: Sequence[str]
) -> Cited:
    """What must be said of a report that a program made.

    Args:
        program, version: the command that plays and reports.
        works: entries for BibTeX, the program's own first; `%s` in one is what was made.
    """
    plans = [plan.hash for plan in beside.plans]
    facts = [("plan", ", ".join(plans) or "none was locked")]
    for name, column in (
        ("version of the rollouts", "package_version"),
        ("labels", "scorer_version"),
    ):
        if column in trials.columns:
            told = trials[column].drop_nulls().unique().sort()
            facts.append((name, ", ".join(clean(one, 40) for one in told) or "not recorded"))
    facts.append(("page", f"{program} {version}"))
    one = len(beside.settings) < 2
    runs = ["run" if one else f"run-{i}" for i in range(1, max(1, len(beside.settings)) + 1)]
    plays = zip(beside.settings, runs, strict=False)
    commands = (
        *(f"{program} run {clean(path.name)} --out {run}" for path, run in plays),
        f"{program} report {' '.join(runs)} --out report",
    )
    said = f"version {version}" + (f", plan {plans[0]}" if plans else "")
    return Cited(commands, tuple(facts), "\n\n".join(one.replace("%s", said) for one in works))
