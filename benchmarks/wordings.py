"""What intervals over six wordings keep: `python -m benchmarks.wordings`.

Prints the tables of docs/wordings.md. Minutes: thousands of simulated cells a line.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping
from itertools import product
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

import peer_preservation as pp
from eval_observatory.counts import Counted
from eval_observatory.estimates import estimate
from eval_observatory.sampling import LOGIT, sampled
from eval_observatory.statistics.clusters import (
    Clusters,
    Tally,
    components,
    logit_sd,
    on_the_logit,
    prediction,
    sampled_difference,
    sampled_rate,
)
from eval_observatory.statistics.differences import newcombe
from eval_observatory.statistics.intervals import Interval, clopper_pearson
from peer_preservation.calibration.cells import CELL
from peer_preservation.calibration.worded import WORDINGS, centre
from peer_preservation.suite import SUITE

Floats = NDArray[np.float64]
SPREADS = (0.0, 0.5, 1.0)
RATES = (0.05, 0.1, 0.2, 0.5)
SIZES = (30, 100, 300)
PAIRS = ((0.05, 0.05), (0.2, 0.05), (0.5, 0.05), (0.5, 0.5), (0.97, 0.03))


def cell_of(rates: Floats, n: int, draw: np.random.Generator) -> Clusters:
    """A cell of n rollouts, spread over wordings of these rates as evenly as can be."""
    sizes = [n // WORDINGS + (place < n % WORDINGS) for place in range(WORDINGS)]
    shown = [int(k) for k in draw.binomial(sizes, rates)]
    tallies = (Tally(m, k, k) for m, k in zip(sizes, shown, strict=True))
    return Clusters(dict(enumerate(tallies)))


def count(cell: Clusters) -> int:
    """The rollouts of a cell that show it."""
    return round(cell.mean * cell.n)


def around(one: Interval, other: Interval) -> Interval:
    """As the report has it: never shorter than the interval for these wordings."""
    return Interval(min(one.low, other.low), max(one.high, other.high))


def over_wordings(cell: Clusters) -> Interval:
    """The report's interval of a rate."""
    found = sampled_rate(cell)
    assert found is not None
    return around(found, clopper_pearson(count(cell), cell.n))


def difference_over_wordings(cell: Clusters, other: Clusters) -> tuple[Interval, Interval]:
    """The report's interval of a difference, and that for these wordings."""
    ends = [sampled_rate(one) for one in (cell, other)]
    assert ends[0]
    assert ends[1]
    given = Interval(*newcombe(count(cell), cell.n, count(other), other.n))
    return around(sampled_difference(cell, other, ends[0], ends[1]), given), given


def rates(times: int, draw: np.random.Generator) -> Iterator[str]:
    """How often intervals of a rate hold the mean over all wordings, and their mean width."""
    yield "| sd | rate | n | over wordings | width | Clopper-Pearson | width |"
    yield "|---|---|---|---|---|---|---|"
    for spread, rate, n in product(SPREADS, RATES, SIZES):
        at = centre(rate, spread)
        kept = []
        for _ in range(times):
            cell = cell_of(expit(at + spread * draw.standard_normal(WORDINGS)), n, draw)
            both = (over_wordings(cell), clopper_pearson(count(cell), cell.n))
            kept.append([f(one) for one in both for f in (_holds(rate), _width)])
        told = " | ".join(f"{x:.3f}" for x in np.mean(kept, axis=0))
        yield f"| {spread:g} | {rate:g} | {n} | {told} |"


def differences(times: int, draw: np.random.Generator) -> Iterator[str]:
    """The same of a difference, and whether the chance of a turned sign is as it says.

    What wordings move is the same in both cells, or independent.
    """
    yield ("| moves | sd | rates | n | over wordings | for these | predicted | sign turns | said |")
    yield "|---|---|---|---|---|---|---|---|---|"
    for alike, spread, pair, n in product((True, False), SPREADS, PAIRS, SIZES):
        line = _difference_line(alike, spread, pair, n, times, draw)
        told = " | ".join(f"{x:.3f}" for x in line)
        moves = "both alike" if alike else "each"
        yield f"| {moves} | {spread:g} | {pair[0]:g}, {pair[1]:g} | {n} | {told} |"


def _difference_line(
    alike: bool,
    spread: float,
    pair: tuple[float, float],
    n: int,
    times: int,
    draw: np.random.Generator,
) -> Floats:
    at = [centre(rate, spread) for rate in pair]
    truth, kept = pair[0] - pair[1], []
    for _ in range(times):
        # six wordings that are played, and a seventh that is not
        moved = draw.standard_normal((2, WORDINGS + 1))
        if alike:
            moved[1] = moved[0]
        shown = expit(np.array(at)[:, None] + spread * moved)
        one, two = (cell_of(row[:WORDINGS], n, draw) for row in shown)
        ends, given = difference_over_wordings(one, two)
        further = shown[0, -1] - shown[1, -1]
        found = prediction(one, two, ends)
        assert found
        turned = (one.mean - two.mean) * further < 0
        inside = [_holds(truth)(ends), _holds(truth)(given), _holds(further)(found)]
        kept.append([*inside, turned, found.turns])
    return np.asarray(np.mean(np.array(kept, dtype=float), axis=0))


def spreads(times: int, draw: np.random.Generator) -> Iterator[str]:
    """Variance components as they come back: the estimate and how often its interval holds."""
    yield "| sd | rate | n | found, median | open above | interval holds |"
    yield "|---|---|---|---|---|---|"
    for spread, rate, n in product(SPREADS, RATES, SIZES):
        at = centre(rate, spread)
        cells = [
            cell_of(expit(at + spread * draw.standard_normal(WORDINGS)), n, draw)
            for _ in range(times)
        ]
        ends = on_the_logit(cells)
        known = [
            (one, end, told)
            for one, end in zip(cells, ends, strict=True)
            if end and (told := components(one))
        ]
        found = logit_sd(
            np.array([one.mean for one, _, _ in known]),
            np.array([told.between for _, _, told in known]),
        )
        rows = [(sd, end.low, end.high) for sd, (_, end, _) in zip(found, known, strict=True)]
        yield _spread_line(spread, f"{rate:g} | {n}", np.array(rows))


def organisms(times: int) -> Iterator[str]:
    """The same through the instrument: scripts whose acts react to wordings, played and reported.

    What each wording moves is drawn anew for each of `times` studies of 120 rollouts.
    """
    yield "| sd | p | studies | found, median | open above | interval holds |"
    yield "|---|---|---|---|---|---|"
    for spread, p in product(SPREADS, (0.2, 0.5)):
        rows = [played(spread, p, taste, 120) for taste in range(times)]
        told = [[row[name] for name in LOGIT] for row in rows if row["between_sd"] is not None]
        yield _spread_line(spread, f"{p:g} | {times}", np.array(told, dtype=float))


def played(spread: float, p: float, taste: int, rollouts: int) -> Mapping[str, float]:
    """What the report says of one study of an organism that reacts to wordings."""
    name = f"tamper:p={p},spread={spread},taste={taste}"
    counted = Counted.of(pp.simulate([pp.Cell.parse(CELL)], name, rollouts, seed=taste), SUITE)
    told = sampled(counted, estimate(counted, SUITE), 0.95)
    return next(r for r in told.iter_rows(named=True) if r["behavior"] == "shutdown_tampering")


def _spread_line(planted: float, of: str, found: Floats) -> str:
    """Of rows sd, low, high; an upper end that is not finite is open."""
    sd, low, high = found.T
    opened = ~np.isfinite(high)
    held = np.mean((low <= planted) & (opened | (planted <= high)))
    return f"| {planted:g} | {of} | {np.nanmedian(sd):.2f} | {opened.mean():.2f} | {held:.3f} |"


def _holds(truth: float) -> Callable[[Ends], bool]:
    return lambda ends: ends.low - 1e-12 <= truth <= ends.high + 1e-12


class Ends(Protocol):
    """Anything with two ends."""

    @property
    def low(self) -> float:
        """The lower one."""

    @property
    def high(self) -> float:
        """The upper one."""


def _width(ends: Interval) -> float:
    return ends.high - ends.low


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=4_000, help="cells a line")
    parser.add_argument("--studies", type=int, default=200, help="studies of organisms a line")
    asked = parser.parse_args()
    draw = np.random.default_rng(17)
    for title, lines in (
        ("Rates", rates(asked.times, draw)),
        ("Differences", differences(asked.times, draw)),
        ("Components", spreads(asked.times, draw)),
        ("Organisms", organisms(asked.studies)),
    ):
        print(f"\n{title}\n")
        for line in lines:
            print(line, flush=True)


if __name__ == "__main__":
    main()
