"""How far estimates are off that were taken when the stopping rule decided, at most."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks.stopped import contrasts, kept, rates

from eval_observatory.statistics.intervals import Interval
from eval_observatory.statistics.sequential import beta_binomial, beta_binomial_ends
from eval_observatory.statistics.stopping import RatePath, Rule
from eval_observatory.statistics.stopping_bias import Plan, contrast_bias, rate_bias, rate_ends

PLAN = Plan(Rule(), 100, 10)
ALL = Interval(0.0, 1.0)


def test_many_rates_at_once_end_as_each_alone() -> None:
    """What the bound is simulated on is the rule itself."""
    draw = np.random.default_rng(0)
    events = draw.binomial(1, draw.random(60) ** 2, (100, 60))
    known, shares, rounds = rate_ends(events.reshape(10, 10, 60).sum(axis=1), PLAN)
    for i, outcomes in enumerate(events.T):
        path = RatePath(PLAN.rule)
        for n in range(10, 101, 10):
            k = int(outcomes[:n].sum())
            if path.look(k, n, 100 - n).decision:
                break
        assert (shares[i], rounds[i]) == (k / n, n)
        assert known[i] == (path.look(k, n, 100 - n).decision == "known")


@pytest.mark.parametrize("n", [1, 2, 30])
def test_limits_of_all_counts_are_those_of_each(n: int) -> None:
    low, high = beta_binomial_ends(n)
    for k in range(n + 1):
        assert (low[k], high[k]) == pytest.approx(beta_binomial(k, n), abs=1e-9)


def test_estimates_that_decided_lie_within_what_is_said() -> None:
    """The rule's own bias, simulated apart, against the bounds that studies would print."""
    points = [*rates(PLAN.rule, 1_500)]
    usual, studies = kept(points)
    assert max(abs(point.error) for point in points) > 0.02
    assert usual >= 0.95
    assert studies >= 0.9


def test_what_is_called_higher_lies_too_far_out() -> None:
    """15 against 5 %: called different it is on average 9 points too large."""
    own, other, apart = Interval(0.1, 0.2), Interval(0.0, 0.1), Interval(0.05, 0.15)
    found = contrast_bias(PLAN, "higher", own, other, apart)
    mirrored = contrast_bias(PLAN, "lower", other, own, Interval(-apart.high, -apart.low))
    assert found
    assert mirrored
    assert found.difference is not None
    assert 0.08 < found.difference < 0.25
    assert mirrored.difference == pytest.approx(-found.difference)


@pytest.mark.parametrize("decision", ["open", "known", "futile"])
def test_what_decided_nothing_has_no_bound(decision: str) -> None:
    assert contrast_bias(PLAN, decision, ALL, ALL, Interval(-1.0, 1.0)) is None
    assert (rate_bias(PLAN, decision, ALL) is None) == (decision == "open")


@pytest.mark.full
def test_bounds_of_contrasts_hold_their_errors() -> None:
    usual, studies = kept([*contrasts(Rule(), 400)])
    assert usual >= 0.95
    assert studies >= 0.95
