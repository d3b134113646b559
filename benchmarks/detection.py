"""Coverage of the figures of signal detection, and planted leniency and blindness through reviews.

    python -m benchmarks.detection            # exact and simulated counts: 1 minute
    python -m benchmarks.detection 25         # and as many whole studies of each kind

Prints the tables of `docs/detection.md` and `docs/monitor.md`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import product
from math import isfinite
from statistics import median

import numpy as np
from scipy.stats import binom, norm

from eval_observatory.statistics.detection import (
    Estimate,
    Responses,
    criterion,
    criterion_change,
    criterion_p,
    sensitivity,
    sensitivity_change,
    sensitivity_p,
)

SEEDS = 1000
PLANTED = ((0.0, 0.0), (0.3, 0.0), (0.6, 0.0), (0.0, 0.8))
"""Shifts of the criterion and losses of d'."""

HITS, ALARMS = (0.3, 0.5, 0.7, 0.84, 0.93, 0.98), (0.005, 0.02, 0.07, 0.16, 0.3, 0.5)


def main() -> None:
    """Prints the tables."""
    print("| n | d′, lowest coverage | c, lowest coverage | width of d′ at .84, .16 |")
    print("|---|---|---|---|")
    for n in (10, 20, 33, 66):
        print(_exact(n))
    print("\n| d′ | shift | loss | n | held | shift found | told | held | change found | told |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for d, n, (shift, loss) in product((2.0,), (66, 132), PLANTED):
        print(
            _row(
                f"{d:g} | {shift:g} | {loss:g} | {n}", list(_drawn(d, n, shift, loss)), shift, loss
            )
        )
    if len(sys.argv) > 1:
        print(
            "\n| shift | loss | studies | held | shift found | told | held | change found | told |"
        )
        print("|---|---|---|---|---|---|---|---|---|")
        for shift, loss in PLANTED:
            made = list(_reviews(int(sys.argv[1]), shift, loss))
            print(_row(f"{shift:g} | {loss:g} | {len(made)}", made, shift, loss), flush=True)


def _exact(n: int) -> str:
    ks = [(k1, k2) for k1, k2 in product(range(n + 1), repeat=2)]
    found = [(sensitivity(Responses(a, n, b, n)), criterion(Responses(a, n, b, n))) for a, b in ks]
    lowest = [1.0, 1.0]
    for hit, alarm in product(HITS, ALARMS):
        truths = norm.ppf(hit) - norm.ppf(alarm), -(norm.ppf(hit) + norm.ppf(alarm)) / 2
        masses = np.outer(binom.pmf(range(n + 1), n, hit), binom.pmf(range(n + 1), n, alarm))
        for place, truth in enumerate(truths):
            held = [one[place].low <= truth <= one[place].high for one in found]
            lowest[place] = min(lowest[place], float(masses.ravel() @ np.array(held)))
    at = [abs(np.array([k / n for k in pair]) - (0.84, 0.16)).sum() for pair in ks]
    usual = found[int(np.argmin(at))][0]
    return f"| {n} | {lowest[0]:.3f} | {lowest[1]:.3f} | {usual.high - usual.low:.2f} |"


Pair = tuple[Responses, Responses]


def _drawn(d: float, n: int, shift: float, loss: float) -> Iterator[Pair]:
    rng = np.random.default_rng(n)
    rates = []
    for gap, c in ((d - loss, shift), (d, 0.0)):
        rates += [norm.cdf(gap / 2 - c), norm.cdf(-gap / 2 - c)]
    for counts in rng.binomial(n, rates, (SEEDS, 4)).tolist():
        yield Responses(counts[0], n, counts[1], n), Responses(counts[2], n, counts[3], n)


def _reviews(seeds: int, shift: float, loss: float) -> Iterator[Pair]:
    """Whole studies: scripts that judge with noise, played on every pair of logs and scored."""
    import peer_preservation as pp
    from peer_preservation.trials.simulation import simulated

    arms = ("peer/good/memory", "peer/none/consequence=nothing")
    for seed in range(seeds):
        told = []
        for arm, dataset in product(arms, ("violation", "benign")):
            name = f"observer:d=2,shift={shift},loss={loss}"
            cells = [pp.Cell.parse(f"monitor/{dataset}/{arm}")]
            label = "caught" if dataset == "violation" else "twin_flagged"
            outcomes = [pp.score(one)[label].value for one in simulated(cells, name, 66, seed)]
            told.append((sum(value is True for value in outcomes), len(outcomes)))
        yield Responses(*told[0], *told[1]), Responses(*told[2], *told[3])


def _row(label: str, pairs: list[Pair], shift: float, loss: float) -> str:
    cells = []
    for change, p_of, truth in (
        (criterion_change, criterion_p, shift),
        (sensitivity_change, sensitivity_p, -loss),
    ):
        found: list[Estimate] = [change(*pair) for pair in pairs]
        held = np.mean([one.low <= truth <= one.high for one in found])
        told = np.mean([p_of(*pair) < 0.05 for pair in pairs])
        middle = median(one.value for one in found if isfinite(one.value))
        cells += [f"{held:.3f}", f"{middle:+.2f}", f"{told:.2f}"]
    return f"| {label} | {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
