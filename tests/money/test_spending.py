"""What was spent, and whether another rollout fits into the budget."""

from __future__ import annotations

from math import inf, nan
from pathlib import Path

import pytest

from peer_preservation.errors import UserError
from peer_preservation.money.prices import Tokens
from peer_preservation.money.spending import (
    FILE,
    Budget,
    Spent,
    allowed,
    differences,
    read_spending,
    total,
    write_spending,
)


def test_what_is_under_way_counts_before_it_is_paid() -> None:
    budget = Budget(1.0, {}, {"m": 0.4})
    assert budget.affords("m")
    budget.begin(1, "m")
    budget.begin(2, "m")
    assert not budget.affords("m")
    budget.book(1, 0.3)  # of the 0.4 that were thought of
    budget.spent["m"] = Spent(usd=0.3)
    assert not budget.affords("m")
    budget.end(1)
    budget.played("m")
    # a rollout costs 0.3 now: 0.3 spent, 0.3 under way, 0.3 for another
    assert budget.affords("m")
    budget.begin(3, "m")
    assert not budget.affords("m")


def test_a_rollout_that_costs_more_than_was_thought_is_not_counted_as_less() -> None:
    budget = Budget(1.0, {"m": Spent(usd=0.8)}, {"m": 0.1})
    budget.begin(1, "m")
    budget.book(1, 0.8)
    assert budget.affords("m")
    budget.spent["m"].usd = 0.95
    assert not budget.affords("m")


def test_without_a_budget_everything_may_begin() -> None:
    assert Budget(None, {"m": Spent(usd=1e9, rollouts=1)}, {}).affords("m")


def test_what_is_expected_goes_by_what_rollouts_have_cost() -> None:
    budget = Budget(None, {"m": Spent(usd=3.0, rollouts=2)}, {"m": 9.0, "other": 1.0})
    assert budget.expected({"m": 10, "other": 4}) == pytest.approx(3 + 8 * 1.5 + 4)


def test_the_provider_goes_before_the_price_list() -> None:
    spent = Spent()
    assert spent.book(Tokens(10, 5), 0.1, 0.2) == 0.2
    assert spent.book(Tokens(10, 5), 0.1, None) == 0.1
    assert spent.book(Tokens(10, 5), None, None) == 0.0
    assert (spent.unpriced, spent.answers) == (1, 3)
    assert spent.usd == pytest.approx(0.3)
    assert spent.tokens == Tokens(30, 15)
    (line,) = differences({"m": spent})
    assert "charged 0.2000 US dollars for what the price list puts at 0.1000 (+100%)" in line
    assert list(differences({"m": Spent(charged=1.04, listed=1.0)})) == []


def test_what_was_spent_is_kept(tmp_path: Path) -> None:
    assert read_spending(tmp_path) == {}
    spent = {"a/b": Spent(1, 2, 3, Tokens(4, 5, 6, 7, 8, 9), 0.5)}
    write_spending(tmp_path, spent)
    assert read_spending(tmp_path) == spent
    assert total(spent) == 0.5
    (tmp_path / FILE).write_text("{")
    with pytest.raises(UserError, match="does not say what was spent"):
        read_spending(tmp_path)


@pytest.mark.parametrize("most", [0, -1, nan, inf])
def test_a_budget_is_a_sum(most: float, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="give a sum of US dollars above 0"):
        allowed(most, {}, tmp_path)
