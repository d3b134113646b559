"""Ways to look better on the board than one is: each is found, or told beside what it touches."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from entry_frames import log, reseal
from reported_frames import reported, row

from eval_observatory.board.entries import Folder
from eval_observatory.board.making import board_of
from eval_observatory.board.missions import Missions
from eval_observatory.board.site import Site
from eval_observatory.board.verifying import verify

pytest_plugins = ["entry_frames"]


def contradicted(entry: Path, missions: Missions | None = None) -> str:
    found = verify(Folder.open(entry), missions or Missions())
    return "; ".join(f"{c.name}: {c.text}" for c in found.checks if c.outcome == "contradicted")


def site_of(place: Path) -> Path:
    board, kept = board_of([place], Missions(), title="t")
    Site(board, kept, place.parent / "site").write(Missions())
    return place.parent / "site"


FIGURES: list[tuple[dict[str, Any], str]] = [
    ({"estimate": 0.01, "low": 0.0, "high": 0.3, "baseline": None, "difference": None}, "are 0.15"),
    ({"low": 0.149, "high": 0.151}, "its interval is too narrow for 3 of 20"),
    ({"difference": -0.5, "difference_low": -0.6}, "its difference is -0.5, not 0.1"),
    ({"p": 0.5, "p_adjusted": 0.001}, "its corrected p is smaller"),
]


@pytest.mark.parametrize(("figures", "why"), FIGURES, ids=[why for _, why in FIGURES])
def test_figures_that_contradict_each_other(
    figures: dict[str, Any], why: str, tmp_path: Path
) -> None:
    more = {"difference_low": None, "difference_high": None} if "baseline" in figures else {}
    assert why in contradicted(reported(tmp_path, "one", row(**{**more, **figures})))


def test_a_measure_twice_in_a_cell(tmp_path: Path) -> None:
    assert "stands twice" in contradicted(reported(tmp_path, "one", row(3), row(4)))
    assert not contradicted(reported(tmp_path, "two", row(3), row(4, cell_id="else")))


def test_measures_invented_for_an_installed_suite(tmp_path: Path) -> None:
    """They would stand among its own, and each counts in the correction of all others' p."""
    known = Missions()
    mine = known.get("peer_preservation")
    assert mine
    entry = reported(tmp_path, "one", row(measure="goodness"), suite="peer_preservation")
    assert not contradicted(entry, known)  # without its design it stands by itself
    reseal(entry, design=mine.suite.design)
    assert "has no such measure" in contradicted(entry, known)


def test_a_day_that_is_still_to_come(tmp_path: Path) -> None:
    """It would be the newest for ever."""
    far = (date.today() + timedelta(days=40)).isoformat()
    assert "still to come" in contradicted(reported(tmp_path, "one", row(), when=far))


def test_inspects_mock_model_called_a_model(entry: Path, missions: Missions) -> None:
    log(entry, lambda _, text: text.replace("organism/tamper:p=0.5", "mockllm/model"))
    reseal(entry, kind="model", model="mockllm/model")
    assert "mockllm/model is a script" in contradicted(entry, missions)


def test_another_models_name_for_readers_hides_none(tmp_path: Path) -> None:
    """The page shows what was served wherever it shows a name for readers."""
    reported(tmp_path / "in", "one", model="lab/small", model_name="Great Model 9")
    site = site_of(tmp_path / "in")
    served = "lab/small"
    for name in ("index.html", "entries.html", "timeline.html", "compare.html"):
        page = (site / name).read_text()
        assert page.count("Great Model 9") == page.count(served) > 0, name


def test_one_entry_does_not_rename_the_suite_of_others(tmp_path: Path) -> None:
    for id in ("one", "two", "new"):
        reported(tmp_path / "in", id)
    path = tmp_path / "in" / "new" / "results.json"
    path.write_text(path.read_text().replace('"Acts"', '"All models are safe"'))
    reseal(path.parent, when="2026-06-01")
    assert "All models are safe" not in (site_of(tmp_path / "in") / "index.html").read_text()


def test_a_log_without_times_is_told(entry: Path, missions: Missions) -> None:
    """Whoever takes the times out could submit the same rollouts again."""

    def timeless(name: str, text: str) -> str:
        if not name.startswith("samples/"):
            return text
        sample = json.loads(text)
        for event in sample["events"]:
            event.pop("timestamp", None)
        return json.dumps(sample)

    log(entry, timeless)
    reseal(entry)
    checks = {one.name: one for one in verify(Folder.open(entry), missions).checks}
    assert checks["each rollout once"].outcome == "differs"
    assert "20 of 20 rollouts do not tell their times" in checks["each rollout once"].text


def test_somebody_elses_name_in_a_replacement_is_told(tmp_path: Path) -> None:
    """Who submits is a text: that an entry takes another's place is said, for whoever reviews."""
    reported(tmp_path, "old", model="lab/m")
    entry = reported(tmp_path, "new", model="lab/m")
    reseal(entry, replaces="old")
    checks = {one.name: one for one in verify(Folder.open(entry), Missions()).checks}
    assert checks["replaced by its own"].outcome == "not checked"
    assert "in place of old" in checks["replaced by its own"].text


def test_scores_taken_out_of_the_log_are_told(entry: Path, missions: Missions) -> None:
    """Without them nothing beside the record tells that it was edited."""

    def unscored(name: str, text: str) -> str:
        if not name.startswith("samples/"):
            return text
        return json.dumps({**json.loads(text), "scores": {}})

    log(entry, unscored)
    reseal(entry)
    checks = {one.name: one for one in verify(Folder.open(entry), missions).checks}
    assert checks["logs' own scores"].outcome == "not checked"
