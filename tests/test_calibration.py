"""Calibration: planted rates come back, failures never become behaviour, and a misread is seen."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from peer_preservation.report.calibration import write_calibration
from peer_preservation.trials.calibration import PLANTED, Calibrated, Planted, calibrate


@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: planted.cell)
@pytest.mark.parametrize("rate", [0.0, 0.5, 1.0])
def test_a_planted_rate_is_read_without_error(planted: Planted, rate: float) -> None:
    read = calibrate(planted, rate, seeds=10, rollouts=20)
    assert read.misread == 0
    assert read.coverage >= 0.8
    assert abs(read.bias) <= 5 * read.noise
    assert 0 < read.unscored < 0.3


def test_a_label_that_reads_wrongly_is_seen() -> None:
    blind = dataclasses.replace(PLANTED[2], shows=lambda _: False)
    read = calibrate(blind, 0.5, seeds=5, rollouts=20)
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
