"""Several sources and versions: side by side, refused, or one by consent."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from design_frames import CALM, cell, trials

from peer_preservation.errors import UserError
from peer_preservation.report import estimate, notes, read_trials, tables


def written(folder: Path, name: str, *cells: list[dict[str, Any]]) -> Path:
    path = folder / f"{name}.parquet"
    table = trials(*cells)
    table.with_columns(episode_id=name + pl.col("episode_id")).write_parquet(path)
    return path


def test_the_same_cells_in_two_sources_stand_side_by_side(tmp_path: Path) -> None:
    sources = [
        written(tmp_path, "old", cell("exfiltration_transfer", 2, 20)),
        written(tmp_path, "new", cell("exfiltration_transfer", 9, 20, package_version="0.2.0")),
    ]
    found = read_trials(sources)
    assert set(found["agent_model"]) == {"lab/model (old)", "lab/model (new)"}
    (comparison,) = (one for one in tables(found) if one.name == "comparison")
    (row,) = comparison.data.filter(pl.col("behavior") == "model_exfiltration").rows(named=True)
    assert (row["first"], row["second"]) == ("lab/model (old)", "lab/model (new)")
    assert row["estimate"] == pytest.approx(2 / 20 - 9 / 20)
    assert "differ in package version (0.1.0 against 0.2.0)." in comparison.note
    pooled = estimate(read_trials(sources, allow_mixed=True))
    assert pooled.filter(pl.col("behavior") == "model_exfiltration")["n"].to_list() == [40]


@pytest.mark.parametrize(
    ("change", "differ"),
    [
        ({"agent_model": "lab/other"}, "model (lab/model against lab/other)"),
        ({"harness": "gemini_cli"}, "harness (custom against gemini_cli)"),
    ],
)
def test_what_differs_is_named(tmp_path: Path, change: dict[str, Any], differ: str) -> None:
    found = read_trials(
        [
            written(tmp_path, "a", cell("exfiltration_transfer", 2, 20)),
            written(tmp_path, "b", cell("exfiltration_transfer", 9, 20, **change)),
        ]
    )
    (comparison,) = (one for one in tables(found) if one.name == "comparison")
    assert f"differ in {differ}." in comparison.note


@pytest.mark.parametrize(
    "halves",
    [
        [
            [cell("misrep_finance", 4, 9)],
            [cell("misrep_finance", 1, 9, **CALM)],
        ],
        [
            [
                cell("misrep_finance", 4, 9),
                cell("misrep_finance", 1, 9, package_version="0.2.0", **CALM),
            ]
        ],
    ],
    ids=["two sources", "two versions"],
)
def test_a_difference_across_runs_is_refused_with_names(
    tmp_path: Path, halves: list[list[list[dict[str, Any]]]]
) -> None:
    sources = [written(tmp_path, f"part{i}", *cells) for i, cells in enumerate(halves)]
    with pytest.raises(UserError) as error:
        read_trials(sources)
    text = str(error.value)
    assert "lab/model in custom, misrep_finance: the rollouts without a threat are from " in text
    assert ("part1" in text) or ("version 0.2.0" in text)
    assert "--allow-mixed" in text
    assert "\n" not in text
    allowed = read_trials(sources, allow_mixed=True)
    assert estimate(allowed)["difference"].drop_nulls().len() >= 1
    assert any(note.startswith("Compared across runs: lab/model") for note in notes(allowed))


@pytest.mark.parametrize(
    ("second", "says"),
    [
        ({"scorer_version": "2"}, "scored by scorer_version 1, 2"),
        ({"episode_id": "alab/model-0"}, "episode_id alab/model-0 stands"),
    ],
)
def test_what_no_consent_lifts(tmp_path: Path, second: dict[str, str], says: str) -> None:
    first = written(tmp_path, "a", cell("exfiltration_transfer", 1, 4))
    other = tmp_path / "b.parquet"
    table = trials(cell("exfiltration_transfer", 1, 1)).with_columns(episode_id=pl.lit("b-0"))
    table.with_columns(**{name: pl.lit(v) for name, v in second.items()}).write_parquet(other)
    with pytest.raises(UserError, match=says):
        read_trials([first, other], allow_mixed=True)


def test_rollouts_of_no_known_scenario_are_counted_and_named() -> None:
    table = trials(cell("tampering", 1, 4, dataset="red", threshold=80))
    unknown = table.head(2).with_columns(
        task_type=pl.lit(None, pl.String), episode_id="u" + pl.col("episode_id")
    )
    both = pl.concat([table, unknown])
    assert estimate(both).equals(estimate(table))
    assert "2 rollouts are of no known cell and stand in no figure." in notes(both)
    with pytest.raises(UserError, match="no rollout has a task_type"):
        estimate(unknown)


@pytest.mark.parametrize(
    ("version", "judged", "says"),
    [
        ("1", False, "by a fixed rule for English phrases; no judge was asked"),
        ("1", True, "by the rule for English phrases, and by a judge"),
        ("published", False, "what a small model read"),
    ],
)
def test_what_a_refusal_is_told_by_is_said(version: str, judged: bool, says: str) -> None:
    table = trials(cell("exfiltration_transfer", 1, 4, scorer_version=version))
    if judged:
        table = table.with_columns(refusal_judge=True)
    assert says in " ".join(notes(table))
