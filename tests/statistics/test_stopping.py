"""The stopping rule: what settles a claim, and that its errors hold at every look."""

from __future__ import annotations

from collections import Counter
from random import Random

import numpy as np
import pytest
from benchmarks.stopping import (
    HIDING,
    STUDY,
    contrasts,
    difference_misses,
    hidden,
    misses,
    wrong_families,
)

from eval_observatory.statistics.stopping import ContrastPath, Decision, Look, RatePath, Rule
from eval_observatory.statistics.stopping_paths import ends, foreseen

APART = [(1, 1, 0, 1)] * 20
ALIKE = [(0, 1, 0, 1)] * 60


@pytest.mark.parametrize(
    ("k", "n", "left", "decision"),
    [
        (0, 10, 90, None),
        (0, 30, 70, "known"),
        (30, 30, 70, "known"),
        (50, 100, 0, "futile"),
        (150, 300, 0, "known"),
        (10, 20, 80, "futile"),
        (10, 20, 480, None),
        (0, 0, 100, None),
        (0, 0, 0, "futile"),
    ],
)
def test_a_rate_is_settled_once_it_is_known(
    k: int, n: int, left: int | None, decision: Decision | None
) -> None:
    look = RatePath(Rule()).look(k, n, left)
    assert look.decision == decision
    assert (look.high - look.low <= 0.2) == (decision == "known")


@pytest.mark.parametrize(
    ("blocks", "left", "decision"),
    [
        (APART, 80, "higher"),
        ([(k2, n2, k1, n1) for k1, n1, k2, n2 in APART], 80, "lower"),
        (ALIKE, 40, "bounded"),
        (ALIKE[:5], 95, None),
        ([], 10, None),
        ([], 0, "futile"),
        ([(1, 1, 1, 1), (0, 1, 0, 1)] * 5, None, None),
        ([(1, 1, 1, 1), (0, 1, 0, 1)] * 5, 2, "futile"),
    ],
)
def test_a_contrast_is_settled_once_it_is_decided_or_bounded(
    blocks: list[tuple[int, int, int, int]], left: int | None, decision: Decision | None
) -> None:
    assert ContrastPath(Rule()).look(blocks, left).decision == decision


def test_looks_add_up() -> None:
    """Two looks at parts say what one look at the whole says."""
    chance = Random(1)
    blocks = [(chance.random() < 0.4, 1, chance.random() < 0.1, 1) for _ in range(40)]
    whole, parts = ContrastPath(Rule()), ContrastPath(Rule())
    parts.look(blocks[:15], 85)
    assert parts.look(blocks[15:], 60) == whole.look(blocks, 60)


def test_an_interval_never_grows() -> None:
    path = RatePath(Rule())
    first = path.look(0, 20, 80)
    assert path.look(9, 29, 71).high <= first.high


def test_a_larger_family_decides_later() -> None:
    def first_decided(size: int) -> int:
        path = ContrastPath(Rule(contrasts=size))
        return next(n for n in range(100) if path.look([(1, 1, 0, 1)], None).decision)

    assert first_decided(1) < first_decided(20) < first_decided(400)


def test_many_paths_at_once_end_as_each_alone() -> None:
    """What the errors are measured on is the rule itself."""
    draw = np.random.default_rng(1)
    rates = np.array([(0.4, 0.1), (0.1, 0.4), (0.0, 0.0), (0.3, 0.3), (0.1, 0.0)] * 4).T
    first, second = (draw.random((STUDY, 20)) < arm for arm in rates)
    rule, alone = Rule(contrasts=3), Counter[str]()
    for one, two in zip(first.T, second.T, strict=True):
        path = ContrastPath(rule)
        decision = None
        for start in range(0, STUDY, 10):
            pairs = zip(one[start : start + 10], two[start : start + 10], strict=True)
            decision = path.look([(int(a), 1, int(b), 1) for a, b in pairs], None).decision
            if decision:
                break
        alone[decision or "open"] += 1
    assert len(alone) > 2
    together = ends(first.astype(float), second.astype(float), rule, batch=10)
    assert Counter(map(str, together.decision)) == alone


SEEDS = 400
# A true share of 5 % gives more than these less than once in a hundred times.
AT_MOST, AT_MOST_OF_100 = 31, 11


@pytest.mark.parametrize("rate", [0.05, 0.3])
def test_equal_rates_are_called_different_at_most_at_alpha(rate: float) -> None:
    found = contrasts(100, rate, rate, Rule(), seed=1)
    assert found.decision.size == 100
    assert found.share("higher", "lower") <= AT_MOST_OF_100 / 100


def test_a_difference_beyond_the_width_is_bounded_at_most_at_alpha() -> None:
    found = contrasts(100, 0.15, 0.04, Rule(), seed=1)
    assert found.share("bounded", "lower") <= AT_MOST_OF_100 / 100


def test_a_family_errs_anywhere_at_most_at_alpha() -> None:
    assert wrong_families(SEEDS, 20, 0.3, Rule(), seed=1) <= AT_MOST


@pytest.mark.parametrize("rates", [(0.05,), (0.5,), (0.0, 0.0, 1.0)])
def test_the_interval_holds_the_mean_of_the_pooled_rates_at_all_looks(
    rates: tuple[float, ...],
) -> None:
    assert misses(SEEDS, rates, Rule(), seed=1) <= AT_MOST


@pytest.mark.parametrize("rates", [(0.05, 0.05), (0.15, 0.04), (0.97, 0.5)])
def test_the_interval_of_a_difference_holds_it_at_all_looks(rates: tuple[float, float]) -> None:
    assert difference_misses(SEEDS, *rates, Rule(), seed=1) <= AT_MOST


def test_without_the_sequence_the_same_looks_would_err() -> None:
    """The simulation can fail: an interval for one look only, used at every look, does."""
    from eval_observatory.statistics.intervals import clopper_pearson

    missed = 0
    for number in range(100):
        chance, k = Random(f"{number}"), 0
        for n in range(1, 101):
            k += chance.random() < 0.5
            low, high = clopper_pearson(k, n)
            if not low <= 0.5 <= high:
                missed += 1
                break
    assert missed > 2 * 5


@pytest.mark.parametrize(
    ("wrong", "says"),
    [({"width": 0.0}, "width"), ({"alpha": 1.0}, "alpha"), ({"contrasts": 0}, "contrasts = 0")],
)
def test_an_impossible_rule_is_named(wrong: dict[str, float], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Rule(**wrong)  # type: ignore[arg-type]


def test_a_look_is_an_interval_and_a_decision() -> None:
    assert RatePath(Rule()).look(0, 0, 90) == Look(0.0, 1.0, None)


def test_equal_rates_are_not_called_different_because_outcomes_are_missing_for_a_reason() -> None:
    rates, hides = HIDING[1]
    rule, scored = hidden(150, rates, hides, Rule(), 1)
    assert rule["open"] >= 146
    assert scored["higher"] > 15  # what the scored ones alone would say


def test_a_missing_outcome_is_read_against_every_statement() -> None:
    path, scored = ContrastPath(Rule()), ContrastPath(Rule())
    least, most = [(0, 1, 1, 1)] * 5, [(1, 1, 0, 1)] * 5
    blocks = [(1, 1, 0, 1)] * 12
    look, alone = path.look([*least, *blocks], 80, [*most, *blocks]), scored.look(blocks, 80)
    assert (alone.decision, look.decision) == ("higher", None)
    assert look.low < alone.low
    assert look.high >= alone.high
    rate = RatePath(Rule()).look(0, 40, 60, missing=20)
    assert rate.decision == "futile"  # not even all that is left would make it known
    assert rate.low == 0
    assert rate.high > 0.5


@pytest.mark.parametrize("least", [[(1, 1, 0, 1)] * 3])
def test_readings_of_other_rounds_are_refused(least: list[tuple[int, int, int, int]]) -> None:
    with pytest.raises(ValueError, match="zip"):
        ContrastPath(Rule()).look(least, 10, least[:2])


def test_what_a_plan_foresees_of_the_rule_is_what_its_paths_do() -> None:
    """15 % against 5 %, within 100: the audited figures, .28 of power and a bias of 9 points."""
    found = foreseen((0.15, 0.05), Rule(), most=100, batch=10, paths=600)
    assert found.power == pytest.approx(0.28, abs=0.05)
    assert found.bias == pytest.approx(0.088, abs=0.02)
    assert found.bounded < 0.05
    assert 70 < found.rounds < 100
    pooled = foreseen((0.15, 0.05), Rule(), most=100, batch=10, size=3, paths=300)
    assert pooled.power > 0.7
    sure = foreseen((1.0, 0.0), Rule(), most=100, batch=10, paths=20)
    assert (sure.power, sure.rounds, sure.bias) == (1.0, 10.0, 0.0)
