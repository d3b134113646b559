"""What several models come to, in one sentence that counts: each has its own verdict.

A side is a model in a harness. All are asked about one measure, the first of all that they show;
each is held to the contrast that stands first for it, and told by the p that is corrected over the
whole report. Nothing is pooled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from eval_observatory.report.analysis import Analysis
from eval_observatory.report.answer import (
    MOST_NAME,
    Row,
    Sources,
    clauses,
    first_cell,
    first_measure,
    led,
)
from eval_observatory.report.links import Names
from eval_observatory.report.masthead import bare_models
from eval_observatory.report.verdicts import NAMED, Way
from eval_observatory.report.words import clean
from eval_observatory.suite import Suite


@dataclass(frozen=True)
class Part:
    """Sides with one verdict: how many, what is told of them, and the first of them by name."""

    count: int
    says: str
    names: tuple[str, ...]
    more: int


@dataclass(frozen=True)
class Together:
    """What several sides come to.

    Attributes:
        sides: how many there are, of what kind.
        parts: what is told of how many of them, in order.
        asked: of what that is told: the measure, and which cells are held against which.
    """

    sides: str
    parts: tuple[Part, ...]
    asked: str

    def __str__(self) -> str:
        told = (f"{part.count:,} {part.says} ({_listed(part)})" for part in self.parts)
        return f"Of {self.sides}, {', '.join(told)}. {self.asked}"


def _listed(part: Part) -> str:
    return ", ".join(part.names) + (f" and {part.more:,} more" if part.more else "")


def together(found: Analysis, names: Names, suite: Suite) -> Together | None:
    """What sides come to; None where there are fewer than two.

    Args:
        found: what the trials say, in words (`analysis.in_words`).
    """
    rows = led(found.estimates)
    who = rows.select("model", "harness", "$who").unique(maintain_order=True)
    if who.height < 2:
        return None
    of, behavior = Sources.of(found, names, suite, {}), first_measure(rows, suite)
    arms: list[Row] = []
    ways: dict[Way, list[str]] = {}
    for (_, _, called), part in rows.group_by("model", "harness", "$who", maintain_order=True):
        mine = part.filter(behavior=behavior).to_dicts()
        arms += [first_cell(mine, of)] if mine else []
        way = of.verdict(arms[-1]).way if mine else "unscored"
        ways.setdefault(way, []).append(clean(called, MOST_NAME))
    did = suite.did(behavior)
    mean = f"has a {{}} mean of {suite.title_of(behavior).lower()}"
    often = mean if found.scales[behavior].mean else f"{did} {{}} often"
    words = ("higher", "lower") if found.scales[behavior].mean else ("more", "less")
    says: dict[str, tuple[Way, ...]] = {
        often.format(words[0]): ("higher",),
        often.format(words[1]): ("lower",),
        "is told apart, its mean not yet": ("apart",),
        "shows no large difference": ("small",),
        "cannot be told yet": ("open", "alone", "unscored"),
    }
    parts = []
    for told, counted in says.items():
        there = [name for way in counted for name in ways.get(way, ())]
        if there:
            more = max(0, len(there) - NAMED)
            parts.append(Part(len(there), told, tuple(there[:NAMED]), more))
    models = bare_models(found.counted.trials) == who.height
    held = _held(arms, rows.filter(behavior=behavior).to_dicts(), of)
    asked = f"{suite.title_of(behavior)} {held}, corrected over all that is tested here."
    return Together(f"{who.height:,} {'models' if models else 'sides'}", tuple(parts), asked)


def _held(arms: Sequence[Row], rows: Sequence[Row], of: Sources) -> str:
    """Where, against where, if that is the same of all of them; else in what they differ.

    Args:
        arms: the cell that stands first for each.
        rows: the cells of all.
    """
    held = [(arm, base) for arm in arms if (base := of.baseline(arm)) is not None]
    said = {clauses(arm, base, rows, of.suite) for arm, base in held}
    if len(said) == 1:
        first, second = said.pop()
        return f"in rollouts {first}, against those {second}"
    apart = [
        of.suite.factor(name).reading
        for name in of.suite.names
        if len({arm[name] for arm, _ in held}) > 1
    ]
    differ = f" (these cells differ in {', '.join(apart)})" if apart else ""
    return f"in the cell that stands first for each{differ}, against what that is held against"
