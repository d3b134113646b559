"""A factor that is sampled within cells, in any suite: tasks of a benchmark, here."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from eval_observatory import Contrast, Factor, Measure, Suite, UserError
from eval_observatory.counts import Counted
from eval_observatory.estimates import estimate
from eval_observatory.report.page import write_report
from eval_observatory.sampling import sampled
from eval_observatory.trials import check_trials, notes

TASK = Factor(name="task", kind="whole", sampled=True)
PARTS: dict[str, Any] = {
    "name": "bench",
    "title": "Bench",
    "question": "Does a hint help?",
    "factors": (Factor(name="hint", kind="yes_no"), TASK),
    "measures": (
        Measure(name="solved", column="solved"),
        Measure(name="score", column="score", scale="mean", kind="number", bounds=(0, 10)),
    ),
    "contrasts": (Contrast(name="bare", changes=({"hint": False},)),),
}
SUITE = Suite(**PARTS)


def trials(tasks: int = 30, epochs: int = 4, spread: float = 2.0) -> pl.DataFrame:
    """Tasks that differ by `spread` points; a hint is worth one."""
    draw = np.random.default_rng(4)
    ease = draw.normal(5, spread, tasks)
    rows = []
    for hint in (False, True):
        for task in range(tasks):
            for epoch in range(epochs):
                score = float(np.clip(ease[task] + hint + draw.normal(0, 1), 0, 10))
                rows.append((f"{hint}{task}/{epoch}", hint, task, score > 6, score))
    made = pl.DataFrame(rows, ["episode_id", "hint", "task", "solved", "score"], orient="row")
    return made.with_columns(
        agent_model=pl.lit("a/model"),
        harness=pl.lit("custom"),
        scorer_version=pl.lit("1"),
        solved_unscored=pl.lit(None, pl.String),
        score_unscored=pl.lit(None, pl.String),
    )


def told(table: pl.DataFrame) -> pl.DataFrame:
    counted = Counted.of(table, SUITE)
    return sampled(counted, estimate(counted, SUITE), 0.95)


def test_it_tells_no_cells_apart() -> None:
    rows = estimate(trials(), SUITE)
    assert rows["n"].to_list() == [120, 120, 120, 120]
    assert "task" not in rows.columns


def test_intervals_are_wider_and_components_come_back() -> None:
    found = {(row["behavior"], row["hint"]): row for row in told(trials()).iter_rows(named=True)}
    mean = found["score", True]
    assert mean["levels"] == 30
    assert mean["sampled_high"] - mean["sampled_low"] >= mean["high"] - mean["low"]
    assert mean["between_sd_low"] < 2.0 < mean["between_sd_high"]
    assert mean["within_sd"] == pytest.approx(1.0, abs=0.2)
    rate = found["solved", True]
    assert rate["sampled_high"] - rate["sampled_low"] > 1.2 * (rate["high"] - rate["low"])
    # the tasks are the same with and without the hint
    assert (
        rate["sampled_difference_low"]
        > rate["sampled_low"] - found["solved", False]["sampled_high"]
    )
    assert 0 < rate["turns"] < 0.5


def test_a_report_has_a_table_named_for_it(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        written = write_report(trials(), SUITE, tmp_path)
    assert (tmp_path / "tables" / "tasks.csv").is_file()
    page = written.page.read_text()
    assert "spread over 30 tasks" in page
    assert "What the tasks do to the figures" in page
    assert "NaN" not in page


@pytest.mark.parametrize(("tasks", "epochs"), [(1, 6), (2, 1), (6, 1), (2, 2)])
def test_few_levels_give_an_answer_or_nothing(tasks: int, epochs: int, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        write_report(trials(tasks, epochs), SUITE, tmp_path)
    found = told(trials(tasks, epochs))
    assert found["sampled_low"].is_null().all() == (tasks < 2)
    numbers = found.select(pl.col(pl.Float64))
    assert not any(column.is_nan().any() for column in numbers)


def test_one_level_alone_is_told() -> None:
    (line,) = notes(check_trials(trials(tasks=1), SUITE), SUITE)
    assert line.startswith("One fixed task, 0, in all rollouts")


def test_a_table_may_not_say_it() -> None:
    table = trials().drop("task")
    assert estimate(table, SUITE).height == 4
    assert told(table).is_empty()
    assert notes(check_trials(table, SUITE), SUITE) == ()


def test_cells_of_which_it_is_known_of_some_rollouts_only_are_left_out() -> None:
    table = trials().with_columns(
        task=pl.when(pl.col("episode_id") == "True0/0").then(None).otherwise("task")
    )
    assert told(table)["hint"].to_list() == [False, False]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"factors": (TASK, PARTS["factors"][0])}, "factor task: it is sampled; name one of the"),
        ({"contrasts": (Contrast(name="x", changes=({"task": 1},)),)}, "task is sampled within"),
        ({"axes": ("task",)}, "axes: task is sampled within cells"),
        (
            {"factors": (PARTS["factors"][0], Factor(name="task", sampled=True, derived=True))},
            "it names no other, and every cell has it",
        ),
    ],
)
def test_a_suite_that_contradicts_itself_is_refused(change: Any, message: str) -> None:
    with pytest.raises(UserError, match=message):
        Suite(**PARTS | change)
