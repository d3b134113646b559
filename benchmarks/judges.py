"""What intervals of rates from verdicts cover: `python -m benchmarks.judges`.

Prints the tables of docs/judge-error.md. Minutes: thousands of simulated studies a line.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Iterable
from functools import cache
from itertools import product
from typing import NamedTuple

import numpy as np
from scipy.special import ndtri

from eval_observatory.statistics.differences import newcombe
from eval_observatory.statistics.intervals import clopper_pearson
from eval_observatory.statistics.labelled import Labels, Sampled, labelled_rate, labelled_share
from eval_observatory.statistics.misclassification import (
    Validation,
    corrected_contrast,
    corrected_rate,
    rogan_gladen,
    youden,
)
from peer_preservation.calibration.told import Judge

LEVEL = 0.95
RATES = (0.0, 0.01, 0.05, 0.15, 0.5, 0.97, 1.0)
SENSITIVITIES, SPECIFICITIES = (0.7, 0.85, 0.95, 1.0), (0.9, 0.97, 1.0)
SIZES = (10, 40, 100, 1000)
VALIDATIONS = ((20, 20), (40, 40), (40, 200), (200, 200))
DIFFERENCES = ((0.0, 0.0), (0.05, 0.0), (0.05, 0.05), (0.5, 0.15), (0.97, 0.5), (1.0, 0.0))
LABELS = (10, 25, 50)
HARSHER = (
    ((0.95, 0.995), (0.90, 0.90)),
    ((0.98, 0.99), (0.80, 0.95)),
    ((0.95, 0.995), (0.85, 0.95)),
)
"""A judge's sensitivity and specificity on rollouts, and on the harder cases of its validation."""

RATES_OF_HARSHER = (0.0, 0.02, 0.05, 0.15, 0.5, 0.9, 1.0)

Ends = tuple[float, float]
Method = Callable[[int, int, Validation], Ends]


class Kept(NamedTuple):
    """The share of studies in which the interval holds the truth, and its mean width."""

    coverage: float
    width: float


@cache
def melded(k: int, n: int, judge: Validation) -> Ends:
    """Ours."""
    return corrected_rate(k, n, judge, LEVEL)[1:3]


@cache
def wald(k: int, n: int, judge: Validation) -> Ends:
    """Rogan and Gladen's own: the delta method."""
    strength = youden(judge)
    if strength <= 0:
        return 0.0, 1.0
    p, se, sp = k / n, judge.true_found / judge.true_n, judge.false_cleared / judge.false_n
    rate = rogan_gladen(p, judge)
    spread = p * (1 - p) / n + rate**2 * se * (1 - se) / judge.true_n
    spread += (1 - rate) ** 2 * sp * (1 - sp) / judge.false_n
    half = float(ndtri((1 + LEVEL) / 2)) * math.sqrt(spread) / strength
    return max(0.0, rate - half), min(1.0, rate + half)


@cache
def lang_reiczigel(k: int, n: int, judge: Validation) -> Ends:
    """The adjusted interval of Lang and Reiczigel (2014), Prev. Vet. Med. 113: 13-22."""
    z = float(ndtri((1 + LEVEL) / 2))
    trials, trues, falses = n + z * z, judge.true_n + 2, judge.false_n + 2
    p = (k + z * z / 2) / trials
    se, sp = (judge.true_found + 1) / trues, (judge.false_cleared + 1) / falses
    strength = se + sp - 1
    if strength <= 0:
        return 0.0, 1.0
    rate = (p + sp - 1) / strength
    shift = 2 * z * z * (rate * se * (1 - se) / trues - (1 - rate) * sp * (1 - sp) / falses)
    spread = p * (1 - p) / trials + rate**2 * se * (1 - se) / trues
    spread += (1 - rate) ** 2 * sp * (1 - sp) / falses
    half = z * math.sqrt(spread) / strength
    low, high = rate + shift - half, rate + shift + half
    return min(max(0.0, low), 1.0), max(0.0, min(1.0, high))


@cache
def projected(k: int, n: int, judge: Validation) -> Ends:
    """All rates that three exact intervals at 1 - .05 / 3 allow together."""
    each = 1 - (1 - LEVEL) / 3
    p = clopper_pearson(k, n, each)
    se = clopper_pearson(judge.true_found, judge.true_n, each)
    sp = clopper_pearson(judge.false_cleared, judge.false_n, each)
    if se.low + sp.low <= 1:
        return 0.0, 1.0
    low = (p.low + sp.low - 1) / (se.high + sp.low - 1)
    high = (p.high + sp.high - 1) / (se.low + sp.high - 1)
    return min(max(0.0, low), 1.0), max(0.0, min(1.0, high))


@cache
def uncorrected(k: int, n: int, _: Validation) -> Ends:
    """Of the verdicts as they are."""
    return clopper_pearson(k, n, LEVEL)


METHODS: dict[str, Method] = {
    "melded": melded,
    "projection": projected,
    "Lang–Reiczigel": lang_reiczigel,
    "Wald": wald,
    "uncorrected": uncorrected,
}


def rates(
    method: Method,
    rate: float,
    n: int,
    judge: Judge,
    studies: int,
    seed: int = 0,
    on_rollouts: Judge | None = None,
) -> Kept:
    """What a method keeps of a true rate over simulated studies, each with its own validation.

    Args:
        on_rollouts: how good the judge is on them, where its validation is harder or easier.
    """
    rng = np.random.default_rng([seed, n])
    told = rng.binomial(n, (on_rollouts or judge).says(rate), studies).tolist()
    pairs = zip(told, judge.validated(rng, studies), strict=True)
    return _kept((method(k, n, validation) for k, validation in pairs), rate)


def differences(
    pair: tuple[float, float], n: int, judge: Judge, studies: int, seed: int = 0
) -> dict[str, Kept]:
    """Two cells, n rollouts each, of one judge with one validation: ours, and of the verdicts."""
    rng = np.random.default_rng([seed, n])
    arms = [rng.binomial(n, judge.says(rate), studies).tolist() for rate in pair]
    both = list(zip(*arms, judge.validated(rng, studies), strict=True))
    ours = (
        corrected_contrast([(a, n), (b, n)], [1, -1], judge, LEVEL)[1:3] for a, b, judge in both
    )
    plain = (newcombe(a, n, b, n, LEVEL) for a, b, _ in both)
    truth = pair[0] - pair[1]
    return {"melded": _kept(ours, truth), "uncorrected": _kept(plain, truth)}


def labelled(
    rate: float, n: int, each: int, judge: Judge, studies: int, seed: int = 0
) -> dict[str, Kept]:
    """People label up to `each` rollouts of each verdict: ours, and the normal limits of PPI."""
    rng = np.random.default_rng([seed, n, each])
    said, (right, missed) = judge.says(rate), judge.right(rate)
    drawn: list[tuple[int, Labels]] = []
    for k in rng.binomial(n, said, studies).tolist():
        a, b = min(k, each), min(n - k, each)
        drawn.append((k, Labels(_sample(rng, a, right), _sample(rng, b, missed))))
    ours = (labelled_rate(k, n, people, LEVEL)[1:3] for k, people in drawn)
    plain = (_normal(k, n, people) for k, people in drawn)
    return {"melded": _kept(ours, rate), "PPI, normal": _kept(plain, rate)}


def _sample(rng: np.random.Generator, n: int, share: float) -> Sampled:
    return Sampled(n, float(n), float(n), float(rng.binomial(n, share)))


def _normal(k: int, n: int, people: Labels) -> Ends:
    estimate, q = labelled_share(k, n, people), k / n
    a, b = ((s.share, s.n) if s.n else (0.0, 1) for s in people)
    spread = q * (1 - q) * (a[0] - b[0]) ** 2 / n
    spread += q**2 * a[0] * (1 - a[0]) / a[1] + (1 - q) ** 2 * b[0] * (1 - b[0]) / b[1]
    half = float(ndtri((1 + LEVEL) / 2)) * math.sqrt(spread)
    return estimate - half, estimate + half


def _kept(ends: Iterable[Ends], truth: float) -> Kept:
    found = np.array(list(ends))
    holds = (found[:, 0] <= truth + 1e-9) & (truth - 1e-9 <= found[:, 1])
    return Kept(float(holds.mean()), float((found[:, 1] - found[:, 0]).mean()))


def judges(sizes: tuple[int, int]) -> tuple[Judge, ...]:
    """Every planted judge, validated on as many true and false cases."""
    return tuple(Judge(a, b, *sizes) for a, b in product(SENSITIVITIES, SPECIFICITIES))


def _line(name: str, found: Iterable[Iterable[Kept]]) -> None:
    """A row of lowest and mean coverage and mean width, over all that was simulated."""
    cells = []
    for kept in found:
        coverage, width = zip(*kept, strict=True)
        shares = (min(coverage), np.mean(coverage), np.mean(width))
        cells.append("{:.1f} / {:.1f} | {:.1f}".format(*(100 * share for share in shares)))
    print(f"| {name} | {' | '.join(cells)} |", flush=True)


def _head(first: str, names: Iterable[str]) -> None:
    listed = list(names)
    print(f"\n| {first} | {' | '.join(f'{name} | width' for name in listed)} |")
    print("|---" * (1 + 2 * len(listed)) + "|")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=1_000)
    studies = parser.parse_args().studies
    _head("n, cases of the validation", METHODS)
    for n, sizes in product(SIZES, VALIDATIONS):
        grid = [(rate, judge) for rate in RATES for judge in judges(sizes)]
        found = [[rates(m, r, n, judge, studies) for r, judge in grid] for m in METHODS.values()]
        _line(f"{n:,}, {sizes[0]} + {sizes[1]}", found)
    _head("planted rate", METHODS)
    for rate in RATES:
        of = [(n, judge) for n in SIZES for judge in judges((40, 40))]
        found = [[rates(m, rate, n, judge, studies) for n, judge in of] for m in METHODS.values()]
        _line(f"{100 * rate:g} %", found)
    _head("on rollouts, on harder cases; planted rate", ("melded", "uncorrected"))
    for (real, gold), rate in product(HARSHER, RATES_OF_HARSHER):
        found = [
            [rates(m, rate, n, Judge(*gold, 42, 42), studies, 0, Judge(*real, 1, 1)) for n in SIZES]
            for m in (melded, uncorrected)
        ]
        named = ", ".join("{:g} + {:g} %".format(*(100 * x for x in one)) for one in (real, gold))
        _line(f"{named}; {100 * rate:g} %", found)
    _head("planted rates", ("melded", "uncorrected"))
    for pair in DIFFERENCES:
        each = [
            differences(pair, n, judge, studies) for n in SIZES[1:] for judge in judges((40, 40))
        ]
        _line(
            f"{100 * pair[0]:g} % less {100 * pair[1]:g} %",
            [[one[name] for one in each] for name in ("melded", "uncorrected")],
        )
    _head("planted rate, labels of each verdict", ("melded", "PPI, normal"))
    for rate, most in product(RATES, LABELS):
        each = [labelled(rate, n, most, judge, studies) for n in SIZES for judge in judges((1, 1))]
        _line(
            f"{100 * rate:g} %, {most}",
            [[one[name] for one in each] for name in ("melded", "PPI, normal")],
        )


if __name__ == "__main__":
    main()
