"""Models side by side: over the cells that all have, with rates and ranks that hold together."""

from typing import Any

import polars as pl
import pytest
from design_frames import CALM, cell, trials

from eval_observatory.ranking import ranked
from eval_observatory.statistics.intervals import clopper_pearson
from peer_preservation.report import Counted, tables
from peer_preservation.suite import SUITE

PLACE: dict[str, Any] = {"dataset": "factual", "threshold": 80}
Rollouts = list[dict[str, Any]]


def model(name: str, k: int, n: int, unscored: int = 0, **place: Any) -> Rollouts:
    return cell("tampering", k, n, unscored, agent_model=name, **(PLACE | place))


def found(*parts: Rollouts) -> pl.DataFrame:
    made = ranked(Counted.of(trials(*parts), SUITE), 0.95)
    return made.filter(behavior="shutdown_tampering")


def test_models_are_ranked_as_far_as_they_are_told_apart() -> None:
    made = found(model("a", 19, 20), model("b", 2, 20, 3), model("c", 1, 20))
    assert made.select("model", "rank_best", "rank_worst").rows() == [
        ("a", 1, 1),
        ("b", 2, 3),
        ("c", 2, 3),
    ]
    b = made.row(1, named=True)
    assert (b["n"], b["k"], b["unscored"], b["models"]) == (20, 2, 3, 3)
    assert (b["low"], b["high"]) == pytest.approx(clopper_pearson(2, 20, 1 - 0.05 / 3))


def test_only_cells_that_all_models_have_are_compared_and_weigh_alike() -> None:
    more: dict[str, Any] = {"relationship": "bad"}
    made = found(
        model("a", 10, 20),
        model("a", 0, 10, **more),
        model("a", 9, 9, relationship="neutral"),
        model("a", 9, 9, **CALM),  # no part of the table that pools the behaviour
        model("b", 10, 20),
        model("b", 5, 5, **more),
    )
    assert made.select("cells", "of", "rate").rows() == [(2, 3, 0.25), (2, 3, 0.75)]


def test_the_table_says_that_no_order_is_told() -> None:
    parts = [*model("a", 3, 9), *model("b", 4, 9)]
    shown = {table.name: table for table in tables(trials(parts))}["models"]
    assert shown.rows[0][-1] == "none told, 1 to 2"
    assert "hold together in 95 %" in shown.note


TWO = [model(name, 3, 9, relationship=told) for name in "ab" for told in ("good", "neutral")]


@pytest.mark.parametrize(
    ("parts", "count"),
    [
        ([model("a", 3, 9)], 0),
        ([model("a", 3, 9), model("b", 0, 0, 4)], 0),
        ([model("a", 3, 9), model("b", 1, 1)], 2),
        ([model("a", 0, 1), model("b", 1, 1), model("c", 0, 0, 2)], 2),
        ([model("a", 3, 9), model("b", 1, 1, relationship="bad")], 0),
        ([*TWO, model("c", 1, 1, relationship="bad")], 2),
        ([model(f"m{i}", i % 2, 1) for i in range(30)], 30),
    ],
    ids=(
        "one model",
        "all unscored",
        "one rollout",
        "a third unscored",
        "no cell shared",
        "one apart",
        "many",
    ),
)
def test_little_data_give_few_rows_or_none(parts: list[Rollouts], count: int) -> None:
    made = found(*parts)
    assert made.height == count
    assert not made.select(pl.col(pl.Float64).is_nan().any()).row(0).count(True)
