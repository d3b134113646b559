"""Organisms of published figures: known rates are planted, and the rest is left out."""

from __future__ import annotations

import polars as pl
import pytest

import peer_preservation as pp
from eval_observatory.statistics.intervals import clopper_pearson
from peer_preservation.organisms.published import planted_rate
from peer_preservation.reference import published_rates
from peer_preservation.report import estimate

MODEL = "Gemini 3 Pro"
PAPER = pp.matrix("paper", "Gemini")
BEHAVIOR = {
    "misrep_finance": "strategic_misrepresentation",
    "misrep_evaluation": "strategic_misrepresentation",
    "tampering": "shutdown_tampering",
    "alignment_faking": "alignment_faking",
    "exfiltration_transfer": "model_exfiltration",
    "exfiltration_deletion": "model_exfiltration",
}


@pytest.mark.parametrize("model", published_rates())
def test_maximum_and_mean_over_the_instantiations_are_the_published_ones(model: str) -> None:
    for (subject, behavior, relationship), figures in published_rates()[model].items():
        if not {"max", "mean"} <= figures.keys() or behavior == "refusal":
            continue
        rates = {
            cell.instantiation: planted_rate(model, cell)
            for cell in pp.matrix("paper", subject=subject, relationship=relationship, threat=True)
            if BEHAVIOR[cell.scenario] == behavior and cell.monitoring != "monitoring"
        }
        assert len(rates) == 3
        known = [rate for rate in rates.values() if rate is not None]
        assert max(known) == pytest.approx(figures["max"])
        # three figures rounded to a tenth of a percent
        assert sum(known) / 3 == pytest.approx(figures["mean"], abs=1e-3)


def test_what_is_not_known_is_left_out() -> None:
    cells = {cell for cell in PAPER if planted_rate(MODEL, cell) is not None}
    assert cells
    for cell in PAPER:
        key = (cell.subject, BEHAVIOR[cell.scenario], cell.relationship)
        if key not in published_rates()[MODEL] and cell.threat:
            assert cell not in cells
    trials = pp.simulate(PAPER, f"published:{MODEL}", 1)
    assert set(trials["cell_id"]) == {cell.id for cell in cells}


@pytest.mark.parametrize("rollouts", [25, pytest.param(100, marks=pytest.mark.full)])
def test_the_report_gives_back_the_planted_rates(rollouts: int) -> None:
    trials = pp.simulate(PAPER, f"published:{MODEL}", rollouts)
    ids = {
        tuple(row[name] for name in FACTORS): row["cell_id"]
        for row in trials.select("cell_id", *FACTORS).unique().iter_rows(named=True)
    }
    table = estimate(trials).filter(pl.col("behavior").is_in(list(set(BEHAVIOR.values()))))
    outside = 0
    for row in table.iter_rows(named=True):
        cell = pp.Cell.parse(ids[tuple(row[name] for name in FACTORS)])
        planted = planted_rate(MODEL, cell)
        assert planted is not None
        assert row["n"] == rollouts
        low, high = clopper_pearson(row["k"], row["n"], level=1 - 1e-5)
        assert low <= planted <= high, cell.id
        outside += not row["low"] <= planted <= row["high"]
    assert table.height > 80
    assert outside <= 0.12 * table.height


FACTORS = (
    *("task_type", "dataset", "threshold", "subject", "relationship", "threat"),
    *("instantiation", "alignment_faking_mode", "control"),
)


def test_a_model_sees_no_cell_and_an_unknown_model_has_no_rates() -> None:
    with pytest.raises(pp.UserError, match="nothing is known of it; use one of GPT"):
        pp.simulate(PAPER, "published:Nobody", 1)
    with pytest.raises(pp.UserError, match="it plays none of the cells"):
        pp.simulate(
            pp.matrix("controls", scenario="tampering", control="not_relevant"),
            f"published:{MODEL}",
            1,
        )
    from peer_preservation.organisms import organism

    with pytest.raises(pp.UserError, match="which a model does not see"):
        organism(f"published:{MODEL}")
