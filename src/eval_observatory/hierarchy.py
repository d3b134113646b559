"""Where each family of tests stands, and the corrected p of them all: one error over the page.

A family is all tests of one kind of one measure of one model in one harness. Families of one model,
harness and measure make a line. What plans claim stands first; without a claim, of each line of a
primary rate the first family that there is. The others come after it in the order of their kinds,
and open as those before them are rejected; lines that have nothing first stand last, all alike.
How the error goes on is `statistics.gatekeeping`'s.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

import polars as pl

from eval_observatory.statistics.gatekeeping import Gatekept, gatekept
from eval_observatory.suite import Suite

PLANNED, CELLS, FURTHER = "planned", "cells", "further"
ORDER = (CELLS, FURTHER)
"""The kinds of families that every suite can have, as they stand in a line after what is planned.

`cells`: each cell against the first of its baselines; `further`: against its others. A suite's own
package names more, and says in one place where they stand.
"""

LINE = ("model", "harness", "behavior")
Line = tuple[str, str, str]
Claims = Mapping[Line, Sequence[float]]
"""By line the p of every contrast that plans claim; 1 of what was not played."""

SCHEMA: dict[str, Any] = {
    **dict.fromkeys(("family", *LINE, "stands"), pl.String()),
    **dict.fromkeys(("tests", "told"), pl.Int64()),
    **dict.fromkeys(("opens", "p", "p_adjusted"), pl.Float64()),
}
FIRST, LATER, LAST = "first", "later", "last"


class Hierarchy(NamedTuple):
    """All tests of a page, corrected together.

    Attributes:
        frames: as they were given, with `p_adjusted` filled in.
        families: one row per family, in the order in which they stand, with the columns of
            `SCHEMA`: how many tests it has, and how many are told (at most alpha), the smallest p
            and corrected p of them, and `opens`, the corrected p at which its gate opens; null
            where it never does.
    """

    frames: dict[str, pl.DataFrame]
    families: pl.DataFrame


class Family(NamedTuple):
    """Tests of a family, and the frames and rows in which each stands; none of what is planned."""

    line: Line
    kind: str
    p: list[float]
    at: list[list[tuple[str, int]]]


def planned_p(claims: Claims) -> dict[Line, list[float]]:
    """The corrected p of what plans claim, in the order given. What comes after changes none."""
    lines, _ = gatekept([[p] for p in claims.values()], followed=True)
    return {line: one[0].adjusted for line, one in zip(claims, lines, strict=True)}


def corrected(
    frames: Mapping[str, pl.DataFrame],
    suite: Suite,
    *,
    order: Sequence[str] = ORDER,
    leading: Collection[str] = (),
    trailing: Collection[str] = (),
    claims: Claims | None = None,
    alpha: float = 0.05,
) -> Hierarchy:
    """Corrects every p of frames together.

    Args:
        frames: with the columns of `LINE`, p and p_adjusted; `family` says which kind of family a
            row is of, without it all are of the kind that is the frame's name. Where a row is
            `difference_planned`, or `planned` in a frame without that column, it has its corrected
            p already; where p is null there is no test. Rows of the same `test`, if there is such
            a column, are one: it stands in the first family that has it.
        order: the kinds of families as they stand in a line.
        leading: the kinds of which each family has a line of its own and stands first in it, where
            plans claim nothing: what was played for its sake waits for nothing else.
        trailing: the kinds that stand last wherever another kind is tested, so that they take no
            share of the error from those that stand first or later in a line.
        claims: of what plans claim; None or nothing without any.
        alpha: what `told` is held to.

    Raises:
        ValueError: a family is of a kind that has no place in `order`.
    """
    lines, last = placed(
        frames, suite, order=order, leading=leading, trailing=trailing, claims=claims
    )
    made, made_last = gatekept([[one.p for one in line] for line in lines], [one.p for one in last])
    both = [*zip(chain(*lines, last), chain(*made, made_last), strict=True)]
    stands = [FIRST if not i else LATER for line in lines for i in range(len(line))]
    rows = [
        _row(family, how, where, alpha)
        for (family, how), where in zip(both, [*stands, *[LAST] * len(last)], strict=True)
    ]
    values = {name: _known(frame) for name, frame in frames.items()}
    for family, how in both:
        for places, p in zip(family.at, how.adjusted, strict=True):
            for name, position in places:
                values[name][position] = p
    filled = {
        name: frame.with_columns(pl.Series("p_adjusted", values[name], dtype=pl.Float64))
        for name, frame in frames.items()
    }
    return Hierarchy(filled, pl.DataFrame(rows, schema=SCHEMA, orient="row"))


def placed(
    frames: Mapping[str, pl.DataFrame],
    suite: Suite,
    *,
    order: Sequence[str] = ORDER,
    leading: Collection[str] = (),
    trailing: Collection[str] = (),
    claims: Claims | None = None,
) -> tuple[list[list[Family]], list[Family]]:
    """The lines of families, each in its order, and the families that stand last.

    Arguments and what is raised are those of `corrected`.
    """
    found = _families(frames, order)
    late = trailing if any(one.kind not in trailing for one in found) else ()
    lines = {
        line: [Family(line, PLANNED, [*p], [[] for _ in p])]
        for line, p in (claims or {}).items()
        if p
    }
    alone: list[list[Family]] = []
    if not lines:
        alone = [[one] for one in found if one.kind in leading]
        found = [one for one in found if one.kind not in leading]
        primary = {one.name for one in suite.measures if one.primary and one.scale == "rate"}
        every = dict.fromkeys(one.line for one in found if one.kind not in late)
        lines = {line: [] for line in every if line[2] in primary} or {line: [] for line in every}
    last: list[Family] = []
    for one in found:
        (last if one.kind in late else lines.get(one.line, last)).append(one)
    return [*lines.values(), *alone], last


def _families(frames: Mapping[str, pl.DataFrame], order: Sequence[str]) -> list[Family]:
    """What is tested and not claimed, by line and kind; those of a line in their order."""
    tests = sorted(
        chain.from_iterable(_tests(name, frame) for name, frame in frames.items()),
        key=lambda one: order.index(one[0]),
    )
    found: dict[tuple[Line, str], Family] = {}
    seen: dict[int, list[tuple[str, int]]] = {}
    for kind, line, test, p, place in tests:
        if test is not None and test in seen:
            seen[test].append(place)
            continue
        family = found.setdefault((line, kind), Family(line, kind, [], []))
        family.p.append(p)
        family.at.append([place])
        if test is not None:
            seen[test] = family.at[-1]
    return [*found.values()]


def _tests(
    name: str, frame: pl.DataFrame
) -> Iterator[tuple[str, Line, int | None, float, tuple[str, int]]]:
    """Kind, line, test and p of the rows of a frame that are tested, and where they stand."""
    kind = "family" if "family" in frame.columns else pl.lit(name).alias("family")
    test = "test" if "test" in frame.columns else pl.lit(None, pl.Int64).alias("test")
    tested = frame.with_row_index("position").filter(pl.col("p").is_not_null() & ~_mine(frame))
    for position, model, harness, behavior, of, same, p in tested.select(
        "position", *LINE, kind, test, "p"
    ).iter_rows():
        yield of, (model, harness, behavior), same, p, (name, position)


def _mine(frame: pl.DataFrame) -> pl.Expr:
    """Whether a plan claims a row's difference."""
    for name in ("difference_planned", "planned"):
        if name in frame.columns:
            return pl.col(name).fill_null(value=False)
    return pl.lit(value=False)


def _known(frame: pl.DataFrame) -> list[float | None]:
    """What a plan's claims have already, null of the rest."""
    return frame.select(pl.when(_mine(frame)).then("p_adjusted"))["p_adjusted"].to_list()


def _row(family: Family, how: Gatekept, where: str, alpha: float) -> tuple[Any, ...]:
    told = sum(p <= alpha for p in how.adjusted)
    opens = how.opens if how.opens <= 1 else None
    least = (min(family.p), min(how.adjusted))
    return (family.kind, *family.line, where, len(family.p), told, opens, *least)
