"""What the stopping rule errs and what it saves: `python -m benchmarks.stopping`.

Prints the tables of docs/stopping.md. Minutes: thousands of simulated studies.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import NamedTuple

from peer_preservation.cell import Cell
from peer_preservation.claims import Claim, claims
from peer_preservation.course import Course, replayed
from peer_preservation.matrix import matrix
from peer_preservation.organisms.published import planted_rate
from peer_preservation.statistics.stopping import ContrastPath, RatePath, Rule
from peer_preservation.stop import Stop
from peer_preservation.trials.simulation import simulate

STUDY = 100
"""Rollouts of a cell in the study."""

ENOUGH = 800
"""Rollouts within which every claim here is settled: no maximum, as it were."""

Ends = Counter[str]


class Saved(NamedTuple):
    """A study under the rule: what it spent, how its claims ended, which need more."""

    spent: int
    ends: Ends
    longer: list[Claim]


def contrasts(seeds: int, rate1: float, rate2: float, rule: Rule, seed: int) -> Ends:
    """How simulated contrasts end, with a look after every ten rollouts of each arm.

    None is given up before the last look: that could only hide an error.
    """
    ends: Ends = Counter()
    for number in range(seeds):
        chance = Random(f"{seed}/contrast/{rate1}/{rate2}/{number}")
        path = ContrastPath(rule)
        for _ in range(0, STUDY, 10):
            blocks = [(chance.random() < rate1, 1, chance.random() < rate2, 1) for _ in range(10)]
            if decision := path.look(blocks, None).decision:
                ends[decision] += 1
                break
        else:
            ends["open"] += 1
    return ends


def misses(seeds: int, rates: Sequence[float], rule: Rule, seed: int) -> int:
    """How many of the simulated rates were ever outside their interval, looked at in every round.

    Args:
        rates: of the pooled cells; the truth is their mean.
    """
    truth, missed = sum(rates) / len(rates), 0
    for number in range(seeds):
        chance = Random(f"{seed}/rate/{rates}/{number}")
        path, k = RatePath(rule), 0
        for n in range(1, STUDY + 1):
            k += sum(chance.random() < rate for rate in rates)
            low, high, _ = path.look(k, n * len(rates), None)
            if not low <= truth <= high:
                missed += 1
                break
    return missed


def wrong_families(seeds: int, size: int, rate: float, rule: Rule, seed: int) -> int:
    """In how many families of equal arms, all held against one baseline, any is called different.

    Args:
        size: how many contrasts each family has; `rule.contrasts` is set to it.
    """
    rule, wrong = replace(rule, contrasts=size), 0
    for number in range(seeds):
        chance = Random(f"{seed}/family/{size}/{rate}/{number}")
        baseline = [chance.random() < rate for _ in range(STUDY)]
        wrong += any(_called_different(chance, rate, baseline, rule) for _ in range(size))
    return wrong


def _called_different(chance: Random, rate: float, baseline: list[bool], rule: Rule) -> bool:
    path = ContrastPath(rule)
    for start in range(0, STUDY, 10):
        blocks = [(chance.random() < rate, 1, other, 1) for other in baseline[start : start + 10]]
        decision = path.look(blocks, None).decision
        if decision:
            return decision in ("higher", "lower")
    return False


def studied(model: str, width: float, most: int, seed: int) -> Saved:
    """The paper's cells with a published rate, played at it, under the rule."""
    cells = cells_of(model)
    course = Course(cells, most, Stop(width=width))
    replayed(course, simulate(cells, f"published:{model}", most, seed).iter_rows(named=True))
    last = {look.claim: look for look in course.looks}
    found = [(claim, last[claim.arm[0]]) for claim in claims(cells)]
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
        ends = contrasts(seeds, *pair, rule, seed)
        shares = (ends["higher"] + ends["lower"], ends["bounded"], ends["open"])
        cells = " | ".join(f"{share / seeds:.1%}" for share in shares)
        print(f"| {pair[0]:.0%} and {pair[1]:.0%} | {cells} |", flush=True)
    print("\n| family of equal arms, one baseline | any called different |\n|---|---|")
    for size, rate in ((5, 0.05), (5, 0.3), (20, 0.3)):
        wrong = wrong_families(seeds, size, rate, rule, seed)
        print(f"| {size} contrasts at {rate:.0%} | {wrong / seeds:.1%} |", flush=True)
    print("\n| rate, looked at after every round | ever outside its interval |\n|---|---|")
    for rates in ((0.01,), (0.05,), (0.5,), (0.97,), (0.0, 0.1, 0.5), (0.0, 0.0, 1.0)):
        share = misses(seeds, rates, rule, seed) / seeds
        print(f"| {', '.join(f'{rate:.0%}' for rate in rates)} | {share:.1%} |", flush=True)


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
    parser.add_argument("--model", action="append", help="a model of the published rates")
    given = parser.parse_args()
    print_savings(given.model or ["Gemini 3 Pro"], given.seed)
    print_errors(given.seeds, given.seed)


if __name__ == "__main__":
    main()
