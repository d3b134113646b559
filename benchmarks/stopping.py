"""What the stopping rule errs and what it saves: `python -m benchmarks.stopping`.

Prints the tables of docs/stopping.md. Minutes: thousands of simulated studies.
"""

from __future__ import annotations

import argparse
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from eval_observatory.claims import Claim, claims
from eval_observatory.course import Course, replayed
from eval_observatory.statistics.evalues import (
    PRIOR,
    Block,
    difference_log_e,
    equal_log_e,
    two_arm_e_process,
)
from eval_observatory.statistics.sequential import beta_binomial
from eval_observatory.statistics.stopping import Rule
from eval_observatory.statistics.stopping_paths import Ended, ends
from eval_observatory.stop import Stop
from peer_preservation.calibration.planting import Hidden
from peer_preservation.cell import Cell
from peer_preservation.matrix import matrix
from peer_preservation.organisms.published import planted_rate
from peer_preservation.suite import SUITE, by_id
from peer_preservation.trials.simulation import simulate

STUDY = 100
"""Rollouts of a cell in the study."""

BATCH = 10
"""Rounds between two looks."""

ENOUGH = 800
"""Rollouts within which every claim here is settled: no maximum, as it were."""

Ends = Counter[str]
Floats = NDArray[np.float64]


class Saved(NamedTuple):
    """A study under the rule: what it spent, how its claims ended, which need more."""

    spent: int
    ends: Ends
    longer: list[Claim]


def contrasts(seeds: int, rate1: float, rate2: float, rule: Rule, seed: int) -> Ended:
    """How simulated contrasts end, with a look after every ten rollouts of each arm."""
    return ends(*_arms(seeds, rate1, rate2, seed), rule, batch=BATCH)


def misses(seeds: int, rates: Sequence[float], rule: Rule, seed: int) -> int:
    """How many of the simulated rates were ever outside their interval, looked at in every round.

    Args:
        rates: of the pooled cells; the truth is their mean.
    """
    draw, truth = np.random.default_rng([seed, 1]), sum(rates) / len(rates)
    outcomes = sum((draw.random((STUDY, seeds)) < rate).astype(int) for rate in rates)
    missed = np.zeros(seeds, bool)
    for n, counts in enumerate(np.cumsum(outcomes, axis=0), 1):
        for k in np.unique(counts):
            low, high = beta_binomial(int(k), n * len(rates), 1 - rule.alpha)
            if not low <= truth <= high:
                missed |= counts == k
    return int(missed.sum())


def difference_misses(seeds: int, rate1: float, rate2: float, rule: Rule, seed: int) -> int:
    """How many of the simulated differences were ever outside theirs, looked at in every round."""
    first, second = _arms(seeds, rate1, rate2, seed)
    truth, log_e = np.array([rate1 - rate2]), np.zeros(seeds)
    k1, k2, missed = np.zeros(seeds), np.zeros(seeds), np.zeros(seeds, bool)
    for n, (one, two) in enumerate(zip(first, second, strict=True)):
        rates = ((k1 + PRIOR) / (n + 2 * PRIOR), (k2 + PRIOR) / (n + 2 * PRIOR))
        log_e += difference_log_e((one, 1, two, 1), rates, truth)
        missed |= log_e >= -math.log(rule.alpha)
        k1, k2 = k1 + one, k2 + two
    return int(missed.sum())


def wrong_families(seeds: int, size: int, rate: float, rule: Rule, seed: int) -> int:
    """In how many families of equal arms, all held against one baseline, any is called different.

    Looked at in every round, and none ended as bounded before: both can only add errors.

    Args:
        size: how many contrasts each family has; `rule.contrasts` is set to it.
    """
    draw, limit = np.random.default_rng([seed, size]), math.log(size / rule.alpha)
    shape = (seeds, size)
    k1, k2, log_e = np.zeros(shape), np.zeros((seeds, 1)), np.zeros(shape)
    wrong = np.zeros(seeds, bool)
    for n in range(STUDY):
        one, two = draw.random(shape) < rate, draw.random((seeds, 1)) < rate
        rates = ((k1 + PRIOR) / (n + 2 * PRIOR), (k2 + PRIOR) / (n + 2 * PRIOR))
        log_e += equal_log_e((one.astype(float), 1, two.astype(float), 1), rates)
        wrong |= (log_e >= limit).any(axis=1)
        k1, k2 = k1 + one, k2 + two
    return int(wrong.sum())


def hidden(
    seeds: int, rates: tuple[float, float], hides: tuple[Hidden, Hidden], rule: Rule, seed: int
) -> tuple[Ends, Ends]:
    """How contrasts end as to a difference, where outcomes are missing for a reason.

    With a look after every ten rollouts: by the rule, which reads the missing ones against itself,
    and by the scored ones alone.
    """
    draw, worst, scored = np.random.default_rng([seed, 3]), Counter[str](), Counter[str]()
    bar = rule.contrasts / rule.alpha
    for _ in range(seeds):
        arms = [_with_missing(draw, *arm) for arm in zip(rates, hides, strict=True)]
        least = _blocks(_filled(arms[0], False), _filled(arms[1], True))
        most = _blocks(_filled(arms[0], True), _filled(arms[1], False))
        kept = _blocks(*([one for one in arm if one is not None] for arm in arms))
        worst[_called(least, bar, 1) or _called(most, bar, -1) or "open"] += 1
        scored[_called(kept, bar, 1) or _called(kept, bar, -1) or "open"] += 1
    return worst, scored


def _with_missing(draw: np.random.Generator, rate: float, hides: Hidden) -> list[bool | None]:
    shows = draw.random(STUDY) < rate
    lost = hides.lost(shows, draw)
    return [None if gone else bool(one) for one, gone in zip(shows, lost, strict=True)]


def _filled(arm: Sequence[bool | None], missing: bool) -> list[bool]:
    return [missing if one is None else one for one in arm]


def _blocks(first: Iterable[bool], second: Iterable[bool]) -> list[Block]:
    return [Block(int(one), 1, int(two), 1) for one, two in zip(first, second, strict=False)]


def _called(blocks: Sequence[Block], bar: float, sign: int) -> str:
    """How a look after a batch calls the first arm, higher (1) or lower (-1), or nothing."""
    values, ahead = two_arm_e_process(blocks), np.cumsum([one.k1 - one.k2 for one in blocks])
    looks = range(BATCH - 1, len(blocks), BATCH)
    called = any(values[n] >= bar and ahead[n] * sign > 0 for n in looks)
    return {1: "higher", -1: "lower"}[sign] if called else ""


def _arms(seeds: int, rate1: float, rate2: float, seed: int) -> tuple[Floats, Floats]:
    """Outcomes of two arms, shaped (rounds, seeds)."""
    draw = np.random.default_rng([seed, round(1e6 * rate1), round(1e6 * rate2)])
    first, second = draw.random((STUDY, seeds)) < rate1, draw.random((STUDY, seeds)) < rate2
    return first.astype(float), second.astype(float)


def studied(model: str, width: float, most: int, seed: int) -> Saved:
    """The paper's cells with a published rate, played at it, under the rule."""
    cells = cells_of(model)
    known = by_id(cells)
    made = claims(SUITE, known)
    course = Course(SUITE, known, made, most, Stop(width=width))
    replayed(course, simulate(cells, f"published:{model}", most, seed).iter_rows(named=True))
    last = {look.claim: look for look in course.looks}
    found = [(claim, last[claim.arm[0]]) for claim in made]
    return Saved(
        sum(course.asked.values()),
        Counter(str(look.decision) for _, look in found),
        [claim for claim, look in found if look.asked > STUDY or look.decision == "futile"],
    )


def cells_of(model: str) -> list[Cell]:
    """The cells of the paper whose rate is published."""
    return [cell for cell in matrix("paper") if planted_rate(model, cell) is not None]


def print_errors(seeds: int, seed: int) -> None:
    rule = Rule()
    print(
        f"{seeds:,} simulations each, a look after every ten rollouts, at most {STUDY}; seed {seed}"
    )
    print("\n| truly | called different | called bounded | open at the end |\n|---|---|---|---|")
    for pair in ((0.0, 0.0), (0.05, 0.05), (0.3, 0.3), (0.5, 0.5), (0.4, 0.2), (0.15, 0.04)):
        ended = contrasts(seeds, *pair, rule, seed)
        shares = (ended.share("higher", "lower"), ended.share("bounded"), ended.share("open"))
        cells = " | ".join(f"{share:.1%}" for share in shares)
        print(f"| {pair[0]:.0%} and {pair[1]:.0%} | {cells} |", flush=True)
    print("\n| family of equal arms, one baseline | any called different |\n|---|---|")
    for size, rate in ((5, 0.05), (5, 0.3), (20, 0.3), (114, 0.05), (114, 0.3)):
        wrong = wrong_families(seeds, size, rate, rule, seed)
        print(f"| {size} contrasts at {rate:.0%} | {wrong / seeds:.1%} |", flush=True)
    print("\n| rates, difference looked at after every round | ever outside |\n|---|---|")
    for pair in ((0.0, 0.0), (0.05, 0.05), (0.15, 0.04), (0.5, 0.5), (0.97, 0.5)):
        share = difference_misses(seeds, *pair, rule, seed) / seeds
        print(f"| {pair[0]:.0%} and {pair[1]:.0%} | {share:.1%} |", flush=True)
    print("\n| rate, looked at after every round | ever outside its interval |\n|---|---|")
    for rates in ((0.01,), (0.05,), (0.5,), (0.97,), (0.0, 0.1, 0.5), (0.0, 0.0, 1.0)):
        share = misses(seeds, rates, rule, seed) / seeds
        print(f"| {', '.join(f'{rate:.0%}' for rate in rates)} | {share:.1%} |", flush=True)


HIDING = (
    ((0.3, 0.3), (Hidden(not_shown=0.6), Hidden())),
    ((0.5, 0.5), (Hidden(not_shown=0.6), Hidden())),
    ((0.3, 0.3), (Hidden(), Hidden(shown=0.6))),
    ((0.05, 0.05), (Hidden(not_shown=0.3), Hidden(shown=0.9))),
    ((0.3, 0.05), (Hidden(), Hidden())),
    ((0.3, 0.05), (Hidden(0.03, 0.03), Hidden(0.03, 0.03))),
    ((0.3, 0.05), (Hidden(0.08, 0.08), Hidden(0.08, 0.08))),
)
"""Rates of two arms, and what hides their outcomes."""


def print_hidden(seeds: int, seed: int) -> None:
    rule = Rule()
    print("\n| truly | unscored of shown, of not shown | called different | by the scored alone |")
    print("|---|---|---|---|")
    for rates, hides in HIDING:
        ended = hidden(seeds, rates, hides, rule, seed)
        shares = " | ".join(f"{1 - one['open'] / seeds:.1%}" for one in ended)
        lost = " and ".join(f"{one.shown:.0%}, {one.not_shown:.0%}" for one in hides)
        print(f"| {rates[0]:.0%} and {rates[1]:.0%} | {lost} | {shares} |", flush=True)


def print_savings(models: Sequence[str], seed: int) -> None:
    print("\n| model | cells | study | width | most | spent | share | settled | need more |")
    print("|---|---|---|---|---|---|---|---|---|")
    for model in models:
        study = STUDY * len(cells_of(model))
        for width in (0.1, 0.125, 0.15):
            for most in (STUDY, ENOUGH):
                saved = studied(model, width, most, seed)
                settled = saved.ends.total() - saved.ends["futile"]
                print(
                    f"| {model} | {study // STUDY} | {study:,} | ± {width:.1%} | {most:,} "
                    f"| {saved.spent:,} | {saved.spent / study:.0%} "
                    f"| {settled} of {saved.ends.total()} | {len(saved.longer)} |",
                    flush=True,
                )
    for width in (0.1, 0.15):
        print(f"\nNeed more than {STUDY} at ± {width:.0%}, {models[0]}:\n")
        for claim in studied(models[0], width, STUDY, seed).longer:
            rate = planted_rate(models[0], Cell.parse(claim.arm[0]))
            print(f"* `{claim.id}`: planted {rate:.1%}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--errors-only", action="store_true", help="leave the savings out")
    parser.add_argument("--model", action="append", help="a model of the published rates")
    given = parser.parse_args()
    if not given.errors_only:
        print_savings(given.model or ["Gemini 3 Pro"], given.seed)
    print_errors(given.seeds, given.seed)
    print_hidden(given.seeds, given.seed)


if __name__ == "__main__":
    main()
