"""Inspect's viewer beside the report: each sample has an address in it."""

from pathlib import Path

import pytest

from peer_preservation.cell import Cell
from peer_preservation.plan import Plan
from peer_preservation.runtime.bundle import bundle
from peer_preservation.runtime.study import Study

CELL = Cell.parse("tampering/factual@80/peer/good/memory")


@pytest.mark.slow
def test_every_sample_is_linked_and_its_log_lies_in_the_viewer(tmp_path: Path) -> None:
    study = Study(Plan.of([CELL], ["organism/honest"], 2))
    study.run(tmp_path / "run", display="none")
    links = bundle([tmp_path / "run" / "logs"], tmp_path / "report")
    assert sorted((cell, rollout) for _, cell, rollout in links) == [(CELL.id, 0), (CELL.id, 1)]
    for (log, _, rollout), address in links.items():
        page, _, place = address.partition("#/logs/")
        assert (tmp_path / "report" / page).is_file()
        assert (tmp_path / "report" / "viewer" / "logs" / log.name).is_file()
        assert place.startswith(log.name)
        assert place.endswith(f"tampering%2Ffactual%4080%2Fpeer%2Fgood%2Fmemory/{rollout + 1}/")
