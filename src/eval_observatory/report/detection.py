"""Questions of signal detection for readers: two tables, and the difference that matters."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import polars as pl

from eval_observatory.detection import (
    BOTH,
    CRITERION,
    NEITHER,
    NOT_PASSED,
    NOT_PLAYED,
    SENSITIVITY,
    UNREAD,
    Detected,
)
from eval_observatory.report.table import Table
from eval_observatory.report.words import (
    Row,
    clean,
    factor_text,
    level_text,
    model_text,
    p_text,
    percent,
)
from eval_observatory.suite import Suite

ARM_COLUMNS = (
    *("Model", "Arm", "Told, of those with a signal, %", "False alarms, %"),
    *("d′", "Criterion c", "Gate"),
)
CHANGE_COLUMNS = (
    *("Model", "Arm", "Against", "Told", "Against", "Change of c", "Change of d′"),
    *("p of the share told, item by item", "What moved"),
)

HOW = (
    "d′ is how far apart the evidence for both kinds lies, c from where on one says so: a higher c "
    "at the same d′ says less often that there is a signal, whether there is one or not. Intervals "
    "are recovered from exact ones of the shares, and open where a share is 0 or 1."
)


def detection_tables(found: Sequence[Detected], suite: Suite, level: float) -> Iterator[Table]:
    """Of each question its arms, and what moved between them."""
    for one in found:
        name, title = one.detection.name, one.detection.title
        told = f"{HOW} Intervals: {level_text(level)}."
        gate = (
            " The gate is the arm where nothing speaks against telling it: its d′ must lie "
            f"above {one.detection.least:g} with its whole interval, or nothing is read of an arm."
        )
        arms = labelled(one.arms, one.arms, suite)
        rows = tuple(_arm_line(row) for row in arms.iter_rows(named=True))
        yield Table(name, f"{title} Arms", told + gate, ARM_COLUMNS, rows, one.arms)
        if one.changes.height:
            yield Table(
                f"{name}_moved",
                f"{title} What moved",
                f"{told} Changes are of the arm less what it is held against. p of c and d′ are "
                "corrected by Holm within model, harness and kind of comparison; the last p is the "
                "exact conditional test within items (McNemar's, for one rollout of each).",
                CHANGE_COLUMNS,
                tuple(
                    _change_line(row, one)
                    for row in labelled(one.changes, one.arms, suite).iter_rows(named=True)
                ),
                one.changes,
            )


def labelled(table: pl.DataFrame, arms: pl.DataFrame, suite: Suite) -> pl.DataFrame:
    """A table of arms with the column `arm`: the levels of what varies among `arms`, in words."""
    varying = [
        name for name in suite.names if arms[name].n_unique() > 1 and not suite.factor(name).derived
    ]
    usual = {name: arms[name].mode(maintain_order=True)[0] for name in varying}
    return table.with_columns(
        pl.Series(
            "arm",
            [_named(row, varying, usual, suite) for row in table.iter_rows(named=True)],
            dtype=pl.String,
        )
    )


def _named(row: Row, varying: Sequence[str], usual: Row, suite: Suite) -> str:
    """An arm by its levels; those that most arms have are left out but for the first three."""
    told = []
    for place, name in enumerate(varying):
        factor, level = suite.factor(name), row[name]
        if level is None or (place >= NAMED and level == usual[name]):
            continue
        word = factor_text(factor, level)
        told.append(word if not place or factor.told(level) else f"{factor.reading} {word}")
    return ", ".join(told) or "all"


NAMED = 2
"""Factors that every arm is named by."""


def sentences(found: Sequence[Detected], suite: Suite, level: float) -> Iterator[str]:
    """The difference that matters of each question and model."""
    for one in found:
        who = one.arms.select("model", "harness").unique(maintain_order=True)
        for model, harness in who.iter_rows():
            yield sentence(one, suite, model, harness, level)


def sentence(one: Detected, suite: Suite, model: str, harness: str, level: float) -> str:
    """The difference that matters of a model: the change told most surely, in words with figures.

    Args:
        one: what came of a question.
    """
    mine = (pl.col("model") == model) & (pl.col("harness") == harness)
    arms = one.arms.filter(mine)
    who = model_text(model, harness)
    if arms.is_empty():
        return ""
    if gate := _gate_sentence(arms, one, who):
        return gate
    changes = labelled(one.changes, one.arms, suite).filter(mine & (pl.col("moved") != UNREAD))
    if changes.is_empty():
        return f"{who}: no two arms are held against each other."
    top = min(
        changes.iter_rows(named=True),
        key=lambda row: (
            min(row["shift_p_adjusted"], row["change_p_adjusted"]),
            -abs(row["shift"]),
        ),
    )
    told = changes.filter(pl.col("moved") != NEITHER).height
    first = (
        f"{who}: in {top['arm']}, {_counts(top)} {one.detection.what} were told, "
        f"{_counts(top, 'baseline_')} in {clean(top['against'])}. The criterion is "
        f"{_moved_by(top, 'shift', level)}, d′ {_moved_by(top, 'change', level)}: "
        f"{_verdict(top, one)}."
    )
    return f"{first} {told:,} of {changes.height:,} comparisons are told after correction."


def _gate_sentence(arms: pl.DataFrame, one: Detected, who: str) -> str:
    gates = set(arms["gate"])
    if gates == {NOT_PLAYED}:
        return f"{who}: no arm was played in which nothing speaks against telling, so no gate held."
    if gates <= {NOT_PASSED, NOT_PLAYED}:
        row = arms.filter(pl.col("gate") == NOT_PASSED).row(0, named=True)
        return (
            f"{who}: where nothing speaks against it, d′ is {number(row['gate_d'])} (from "
            f"{number(row['gate_low'])}), below the gate of {one.detection.least:g}: it does not "
            f"tell the two apart, and the arms say nothing of {one.detection.words[0]}."
        )
    return ""


def _verdict(row: Row, one: Detected) -> str:
    """What moved, in the question's own words."""
    higher, lower = one.detection.words
    less = {
        CRITERION: f"it tells the two apart as well, and says so less often: {higher}, no {lower}",
        SENSITIVITY: f"it tells the two apart less well, at one criterion: {lower}, no {higher}",
        BOTH: f"{higher} and {lower} both",
        NEITHER: f"neither {higher} nor {lower} is told",
    }
    more = {
        CRITERION: "it tells the two apart as well, and says so more often",
        SENSITIVITY: "it tells the two apart better, at the same criterion",
        BOTH: "both have moved",
    }
    moved = row["moved"]
    worse = {
        CRITERION: row["shift"] > 0,
        SENSITIVITY: row["change"] < 0,
        BOTH: row["shift"] > 0 and row["change"] < 0,
        NEITHER: True,
    }
    return less[moved] if worse[moved] else more[moved]


def _counts(row: Row, of: str = "") -> str:
    return f"{row[f'{of}hits']:,} of {row[f'{of}signals']:,}"


def _moved_by(row: Row, name: str, level: float) -> str:
    value = row[name]
    how = "higher" if value > 0 else "lower"
    ends = f"{number(row[f'{name}_low'], sign=True)} to {number(row[f'{name}_high'], sign=True)}"
    return f"{number(abs(value))} {how} ({level_text(level)}: {ends})"


def number(value: float | None, *, sign: bool = False) -> str:
    """A figure with two decimals; an end that is infinite is `open`."""
    if value is None or math.isinf(value):
        return "open"
    rounded = f"{value:+.2f}" if sign else f"{value:.2f}"
    text = rounded if float(rounded) else "0.00"
    return text.replace("-", "−")


def _arm_line(row: Row) -> tuple[str, ...]:
    return (
        model_text(row["model"], row["harness"]),
        clean(row["arm"]),
        _share(row, "hit", row["hits"], row["signals"], row["signals_unscored"]),
        _share(row, "alarm", row["alarms"], row["noises"], row["noises_unscored"]),
        _figure(row, "d"),
        _figure(row, "c"),
        clean(row["gate"]),
    )


def _share(row: Row, name: str, k: int, n: int, unscored: int) -> str:
    missing = f", {unscored:,} unscored" if unscored else ""
    ends = f"{percent(row[f'{name}_low'])} to {percent(row[f'{name}_high'])}"
    return f"{percent(row[name])} ({ends}; {k:,} of {n:,}{missing})"


def _figure(row: Row, name: str) -> str:
    return f"{number(row[name])} ({number(row[f'{name}_low'])} to {number(row[f'{name}_high'])})"


def _change_line(row: Row, one: Detected) -> tuple[str, ...]:
    higher, lower = one.detection.words
    words = {CRITERION: higher, SENSITIVITY: lower, BOTH: f"{higher} and {lower}"}
    better = {CRITERION: "criterion lower", SENSITIVITY: "d′ higher", BOTH: "both"}
    worse = row["shift"] > 0 if row["moved"] == CRITERION else row["change"] < 0
    return (
        model_text(row["model"], row["harness"]),
        clean(row["arm"]),
        clean(row["against"]),
        _counts(row),
        _counts(row, "baseline_"),
        f"{_figure(row, 'shift')}, p {p_text(row['shift_p_adjusted'])}",
        f"{_figure(row, 'change')}, p {p_text(row['change_p_adjusted'])}",
        p_text(row["hits_p"]),
        (words if worse else better).get(row["moved"]) or clean(row["moved"]),
    )
