"""Numbers and names as people read them, and what must be said beside a kind of model.

A figure as text for one place in a table is a rate or a difference with all that belongs to it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import partial
from typing import Any

import polars as pl

from eval_observatory.judged import MISFIT, NOT_VALIDATED
from eval_observatory.suite import Factor, ModelKind, Suite

INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
NONCHARACTERS = re.compile("[\ufdd0-\ufdef\ufffe\uffff]")
UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff"
    "\ufdd0-\ufdef\ufeff\ufffe\uffff\U000e0000-\U000e007f]"
)
"""Characters of a transcript that would hide, reorder or break the text round them."""

MOST_TEXT = 100_000
"""Characters of one text that the page shows; what is cut is said, and stays in the record."""

MISSING = "–"

HOW_TESTED = (
    "Interval and p: of one cell against one exact (by Berger and Boos, and Boschloo's test), else "
    "by the exact tails at the likeliest rates, and of a difference of two means by the exact test "
    "within the points too (Zelen's): p is the larger of the two. An interval leaves out 0 exactly "
    "where its p is below what its level leaves."
)
"""How a difference is told from 0, in every table that has one."""

HOW_CORRECTED = (
    "p is corrected over all that this report tests, what is not first as far as the first is told "
    "(table ‘families’)."
)
"""What a corrected p is, in every table that has one."""

Row = dict[str, Any]


def model_kinds(table: pl.DataFrame, suite: Suite) -> dict[str, ModelKind]:
    """The kind of each model of a table."""
    return {model: model_kind(suite, model) for model in table["model"].unique()}


def model_kind(suite: Suite, model: str) -> ModelKind:
    """The kind of a model by its name's prefix; an ordinary one has neither badge nor note."""
    return next((k for k in suite.models if model.startswith(k.prefix)), ORDINARY)


ORDINARY = ModelKind()


def clean(text: object, most: int = 160) -> str:
    """Text from a table, safe to show: control and direction marks made visible, length bounded.

    Of what is too long both ends stay: names that differ do so most often at their end.

    This is no HTML escaping (the template does that): it keeps text from reordering, hiding or
    flooding what stands round it, in the page and in a terminal.
    """
    if text is None:
        return MISSING
    whole = str(text)
    if len(whole) > most:
        end = (most - 1) // 2
        whole = f"{whole[: most - 1 - end]}…{whole[len(whole) - end :]}"
    return "".join(
        "\N{REPLACEMENT CHARACTER}" if unicodedata.category(c) in INVISIBLE else c
        for c in NONCHARACTERS.sub("\N{REPLACEMENT CHARACTER}", whole)
    )


def transcript(text: str) -> str:
    """A long text of a record, line breaks kept: unseen characters are named, its length bounded.

    A right-to-left override becomes "[U+202E]": the reader sees that the model wrote one.
    """
    shown = UNSEEN.sub(lambda found: f"[U+{ord(found[0]):04X}]", text[:MOST_TEXT])
    left = len(text) - MOST_TEXT
    return shown if left <= 0 else f"{shown}\n[{left:,} more characters are in the record]"


def percent(share: float | None) -> str:
    """A share in percent with one decimal, without the sign; never rounded to a false 0 or 100."""
    if share is None:
        return MISSING
    if 0 < share < 0.0005:
        return "<0.1"
    if 0.9995 < share < 1:
        return ">99.9"
    return f"{100 * share:.1f}"


def span(low: float | None, high: float | None) -> str:
    """A range of shares in percent: "1.2 to 3.4"."""
    if low is None or high is None:
        return MISSING
    return percent(low) if low == high else f"{percent(low)} to {percent(high)}"


def level_text(level: float) -> str:
    """A level as people write it: 0.95 is "95 %"."""
    return f"{100 * level:g} %"


def factor_text(factor: Factor, value: Any) -> str:
    """A level of a factor for readers: the suite's word for it, else its own name."""
    if value is None:
        return MISSING
    return clean(factor.told(value) or value)


def behavior_title(suite: Suite, name: str) -> str:
    """The reader's name of a measure; a name from a table that we do not know is cleaned."""
    return clean(suite.title_of(name))


def is_unplanned(part: pl.DataFrame) -> bool:
    """Whether there is a plan that set out to learn none of these rates."""
    return "planned" in part.columns and not part["planned"].any()


def worded(table: pl.DataFrame, suite: Suite) -> pl.DataFrame:
    """A table with its names in words.

    Of each column NAME that holds a name there is `$NAME`, safe to show; `$who` is the model, and
    its harness where that must be said.
    """
    words: dict[str, Callable[[Any], str]] = {
        **dict.fromkeys(("model", "harness", "reason"), clean),
        "behavior": partial(behavior_title, suite),
        **{factor.name: partial(factor_text, factor) for factor in suite.factors},
    }
    made = [_told(table[name], word) for name, word in words.items() if name in table.columns]
    who = table.select("model", "harness")
    known = {one: model_text(*one) for one in who.unique().iter_rows()}
    return table.with_columns(
        *made, pl.Series("$who", [known[one] for one in who.iter_rows()], dtype=pl.String)
    )


def _told(column: pl.Series, word: Callable[[Any], str]) -> pl.Series:
    known = {level: word(level) for level in column.unique()}
    return pl.Series(f"${column.name}", [known[level] for level in column], dtype=pl.String)


def points(share: float | None) -> str:
    """A difference of shares in percentage points, with its sign; never rounded to a false 0."""
    if share is None:
        return MISSING
    if 1e-12 < abs(share) < 0.0005:
        return "+<0.1" if share > 0 else "−<0.1"
    return f"{100 * share:+.1f}".replace("-", "−") if round(share, 3) else "0.0"


def points_span(low: float | None, high: float | None) -> str:
    """An interval of a difference: "−1.2 to +3.4"."""
    if low is None or high is None:
        return MISSING
    return f"{points(low)} to {points(high)}"


def p_text(p: float | None) -> str:
    """A p-value with three decimals, or "<.001"."""
    if p is None:
        return MISSING
    return "<.001" if p < 0.0005 else f"{p:.3f}".removeprefix("0")


def of_judge(validation: str | None) -> str:
    """What stands behind a figure that a judge told: that it is corrected, or that it is not."""
    if not validation:
        return ""
    if NOT_VALIDATED in validation:
        return f", {NOT_VALIDATED}"
    return f", corrected: {MISFIT}" if MISFIT in validation else ", corrected"


def rate_text(row: Row) -> str:
    """Such as "12.0 % [8.1 to 16.9], n = 300, 2 unscored (2 of 3 settings)"."""
    if row["rate"] is None:
        return MISSING
    interval = f" [{span(row['low'], row['high'])}]" if row["low"] is not None else ""
    judge = of_judge(row.get("validation"))
    missing = f"{_unscored(row)}{_worst(row, span)}"
    n = f"n = {row['n']:,}{missing}{judge}{_settings(row)}{_unplanned(row)}"
    return f"{percent(row['rate'])} %{interval}, {n}"


def difference_text(row: Row) -> str:
    """Such as "+12.0 [+8.1 to +16.9], n = 300 − 100, p = .012"; p is the adjusted one."""
    if row["estimate"] is None:
        return f"no baseline; rate {rate_text(row)}"
    interval = points_span(row["low"], row["high"])
    return (
        f"{points(row['estimate'])} [{interval}], n = {row['n']:,} − {row['baseline_n']:,}"
        f"{_unscored(row)}{_worst(row, points_span)}{of_judge(row.get('validation'))}, "
        f"{_tested(row['p_adjusted'])}{_settings(row)}{_unplanned(row)}"
    )


def model_text(model: str, harness: str, most: int = 160) -> str:
    """A model, and its harness where that is not the study's own loop; `most` characters each."""
    name = clean(model, most)
    return name if harness == "custom" else f"{name} in {clean(harness, most)}"


def missing_text(count: int) -> str:
    """So many outcomes that are not known."""
    return f"{count:,} missing outcome{'s' * (count > 1)}"


def _unscored(row: Row) -> str:
    count = row["unscored"] + (row.get("baseline_unscored") or 0)
    return f", {count:,} unscored" if count else ""


def _worst(row: Row, told: Callable[[float | None, float | None], str]) -> str:
    """What missing outcomes could make of the figure; nothing where they cannot matter."""
    low, high = row.get("worst_low"), row.get("worst_high")
    if low is None or high is None or (low, high) == (row["low"], row["high"]):
        return ""
    tips = row.get("tipping")
    turns = f", {missing_text(tips)} could turn it" if tips is not None else ""
    return f" (at worst {told(low, high)}{turns})"


def equals(p: float) -> str:
    """Such as "p = .012" and "p <.001"."""
    text = p_text(p)
    return f"p {text}" if text.startswith("<") else f"p = {text}"


def _tested(p: float | None) -> str:
    return "not tested" if p is None else equals(p)


def _unplanned(row: Row) -> str:
    return ", not planned" if row.get("planned") is False else ""


def _settings(row: Row) -> str:
    settings, of = row.get("settings"), row.get("of")
    if settings is None:
        return ""
    if settings < of:
        return f" ({settings} of {of} settings)"
    return f" ({clean(row['missing'], 400)})" if row.get("missing") else ""
