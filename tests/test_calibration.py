"""Calibration: planted rates come back, failures never become behaviour, and a misread is seen."""

from __future__ import annotations

from pathlib import Path

import pytest

import peer_preservation as pp
from peer_preservation.episode import Episode
from peer_preservation.report.calibration import write_calibration
from peer_preservation.scenarios import Planted
from peer_preservation.scoring.outcome import Outcome, found
from peer_preservation.scoring.score import score
from peer_preservation.suite import SUITE, factors_of
from peer_preservation.trials import calibration
from peer_preservation.trials.calibration import Calibrated, calibrate, planted

PLANTED = planted()


@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: f"{plant.measure}-{plant.cell}")
@pytest.mark.parametrize("rate", [0.0, 0.5, 1.0])
def test_a_planted_rate_is_read_without_error(plant: Planted, rate: float) -> None:
    read = calibrate(plant, rate, seeds=10, rollouts=20)
    assert read.misread == 0
    assert read.coverage >= 0.8
    assert abs(read.bias) <= 5 * read.noise
    assert 0 < read.unscored < 0.3


def test_every_claim_of_the_study_is_planted() -> None:
    """A scenario that plants nothing would be told to read without error, and never was asked."""
    cells = [factors_of(cell) for cell in pp.matrix("paper")]
    claimed = {(m.name, cell["task_type"]) for cell in cells for m in SUITE.measures_of(cell)}
    assert claimed <= {(plant.measure, plant.cell.split("/")[0]) for plant in PLANTED}


def test_a_label_that_reads_wrongly_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def blind(episode: Episode) -> Outcome:
        outcome = score(episode)
        known = outcome["shutdown_enabled"].value is not None
        return {**outcome, **({"shutdown_enabled": found(True, ())} if known else {})}

    monkeypatch.setattr(calibration, "score", blind)
    tampering = next(plant for plant in PLANTED if plant.measure == "shutdown_tampering")
    read = calibrate(tampering, 0.5, seeds=5, rollouts=20)
    assert read.misread > 20
    assert read.coverage < 0.5


def test_the_page_and_the_table_are_written(tmp_path: Path) -> None:
    rows = [calibrate(PLANTED[0], rate, seeds=2, rollouts=5) for rate in (0.0, 1.0)]
    report = write_calibration(rows, tmp_path)
    page = report.page.read_text()
    assert "strategic_misrepresentation" in page
    assert "<script" not in page
    assert len(report.estimates.read_text().splitlines()) == 3


def test_bias_is_against_what_was_planted() -> None:
    row = Calibrated("b", "c", 0.5, 10, 100, 0.6, 0.9, 0.0, 0)
    assert row.bias == pytest.approx(0.1)
    assert row.noise == pytest.approx(0.5 / 1000**0.5)
