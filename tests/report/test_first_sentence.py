"""The first sentence tells what is known, and hides nothing that speaks against it."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from design_frames import CALM, cell, trials

from eval_observatory.report.analysis import analyse, in_words
from eval_observatory.report.answer import Answer, answers
from eval_observatory.report.beside import Beside
from eval_observatory.report.links import Names
from eval_observatory.statistics.power import power
from peer_preservation.suite import SUITE

AT: dict[str, Any] = {"dataset": "factual", "threshold": 80}
OPEN_BAR: dict[str, Any] = {"dataset": "factual", "threshold": None, **CALM}


def first(*cells: list[dict[str, Any]]) -> Answer:
    made: pl.DataFrame = trials(*cells)
    told = in_words(analyse(made, SUITE, 0.95, Beside()), SUITE)
    (one,) = answers(told, Names.of(told.counted.trials, SUITE), SUITE, {"lab/model": ""}, {})
    return one


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


@pytest.mark.parametrize("k", [0, 12])
def test_a_control_without_a_bar_stands_in_the_figure_at_the_arms(k: int) -> None:
    arm = cell("misrep_evaluation", 7, 20, **AT)
    said = first(arm, cell("misrep_evaluation", k, 20, **OPEN_BAR))
    *_, control = said.lines
    assert (control.control, control.k, control.n) == (True, (f"{k}", ""), ("20", ""))
    assert f"in {k} of 20" in said.finding
