"""Whether reported figures can be what they are said to be; no rollout of them was seen here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta

from eval_observatory.board.entries import RESULTS, Folder
from eval_observatory.board.kinds import MEASURED
from eval_observatory.board.missions import Mission
from eval_observatory.board.outcomes import bad, good, unchecked
from eval_observatory.board.record import Check, Results, Row
from eval_observatory.report.words import clean
from eval_observatory.statistics.intervals import clopper_pearson

_ROUNDED = 0.006
"""Shares may be rounded to a whole percent."""

_NARROW = 0.6
"""An approximate interval has some nine tenths of the exact one's width; less is none of its n."""


def reported_check(folder: Folder, results: Results | None, mission: Mission | None) -> Check:
    """Whether reported rows are possible, of one model and suite, and of measures that it has."""
    name, it = "rows", folder.manifest
    if results is None:
        return bad(name, ["there are none"])
    wrong = []
    for field in ("model", "suite", "when"):
        here, there = getattr(it, field), getattr(results, field)
        if there and there != here:
            told = f"{field} is {clean(here, 80)} in the manifest"
            wrong.append(f"{told}, {clean(there, 80)} in {RESULTS}")
    if it.kind in MEASURED:
        wrong.append(f"reported figures are published or imported; the manifest says {it.kind}")
    counts = Counter((row.measure, row.cell_id) for row in results.rows)
    doubled = [measure for (measure, _), count in counts.items() if count > 1]
    wrong += [f"{clean(measure, 60)} stands twice in a cell" for measure in doubled]
    known = {one.name for one in mission.suite.measures} if mission and it.design else set()
    for row in results.rows:
        of = f"{clean(row.measure, 60)} of {clean(row.cell_id or 'all', 60)}"
        wrong += [f"{of}: {line}" for line in _impossible(row)]
        if known and row.measure not in known:
            wrong.append(f"{of}: suite {clean(it.suite, 60)} has no such measure")
    if wrong:
        return bad(name, wrong)
    return good(name, f"{len(results.rows)} rows are possible figures; nobody here saw a rollout")


def _impossible(row: Row) -> Iterator[str]:
    """What a row's figures cannot all be."""
    if row.k is not None and row.n and row.estimand == "rate":
        share = row.k / row.n
        if row.estimate is not None and abs(row.estimate - share) > _ROUNDED:
            yield f"its rate is {row.estimate:.3g}, {row.k} of {row.n} are {share:.3g}"
        low, high = clopper_pearson(row.k, row.n, row.level)
        if (
            0 < row.k < row.n  # at the ends some approximations have no width at all
            and row.low is not None
            and row.high is not None
            and row.high - row.low < _NARROW * (high - low) - _ROUNDED
        ):
            yield f"its interval is too narrow for {row.k} of {row.n}"
    figures = (row.estimate, row.baseline, row.difference)
    if None not in figures and row.estimand == "rate":
        estimate, baseline, difference = (one or 0.0 for one in figures)
        if abs(estimate - baseline - difference) > 2 * _ROUNDED:
            yield f"its difference is {difference:.3g}, not {estimate - baseline:.3g}"
    if row.p is not None and row.p_adjusted is not None and row.p_adjusted < row.p:
        yield "its corrected p is smaller than its p"


def day_check(folder: Folder) -> Check | None:
    """Whether the manifest's day is still to come: it would stand before all others for ever."""
    tomorrow = date.today() + timedelta(days=1)
    if date.fromisoformat(folder.manifest.day) > tomorrow:
        return bad("day", [f"{folder.manifest.when} is still to come"])
    return None


def replaces_check(folder: Folder) -> Check | None:
    """That nobody can see who says that an entry replaces another."""
    if not folder.manifest.replaces:
        return None
    text = f"it says to be in place of {folder.manifest.replaces}: who submits is its own word"
    return unchecked("replaced by its own", text)


__all__ = ["day_check", "replaces_check", "reported_check"]
