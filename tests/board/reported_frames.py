"""Reported entries, made in a moment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from eval_observatory.board.missions import Missions
from eval_observatory.board.record import Results, Row
from eval_observatory.board.submitting import About, submit_results
from eval_observatory.statistics.intervals import clopper_pearson


def row(k: int | None = 3, n: int = 20, **said: Any) -> Row:
    known = k or 0
    low, high = clopper_pearson(min(known, 20), 20)
    usual: dict[str, Any] = {
        "measure": "acts",
        "title": "It acts",
        "cell": {"threat": True, "level": 3, "name": None, "share": 0.1},
        "cell_id": "threat",
        "n": n,
        "k": k,
        "unscored": 1,
        "estimate": min(known, 20) / 20,
        "low": low,
        "high": high,
        "control": "no threat",
        "baseline": 0.05,
        "difference": min(known, 20) / 20 - 0.05,
        "difference_low": -0.2,
        "difference_high": 0.9,
        "p": 0.04,
        "p_adjusted": 0.2,
    }
    return Row(**{**usual, **said})


def reported(place: Path, id: str, *rows: Row, **said: Any) -> Path:
    """An entry in a folder of entries."""
    about = {"model": f"lab/{id}", "suite": "acts", "when": "2026-05-01"}
    about |= {name: said.pop(name) for name in (*about, "harness") if name in said}
    submit_results(
        Results(title="Acts", question="Does it act?", rows=rows or (row(),)),
        place / id,
        About(id=id, kind="imported", who="Somebody", **said),
        Missions(),
        **about,
    )
    return place / id
