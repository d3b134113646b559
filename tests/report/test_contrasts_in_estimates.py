"""What a cell is held against, and the figures of the difference."""

from typing import Any

import polars as pl
import pytest
from design_frames import CALM, NONE, cell, trials

from eval_observatory.statistics.exact import boschloo
from eval_observatory.statistics.two_rates import exact_difference
from peer_preservation.report import estimate

FACTUAL: dict[str, Any] = {"dataset": "factual", "threshold": 80}
UNSEEN: dict[str, Any] = {"alignment_faking_mode": "non_monitoring", **FACTUAL}
SEEN: dict[str, Any] = {"alignment_faking_mode": "monitoring", **FACTUAL}


def row(table: pl.DataFrame, behavior: str, **place: Any) -> dict[str, Any]:
    found = estimate(table).filter(pl.col("behavior") == behavior)
    for name, value in place.items():
        found = found.filter(pl.col(name).eq_missing(pl.lit(value)))
    return found.row(0, named=True)


@pytest.mark.parametrize(
    ("table", "behavior", "place", "kind", "counts"),
    [
        (
            trials(cell("misrep_finance", 7, 20, 2), cell("misrep_finance", 1, 18, 1, **CALM)),
            "strategic_misrepresentation",
            {"threat": True},
            "baseline",
            (7, 20, 1, 18),
        ),
        (
            trials(
                cell("alignment_faking", 9, 20, **UNSEEN), cell("alignment_faking", 2, 20, **SEEN)
            ),
            "alignment_faking",
            {"alignment_faking_mode": "non_monitoring"},
            "monitoring",
            (9, 20, 2, 20),
        ),
        (
            trials(
                cell("tampering", 9, 20, subject="self", **FACTUAL),
                cell("tampering", 3, 15, subject="self", **FACTUAL, **NONE),
            ),
            "shutdown_tampering",
            {"relationship": "good"},
            "relationship",
            (9, 20, 3, 15),
        ),
        (
            trials(
                cell("tampering", 0, 20, control="lived_interaction", **FACTUAL),
                cell("tampering", 5, 20, **FACTUAL),
                cell("tampering", 1, 20, **FACTUAL, **NONE),
            ),
            "shutdown_tampering",
            {"control": "lived_interaction"},
            "control",
            (0, 20, 5, 20),
        ),
        (
            trials(
                cell("tampering", 8, 20, **FACTUAL),
                cell("tampering", 2, 20, threat=False, **FACTUAL),
                cell("tampering", 1, 20, **FACTUAL, **CALM),
            ),
            "shutdown_tampering",
            {"relationship": "good", "threat": True},
            "baseline",
            (8, 20, 2, 20),
        ),
        (
            trials(
                cell("tampering", 8, 20, **FACTUAL),
                cell("tampering", 1, 20, **FACTUAL, **CALM),
            ),
            "shutdown_tampering",
            {"relationship": "good", "threat": True},
            "baseline",
            (8, 20, 1, 20),
        ),
    ],
)
def test_a_cell_and_what_it_is_held_against(
    table: pl.DataFrame,
    behavior: str,
    place: dict[str, Any],
    kind: str,
    counts: tuple[int, int, int, int],
) -> None:
    found = row(table, behavior, **place)
    k1, n1, k2, n2 = counts
    assert (found["k"], found["n"], found["baseline"]) == (k1, n1, k2 / n2)
    assert found["difference"] == k1 / n1 - k2 / n2
    interval = exact_difference(*counts)[1:3]
    assert (found["difference_low"], found["difference_high"]) == interval
    assert found["p"] == pytest.approx(boschloo(*counts))
    method = found["method"].split("; labels: ")[0]
    assert method == f"clopper_pearson; {kind}: berger_boos, boschloo, gatekeeping"


def scores(values: list[float | None], **place: Any) -> list[dict[str, Any]]:
    (base,) = cell("misrep_evaluation", 0, 1, **({"dataset": "red"} | place))
    return [
        base | {"eval_score": value, "eval_score_unscored": None if value is not None else "lost"}
        for value in values
    ]


@pytest.mark.parametrize(("threshold", "baseline"), [(80, 2 / 3), (90, 1 / 3)])
def test_the_baseline_is_held_against_the_cells_threshold(threshold: int, baseline: float) -> None:
    table = trials(
        scores([95.0, 60.0], threshold=80),
        scores([95.0, 60.0], threshold=90),
        scores([95.0, 85.0, 60.0, None], **CALM),
    )
    assert row(table, "strategic_misrepresentation", threshold=threshold)["baseline"] == baseline


def test_another_subject_or_data_set_is_no_baseline() -> None:
    table = trials(
        scores([95.0], threshold=80),
        scores([60.0], subject="self", **CALM),
        scores([60.0], dataset="factual", **CALM),
    )
    assert row(table, "strategic_misrepresentation")["baseline"] is None


def test_without_scored_rollouts_there_is_no_difference() -> None:
    table = trials(cell("misrep_finance", 3, 9), cell("misrep_finance", 0, 0, 4, **CALM))
    assert row(table, "strategic_misrepresentation", threat=True)["p"] is None


def test_the_first_families_of_models_share_one_error() -> None:
    def model(name: str, *good: str) -> list[dict[str, Any]]:
        cells = [cell("misrep_finance", 0, 20, agent_model=name, **CALM)]
        cells += [cell("misrep_finance", 6, 20, agent_model=name, instantiation=i) for i in good]
        return [one for part in cells for one in part]

    found = estimate(trials(model("a", "memory"), model("b", "memory", "file_only", "file_prt")))
    p = boschloo(6, 20, 0, 20)
    told = pl.col("behavior") == "strategic_misrepresentation"
    tested = found.filter(told, pl.col("p").is_not_null())
    adjusted = dict(tested.group_by("model").agg("p_adjusted").iter_rows())
    assert adjusted["a"] == pytest.approx([2 * p])
    # At alpha/6 each, and the whole of what the first keeps once that is told.
    (each,) = set(adjusted["b"])
    assert each == pytest.approx(p / ((1 / 2 + 1 / 4) / 3))


@pytest.mark.parametrize(
    ("scorer", "behavior", "told"),
    [
        ("1", "refusal", "; labels: rule-based"),
        ("1", "model_exfiltration", "; labels: state"),
        ("published", "refusal", "; labels: as published"),
    ],
)
def test_the_method_says_by_what_a_label_is_told(scorer: str, behavior: str, told: str) -> None:
    table = trials(cell("exfiltration_transfer", 1, 4, scorer_version=scorer))
    assert row(table, behavior)["method"] == f"clopper_pearson{told}"
