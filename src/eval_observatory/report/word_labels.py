"""How labels from words were measured, as tables and page show it beside what was read by them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import polars as pl

from eval_observatory.judged import NOT_VALIDATED, known_of
from eval_observatory.report.table import Table
from eval_observatory.report.words import MISSING, clean, level_text, percent, span
from eval_observatory.statistics.intervals import clopper_pearson
from eval_observatory.suite import Measure, Note, Suite
from eval_observatory.word_labels import Told, WordLabel

METHODS = {"rule": "rule", "judge": "judge", "agent": "the agent itself"}
SIDES = ("present", "absent", "values")
COLUMNS = (
    *("Label", "Told by", "Sensitivity", "Specificity", "Right values"),
    *("Unscored where true", "Unscored where not true", "Unscored values"),
)
SCHEMA: dict[str, Any] = {
    "label": pl.String(),
    "shows": pl.String(),
    "told_by": pl.String(),
    "cases": pl.String(),
    "right": pl.Int64(),
    "wrong": pl.Int64(),
    "unscored": pl.Int64(),
    "rate": pl.Float64(),
    "low": pl.Float64(),
    "high": pl.Float64(),
    "unscored_rate": pl.Float64(),
    "unscored_low": pl.Float64(),
    "unscored_high": pl.Float64(),
}


def told(measure: Measure, suite: Suite, note: Note | None, level: float) -> str:
    """How a measure's label is told, with its measured error rate; "" where a suite says nothing.

    Args:
        note: what applies to the trials: labels of another scorer have other error rates.
        level: of the intervals.
    """
    if not suite.word_labels.labels:
        return ""
    if note and note.told_by and measure.name not in note.but:
        return note.told_by
    label = suite.word_labels.of(measure.column, measure.shows)
    if label is None:
        return "state"
    grader = f" {clean(label.grader)}" if label.method == "judge" and label.grader else ""
    return f"{METHODS[label.method]}{grader} ({_error_rate(label, level)})"


def told_of(names: Iterable[str], suite: Suite, note: Note | None, level: float) -> str:
    """The same of all measures of these names, for the note of a table that they stand in."""
    lines: dict[str, None] = {}
    wanted = set(names)
    for measure in suite.measures:
        if measure.name in wanted and (how := told(measure, suite, note, level)):
            lines[f"{suite.title_of(measure.name)}, {measure.column}: {how}"] = None
    return f"Labels by: {'; '.join(lines)}." if lines else ""


def _error_rate(label: WordLabel, level: float) -> str:
    if not label.measured and not label.people:
        return f"{NOT_VALIDATED}: no error rate of it was measured"
    if not label.measured:
        return known_of(label)
    named = (("sensitivity", label.present), ("specificity", label.absent), ("right", label.values))
    said = [f"{name} {_rate(cases, level)}" for name, cases in named if cases]
    there = [cases for _, cases in named if cases]
    unscored = " and ".join(f"{cases.unscored:,} of {cases.n:,}" for cases in there)
    people = f"; people labelled {label.people:,} of its verdicts" if label.people else ""
    return f"{', '.join(said)}, unscored {unscored}{people}"


def word_label_table(suite: Suite, level: float) -> Table:
    """A line for each label that is read from words; typed, one for each kind of its cases."""
    data = [
        _figures(label, side, cases, level)
        for label in suite.word_labels.labels
        for side in SIDES
        if (cases := getattr(label, side))
    ]
    note = (
        f"Measured on {suite.word_labels.cases} ({suite.word_labels.date}). Sensitivity, "
        "specificity and right values are of the scored cases; a case that a rule leaves open is "
        f"unscored, and stands beside. [{level_text(level)} interval]: Clopper-Pearson. Every "
        "label that is not listed is told by state. An error rate holds for cases like these: "
        "another model may use other words."
    )
    rows = tuple(_row(label, level) for label in suite.word_labels.labels)
    title = "How labels from words were measured"
    return Table("word_labels", title, note, COLUMNS, rows, pl.DataFrame(data, schema=SCHEMA))


def _row(label: WordLabel, level: float) -> tuple[str, ...]:
    name = f"{label.name}: {' or '.join(map(str, label.shows))}" if label.shows else label.name
    sides = [getattr(label, side) for side in SIDES]
    grader = f" {clean(label.grader)}" if label.method == "judge" and label.grader else ""
    how = METHODS[label.method] + grader + ("" if label.measured else f", {known_of(label)}")
    how += f", on {clean(label.cases)}" if label.cases else ""
    return (
        name,
        how,
        *(_rate(cases, level) if cases else MISSING for cases in sides),
        *(_share(cases.unscored, cases.n, level) if cases else MISSING for cases in sides),
    )


def _rate(cases: Told, level: float) -> str:
    return _share(cases.right, cases.scored, level)


def _share(k: int, n: int, level: float) -> str:
    """Such as "77.8 % [57.7 to 91.4], n = 27"."""
    if not n:
        return "no case"
    return f"{percent(k / n)} % [{span(*clopper_pearson(k, n, level))}], n = {n:,}"


def _figures(label: WordLabel, side: str, cases: Told, level: float) -> dict[str, Any]:
    right = clopper_pearson(cases.right, cases.scored, level)
    unscored = clopper_pearson(cases.unscored, cases.n, level)
    return {
        "label": label.name,
        "shows": " or ".join(map(str, label.shows)) or None,
        "told_by": label.method,
        "cases": side,
        "right": cases.right,
        "wrong": cases.wrong,
        "unscored": cases.unscored,
        "rate": cases.right / cases.scored if cases.scored else None,
        "low": right.low,
        "high": right.high,
        "unscored_rate": cases.unscored / cases.n if cases.n else None,
        "unscored_low": unscored.low,
        "unscored_high": unscored.high,
    }
