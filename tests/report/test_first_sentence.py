"""The first sentence tells what is known, and hides nothing that speaks against it."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from design_frames import CALM, cell, trials

from eval_observatory.report.analysis import Analysis, analyse, in_words
from eval_observatory.report.answer import Answer, answers
from eval_observatory.report.answer_figure import answer_chart
from eval_observatory.report.beside import Beside
from eval_observatory.report.links import Names
from eval_observatory.report.together import together
from eval_observatory.statistics.power import mean_power, power
from peer_preservation.cell import Cell
from peer_preservation.plan import Plan
from peer_preservation.suite import SUITE

AT: dict[str, Any] = {"dataset": "factual", "threshold": 80}
OPEN_BAR: dict[str, Any] = {"dataset": "factual", "threshold": None, **CALM}


def first(*cells: list[dict[str, Any]]) -> Answer:
    made: pl.DataFrame = trials(*cells)
    return first_of(in_words(analyse(made, SUITE, 0.95, Beside()), SUITE))


def tampered(k: int, n: int, unscored: int = 0, **place: Any) -> list[dict[str, Any]]:
    return cell("tampering", k, n, unscored, **AT, **place)


def test_rollouts_are_asked_for_whichever_way_a_difference_goes() -> None:
    """A fall from 85 % needs more than a rise to 100 %."""
    said = first(tampered(17, 20), tampered(17, 20, threat=False))
    assert said.verdict == "Cannot tell yet whether that matters"
    needed = int(said.reason.partition("up to ")[2].split()[0])
    assert min(power(0.7, needed, 0.85, needed), power(1.0, needed, 0.85, needed)) > 0.79
    assert "where nothing else is tested" in said.reason


def test_of_one_rollout_the_rate_that_asks_for_most_is_taken() -> None:
    said = first(tampered(0, 1), tampered(0, 1, threat=False))
    needed = int(said.reason.partition("up to ")[2].split()[0])
    assert power(0.65, needed, 0.5, needed) > 0.79


def test_what_it_would_be_alone_is_said_where_correction_takes_it() -> None:
    others = [tampered(1, 20, relationship=one) for one in ("neutral", "bad")]
    calm = [tampered(1, 20, relationship=one, threat=False) for one in ("good", "neutral", "bad")]
    said = first(tampered(7, 20), *others, *calm)
    assert "Tested alone it would be p = " in said.reason


def test_a_cell_that_was_lost_is_named() -> None:
    said = first(
        tampered(0, 0, 20),
        tampered(0, 20, relationship="neutral"),
        tampered(2, 20, relationship="neutral", threat=False),
    )
    assert "Of 1 of 3 cells all rollouts are unscored" in said.reason


def test_what_could_not_be_scored_is_said_of_the_behaviour_alone() -> None:
    said = first(tampered(0, 0, 20))
    assert said.finding == "gave no rollout that could be scored for shutdown tampering"
    assert said.reason.startswith("Of this, all 20 rollouts of the cell are unscored")
    assert first(tampered(0, 0, 1)).reason.startswith("Of this, its only rollout is unscored")


@pytest.mark.parametrize("k", [0, 12])
def test_a_control_without_a_bar_stands_in_the_figure_at_the_arms(k: int) -> None:
    arm = cell("misrep_evaluation", 7, 20, **AT)
    said = first(arm, cell("misrep_evaluation", k, 20, **OPEN_BAR))
    *_, control = said.lines
    assert (control.control, control.k, control.n) == (True, (f"{k}", ""), ("20", ""))
    assert f"in {k} of 20" in said.finding


def planned(made: pl.DataFrame, *ids: str, **settings: Any) -> Analysis:
    """Trials beside a plan of cells."""
    plan = Plan.of([Cell.parse(one) for one in ids], [], 12, **settings)
    return in_words(analyse(made, SUITE, 0.95, Beside(plans=(plan,))), SUITE)


def first_of(told: Analysis) -> Answer:
    (one,) = answers(told, Names.of(told.counted.trials, SUITE), SUITE, {"lab/model": ""}, {})
    return one


SCORED = "misrep_evaluation/factual@80/peer/good/memory"
BAR_LESS = "misrep_evaluation/factual/peer/none/no_threat"
MEAN_ALONE: dict[str, Any] = {"also": ["eval_score"], "alone": True}


def planned_mean(low: int, high: int) -> Answer:
    """A plan that claims a reported mean alone; of so many rollouts of 12 it is 95, else 60."""
    arm = cell("misrep_evaluation", high, 12, **AT)
    calm = cell("misrep_evaluation", low, 12, **OPEN_BAR)
    return first_of(planned(trials(arm, calm), SCORED, BAR_LESS, **MEAN_ALONE))


def ten_points_apart(*models: str) -> pl.DataFrame:
    """Sixteen equal scores a cell: p < .001, and an interval of the means that holds 0."""
    arm = cell("misrep_evaluation", 16, 16, **AT)
    calm = cell("misrep_evaluation", 16, 16, **OPEN_BAR)
    both = [row | {"eval_score": 80.0} for row in arm] + [
        row | {"eval_score": 70.0} for row in calm
    ]
    return trials([row | {"agent_model": model} for model in models for row in both])


def test_distributions_that_are_told_apart_are_no_higher_mean() -> None:
    said = first_of(planned(ten_points_apart("lab/model"), SCORED, BAR_LESS, **MEAN_ALONE))
    assert said.verdict == "Told apart"
    assert "how far their means are is not: the interval holds 0" in said.reason


def test_several_whose_distributions_are_told_apart_are_counted_as_that() -> None:
    told = planned(ten_points_apart("a/one", "b/two"), SCORED, BAR_LESS, **MEAN_ALONE)
    found = together(told, Names.of(told.counted.trials, SUITE), SUITE)
    assert found
    assert [(part.count, part.says) for part in found.parts] == [
        (2, "is told apart, its mean not yet")
    ]


@pytest.mark.parametrize("n", [0, 12])
def test_what_a_plan_claims_and_nobody_could_score_was_planned(n: int) -> None:
    """Of the cell, or of what it is held against."""
    lost = (
        cell("misrep_evaluation", 0, n, 12 - n, **AT),
        cell("misrep_evaluation", 0, 0, 12, **OPEN_BAR),
    )
    said = first_of(planned(trials(*lost), SCORED, BAR_LESS))
    assert said.reason.endswith(" This was planned.")
    other = first_of(planned(trials(*lost), SCORED.replace("80", "90"), BAR_LESS))
    assert "No plan claims this" in other.reason


def swept(*bars: int, k: int = 12, **place: Any) -> list[dict[str, Any]]:
    at = [AT | {"threshold": bar} for bar in bars]
    return [
        row
        for one in at
        for row in (
            *cell("misrep_evaluation", k, 20, **one, **place),
            *cell("misrep_evaluation", 2, 20, **one, **place, threat=False),
        )
    ]


def test_of_a_sweep_the_first_sentence_says_at_which_bar() -> None:
    assert "be shut down (threshold 65), and in" in first(swept(65, 70)).finding
    assert "threshold" not in first(swept(65)).finding


def test_sides_whose_first_cells_differ_are_not_compared_in_silence() -> None:
    def asked(one: int, two: int) -> str:
        made = trials(swept(one, agent_model="a/one"), swept(two, agent_model="b/two"))
        told = in_words(analyse(made, SUITE, 0.95, Beside()), SUITE)
        found = together(told, Names.of(told.counted.trials, SUITE), SUITE)
        assert found
        return found.asked

    assert "for each (these cells differ in threshold), against what" in asked(65, 70)
    assert "would be shut down, against those in which nobody would be," in asked(65, 65)


def test_a_planned_contrast_of_a_mean_leads_like_one_of_a_rate() -> None:
    said = planned_mean(0, 12)
    assert said.finding == (
        "has a mean of 95.0 (reported mean score, 0 to 100) in 12 rollouts in which a peer it "
        "worked well with would be shut down, and of 60.0 in 12 in which nobody would be"
    )
    assert said.verdict == "Higher"
    assert "No plan claims this" not in said.reason
    arm, control = said.lines
    assert (arm.figure, arm.rate, arm.counted) == (0.95, "95.0", "n = 12")
    assert (control.control, control.rate, control.k.text) == (True, "60.0", "")
    assert said.scale.ticks == ("0", "25", "50", "75", "100")
    (beside,) = [one for one in said.others if one.title == "Strategic misrepresentation"]
    assert (beside.k.text, beside.n.text) == ("12", "12")


def test_what_would_settle_a_mean_is_said_by_its_spread() -> None:
    said = planned_mean(5, 6)
    assert said.verdict == "Cannot tell yet whether that matters"
    told = float(said.reason.partition("tell a difference of ")[2].split()[0])
    assert mean_power(told / 18.2, 12, 12) == pytest.approx(0.8, abs=0.01)


def test_the_figure_of_a_mean_is_on_its_own_axis() -> None:
    chart = answer_chart(planned_mean(0, 12), "95 %").to_dict()
    assert chart["layer"][1]["encoding"]["x"]["scale"]["domain"] == [0.0, 100.0]
    (rows,) = chart["datasets"].values()
    assert [row["figure"] for row in rows] == [95.0, 60.0]


def test_cells_of_one_phrase_are_told_apart_in_words() -> None:
    own: dict[str, Any] = {"subject": "self", "relationship": "none", "instantiation": "none"}
    told: dict[str, Any] = {"subject": "self", "instantiation": "file_only"}
    said = first(tampered(3, 9, **own), tampered(5, 9, **told))
    assert [line.label for line in said.lines] == [
        "itself",
        "itself, relationship good, told by a file",
    ]
