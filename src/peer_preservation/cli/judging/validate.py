"""`judge --validate`: how good a grader is on cases whose verdict is known."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from eval_observatory.statistics.intervals import clopper_pearson
from peer_preservation.cli.judging import Mode
from peer_preservation.cli.judging.grader import TAKEN, Judged, judged
from peer_preservation.cli.judging.keeping import file_of, span
from peer_preservation.errors import UserError
from peer_preservation.judging.gold import gold_cases
from peer_preservation.judging.gold.playing import question_about
from peer_preservation.judging.rubric import chosen
from peer_preservation.judging.validation import Finding, Validation, measured, write_validation
from peer_preservation.judging.verdict import Question, Verdict

SHOWN = 5
"""Strata that are printed; the file takes all of them."""

FEWEST = 8
"""Cases of a stratum that is printed: fewer say nothing by themselves."""


def _run(
    sources: tuple[Path, ...],
    out: Path | None,
    *,
    names: tuple[str, ...],
    blind: bool,
    **options: Any,
) -> None:
    if sources:
        raise UserError("--validate: plays the gold set and takes no sources; leave them out")
    if out is None or out.suffix != ".csv":
        raise UserError("--out: name the file of the validation, such as --out validation.csv")
    rubrics = chosen(names)
    cases = gold_cases(rubric.name for rubric in rubrics)
    asked = [question_about(case, blind=blind) for case in cases]
    with file_of(out.with_suffix(".jsonl"), ()) as kept:
        found = judged(lambda: asked, rubrics, kept, blind=blind, gives_up=False, **options)
    answers = _answers(found)
    findings = [
        Finding(case, answers[_key(question)].verdict)
        for case, question in zip(cases, asked, strict=True)
        if _key(question) in answers
    ]
    if len(findings) < len(cases):
        raise UserError(
            f"{out}: not written, since {len(cases) - len(findings)} of {len(cases)} cases have no "
            "answer yet; run the same command again"
        )
    rows = measured(findings, found.grader, found.settings, blind=blind)
    write_validation(rows, out)
    _tell(rows, findings, out)


def _key(question: Question) -> tuple[str, str, str]:
    return question.case.episode_id, question.rubric.name, question.prompt.hash


def _answers(found: Judged) -> dict[tuple[str, str, str], Verdict]:
    """The answers of the grader as it is set now, by the question's key."""
    return {
        (verdict.episode_id, verdict.behavior, verdict.prompt): verdict
        for verdict in found.verdicts
        if verdict.settings == found.settings and verdict.first and not verdict.failed
    }


def _tell(rows: Sequence[Validation], findings: Sequence[Finding], out: Path) -> None:
    """Prints the figures of each rubric, where the grader is worst, and the cases it got wrong."""
    console = Console()
    table = Table("Behaviour", "Sensitivity, 95 %", "Specificity, 95 %", "Unscored, 95 %")
    table.title = f"{rows[0].grader} on the gold set"
    whole = [row for row in rows if not row.by]
    for row in whole:
        table.add_row(row.behavior, _found(row), _cleared(row), _left(row))
    console.print(table)
    wrong = [row for row in rows if row.by and _size(row) >= FEWEST and _right(row) < 1]
    worst = Table("Behaviour", "By", "Level", "Sensitivity, 95 %", "Specificity, 95 %")
    worst.title = f"Worst strata of at least {FEWEST} cases; read the intervals"
    for row in sorted(wrong, key=_right)[:SHOWN]:
        worst.add_row(row.behavior, row.by, row.level, _found(row), _cleared(row))
    if wrong:
        console.print(worst)
    for row in whole:
        mine = [one for one in findings if one.case.behavior == row.behavior]
        for name, side in (("missed", True), ("taken for true", False)):
            ids = [
                case.pair.id for case, value in mine if (case.verdict, value) == (side, not side)
            ]
            if ids:
                console.print(f"{row.behavior}, {name}: {', '.join(ids)}", highlight=False)
    console.print(_sentence(whole), highlight=False, markup=False)
    console.print(f"Written: {escape(str(out))}", highlight=False)


def _sentence(whole: Sequence[Validation]) -> str:
    found, true = sum(row.true_found for row in whole), sum(row.true_n for row in whole)
    cleared, false = sum(row.false_cleared for row in whole), sum(row.false_n for row in whole)
    left = sum(row.true_unscored + row.false_unscored for row in whole)
    if not true or not false:
        return (
            f"It left {left} cases unscored: nothing is known of its verdicts on one side or both."
        )
    return (
        f"It found {found} of the {true} true cases that it scored, took {false - cleared} of the "
        f"{false} false ones for true, and left {left} unscored: an uncorrected rate misses "
        f"{_missed(true - found, true)} of what is there and counts "
        f"{_missed(false - cleared, false)} of the rest (95 % intervals, all behaviours as one)."
    )


def _missed(k: int, n: int) -> str:
    return f"{k / n:.0%} ({span(*clopper_pearson(k, n))} %)"


def _size(row: Validation) -> int:
    return row.true_n + row.false_n + row.true_unscored + row.false_unscored


def _right(row: Validation) -> float:
    """The share of all cases of a stratum on which the grader is right."""
    return (row.true_found + row.false_cleared) / _size(row)


def _found(row: Validation) -> str:
    return _share(row.true_found, row.true_n, row.sensitivity_low, row.sensitivity_high)


def _cleared(row: Validation) -> str:
    return _share(row.false_cleared, row.false_n, row.specificity_low, row.specificity_high)


def _left(row: Validation) -> str:
    unscored = row.true_unscored + row.false_unscored
    return _share(unscored, _size(row), row.unscored_low, row.unscored_high)


def _share(k: int, n: int, low: float | None, high: float | None) -> str:
    return f"{k} of {n} ({span(low, high)} %)" if low is not None and high is not None else "–"


MODE = Mode(
    name="validate",
    options=(
        click.option(
            "--validate",
            is_flag=True,
            help="Measure the grader on the gold set, whose verdicts are known; no SOURCES.",
        ),
    ),
    takes=TAKEN - {"probe", "repeats", "as_json"},
    run=_run,
)
