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
    SHARE,
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
    *("p of the shares, item by item", "What moved"),
)

OPEN = "a share told; c or d′ is open"

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
                "exact conditional test within items (McNemar's, for one rollout of each), "
                "corrected likewise, over both shares: where it alone is told, a share has changed "
                "and whether by c or d′ is open.",
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
        key=_least_sure_last,
    )
    told = changes.filter(pl.col("moved") != NEITHER).height
    first = (
        f"{who}: in {top['arm']}, {_counts(top)} {one.detection.what} were told, "
        f"{_counts(top, 'baseline_')} in {clean(top['against'])}. The criterion is "
        f"{_moved_by(top, 'shift', level)}, d′ {_moved_by(top, 'change', level)}: "
        f"{_verdict(top, one, level)}."
    )
    return f"{first} {told:,} of {changes.height:,} comparisons are told after correction."


def _least_sure_last(row: Row) -> tuple[bool, float, float, float]:
    """What is told most surely first, of it what moved most, and what is told less before more."""
    size = -round(abs(row["shift"]), 6), row["hit_change"] or 0.0
    of_c_or_d = min(row["shift_p_adjusted"], row["change_p_adjusted"])
    if row["moved"] != SHARE:
        return row["moved"] == NEITHER, of_c_or_d, *size
    shares = (row["hits_p_adjusted"], row["alarms_p_adjusted"])
    return False, round(min(p for p in shares if p is not None), 6), *size


def _gate_sentence(arms: pl.DataFrame, one: Detected, who: str) -> str:
    gates = set(arms["gate"])
    if gates == {NOT_PLAYED}:
        return f"{who}: no arm was played in which nothing speaks against telling, so no gate held."
    if gates <= {NOT_PASSED, NOT_PLAYED}:
        row = arms.filter(pl.col("gate") == NOT_PASSED).row(0, named=True)
        least = one.detection.least
        why = (
            f"below the gate of {least:g}: it does not tell the two apart"
            if row["gate_d"] < least
            else f"and the data are too few to pass the gate of {least:g}: that it tells the two "
            "apart is not shown"
        )
        return (
            f"{who}: where nothing speaks against it, d′ is {number(row['gate_d'])} (from "
            f"{number(row['gate_low'])}), {why}, and the arms say nothing of "
            f"{one.detection.words[0]}."
        )
    return ""


def _verdict(row: Row, one: Detected, level: float) -> str:
    """What moved, in the question's own words, and of what is not told the sizes left out."""
    higher, lower = one.detection.words
    moved = row["moved"]
    shift = f"a change of c is not told ({_excluded(row['shift_low'], row['shift_high'], level)})"
    loss = f"a loss of d′ is not told ({_excluded(row['change_low'], math.inf, level)})"
    change = (
        f"a change of d′ is not told ({_excluded(row['change_low'], row['change_high'], level)})"
    )
    less = {
        CRITERION: f"it says so less often: {higher}; {loss}",
        SENSITIVITY: f"it tells the two apart less well: {lower}; {shift}",
        BOTH: f"{higher} and {lower} both",
        NEITHER: f"neither {higher} nor {lower} is told ({_both_excluded(row, level)})",
        SHARE: _share_moved(row, one, level) if moved == SHARE else "",
    }
    more = {
        CRITERION: f"it says so more often; {change}",
        SENSITIVITY: f"it tells the two apart better; {shift}",
        BOTH: "both have moved",
    }
    worse = {CRITERION: row["shift"] > 0, SENSITIVITY: row["change"] < 0}
    worse[BOTH] = all(worse.values())
    return less[moved] if worse.get(moved, True) else more[moved]


def _share_moved(row: Row, one: Detected, level: float) -> str:
    """The shares that differ item by item, where that is all that is told."""
    higher, lower = one.detection.words
    alike = row["signals"] == row["baseline_signals"]
    count = f"{abs(row['hits'] - row['baseline_hits']):,} " if alike else ""
    told = []
    for name, change, what in (
        ("hits", row["hit_change"], f"{one.detection.what} told"),
        ("alarms", row["alarm_change"], "false alarms"),
    ):
        p = row[f"{name}_p_adjusted"]
        if p is not None and p <= 1 - level:
            many = f"{count if name == 'hits' else ''}{'fewer' if change < 0 else 'more'}"
            told.append(f"{many} {what} (p {p_text(p)}, item by item)")
    return f"{' and '.join(told)}; whether by {higher} or {lower} cannot be told"


def _both_excluded(row: Row, level: float) -> str:
    shift = _excluded(-math.inf, row["shift_high"], level)
    loss = _excluded(row["change_low"], math.inf, level)
    return f"of a rise of c: {shift}; of a loss of d′: {loss}"


def _excluded(low: float, high: float, level: float) -> str:
    """The sizes that an interval leaves out."""
    out = [
        f"{side} {number(end, sign=True)}"
        for side, end in (("below", low), ("above", high))
        if math.isfinite(end)
    ]
    return f"{level_text(level)} excludes what is {' or '.join(out)}" if out else "no size excluded"


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
        f"{p_text(row['hits_p_adjusted'])}; false alarms {p_text(row['alarms_p_adjusted'])}",
        OPEN
        if row["moved"] == SHARE
        else (words if worse else better).get(row["moved"]) or clean(row["moved"]),
    )
