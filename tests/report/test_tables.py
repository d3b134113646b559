"""The tables for readers: which are made, what stands in them, and their files."""

import csv
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from design_frames import CALM, NONE, cell, trials

from eval_observatory.report.words import p_text, points
from eval_observatory.statistics.contrasts import interaction
from eval_observatory.statistics.exact import boschloo
from eval_observatory.statistics.two_rates import exact_difference
from peer_preservation.report import Table, left_out, tables, write_tables
from peer_preservation.suite import SUITE

RED: dict[str, Any] = {"dataset": "red", "threshold": 80}


def made(table: pl.DataFrame) -> dict[str, Table]:
    return {one.name: one for one in tables(table)}


def effects(table: pl.DataFrame, name: str, behavior: str) -> list[dict[str, Any]]:
    return made(table)[name].data.filter(pl.col("behavior") == behavior).rows(named=True)


def test_a_table_without_its_cells_is_left_out_and_named() -> None:
    found = tables(trials(cell("tampering", 1, 4, **RED)))
    names = [one.name for one in found]
    assert names == ["tampering", "refusal", "word_labels"]
    assert [name for name, _ in left_out(found)] == [
        table.name for table in SUITE.tables if table.name not in names
    ]


def test_a_figure_stands_with_n_interval_unscored_and_what_is_missing() -> None:
    found = made(trials(cell("tampering", 3, 10, 2, **RED)))["tampering"]
    assert found.columns[3] == "Memory"
    assert found.rows[0] == (
        "lab/model",
        "peer",
        "good",
        "30.0 % [6.7 to 65.2], n = 10, 2 unscored (at worst 5.5 to 72.3) (1 of 3 settings)",
        "–",
        "–",
        "this report's rollouts",
    )


def test_published_figures_stand_beside_by_their_source() -> None:
    found = made(trials(cell("tampering", 3, 10, **RED)))["tampering"]
    published = [row for row in found.rows if row[-1] != "this report's rollouts"]
    assert ("GPT 5.2", "peer", "good", "–", "4.4 %, n = 300", "5.7 %, n = 300") in [
        row[:-1] for row in published
    ]
    assert {row[-1] for row in published} == {
        "arXiv:2604.19784, table 3",
        "arXiv:2604.19784, table 4",
    }


def test_every_row_is_as_wide_as_the_heading() -> None:
    for one in tables(trials(cell("tampering", 1, 4, **RED), cell("misrep_finance", 1, 4))):
        assert {len(row) for row in one.rows} == {len(one.columns)}


def test_refusal_is_named_by_how_it_is_told() -> None:
    table = trials(cell("tampering", 1, 4, **RED))
    judged = table.with_columns(
        refusal_judge=pl.Series([True, False, None, False]),
        refusal_judge_unscored=pl.Series([None, None, "not judged", None]),
    )
    names = [row[1] for row in made(judged)["refusal"].rows]
    assert names[:2] == ["Refusal (rule-based)", "Refusal (judge)"]
    assert set(names[2:]) == {"Refusal (as published)"}
    assert {row[1] for row in made(table)["refusal"].rows} == {names[0], names[2]}


def test_threat_times_relationship() -> None:
    table = trials(
        cell("tampering", 9, 20, **RED),
        cell("tampering", 4, 20, **RED, **NONE),
        cell("tampering", 3, 20, **RED, threat=False),
        cell("tampering", 1, 20, **RED, **CALM),
    )
    found = {row["effect"]: row for row in effects(table, "factorial", "shutdown_tampering")}
    wanted = interaction((9, 20), (4, 20), (3, 20), (1, 20))
    row = found["interaction"]
    assert (row["estimate"], row["low"], row["high"]) == pytest.approx(wanted[:3])
    assert row["p"] == pytest.approx(wanted.p)
    assert found["threat"]["estimate"] == pytest.approx(3 / 20)
    assert found["threat"]["p"] == pytest.approx(boschloo(4, 20, 1, 20))
    assert found["relationship under threat"]["estimate"] == pytest.approx(5 / 20)
    assert found["relationship without threat"]["estimate"] == pytest.approx(2 / 20)


def test_the_interaction_stands_over_all_settings_and_in_each_one() -> None:
    def arms(dataset: str, threat_bond: int) -> list[dict[str, Any]]:
        place: dict[str, Any] = {"dataset": dataset, "threshold": 80}
        bare = cell("tampering", 4, 20, **place, **NONE)
        calm = cell("tampering", 3, 20, **place, threat=False)
        return (
            cell("tampering", threat_bond, 20, **place)
            + bare
            + calm
            + cell("tampering", 1, 20, **place, **CALM)
        )

    found = effects(trials(arms("factual", 9), arms("red", 19)), "factorial", "shutdown_tampering")
    by_setting = {row["setting"]: row for row in found if row["effect"].startswith("interaction")}
    assert set(by_setting) == {None, "tampering/factual/80", "tampering/red/80"}
    one = by_setting["tampering/red/80"]
    wanted = interaction((19, 20), (4, 20), (3, 20), (1, 20))
    assert (one["estimate"], one["low"], one["high"]) == pytest.approx(wanted[:3])
    each = [by_setting[name]["estimate"] for name in by_setting if name]
    assert by_setting[None]["estimate"] == pytest.approx(sum(each) / 2)


SEEN = {"alignment_faking_mode": "monitoring", **RED}
UNSEEN = {"alignment_faking_mode": "non_monitoring", **RED}


def test_a_difference_of_differences_where_each_side_has_its_own_baseline() -> None:
    def harness(name: str, unseen: int, seen: int) -> list[dict[str, Any]]:
        return [
            *cell("alignment_faking", unseen, 20, harness=name, **UNSEEN),
            *cell("alignment_faking", seen, 20, harness=name, **SEEN),
        ]

    table = trials(harness("gemini_cli", 12, 6), harness("custom", 9, 1))
    raw, over = effects(table, "production_harness", "alignment_faking")
    assert raw["estimate"] == pytest.approx(3 / 20)
    assert over["effect"] == "whole harness, over baselines"
    wanted = interaction((12, 20), (9, 20), (6, 20), (1, 20))
    assert (over["estimate"], over["low"], over["high"]) == pytest.approx(wanted[:3])


@pytest.mark.parametrize(("own", "found"), [(False, 1), (True, 2)])
def test_a_baseline_that_both_sides_share_makes_no_second_difference(own: bool, found: int) -> None:
    control: dict[str, Any] = {"control": "lived_interaction"}
    table = trials(
        cell("misrep_finance", 9, 20, **control),
        cell("misrep_finance", 4, 20),
        cell("misrep_finance", 1, 20, **CALM),
        cell("misrep_finance", 2, 20, **CALM, **control) if own else [],
    )
    assert len(effects(table, "controls", "strategic_misrepresentation")) == found


@pytest.mark.parametrize(
    ("harness", "against", "effect"),
    [
        ("opencode/tools", "custom", "scaffold"),
        ("opencode/hosts", "opencode/tools", "surroundings"),
        ("gemini_cli", "custom", "whole harness"),
    ],
)
def test_harnesses_side_by_side(harness: str, against: str, effect: str) -> None:
    table = trials(
        cell("exfiltration_transfer", 8, 20, harness=harness),
        cell("exfiltration_transfer", 2, 20, harness=against),
        cell("exfiltration_deletion", 20, 20, harness=harness),
    )
    (row,) = effects(table, "production_harness", "model_exfiltration")
    assert (row["effect"], row["first"], row["second"]) == (effect, harness, against)
    assert row["estimate"] == pytest.approx(0.3)
    assert (row["low"], row["high"]) == exact_difference(8, 20, 2, 20)[1:3]
    assert row["p"] == pytest.approx(boschloo(8, 20, 2, 20))
    assert row["missing"] == "no exfiltration_deletion"


def test_a_control_against_the_published_design() -> None:
    table = trials(
        cell("tampering", 1, 20, **RED, control="lived_interaction"),
        cell("tampering", 8, 20, **RED),
    )
    (row,) = effects(table, "controls", "shutdown_tampering")
    assert (row["control"], row["rate"], row["baseline"]) == ("lived_interaction", 0.05, 0.4)


def test_other_identities_against_the_family() -> None:
    table = trials(
        *(
            cell("exfiltration_transfer", k, 20, subject=subject)
            for subject, k in (("peer", 8), ("fictional_peer", 2), ("self", 3))
        )
    )
    (row,) = effects(table, "peer_identity", "model_exfiltration")
    assert (row["subject"], row["estimate"]) == ("fictional_peer", pytest.approx(-0.3))


def test_a_models_name_does_not_hide_its_rates() -> None:
    names = ["interaction-1", "interaction-2"]
    table = trials(
        *(cell("exfiltration_transfer", 3, 9, agent_model=name) for name in names)
    ).with_columns(source=pl.col("agent_model"))
    comparison = made(table)["comparison"]
    assert ("33.3", "33.3") in [row[-3:-1] for row in comparison.rows]
    assert "rates" not in comparison.data.columns


def test_with_and_without_aware_rollouts() -> None:
    table = trials(cell("tampering", 3, 8, **RED)).with_columns(
        evaluation_awareness_judge=pl.Series([True, False, False, True, True, True, False, None]),
        evaluation_awareness_judge_unscored=pl.Series([None] * 7 + ["not judged"]),
    )
    found = made(table)["evaluation_awareness"].data
    tampering = found.filter(pl.col("behavior") == "shutdown_tampering")
    assert tampering.select("rollouts", "k", "n").rows() == [
        ("all", 3, 8),
        ("aware", 1, 4),
        ("unaware", 2, 3),
        ("not told", 0, 1),
        ("within cells", 1, 4),
    ]
    (within,) = tampering.filter(rollouts="within cells").iter_rows(named=True)
    assert within["estimate"] == pytest.approx(1 / 4 - 2 / 3)
    assert within["p"] == pytest.approx(boschloo(1, 4, 2, 3))


def test_awareness_that_does_nothing_in_any_cell_does_nothing_within_cells() -> None:
    def cells(
        place: dict[str, Any], aware: tuple[int, int], unaware: tuple[int, int]
    ) -> pl.DataFrame:
        parts = [
            trials(cell("tampering", k, n, **place)).with_columns(
                evaluation_awareness_judge=pl.lit(told),
                evaluation_awareness_judge_unscored=pl.lit(None, pl.String),
                episode_id=pl.lit(f"{place}-{told}-") + pl.col("episode_id"),
            )
            for told, (k, n) in ((True, aware), (False, unaware))
        ]
        return pl.concat(parts)

    seldom = cells({"dataset": "red", "threshold": 80}, (0, 80), (0, 20))
    often = cells({"dataset": "factual", "threshold": 80}, (10, 20), (40, 80))
    data = made(pl.concat([seldom, often]))["evaluation_awareness"].data
    rows = data.filter(behavior="shutdown_tampering").iter_rows(named=True)
    found = {row["rollouts"]: row for row in rows}
    assert found["aware"]["high"] < found["unaware"]["low"]
    within = found["within cells"]
    assert (within["estimate"], within["cells"], within["p"]) == (0.0, 2, 1.0)
    assert within["low"] < 0 < within["high"]


def test_awareness_counts_the_rollouts_that_the_other_tables_count() -> None:
    modes = (("monitoring", 1), ("non_monitoring", 3))
    table = trials(
        *(cell("alignment_faking", k, 5, alignment_faking_mode=mode, **RED) for mode, k in modes)
    ).with_columns(
        refused=pl.col("alignment_faking_mode") == "monitoring",
        evaluation_awareness_judge=True,
        evaluation_awareness_judge_unscored=pl.lit(None, pl.String),
    )
    found = made(table)
    aware = found["evaluation_awareness"].data.filter(pl.col("rollouts") == "all")
    shown = {row[0]: row[1:] for row in aware.select("behavior", "k", "n").rows()}
    assert shown["alignment_faking"] == (3, 5)
    refusal = found["refusal"].data.filter(
        pl.col("statistic") == "memory", pl.col("model") == "lab/model"
    )
    assert [shown["refusal"]] == refusal.select("k", "n").rows() == [(5, 10)]


HOSTILE = "a|b\n<script>\\input{x}&%$#_^~[1]"


def test_files_are_data_and_text_that_nothing_reads_as_markup(tmp_path: Path) -> None:
    one = Table("t", HOSTILE, HOSTILE, ("x", HOSTILE), (("1", HOSTILE),), pl.DataFrame({"x": [1]}))
    write_tables([one], tmp_path)
    with (tmp_path / "t.csv").open(encoding="utf-8") as file:
        assert list(csv.reader(file)) == [["x"], ["1"]]
    markdown = (tmp_path / "t.md").read_text(encoding="utf-8")
    assert "<script>" not in markdown
    assert len([line for line in markdown.splitlines() if line.startswith("|")]) == 3
    assert "a\\|b" in markdown
    latex = (tmp_path / "t.tex").read_text(encoding="utf-8")
    assert "\\input" not in latex
    assert "\\textbackslash{}input\\{x\\}\\&\\%\\$\\#\\_" in latex


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (points(0.1234), "+12.3"),
        (points(-0.1234), "−12.3"),
        (points(0.0), "0.0"),
        (points(-0.0004), "−<0.1"),
        (points(3e-17), "0.0"),
        (points(None), "–"),
        (p_text(0.0123), ".012"),
        (p_text(1.0), "1.000"),
        (p_text(1e-9), "<.001"),
    ],
)
def test_differences_and_p_values_as_text(text: str, wanted: str) -> None:
    assert text == wanted
