"""An entry's figures as people read them: text for one place in a table, and its drawing."""

from __future__ import annotations

import re
from hashlib import sha256

from markupsafe import Markup

from eval_observatory.board.record import Entry, Row
from eval_observatory.report.words import MISSING, clean, percent, span

_WIDE, _HIGH = 200, 14
_MINUS = "−"


def slug(text: str) -> str:
    """A name for a file, from a text of anyone; the same text the same name, others another."""
    plain = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:40]
    return f"{plain or 'x'}-{sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:6]}"


def figure(row: Row) -> str:
    """A row's estimate: a rate in percent, a mean as it is."""
    if row.estimate is None:
        return MISSING
    return f"{percent(row.estimate)} %" if row.estimand == "rate" else _number(row.estimate)


def interval(row: Row) -> str:
    """The interval of the estimate."""
    if row.low is None or row.high is None:
        return "no interval reported" if row.estimate is not None else MISSING
    if row.estimand == "rate":
        return f"{span(row.low, row.high)} %"
    return f"{_number(row.low)} to {_number(row.high)}"


def counts(row: Row) -> str:
    """k of n, or n alone."""
    if row.n is None:
        return "n not reported"
    return f"{row.k:,} of {row.n:,}" if row.k is not None else f"n {row.n:,}"


def difference(row: Row) -> str:
    """The difference to the control: of rates in percentage points."""
    if row.difference is None:
        return MISSING
    return _signed(row, row.difference) + (" pp" if row.estimand == "rate" else "")


def difference_interval(row: Row) -> str:
    """The interval of the difference."""
    if row.difference_low is None or row.difference_high is None:
        return MISSING if row.difference is None else "no interval reported"
    return f"{_signed(row, row.difference_low)} to {_signed(row, row.difference_high)}"


def held(row: Row) -> str:
    """The difference with its interval."""
    if row.difference is None:
        return MISSING
    return f"{difference(row)} ({difference_interval(row)})"


def p_text(p: float | None) -> str:
    """A p as people write it."""
    if p is None:
        return MISSING
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def unscored(row: Row) -> str:
    """Unscored rollouts and attempts that failed."""
    if row.unscored is None:
        return "not reported"
    tried = f", {row.retried:,} retried" if row.retried else ""
    return f"{row.unscored:,}{tried}"


def completion(row: Row) -> str:
    """The share of asked rollouts that were scored."""
    if row.n is None:
        return "not reported"
    every = row.asked if row.asked is not None else row.n + (row.unscored or 0)
    of = "" if row.asked is not None else " played"
    return f"{percent(row.n / every) if every else 0} % of {every:,}{of}"


def money(amount: float | None) -> str:
    """US dollars."""
    return "not known" if amount is None else f"{amount:,.2f} USD"


def cell_text(row: Row) -> str:
    """A cell in words, else by its name."""
    return clean(row.where or row.cell_id or "all", 240)


def many(count: int, one: str, several: str = "") -> str:
    """A count with its word."""
    return f"{count:,} {one if count == 1 else several or one + 's'}"


def plot(row: Row, *, of_difference: bool) -> Markup:
    """A point with its interval. What it shows stands beside it as text: it is hidden from readers
    of screens. Built of numbers alone.
    """
    if of_difference:
        low, at, high = row.difference_low, row.difference, row.difference_high
        ends = (-1.0, 1.0)
    else:
        low, at, high = row.low, row.estimate, row.high
        ends = (0.0, 1.0)
    if at is None or row.estimand != "rate":
        return Markup("")
    x = [
        _place(value, ends)
        for value in (at if low is None else low, at, at if high is None else high)
    ]
    zero = _place(0.0, ends)
    return Markup(
        f'<svg class="plot" viewBox="0 0 {_WIDE} {_HIGH}" aria-hidden="true">'
        f'<path class="grid" d="M0 7H{_WIDE}M{zero:g} 0V{_HIGH}"/>'
        f'<path class="line" d="M{x[0]:g} 7H{x[2]:g}"/>'
        f'<circle cx="{x[1]:g}" cy="7" r="3.5"/></svg>'
    )


def worst(row: Row) -> str:
    """The interval whatever the missing outcomes are."""
    if row.worst_low is None or row.worst_high is None:
        return MISSING
    if row.estimand == "rate":
        return f"{100 * row.worst_low:.1f} to {100 * row.worst_high:.1f} %"
    return f"{row.worst_low:.4g} to {row.worst_high:.4g}"


def badges(entry: Entry) -> list[tuple[str, str]]:
    """What must be said beside an entry's name: a class and a text each."""
    found: list[tuple[str, str]] = []
    if entry.manifest.kind != "model":
        found.append(("kind", entry.manifest.kind))
    found.append((entry.verification.standing.replace("-", ""), entry.verification.standing))
    if entry.verification.contradicted:
        found.append(("bad", "contradicted"))
    if entry.manifest.withdrawn:
        found.append(("bad", "withdrawn"))
    return found


def said(entry: Entry) -> str:
    """What must be said beside an entry's name, in words: of what it is, and how far it holds."""
    it = entry.manifest
    marks: list[str] = [it.kind, entry.verification.standing]
    marks += ["contradicted"] if entry.verification.contradicted else []
    return ", ".join([*marks, *(["withdrawn"] if it.withdrawn else [])])


def _place(value: float, ends: tuple[float, float]) -> float:
    low, high = ends
    share = min(max((value - low) / (high - low), 0.0), 1.0)
    return round(4 + share * (_WIDE - 8), 1)


def _signed(row: Row, value: float) -> str:
    if row.estimand != "rate":
        return _number(value).replace("-", _MINUS) if value < 0 else f"+{_number(value)}"
    text = f"{abs(100 * value):.1f}"
    return f"{_MINUS if value < 0 else '+'}{text}"


def _number(value: float) -> str:
    return f"{value:.4g}"
