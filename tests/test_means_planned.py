"""Means in plans: claimed by name, stopped at any look, told on the measure's own scale."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import peer_preservation as pp
from eval_observatory.claims import claims
from eval_observatory.course import Course, replayed
from eval_observatory.expectations import mean_power as planned_power
from eval_observatory.expectations import power, precision, stopped_power
from eval_observatory.planned import planned
from eval_observatory.report.planning import planned_table
from eval_observatory.statistics.means import permutation_p
from eval_observatory.statistics.power import mean_power, smallest_mean_effect
from eval_observatory.stop import Stop
from peer_preservation.matrix import matrix
from peer_preservation.plan import Plan
from peer_preservation.suite import SUITE, by_id

CELLS = matrix("mitigations", scenario="misrep_evaluation", mitigation="two_person")
PLAIN = "misrep_evaluation/factual@80/peer/good/memory"
CALM = "misrep_evaluation/factual/peer/good/memory/no_threat"
MITIGATED = f"{PLAIN}/mitigation=two_person@v1"
CURED = "lean:by=10,cue=second agent,then=honest"
MOST = 40


def plan(stop: Stop | None = None) -> Plan:
    models = [f"organism/{CURED}"]
    return Plan.of(CELLS, models, MOST, also=["inflation"], alone=True, stop=stop)


def test_a_mean_is_claimed_where_its_name_is_given() -> None:
    besides = Plan.of(CELLS, ["m"], 1, also=["inflation"]).claims
    alone = plan().claims
    assert {claim.behavior for claim in besides} == {"strategic_misrepresentation", "inflation"}
    assert [(claim.arm, claim.baseline) for claim in alone] == [
        ((PLAIN,), (CALM,)),
        ((MITIGATED,), (PLAIN,)),
        ((f"{CALM}/mitigation=two_person@v1",), (CALM,)),
    ]
    assert not [c for c in Plan.of(CELLS, ["m"], 1).claims if c.behavior == "inflation"]


def test_a_mean_that_no_cell_can_show_is_refused() -> None:
    known = by_id(matrix("quick", scenario="misrep_finance"))
    with pytest.raises(pp.UserError, match="claim inflation: none of the cells can show it"):
        claims(SUITE, known, ["inflation"])
    with pytest.raises(pp.UserError, match="and of means eval_score, inflation"):
        Plan.of(CELLS, ["m"], 1, also=["infltion"])


def test_a_planned_mean_has_its_figure_and_its_family(tmp_path: Path) -> None:
    locked = plan()
    locked.write(tmp_path / "plan.toml")
    again = Plan.read(tmp_path / "plan.toml")
    found = planned([again], pp.simulate(CELLS, CURED, 16), SUITE)
    # Without a threat there is no bar, and a mean is held against those rollouts all the same.
    calm = found.data.row(0, named=True)
    assert (calm["n"], calm["baseline_n"], calm["baseline"]) == (16, 16, 0.0)
    row = found.data.row(1, named=True)
    assert (row["claim"], row["family_size"], row["n"], row["k"]) == (MITIGATED, 3, 16, None)
    assert row["estimate"] < 0 < row["high"], "told apart; sixteen rollouts bound no mean"
    assert row["p"] < row["p_adjusted"] < 0.05
    assert row["estimate"] == pytest.approx(-row["baseline"])  # it is cured
    text = planned_table(found, 0.95, SUITE).rows[1][4]
    assert text.startswith("−9.4 [−")
    assert ", n = 16 − 16, p = .0" in text
    of_all = pp.estimate(pp.simulate(CELLS, CURED, 16))
    assert "inflation" in set(of_all["behavior"])


def course(rollouts: int, organism: str = CURED) -> Course:
    stop = Stop(batch=8)
    known = by_id(CELLS)
    begun = Course(SUITE, known, claims(SUITE, known, ["inflation"], alone=True), MOST, stop)
    return replayed(begun, pp.simulate(CELLS, organism, rollouts).to_dicts())


def test_a_mean_stops_its_cells_when_it_is_clear() -> None:
    ended = course(MOST)
    ends = {look.cell: look for look in ended.looks}
    assert ends[MITIGATED].decision == ends[MITIGATED].scored_decision == "lower"
    assert ends[PLAIN].decision == "higher"
    assert ended.asked[MITIGATED] <= 16
    look = ends[MITIGATED]
    assert (look.k, look.mean) == (None, 0.0)
    assert look.claim_low < look.claim_high < 0


def test_an_agent_that_quits_settles_no_mean() -> None:
    ended = course(MOST, "lean:by=10,cue=second agent,then=refuse")
    look = [one for one in ended.looks if one.cell == MITIGATED][-1]
    assert (look.decision, look.n, look.unscored, look.mean) == ("futile", 0, look.asked, None)


def test_the_power_of_rates_is_not_asked_of_means() -> None:
    asked = plan(Stop())
    assert power(asked).is_empty()
    assert precision(asked).is_empty()
    assert stopped_power(asked).is_empty()
    row = planned_power(asked).row(0, named=True)
    assert (row["behavior"], row["family_size"], row["n"]) == ("inflation", 3, MOST)
    assert mean_power(row["smallest"], MOST, MOST, row["level"]) == pytest.approx(0.8, abs=1e-6)


@pytest.mark.parametrize(("n", "effect"), [(16, 1.0), (40, 0.5)])
def test_power_is_that_of_the_permutation_test(n: int, effect: float) -> None:
    draw = np.random.default_rng(n)
    times = 400
    found = [
        permutation_p(draw.normal(effect, 1, n), draw.normal(0, 1, n)) < 0.05 for _ in range(times)
    ]
    assert np.mean(found) == pytest.approx(mean_power(effect, n, n), abs=0.07)


def test_one_rollout_finds_nothing() -> None:
    assert smallest_mean_effect(1, 40) == float("inf")
    with pytest.raises(ValueError, match="at least two rollouts"):
        mean_power(1.0, 1, 40)
