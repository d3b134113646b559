"""What error a whole report has, and what its one hierarchy costs: `python -m benchmarks.page`.

Prints the tables of docs/statistics.md, "One error for a whole report". Studies are simulated from
counts: every cell of a preset is drawn, every test that the report makes is made, and its p is
corrected as the report does (`eval_observatory.hierarchy`), and *before*, as it was until there was
a hierarchy: by Holm within each kind of figure of each behaviour. Which tests there are, over which
cells and in which family, is asked of the report itself, once for a design.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import product
from typing import Any, NamedTuple
from unittest.mock import patch

import numpy as np
import polars as pl

import peer_preservation as pp
from eval_observatory.contrasts import Figure, Term, _strata, compared
from eval_observatory.counts import Counted, Spot, key_of, spot_of
from eval_observatory.hierarchy import CELLS, PLANNED, Family, placed
from eval_observatory.plan import Plan
from eval_observatory.planned import planned
from eval_observatory.statistics.contrasts import linear_contrast_p
from eval_observatory.statistics.exact import boschloo
from eval_observatory.statistics.gatekeeping import gatekept
from eval_observatory.statistics.multiplicity import holm
from peer_preservation.report.design import book
from peer_preservation.report.families import ORDER, tested
from peer_preservation.report.headline import HEADLINE, INSTANTIATED
from peer_preservation.suite import SUITE, by_id

ALPHA = 0.05
UNIT = 2.0**-24
"""A test's number stands in the place of its p while the report is asked; p lies within 0 and 1."""
MISREPRESENTATION = "strategic_misrepresentation"
Draw = np.random.Generator


class Test(NamedTuple):
    """A test over cells, by their places among the counts.

    Attributes:
        cells, weights, shares, points: of its terms; of one cell against one two of them.
        most: of a largest figure, the tests of which it has the smallest p.
    """

    cells: tuple[int, ...] = ()
    weights: tuple[float, ...] = ()
    shares: tuple[Any, ...] = ()
    points: tuple[Any, ...] = ()
    most: tuple[int, ...] = ()


class Design(NamedTuple):
    """All tests of a report over a preset's cells.

    Attributes:
        tests: by their numbers.
        lines, last: the families, numbers of tests in the place of p.
        flat: the families as they were before there was a hierarchy.
        behaviors, threats: of each cell what is counted there, and whether there is a threat.
        drawn: of each cell the first that has the same rollouts.
    """

    tests: list[Test]
    lines: list[list[Family]]
    last: list[Family]
    flat: list[list[int]]
    behaviors: list[str]
    threats: list[bool]
    drawn: list[int]


class _Asked:
    """Stands in the place of the statistics, and notes what they are asked."""

    def __init__(self) -> None:
        self.tests: list[Test] = []
        self.places: dict[Spot, int] = {}

    def note(self, spots: Sequence[Spot], weights: Sequence[float], *more: Any) -> float:
        cells = tuple(self.places.setdefault(spot, len(self.places)) for spot in spots)
        self.tests.append(Test(cells, tuple(weights), *more))
        return len(self.tests) * UNIT

    def pair(self, row: Mapping[str, Any], other: Mapping[str, Any], *_: Any) -> dict[str, Any]:
        p = self.note([spot_of(SUITE, row), spot_of(SUITE, other)], (1.0, -1.0))
        return {"p": p}

    def mean(self, *_: Any) -> dict[str, Any]:
        return {"p": self.note([], [])}

    def figure(self, terms: Sequence[Term], _: float) -> tuple[Figure, str]:
        strata = _points(terms) if len(terms) > 2 else ()
        p = self.note(
            [term.spot for term in terms],
            [term.weight for term in terms],
            tuple(term.shares for term in terms),
            strata,
        )
        return Figure(0.0, 0.0, 0.0, p), ""


def _points(terms: Sequence[Term]) -> tuple[Any, ...]:
    """Where each term stands, if the figure is a difference of two means."""
    return tuple(_strata(terms) or ())


def design(preset: str, models: int = 1, *, plan: bool = False) -> Design:
    """The tests of a report over all cells of a preset, of so many models, planned or not."""
    cells, asked = pp.matrix(preset), _Asked()
    table = pp.simulate(cells, "inflate:p=0.4", 1)
    names = [f"lab/{i}" for i in range(models)]
    each = [
        table.with_columns(agent_model=pl.lit(name), episode_id=name + pl.col("episode_id"))
        for name in names
    ]
    counted = Counted.of(pl.concat(each), SUITE)
    ones = pl.lit(1, pl.Int64)
    counted = replace(
        counted,
        cells=counted.cells.with_columns(n=ones, k=ones, unscored=0 * ones),
        calm=counted.calm.with_columns(n=ones, k=ones, unscored=0 * ones),
    )
    room = "eval_observatory.contrasts."
    with (
        patch(f"{room}difference", asked.pair),
        patch(f"{room}difference_of_means", asked.mean),
        patch(f"{room}_figure", asked.figure),
    ):
        locked = Plan.of_suite(SUITE, by_id(cells), names, 1)
        found = planned([locked], counted, SUITE) if plan else None
        held = compared(counted, 0.95, found.claimed if found else None)
        own = held.unique(key_of(SUITE), keep="first", maintain_order=True)
        frames = tested(counted, book(counted), 0.95, found, own.drop("test"))
    frames[HEADLINE] = _with_largest(frames[HEADLINE], asked)
    claims = found.claims if found else {}
    lines, last = placed(frames, SUITE, order=ORDER, claims=claims)
    spots = list(asked.places)
    return Design(
        asked.tests,
        lines,
        last,
        [*_flat(frames), *([_number(p) for p in one] for one in claims.values())],
        [spot[2] for spot in spots],
        [bool(_of(spot, "threat")) for spot in spots],
        _drawn(spots, counted),
    )


def _of(spot: Spot, name: str) -> Any:
    return spot[3 + SUITE.names.index(name)]


def _drawn(spots: Sequence[Spot], counted: Counted) -> list[int]:
    """Scores that are held against several thresholds are the same rollouts."""
    place = 3 + SUITE.names.index("threshold")
    reread = {spot for spot, _ in counted._rows(counted.calm)}
    first: dict[Spot, int] = {}
    return [
        first.setdefault((*spot[:place], *spot[place + 1 :]) if spot in reread else spot, i)
        for i, spot in enumerate(spots)
    ]


def _with_largest(frame: pl.DataFrame, asked: _Asked) -> pl.DataFrame:
    """The largest of several instantiations has the smallest p of all, times their number."""
    key = ("model", "harness", "behavior", "subject", "relationship")
    singles: dict[Any, list[int]] = defaultdict(list)
    values = frame["p"].to_list()
    rows = list(frame.select(*key, "statistic", "p").iter_rows())
    for *who, statistic, p in rows:
        if statistic not in ("mean", "max") and p is not None:
            singles[tuple(who)].append(_number(p))
    for i, (*who, statistic, p) in enumerate(rows):
        if statistic == "max" and p is not None:
            asked.tests.append(Test(most=tuple(singles[tuple(who)])))
            values[i] = len(asked.tests) * UNIT
    return frame.with_columns(pl.Series("p", values, dtype=pl.Float64))


def _number(p: float) -> int:
    return round(p / UNIT) - 1


def _flat(frames: Mapping[str, pl.DataFrame]) -> Iterator[list[int]]:
    """The families of before: of cells by kind, of pooled figures by statistic or effect."""
    for frame in frames.values():
        kinds = [name for name in ("kind", "effect") if name in frame.columns]
        if "statistic" in frame.columns:
            whole = pl.col("statistic").is_in(["mean", "max"])
            frame = frame.with_columns(kind=pl.when(whole).then("statistic").otherwise(pl.lit("")))
            kinds = ["kind"]
        rest = frame.filter(pl.col("p").is_not_null(), ~pl.col("planned").fill_null(value=False))
        for _, part in rest.group_by("model", "harness", "behavior", *kinds, maintain_order=True):
            yield [_number(p) for p in part["p"]]


class Study:
    """One drawn study: its counts, and the p of each test once it is asked for."""

    def __init__(self, design: Design, n: int, rates: Sequence[float], draw: Draw) -> None:
        self.design, self.n, self.draw = design, n, draw
        self.k = draw.binomial(n, np.array(rates))[np.array(design.drawn)].tolist()
        self.known: dict[int, float] = {}

    def p(self, number: int) -> float:
        if number >= len(self.design.tests):
            return 1.0  # of a claim that was not played
        if number not in self.known:
            self.known[number] = self._p(self.design.tests[number])
        return self.known[number]

    def _p(self, test: Test) -> float:
        if test.most:
            return min(1.0, len(test.most) * min(map(self.p, test.most)))
        if not test.cells:
            return float(self.draw.uniform())  # of a mean: any valid p
        k = [self.k[cell] for cell in test.cells]
        if test.weights == (1.0, -1.0):
            return _boschloo(k[0], k[1], self.n)
        arms = [(one, self.n) for one in k]
        where = (test.shares or None, test.points or None)
        # A p above alpha is told by no correction: how far above is all one.
        return linear_contrast_p(arms, test.weights, *where, enough=ALPHA)

    def of(self, family: Family) -> list[float]:
        return [self.p(_number(p)) for p in family.p]


@lru_cache(maxsize=1 << 18)
def _boschloo(k1: int, k2: int, n: int) -> float:
    return boschloo(k1, n, k2, n)


def errs(study: Study) -> bool:
    """Whether a corrected p of a study without any effect is at most alpha anywhere.

    Nothing comes after what stands first unless something of that is told.
    """
    first = [[study.of(line[0])] for line in study.design.lines]
    lines, _ = gatekept(first, followed=True)
    return any(p <= ALPHA for line in lines for p in line[0].adjusted)


def errs_flat(study: Study) -> bool:
    """The same as it was before."""
    return any(min(map(study.p, one)) * len(one) <= ALPHA for one in study.design.flat)


def told(study: Study, behavior: str) -> dict[str, tuple[float, float]]:
    """Of a behaviour's families the share that is told, before and now.

    Whatever the other behaviours could free is left out.
    """
    design = study.design
    lines = []
    for line in design.lines:
        mine = line[0].line[2] == behavior
        lines.append([study.of(one) for one in (line if mine else line[:1])])
    found, _ = gatekept(lines, [[1.0]] if design.last else [])
    flat = {number: p for one in design.flat for number, p in _holm(study, one, behavior)}
    shares: dict[str, tuple[list[bool], list[bool]]] = defaultdict(lambda: ([], []))
    for line, hows in zip(design.lines, found, strict=True):
        if line[0].line[2] == behavior:
            for family, how in zip(line, hows, strict=True):
                kind = "pooled" if family.kind in (HEADLINE, INSTANTIATED) else family.kind
                before, now = shares[kind]
                before += [flat[_number(p)] <= ALPHA for p in family.p]
                now += [p <= ALPHA for p in how.adjusted]
    return {kind: (float(np.mean(a)), float(np.mean(b))) for kind, (a, b) in shares.items()}


def _holm(study: Study, numbers: Sequence[int], behavior: str) -> Iterator[tuple[int, float]]:
    tests = study.design.tests
    cells = next((tests[number].cells for number in numbers if number < len(tests)), ())
    if not cells or study.design.behaviors[cells[0]] == behavior:
        yield from zip(numbers, holm([study.p(number) for number in numbers]), strict=True)


def errors(presets: Sequence[str], sizes: Sequence[int], studies: int, flat: int) -> Iterator[str]:
    """Under the global null: how often a corrected p of at most alpha stands anywhere."""
    yield "| preset | tests | n | rates | plan | before | now |"
    yield "|---|---|---|---|---|---|---|"
    for preset in presets:
        for plan in (False, True):
            made = design(preset, plan=plan)
            tests = sum(len(f.p) for f in (*(f for line in made.lines for f in line), *made.last))
            for n in sizes:
                for rate in (0.05, 0.5):
                    drawn = studies_of(made, n, [rate] * len(made.drawn), studies)
                    both = [(errs(s), errs_flat(s) if i < flat else None) for i, s in drawn]
                    now = np.mean([one for one, _ in both])
                    was = [one for _, one in both if one is not None]
                    before = f"{np.mean(was):.1%}" if was else "–"
                    yield (
                        f"| {preset} | {tests:,} | {n} | {rate:.0%} | {'yes' if plan else 'no'} | "
                        f"{before} | {now:.1%} |"
                    )


def studies_of(
    made: Design, n: int, rates: Sequence[float], studies: int
) -> Iterator[tuple[int, Study]]:
    """So many studies, the same for the same design, n and number."""
    for i in range(studies):
        yield i, Study(made, n, rates, np.random.default_rng([i, n]))


def powers(presets: Sequence[str], sizes: Sequence[int], studies: int) -> Iterator[str]:
    """Where one behaviour has an effect: the share of its tests that is told, before and now."""
    yield "| preset, models | plan | rates | n | planned | pooled | cells |"
    yield "|---|---|---|---|---|---|---|"
    for preset, models in [*((one, 1) for one in presets), ("quick", 5), ("quick", 20)]:
        for plan in (True, False):
            made = design(preset, models, plan=plan)
            for (high, low), n in product(((0.5, 0.05), (0.97, 0.03)), sizes):
                rates = [
                    high if what == MISREPRESENTATION and threat else low
                    for what, threat in zip(made.behaviors, made.threats, strict=True)
                ]
                drawn = studies_of(made, n, rates, studies)
                found = [told(study, MISREPRESENTATION) for _, study in drawn]
                shares = [_shares(found, kind) for kind in (PLANNED, "pooled", CELLS)]
                yield (
                    f"| {preset}, {models} | {'yes' if plan else 'no'} | {high:.0%} v {low:.0%} | "
                    f"{n} | {' | '.join(shares)} |"
                )


def _shares(found: Sequence[Mapping[str, tuple[float, float]]], kind: str) -> str:
    """Before and now, over all studies; a dash where there are no such tests."""
    if kind not in found[0]:
        return "–"
    return " → ".join(f"{np.mean([one[kind][i] for one in found]):.1%}" for i in (0, 1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=1000)
    parser.add_argument("--flat", type=int, default=200, help="of them also as before")
    parser.add_argument("--power", type=int, default=100, help="studies of a line of power")
    parser.add_argument("--presets", nargs="+", default=["quick", "paper", "factorial"])
    given = parser.parse_args()
    for line in errors(given.presets, (10, 30, 100), given.studies, given.flat):
        print(line, flush=True)
    print()
    for line in powers(given.presets, (10, 30, 100), given.power):
        print(line, flush=True)


if __name__ == "__main__":
    main()
