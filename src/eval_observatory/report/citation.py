"""How a report is made again and cited: commands, hashes and versions, and an entry for BibTeX."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from shlex import quote

import polars as pl

from eval_observatory.report.beside import Beside
from eval_observatory.report.words import clean
from eval_observatory.table_files import source_names


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
        trials: a checked trial table.
        beside: what stands beside it: settings and plans.
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
    files = [path.name for path in beside.settings]
    runs = ["run"]
    if len(files) > 1:
        named = zip(source_names(beside.settings), beside.settings, strict=True)
        files = [f"{name}{path.suffix}" for name, path in named]
        runs = [f"run-{i}" for i in range(1, len(files) + 1)]
    # A reader copies these into a shell, and a file may be called anything.
    plays = zip((quote(clean(name)) for name in files), runs, strict=False)
    commands = (
        *(f"{program} run {name} --out {run}" for name, run in plays),
        f"{program} report {' '.join(runs)} --out report",
    )
    said = f"version {version}" + (f", plan {plans[0]}" if plans else "")
    return Cited(commands, tuple(facts), "\n\n".join(one.replace("%s", said) for one in works))
