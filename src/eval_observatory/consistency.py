"""Whether a suite contradicts itself. What it says of itself is in `suite`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from eval_observatory.declaration import (
    TYPES,
    Contrast,
    Curve,
    Detection,
    Factor,
    Level,
    Measure,
    Table,
)
from eval_observatory.reserved import RESERVED

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_TAKEN = "is a column of the layer's own tables; choose another name"


class Declared(Protocol):
    """What is held against itself: the parts of a suite."""

    @property
    def name(self) -> str:
        """The suite's."""

    @property
    def factors(self) -> tuple[Factor, ...]:
        """What is varied."""

    @property
    def measures(self) -> tuple[Measure, ...]:
        """What is measured."""

    @property
    def contrasts(self) -> tuple[Contrast, ...]:
        """What is held against what."""

    @property
    def tables(self) -> tuple[Table, ...]:
        """What is shown together."""

    @property
    def curves(self) -> tuple[Curve, ...]:
        """What is drawn over a factor of numbers."""

    @property
    def detections(self) -> tuple[Detection, ...]:
        """What is told from what."""

    @property
    def points(self) -> tuple[str, ...]:
        """Over which factors figures are pooled."""

    @property
    def axes(self) -> tuple[str, ...]:
        """Over which factors figures are drawn."""


def contradictions(suite: Declared) -> Iterator[str]:
    """What is wrong with a suite, a line each."""
    factors = {factor.name: factor for factor in suite.factors}
    yield from _names(suite)
    if not suite.measures:
        yield "it measures nothing; give at least one Measure"
    if suite.factors and suite.factors[0].sampled:
        yield f"factor {suite.factors[0].name}: it is sampled; name one of the design first"
    yield from (
        f"factor {factor.name}: it is sampled; it names no other, and every cell has it"
        for factor in suite.factors
        if factor.sampled and (factor.derived or factor.names or factor.given)
    )
    for factor in suite.factors:
        yield from _factor(factor, factors)
    for what, listed in (("points", suite.points), ("axes", suite.axes)):
        yield from _levels(what, dict.fromkeys(listed), factors)
    for measure in suite.measures:
        yield from _measure(measure, factors)
    yield from _twice(suite.measures)
    for contrast in suite.contrasts:
        yield from _contrast(contrast, factors)
    for table in suite.tables:
        yield from _table(table, factors)
    for curve in suite.curves:
        yield from _curve(curve, factors)
    named = {measure.name for measure in suite.measures}
    beside = {measure.name: measure.beside for measure in suite.measures if measure.beside}
    wanted = [(f"measure {name}", other) for name, other in beside.items()]
    wanted += [
        (f"detection {one.name}", name) for one in suite.detections for name in (one.hit, one.alarm)
    ]
    yield from _detections(suite.detections, factors)
    wanted += [(f"table {table.name}", name) for table in suite.tables for name in table.measures]
    wanted += [
        (f"curve {c.name}", name) for c in suite.curves for names in c.panels for name in names
    ]
    yield from (f"{at}: measure {name!r} is unknown" for at, name in wanted if name not in named)
    means = {measure.name for measure in suite.measures if measure.scale == "mean"}
    for name, other in beside.items():
        if name in means or other in means:
            yield f"measure {name}: {other} stands beside it; both must be rates"


def _factor(factor: Factor, factors: Mapping[str, Factor]) -> Iterator[str]:
    at = f"factor {factor.name}"
    for level in factor.levels:
        if level is not None and not isinstance(level, TYPES[factor.kind]):
            yield f"{at}: level {level!r} is not of kind {factor.kind}"
    if levels := tuple(usual.level for usual in factor.usual):
        yield from _levels(f"{at}, usual", {factor.name: levels}, factors)
    for usual in factor.usual:
        yield from _levels(f"{at}, usual", usual.where, factors)
    yield from _levels(at, {**factor.given, **dict.fromkeys(factor.names, ())}, factors)


def _curve(curve: Curve, factors: Mapping[str, Factor]) -> Iterator[str]:
    at = f"curve {curve.name}"
    yield from _levels(at, {curve.over: ()}, factors)
    if curve.over in factors and factors[curve.over].kind not in _NUMBERS:
        yield f"{at}: {curve.over} is of kind {factors[curve.over].kind}, give one of numbers"
    if not any(curve.panels):
        yield f"{at}: it shows nothing; give the measures of a panel"
    for mark in curve.marks:
        yield from _levels(at, mark.where, factors)


def _contrast(contrast: Contrast, factors: Mapping[str, Factor]) -> Iterator[str]:
    at = f"contrast {contrast.name}"
    if not contrast.changes:
        yield f"{at}: it changes nothing; give what makes a cell its baseline"
    for change in contrast.changes:
        yield from _levels(at, {name: (level,) for name, level in change.items()}, factors)
    yield from _levels(at, contrast.when, factors)
    yield from _levels(at, dict.fromkeys(contrast.carry), factors)


def _table(table: Table, factors: Mapping[str, Factor]) -> Iterator[str]:
    at = f"table {table.name}"
    yield from _levels(at, table.where, factors)
    yield from _levels(at, dict.fromkeys((*table.over, *table.within)), factors)
    for name, less in table.less.items():
        if name not in table.measures:
            yield f"{at}: it has no measure {name!r}, and says what that is less"
        yield from _levels(at, {name: (level,) for name, level in less.change.items()}, factors)


def _names(suite: Declared) -> Iterator[str]:
    """Names that cannot be a column's, or that are given twice."""
    for what, found in (
        ("suite", [suite.name]),
        ("factor", [factor.name for factor in suite.factors]),
        ("contrast", [contrast.name for contrast in suite.contrasts]),
        ("table", [table.name for table in suite.tables]),
        ("curve", [curve.name for curve in suite.curves]),
    ):
        for name in found:
            if not _NAME.fullmatch(name):
                yield f"{what} {name!r}: use letters, digits and _ for its name"
            if found.count(name) > 1:
                yield f"{what} {name!r} is given twice"
            if what == "factor" and name in RESERVED:
                yield f"factor {name}: {name} {_TAKEN}"
    for measure in suite.measures:
        for name in (measure.name, *measure.columns):
            if not _NAME.fullmatch(name):
                yield f"measure {name!r}: use letters, digits and _ for its name and columns"
            if name in RESERVED:
                yield f"measure {measure.name}: {name} {_TAKEN}"


def _measure(measure: Measure, factors: Mapping[str, Factor]) -> Iterator[str]:
    at = f"measure {measure.name}"
    low, high = measure.bounds
    if not low < high:
        yield f"{at}: bounds {low:g} to {high:g}; give the lower one first"
    if measure.scale == "mean" and (measure.kind not in _NUMBERS or measure.bar or measure.also):
        yield f"{at}: a mean is of one column of numbers; give kind number or whole, no bar or also"
    if measure.given and (measure.claimed or measure.bar or measure.scale == "mean"):
        yield f"{at}: what is given is not known before; give claimed=False, scale rate and no bar"
    for column in measure.columns:
        if column in factors:
            yield f"{at}: column {column} is a factor; what is measured cannot be what is varied"
    if measure.bar and measure.bar in factors and factors[measure.bar].kind not in _NUMBERS:
        yield f"{at}: bar {measure.bar} is of kind {factors[measure.bar].kind}, give one of numbers"
    yield from _levels(at, measure.where, factors)
    yield from _levels(at, dict.fromkeys((*measure.pooled, *filter(None, [measure.bar]))), factors)


_NUMBERS = ("whole", "number")


def _detections(detections: Sequence[Detection], factors: Mapping[str, Factor]) -> Iterator[str]:
    for one in detections:
        at = f"detection {one.name}"
        for levels in (one.signal, one.noise, one.gate):
            yield from _levels(at, {name: (level,) for name, level in levels.items()}, factors)
        if one.signal.keys() != one.noise.keys() or one.signal == one.noise:
            yield f"{at}: signal and noise are not two levels of the same factors"


def _levels(
    at: str, wanted: Mapping[str, Sequence[Level] | None], factors: Mapping[str, Factor]
) -> Iterator[str]:
    """Factors that are unknown, and levels that theirs does not have."""
    for name, levels in wanted.items():
        if name not in factors:
            yield f"{at}: factor {name!r} is unknown; known are {', '.join(factors)}"
            continue
        if factors[name].sampled:
            yield f"{at}: {name} is sampled within cells, and tells none apart; name another factor"
        known = factors[name].levels
        for level in levels or ():
            if known and level is not None and level not in known:
                yield f"{at}: {name} has no level {level!r}; it has {', '.join(map(str, known))}"


def _twice(measures: Sequence[Measure]) -> Iterator[str]:
    """Measures that say the same of the same cells."""
    for number, one in enumerate(measures):
        for other in measures[:number]:
            if one.name == other.name and _scale(one) != _scale(other):
                yield f"measure {one.name}: its scale changes between cells; give two names"
            if not _meet(one, other):
                continue
            if one.name == other.name:
                yield f"measure {one.name}: two of them can occur in the same cell"
            elif _meaning(one) == _meaning(other):
                yield (
                    f"measures {other.name} and {one.name} read column {one.column} in the same "
                    "way; leave one out"
                )


def _scale(measure: Measure) -> tuple[Any, ...]:
    return (measure.scale, measure.bounds if measure.scale == "mean" else None)


def _meaning(measure: Measure) -> tuple[Any, ...]:
    return measure.column, measure.scale, measure.shows, measure.bar, measure.also, measure.given


def _meet(one: Measure, other: Measure) -> bool:
    """Whether a cell can show both."""
    return all(
        set(one.where[name]) & set(other.where[name])
        for name in one.where.keys() & other.where.keys()
    )
