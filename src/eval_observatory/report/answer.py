"""What the page says first: one sentence by rule, one figure that carries it. No HTML here.

The measure is the first of the suite's, in reading order, of which a contrast was planned, before
others that was seen and is held against something, else the first that was seen, else the first; a
mean is among them only where a contrast of it was planned. Its contrast is the first that was
planned, else the first in the order of the suite's phrases. Beside it stand the cells of its own
setting, one for each phrase, the nearest. What can be told of it, `verdicts` says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from eval_observatory.counts import Spot, spot_of
from eval_observatory.report.analysis import Analysis
from eval_observatory.report.links import Linked, Names, in_words, levels_in_words
from eval_observatory.report.scales import Scale
from eval_observatory.report.verdicts import Verdict, verdict
from eval_observatory.report.words import clean, factor_text, level_text, percent
from eval_observatory.statistics.intervals import clopper_pearson
from eval_observatory.suite import Suite

MOST_LINES, MOST_NAME = 12, 60
"""Of the figure; the rest stands in the tables. Characters of a model's name in a heading."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Published:
    """Figures of others as a reference.

    Attributes:
        name: whose they are, for readers.
        note: what they are of, where that is not the same.
        figures: levels of factors, and the share of rollouts there.
    """

    name: str
    note: str
    figures: tuple[tuple[Mapping[str, Any], float], ...]

    def of(self, cell: Mapping[str, Any]) -> float | None:
        """The figure of a cell."""
        for levels, share in self.figures:
            if all(cell[name] == level for name, level in levels.items()):
                return share
        return None


@dataclass(frozen=True)
class Line:
    """A row of the figure: shares of its axis, None where there is none.

    Attributes:
        control: whether others of the figure are held against it.
        against: what it is held against itself, by that line's label.
    """

    label: str
    control: bool
    figure: float | None
    low: float | None
    high: float | None
    published: float | None
    rate: str
    interval: str
    k: Linked
    n: Linked
    unscored: Linked
    against: str

    @property
    def counted(self) -> str:
        """Such as "10 of 20"; of a mean, which has no k, "n = 20"."""
        return f"{self.k.text} of {self.n.text}" if self.k.text else f"n = {self.n.text}"


@dataclass(frozen=True)
class Other:
    """A measure beside the first, in one line; of a mean `k` is empty."""

    title: str
    k: Linked
    n: Linked
    said: str


@dataclass(frozen=True)
class Answer:
    """What the rollouts of a model in a harness say first.

    Attributes:
        finding: what happened, after the model's name.
        verdict: what can be told, in a few words; `reason`: by what, and what would settle it.
        title: the measure in the figure, and `setting` what all its lines have.
        scale: the measure's.
        others: the measures beside it.
    """

    model: str
    badge: str
    finding: str
    verdict: str
    reason: str
    title: str
    setting: str
    scale: Scale
    lines: tuple[Line, ...]
    published: Published | None
    others: tuple[Other, ...]


@dataclass(frozen=True)
class Sources:
    """What answers are made of: what trials say in words, names, and what others published.

    Attributes:
        held: what each cell is held against first.
        published: by model and measure.
    """

    found: Analysis
    names: Names
    suite: Suite
    held: Mapping[Spot, Row]
    published: Mapping[tuple[str, str], Published]

    @classmethod
    def of(
        cls,
        found: Analysis,
        names: Names,
        suite: Suite,
        published: Mapping[tuple[str, str], Published],
    ) -> Sources:
        """Of what trials say, in words (`analysis.in_words`)."""
        held: dict[Spot, Row] = {}
        for _, (spot, _), (_, other) in found.counted.pairs:
            held.setdefault(spot, other)
        return cls(found, names, suite, held, published)

    def baseline(self, row: Row) -> Row | None:
        """What a cell is held against first."""
        return self.held.get(spot_of(self.suite, row))

    def claimed(self, row: Row) -> bool:
        """Whether a plan claims what can be told of a cell: its contrast, or without one its rate.

        A cell of which no difference could be made is claimed where a claim is about it alone.
        """
        if row["difference"] is not None or not self.found.plan:
            return bool(row.get("difference_planned"))
        alone = frozenset({spot_of(self.suite, row)})
        return any(plus == alone for plus, _ in self.found.plan.claimed)

    def verdict(self, arm: Row) -> Verdict:
        """What can be told of a cell's difference."""
        scale, level = self.found.scales[arm["behavior"]], self.found.level
        of_level = (level, level_text(level))
        return verdict(arm, self.baseline(arm), scale, self.found.alpha, of_level)


def answers(
    found: Analysis,
    names: Names,
    suite: Suite,
    badges: Mapping[str, str],
    published: Mapping[tuple[str, str], Published],
) -> tuple[Answer, ...]:
    """The answer of each model in each harness that has a rate, in the order of the estimates.

    Args:
        found: what the trials say, in words (`analysis.in_words`).
        badges: what must be said of the kind of each model.
        published: figures of others by model and measure.
    """
    sources = Sources.of(found, names, suite, published)
    parts = led(found.estimates).group_by("model", "harness", maintain_order=True)
    return tuple(_answer(part, badges[str(model)], sources) for (model, _), part in parts)


def led(estimates: pl.DataFrame) -> pl.DataFrame:
    """The rows that can stand first: rates, and means of which a contrast was planned."""
    if "difference_planned" not in estimates.columns:
        return estimates.filter(pl.col("estimand") == "rate")
    planned = pl.col("difference_planned").fill_null(value=False)
    claimed = planned.any().over("model", "harness", "behavior")
    return estimates.filter((pl.col("estimand") == "rate") | claimed)


def _answer(part: pl.DataFrame, badge: str, of: Sources) -> Answer:
    behavior = first_measure(part, of.suite)
    mine = part.filter(behavior=behavior).to_dicts()
    arm = first_cell(mine, of)
    baseline = of.baseline(arm)
    rows = _beside(arm, baseline, mine, of.suite)
    labels = labels_of(rows, of.suite)
    told = of.published.get((arm["model"], behavior))
    told = told if told and any(row["n"] and told.of(row) is not None for row in rows) else None
    scale = of.found.scales[behavior]
    said, reason = _told(arm, of)
    reason += _aside(arm, mine, of)
    bases = {of.suite.key(other) for row in mine if (other := of.baseline(row))}
    held = [row for row in mine if of.suite.key(row) not in bases] or mine
    settings = {tuple(row[name] for name in of.suite.points) for row in held}
    place = [_setting(arm, of.suite)]
    if len(settings) > 1:
        place.append(f"one of {len(settings)} settings, the others are below")
    return Answer(
        model=clean(arm["$who"], MOST_NAME),
        badge=badge,
        finding=_finding(arm, baseline, mine, scale, of.suite),
        verdict=said,
        reason=reason,
        title=arm["$behavior"],
        setting="; ".join(filter(None, place)),
        scale=scale,
        lines=(*_lines(rows, labels, scale, told, of), *_base(baseline, rows, scale, of)),
        published=told,
        others=tuple(_others(part, behavior, of)),
    )


def _aside(arm: Row, rows: Sequence[Row], of: Sources) -> str:
    """What the first sentence must not hide: cells that were lost, and whether it was planned."""
    lost = sum(not row["n"] and row["unscored"] > 0 for row in rows)
    said = ""
    if arm["n"] and lost:
        said += f" Of {lost:,} of {len(rows):,} cells all rollouts are unscored, see below why."
    if of.found.plan and arm["difference"] is None and of.claimed(arm):
        said += " This was planned."
    elif of.found.plan and not of.claimed(arm):
        said += " No plan claims this; what was planned stands in the tables."
    return said


def first_measure(rates: pl.DataFrame, suite: Suite) -> str:
    """The measure that the suite asks about first, of those that were planned, and seen."""
    asked = [m.name for m in suite.measures if m.primary and m.claimed and m.scale == "rate"]
    planned = pl.lit(value=False)
    if "difference_planned" in rates.columns:
        planned = pl.col("difference_planned").fill_null(value=False).any()
    seen = (pl.col("k").sum() > 0) | ((pl.col("estimand") == "mean") & (pl.col("n") > 0)).any()
    held = pl.col("difference").count() > 0
    sums = rates.group_by("behavior", maintain_order=True).agg(
        planned.alias("planned"), seen.alias("seen"), held.alias("held")
    )
    mine = sums.filter(pl.col("behavior").is_in(asked) | pl.col("planned"))
    ranked = (sums if mine.is_empty() else mine).with_columns(
        (pl.col("seen") & pl.col("held")).alias("both")
    )
    by = ["planned", "both", "seen", "held"]
    return str(ranked.sort(by, descending=True, maintain_order=True)["behavior"][0])


def rank(row: Row, suite: Suite) -> int:
    """The place of a cell in the order of the suite's phrases."""
    phrase = suite.phrase_of(row)
    return suite.phrases.index(phrase) if phrase else len(suite.phrases)


def first_cell(rows: Sequence[Row], of: Sources) -> Row:
    """The cell whose contrast is told first: scored, planned, first in the phrases, plain."""

    def place(row: Row) -> tuple[Any, ...]:
        said = sum(of.suite.says(row, name) for name in of.suite.names)
        held = row["difference"] is not None
        return (
            not row["n"],
            not held,
            not of.claimed(row),
            rank(row, of.suite),
            said,
        )

    return min(rows, key=place)


def _beside(arm: Row, baseline: Row | None, rows: Sequence[Row], suite: Suite) -> list[Row]:
    """The cells of the arm's setting, its baseline among them, in the order of the phrases."""
    base = None if baseline is None else suite.key(baseline)
    mine = [
        row
        for row in rows
        if suite.key(row) == base or all(row[name] == arm[name] for name in suite.points)
    ]
    if suite.phrases:
        nearest: dict[Any, Row] = {}
        for row in sorted(mine, key=lambda row: sum(row[n] != arm[n] for n in suite.names)):
            phrase = suite.phrase_of(row)
            nearest.setdefault(phrase.text if phrase else suite.key(row), row)
        mine = [row for row in mine if row in nearest.values() or suite.key(row) == base]
    first = (suite.key(arm), base)
    mine.sort(key=lambda row: rank(row, suite))
    kept = sorted(mine, key=lambda row: suite.key(row) not in first)[:MOST_LINES]
    return [row for row in mine if row in kept]


def labels_of(rows: Sequence[Row], suite: Suite) -> dict[Any, str]:
    """What each of several cells is called beside the others, by its key."""
    varying = [n for n in suite.names if len({row[n] for row in rows}) > 1]
    phrases = [suite.phrase_of(row) for row in rows]
    made = {}
    for row, phrase in zip(rows, phrases, strict=True):
        told = [row[f"${name}"] for name in varying if suite.says(row, name)]
        if phrase:
            alike = [r for r, p in zip(rows, phrases, strict=True) if p == phrase]
            apart = [n for n in varying if len({r[n] for r in alike}) > 1]
            told = [phrase.text, *levels_in_words(suite, row, {*suite.names} - {*apart})]
        made[suite.key(row)] = ", ".join(told) or in_words(suite, row)
    return made


def clauses(arm: Row, baseline: Row | None, rows: Sequence[Row], suite: Suite) -> tuple[str, str]:
    """In which rollouts the arm was, and what it is held against; "" where there is no other.

    Args:
        rows: the cells that the arm stands first of: a level that tells it from those of its own
            phrase is said.
    """
    other = baseline | with_words(baseline, suite) if baseline else None
    labels = labels_of([arm, *([other] if other else [])], suite)
    phrase = suite.phrase_of(arm)
    alike = [row for row in rows if suite.phrase_of(row) == phrase]
    apart = {name for name in suite.names if len({row[name] for row in alike}) > 1}
    if other and suite.phrase_of(other) == phrase:  # its label says those already
        apart -= {name for name in suite.names if arm[name] != other[name]}
    levels = levels_in_words(suite, arm, {*suite.names} - apart)

    def told(row: Row, beside: Sequence[str] = ()) -> str:
        phrase, label = suite.phrase_of(row), labels[suite.key(row)]
        if phrase and label == phrase.text:
            return f"{phrase.clause} ({', '.join(beside)})" if beside else phrase.clause
        texts = [label, *beside] if len(labels) > 1 or phrase else beside
        return f"({', '.join(texts)})" if texts else ""

    return told(arm, levels), told(other) if other else ""


def _finding(
    arm: Row, baseline: Row | None, rows: Sequence[Row], scale: Scale, suite: Suite
) -> str:
    """Such as "did it in 10 of 20 rollouts with this, and in 8 of 20 with that"."""
    title = arm["$behavior"][:1].lower() + arm["$behavior"][1:]
    if not arm["n"]:
        return f"gave no rollout that could be scored for {title}"
    here, there = (f" {one}".rstrip() for one in clauses(arm, baseline, rows, suite))
    if scale.mean:
        said = f"has a mean of {scale.value(arm['estimate'])} ({title}, {scale.extent})"
        said += f" in {arm['n']:,} rollouts{here}"
        if baseline:
            said += f", and of {scale.value(baseline['mean'])} in {baseline['n']:,}{there}"
        return said
    said = f"{suite.did(arm['behavior'])} in {arm['k']:,} of {arm['n']:,} rollouts{here}"
    if baseline:
        said += f", and in {baseline['k']:,} of {baseline['n']:,}{there}"
    return said


def with_words(row: Row, suite: Suite) -> Row:
    """The levels of a row's cell in words (`words.worded`)."""
    return {f"${name}": factor_text(suite.factor(name), row[name]) for name in suite.names}


def _told(arm: Row, of: Sources) -> tuple[str, str]:
    """What can be told of the arm's contrast, and by what."""
    found = of.verdict(arm)
    if found.way != "alone":
        return found.said, found.reason
    if not of.suite.contrasts:
        return f"{percent(arm['estimate'])} %", found.reason
    asked = "Whether it would do so anyway" if of.suite.phrased else "A difference"
    return (
        "Nothing to hold it against",
        f"{found.reason} {asked} cannot be told: no cell that it is held against was played, or "
        "scored.",
    )


def _lines(
    rows: Sequence[Row],
    labels: Mapping[Any, str],
    scale: Scale,
    published: Published | None,
    of: Sources,
) -> Iterator[Line]:
    suite = of.suite
    held = {suite.key(row): of.baseline(row) for row in rows}
    bases = {suite.key(other) for other in held.values() if other}
    for row in rows:
        other = held[suite.key(row)]
        yield Line(
            label=labels[suite.key(row)],
            control=suite.key(row) in bases,
            figure=scale.place(row["estimate"]),
            low=scale.place(row["low"]),
            high=scale.place(row["high"]),
            published=published.of(row) if published else None,
            rate=f"{scale.value(row['estimate'])}{scale.unit}" if row["n"] else "–",
            interval=scale.span(row["low"], row["high"]),
            k=Linked("", "") if scale.mean else of.names.number(row, "yes", row["k"]),
            n=of.names.number(row, "scored", row["n"]),
            against=labels.get(suite.key(other), "") if other else "",
            unscored=of.names.number(row, "unscored", row["unscored"]),
        )


def _base(baseline: Row | None, rows: Sequence[Row], scale: Scale, of: Sources) -> Iterator[Line]:
    """What the arm is held against, where that has no row: a cell without a bar, read at the arm's.

    Its numbers lead nowhere: no list of rollouts is read at another cell's bar.
    """
    suite = of.suite
    if baseline is None or suite.key(baseline) in {suite.key(row) for row in rows}:
        return  # and so of every mean, which is read at no bar
    k, n = int(baseline["k"]), int(baseline["n"])
    ends, told = clopper_pearson(k, n, of.found.level), baseline | with_words(baseline, suite)
    yield Line(
        label=labels_of([told], suite)[suite.key(baseline)],
        control=True,
        figure=scale.place(k / n),
        low=scale.place(ends.low),
        high=scale.place(ends.high),
        published=None,
        rate=f"{scale.value(k / n)}{scale.unit}",
        interval=scale.span(*ends),
        k=Linked(f"{k:,}", ""),
        n=Linked(f"{n:,}", ""),
        against="",
        unscored=Linked(f"{int(baseline['unscored']):,}", ""),
    )


def _others(part: pl.DataFrame, first: str, of: Sources) -> Iterator[Other]:
    """The measures beside the first: the suite's own, each in one line."""
    asked = {m.name for m in of.suite.measures if m.primary and m.claimed}
    asked |= set(part.filter(pl.col("estimand") == "mean")["behavior"])
    for (behavior,), cells in part.group_by("behavior", maintain_order=True):
        if behavior == first or behavior not in asked:
            continue
        row, scored = cells.row(0, named=True), cells.filter(pl.col("n") > 0)
        k, n = int(cells["k"].sum()), int(cells["n"].sum())
        scale = of.found.scales[str(behavior)]
        if scored.is_empty():
            said = "nothing could be scored"
        elif not k and not scale.mean:
            said = f"every cell below {percent(scored['high'].max())} %"  # type: ignore[arg-type]
        else:
            ends = scored["estimate"].min(), scored["estimate"].max()
            of_cells = "1 cell" if scored.height == 1 else f"{scored.height:,} cells"
            said = f"{of_cells}, {scale.span(*ends)}{scale.unit}"  # type: ignore[arg-type]
            said = f"means of {said}" if scale.mean else said
        yield Other(
            title=row["$behavior"],
            k=Linked("", "") if scale.mean else of.names.number(row, "yes", k, whole=True),
            n=of.names.number(row, "scored", n, whole=True),
            said=said,
        )


def _setting(arm: Row, suite: Suite) -> str:
    """What all lines have, of what the phrases do not say."""
    said = {name for one in suite.phrases for name in one.where}
    return ", ".join(levels_in_words(suite, arm, said))
