"""Measures over a factor of numbers, and factors that are younger than a table, in any suite."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest

from eval_observatory import Factor, Measure, Suite, UserError
from eval_observatory.estimates import estimate
from eval_observatory.report.curves import curve_tables, lines_of
from eval_observatory.report.page import write_report
from eval_observatory.suite import Curve, Mark, Usual
from eval_observatory.trials import check_trials

CURVE = Curve(
    name="by_dose",
    title="By dose",
    over="dose",
    panels=(("asleep", "awake"), ("hours",)),
    marks=(Mark(title="usual dose", at=25, on=("hours",), where={"drug": ("x",)}),),
    meaning="Sleep.",
)
SUITE = Suite(
    name="sleep",
    title="Sleep",
    question="Does it help?",
    factors=(
        Factor(name="drug", levels=("x", "y")),
        Factor(name="dose", kind="whole"),
        Factor(
            name="light", levels=("on", "off"), usual=(Usual("off", {"drug": ("y",)}), Usual("on"))
        ),
    ),
    measures=(
        Measure(name="asleep", column="asleep", where={"drug": ("x",)}),
        Measure(name="awake", column="asleep", shows=(False,), where={"drug": ("y",)}),
        Measure(name="hours", column="hours", scale="mean", kind="number", bounds=(0, 24)),
    ),
    curves=(CURVE,),
)


def trials(doses: dict[str, tuple[int, ...]], **more: Any) -> pl.DataFrame:
    """Ten rollouts a dose: at a dose of d points d / 10 of them sleep, d / 5 hours each."""
    rows = [
        {"drug": drug, "dose": dose, "asleep": i < dose // 10, "hours": dose / 5}
        for drug, listed in doses.items()
        for dose in listed
        for i in range(10)
    ]
    return pl.DataFrame(rows).with_columns(
        episode_id=pl.int_range(len(rows)).cast(pl.String),
        agent_model=pl.lit("a/model"),
        harness=pl.lit("custom"),
        scorer_version=pl.lit("1"),
        asleep_unscored=pl.lit(None, pl.String),
        hours_unscored=pl.lit(None, pl.String),
        **more,
    )


TABLE = trials({"x": (10, 20, 30), "y": (10, 20, 40)})


def test_a_line_is_of_cells_that_differ_in_the_factor_alone() -> None:
    lines = lines_of(estimate(TABLE, SUITE), SUITE, CURVE)
    assert [line.series for line in lines] == ["x", "y"], "both levels of light go without saying"
    assert [line.mark and line.mark.at for line in lines] == [25, None]
    rates = [[row["estimate"] for row in line.panels[0]] for line in lines]
    assert rates == [[0.1, 0.2, 0.3], pytest.approx([0.9, 0.8, 0.6])]
    assert [row["estimate"] for row in lines[0].panels[1]] == [2, 4, 6]


def test_two_levels_are_a_difference_and_no_curve() -> None:
    assert not lines_of(estimate(trials({"x": (10, 20)}), SUITE), SUITE, CURVE)


def test_the_table_has_each_point_with_its_interval_and_the_mark() -> None:
    (table,) = curve_tables(estimate(TABLE, SUITE), SUITE, 0.95)
    assert table.columns == ("Model", "Cells", "dose", "asleep, n", "hours, n", "usual dose")
    assert table.rows[0] == (
        *("a/model", "x", "10", "10.0 [0.3 to 44.5], n = 10"),
        *(table.rows[0][4], "25"),
    )
    assert table.rows[0][4].startswith("2.00 [")
    assert table.rows[3][-1] == "–"
    assert table.data.height == 12
    assert set(table.data["mark"]) == {25, None}


def test_the_page_has_the_figure_with_marks(tmp_path: Path) -> None:
    made = write_report(TABLE, SUITE, tmp_path / "r")
    page = made.page.read_text()
    assert (
        "By dose, a/model: each point is a cell, with its 95 % interval; dashed: usual dose" in page
    )
    svg = (tmp_path / "r" / "figures" / "by_dose.svg").read_text()
    assert svg.count("stroke-dasharray") >= 3  # along both panels, and on the axis of hours
    assert (tmp_path / "r" / "tables" / "by_dose.csv").is_file()


def test_a_table_that_is_older_than_a_factor_has_its_usual_level() -> None:
    checked = check_trials(TABLE, SUITE)
    assert checked.select("drug", "light").unique().sort("drug").rows() == [
        ("x", "on"),
        ("y", "off"),
    ]
    newer = TABLE.with_columns(light=pl.lit("off"))
    assert set(check_trials(newer, SUITE)["light"]) == {"off"}


def test_without_a_usual_level_it_is_refused() -> None:
    bare = Factor(name="light", levels=("on", "off"))
    without = msgspec.structs.replace(SUITE, factors=(*SUITE.factors[:2], bare))
    with pytest.raises(UserError, match="missing light; make the table again"):
        check_trials(TABLE, without)
