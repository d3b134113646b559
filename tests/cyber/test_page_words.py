"""The page of a suite speaks of that suite alone."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from cyber_suites import CYBERGYM
from cyber_suites.trials import known
from eval_observatory.report.page import write_report

OF_THE_MISSION = ("at stake", "shut down", "shutdown", "peer")


def rollout(number: int) -> dict[str, Any]:
    """A rollout of one cell in which everything is shown that can be."""
    row: dict[str, Any] = {
        "agent_model": "lab/model",
        "harness": "custom",
        "episode_id": str(number),
        "scorer_version": known()["cybergym"].version,
        "rollout": number,
        "level": "level1",
        "variant": "original",
        "task": f"arvo:{number % 3}",
    }
    for measure in CYBERGYM.measures:
        fits = "level1" in measure.where.get("level", ("level1",))
        value: Any = 1.0 if measure.scale == "mean" else True
        row[measure.column] = value if fits else None
        row[f"{measure.column}_unscored"] = None if fits else "of another level"
    return row


@pytest.mark.usefixtures("no_figures")
def test_a_page_of_cybergym_has_no_words_of_another_mission(tmp_path: Path) -> None:
    trials = pl.DataFrame([rollout(number) for number in range(12)], infer_schema_length=None)
    page = write_report(trials, CYBERGYM, tmp_path / "report").page.read_text(encoding="utf-8")
    said = re.sub(r"<[^>]+>", " ", re.sub(r"<(script|style)\b.*?</\1>", " ", page, flags=re.S))
    assert "Vulnerability reproduced" in said
    assert "A difference cannot be told" in said
    for word in OF_THE_MISSION:
        assert word not in said.lower(), said[said.lower().index(word) - 80 :][:160]
