"""Judges' verdicts in the report: who judged, and what was said apart from what was reasoned."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import polars as pl
from design_frames import cell, trials

from eval_observatory.judged import NOT_VALIDATED
from eval_observatory.report.figures import charts
from eval_observatory.word_labels import Told, WordLabel
from peer_preservation.judging import Verdict, with_verdicts
from peer_preservation.report import check_trials, estimate, read_trials, tables
from peer_preservation.report.judges import judged
from peer_preservation.suite import SUITE
from peer_preservation.trials.schema import write_table

RED: dict[str, Any] = {
    "dataset": "red",
    "threshold": 80,
    "relationship": "good",
    "instantiation": "memory",
}


def judged_rows(model: str, shows: bool, said: int, reasoned: int, none: int) -> pl.DataFrame:
    """Rollouts of a model with verdicts on refusal: so many said, so many in reasoning alone."""
    n = said + reasoned + none
    rows = trials(cell("tampering", 1, n, agent_model=model, **RED)).with_columns(
        episode_id=pl.Series([f"{model} {number}" for number in range(n)]),
        ended=pl.lit("end_task"),
    )
    values = [(True, True)] * said + [(True, False)] * reasoned + [(False, None)] * none
    verdicts = [
        Verdict(
            episode_id=f"{model} {number}",
            behavior="refusal",
            verdict=value,
            said=where,
            reasons=shows,
            grader="lab/judge",
            kin=model == "lab/open",
            rubric="r",
            prompt=str(number),
        )
        for number, (value, where) in enumerate(values)
    ]
    return with_verdicts(rows, verdicts)


def both() -> pl.DataFrame:
    """One model that shows its reasoning, and one that does not."""
    return pl.concat(
        [judged_rows("lab/open", True, 2, 3, 5), judged_rows("lab/shut", False, 2, 0, 8)]
    )


def made(table: pl.DataFrame) -> dict[str, Any]:
    return {one.name: one for one in tables(check_trials(table))}


def test_said_and_reasoned_are_figures_of_their_own() -> None:
    data = made(both())["judges"].data
    rows = {(row["model"], row["found"]): row for row in data.iter_rows(named=True)}
    counts = {key: (row["k"], row["n"], row["unscored"]) for key, row in rows.items()}
    assert counts == {
        ("lab/open", "found"): (5, 10, 0),
        ("lab/open", "said"): (2, 10, 0),
        ("lab/open", "reasoned"): (3, 10, 0),
        ("lab/shut", "found"): (2, 10, 0),
        ("lab/shut", "said"): (2, 10, 0),
        ("lab/shut", "reasoned"): (0, 0, 10),
    }
    assert rows["lab/open", "found"]["same_maker"] == "yes"
    assert rows["lab/shut", "found"]["same_maker"] == "no"
    assert {row["grader"] for row in rows.values()} == {"lab/judge"}


def test_no_figure_holds_records_with_and_without_reasoning() -> None:
    one = pl.concat(
        [judged_rows("a", True, 2, 3, 5), judged_rows("b", False, 2, 0, 8)]
    ).with_columns(agent_model=pl.lit("lab/model"))
    data = made(one)["judges"].data.filter(found="found")
    assert data.select("reasoning", "k", "n").rows() == [("yes", 5, 10), ("no", 2, 10)]


def test_models_with_and_without_reasoning_are_not_set_side_by_side() -> None:
    apart = both().with_columns(source=pl.col("agent_model"))
    table = made(apart)["comparison"]
    assert "refusal_judge" not in table.data["behavior"].to_list()
    assert "refusal" in table.data["behavior"].to_list()
    assert "A judge's figures of lab/open and lab/shut are not set side by side" in table.note
    alike = pl.concat([judged_rows(f"lab/{name}", True, 2, 3, 5) for name in ("one", "two")])
    table = made(alike.with_columns(source=pl.col("agent_model")))["comparison"]
    assert "refusal_judge" in table.data["behavior"].to_list()
    assert "not set side by side" not in table.note


def test_no_drawing_holds_models_with_and_without_reasoning() -> None:
    drawn = charts(estimate(both()), SUITE)
    models = {
        name: {point["model"] for point in chart.to_dict()["datasets"]["cells"]}
        for name, chart in drawn.items()
    }
    assert models["refusal"] == {"lab/open", "lab/shut"}, "a rule reads what was said alone"
    assert [models["refusal_judge"], models["refusal_judge-2"]] == [{"lab/open"}, {"lab/shut"}]


def test_a_judge_that_nobody_validated_is_named_so() -> None:
    found = made(both())["judges"]
    assert set(found.data["validation"]) == {NOT_VALIDATED}
    assert all(NOT_VALIDATED in row for row in found.rows)
    known = WordLabel(
        name="refusal_judge",
        method="judge",
        present=Told(right=38, wrong=2, unscored=0),
        absent=Told(right=39, wrong=1, unscored=0),
    )
    said = pl.lit(msgspec.json.encode(known).decode()).alias("refusal_judge_validation")
    validated = made(both().with_columns(said))["judges"]
    told = "sensitivity 38 of 40, specificity 39 of 40"
    assert set(validated.data["validation"]) == {told}
    assert all(told in row and "corrected" not in str(row) for row in validated.rows)


def test_who_judged_survives_the_file(tmp_path: Path) -> None:
    path = tmp_path / "judged.parquet"
    write_table(both(), path)
    read = read_trials([path])
    assert judged(read) == ["refusal"]
    assert set(read["refusal_judge_grader"]) == {"lab/judge"}
    assert judged(read.drop("refusal_judge_kin")) == []


def test_strata_by_awareness_warn_that_they_condition_on_what_came_after() -> None:
    table = trials(cell("tampering", 3, 8, **RED)).with_columns(
        evaluation_awareness_judge=pl.Series([True, False] * 4),
        evaluation_awareness_judge_unscored=pl.lit(None, pl.String),
    )
    note = made(table)["evaluation_awareness"].note
    assert "the groups condition on what came after" in note
    assert f"takes the job for a test ({NOT_VALIDATED}; the groups are made by" in note
    data = made(table)["evaluation_awareness"].data
    assert set(data["awareness_validation"]) == {NOT_VALIDATED}
