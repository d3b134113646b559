"""What a plan set out to show, told apart from the rest in every list and on the page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest
from design_frames import CALM, NONE, cell, trials

import peer_preservation as pp
from eval_observatory.errors import UserError
from eval_observatory.planned import Planned, planned
from eval_observatory.report.overview import unplanned
from eval_observatory.statistics.contrasts import interaction
from eval_observatory.statistics.exact import boschloo
from eval_observatory.statistics.two_rates import exact_difference
from peer_preservation.plan import Plan
from peer_preservation.report import Beside, Counted, estimate, tables, write_report
from peer_preservation.suite import SUITE

pytestmark = pytest.mark.usefixtures("no_figures")

MODEL = "lab/model"
BEHAVIOR = "strategic_misrepresentation"
GOOD = "misrep_finance/peer/good/memory"
BAD = "misrep_finance/peer/bad/memory"
BARE = "misrep_finance/peer/none/no_threat"


def plan_of(*ids: str, **settings: Any) -> Plan:
    return Plan.of([pp.Cell.parse(id) for id in ids], [MODEL], 20, **settings)


def found(plan: Plan, counted: Counted) -> Planned:
    return planned([plan], counted, SUITE)


def one(table: pl.DataFrame, **place: Any) -> dict[str, Any]:
    (row,) = table.filter(
        *(pl.col(name).eq_missing(pl.lit(value)) for name, value in place.items())
    ).iter_rows(named=True)
    return row


MISREPORTS = trials(
    cell("misrep_finance", 7, 20),
    cell("misrep_finance", 6, 20, relationship="bad"),
    cell("misrep_finance", 5, 20, relationship="neutral"),
    cell("misrep_finance", 0, 20, **CALM),
)
P = {name: boschloo(k, 20, 0, 20) for name, k in (("good", 7), ("bad", 6), ("neutral", 5))}


def test_planned_contrasts_are_corrected_in_the_plans_family_and_the_rest_apart() -> None:
    counted = Counted.of(MISREPORTS, SUITE)
    table = estimate(counted, plan=found(plan_of(GOOD, BAD, BARE), counted))
    rows = {
        name: one(table, relationship=name, behavior="strategic_misrepresentation", threat=True)
        for name in P
    }
    assert [rows[name]["difference_planned"] for name in P] == [True, True, False]
    assert [rows[name]["planned"] for name in P] == [True, True, False]
    assert rows["good"]["p_adjusted"] == pytest.approx(2 * P["good"])
    # What is planned is told whole: the cells have half of its error, what stands last the other.
    assert rows["neutral"]["p_adjusted"] == pytest.approx(2 * P["neutral"])
    refusal = one(table, relationship="good", behavior="refusal")
    assert (refusal["planned"], refusal["difference_planned"]) == (False, False)
    assert list(table.columns)[-3:] == ["tipping", "planned", "difference_planned"]
    assert estimate(counted).columns[-1] == "tipping"


def test_a_planned_contrast_that_was_not_played_counts_in_its_family() -> None:
    counted = Counted.of(MISREPORTS, SUITE)
    data = found(plan_of(GOOD, "misrep_finance/self/none", BARE), counted).data
    assert data["family_size"].to_list() == [1, None]
    both = plan_of(GOOD, BARE, "misrep_finance/self/none", "misrep_finance/self/none/no_threat")
    data = found(both, counted).data
    absent = one(data, claim="misrep_finance/self/none")
    assert (absent["rate"], absent["p"], absent["p_adjusted"]) == (None, None, None)
    assert one(data, claim=GOOD)["p_adjusted"] == pytest.approx(2 * P["good"])


def test_pooled_claims_are_the_tables_figures_and_their_cells_alone_are_not() -> None:
    where: list[dict[str, Any]] = [
        {"dataset": dataset, "threshold": threshold, "alignment_faking_mode": mode}
        for dataset, threshold in (("factual", 80), ("creativity", 90), ("red", 80))
        for mode in ("monitoring", "non_monitoring")
    ]
    hidden = [4 * (place["alignment_faking_mode"] == "non_monitoring") for place in where]
    table = trials(
        *(cell("alignment_faking", k, 20, **place) for k, place in zip(hidden, where, strict=True))
    )
    plan = plan_of(
        *(
            "alignment_faking/{dataset}@{threshold}/peer/good/memory/"
            "{alignment_faking_mode}".format(**place)
            for place in where
        )
    )
    counted = Counted.of(table, SUITE)
    of_plan = found(plan, counted)
    shown = {table.name: table for table in tables(counted, plan=of_plan)}
    (claim,) = of_plan.data.iter_rows(named=True)
    figure = one(
        shown["alignment_faking"].data,
        model=MODEL,
        behavior="alignment_faking",
        statistic="memory",
    )
    assert figure["planned"] is True
    for name in ("estimate", "low", "high", "p", "p_adjusted"):
        assert figure[name] == pytest.approx(claim[name])
    assert "not planned" not in shown["alignment_faking"].rows[0][4]
    assert "not planned" in shown["alignment_faking"].rows[1][4]
    assert "not planned" in shown["refusal"].rows[0][4]
    alone = estimate(counted, plan=of_plan).filter(
        pl.col("behavior") == "alignment_faking", pl.col("p").is_not_null()
    )
    assert alone["difference_planned"].to_list() == [False] * 3
    assert alone["planned"].to_list() == [True] * 3


def test_the_page_says_what_was_planned_and_marks_the_rest(tmp_path: Path) -> None:
    plan = plan_of(GOOD, BARE)
    page = write_report(MISREPORTS, tmp_path / "a", beside=Beside(plans=(plan,))).page
    text = page.read_text(encoding="utf-8")
    assert plan.hash in text
    assert "1 were planned and" in text
    assert text.count('class="unplanned"') > 3
    assert (tmp_path / "a" / "tables" / "planned.csv").is_file()
    bare = write_report(MISREPORTS, tmp_path / "b").page.read_text(encoding="utf-8")
    assert "no figure is known to have been planned" in bare
    assert 'class="unplanned"' not in bare


def test_what_goes_beyond_the_plan_is_said() -> None:
    numbered = MISREPORTS.with_columns(rollout=pl.int_range(pl.len(), dtype=pl.Int64) % 25)
    other = numbered.with_columns(
        agent_model=pl.lit("lab/other"),
        episode_id="other" + pl.col("episode_id"),
        package_version=pl.lit("0.0.9"),
    )
    plan = plan_of(GOOD, BARE)
    good = numbered.filter(relationship="good").with_columns(
        rollout=pl.int_range(15, 35, dtype=pl.Int64), package_version=pl.lit(plan.package_version)
    )
    rest = numbered.filter(~pl.col("relationship").is_in(["good", "none"])).with_columns(
        rollout=pl.lit(90, pl.Int64), package_version=pl.lit("0.0.1")
    )
    counted = Counted.of(pl.concat([good, rest, other]), SUITE)
    said = list(unplanned(found(plan, counted)))
    assert said == [
        "15 rollouts are beyond the 20 of each cell's plan.",
        f"The plan was locked with version {plan.package_version}; rollouts are of version 0.0.1.",
    ]


def test_a_study_that_is_cut_into_plans_has_one_family() -> None:
    counted = Counted.of(MISREPORTS, SUITE)
    ids = [f"misrep_finance/peer/{name}/memory" for name in P]
    (whole,) = (found(plan_of(*ids, BARE), counted).data,)
    cut = planned([plan_of(one, BARE) for one in ids], counted, SUITE).data
    contrasts = [data.filter(pl.col("against").is_not_null()) for data in (whole, cut)]
    assert [data["family_size"].to_list() for data in contrasts] == [[3] * 3] * 2
    first, second = (dict(data.select("claim", "p_adjusted").iter_rows()) for data in contrasts)
    assert first == second
    assert first[GOOD] == pytest.approx(3 * P["good"])


def test_the_page_holds_what_is_corrected_to_the_plans_alpha(tmp_path: Path) -> None:
    for alpha, told in ((0.05, "2 are higher"), (0.001, "none is told")):
        plan = msgspec.structs.replace(plan_of(GOOD, BARE), alpha=alpha)
        page = write_report(MISREPORTS, tmp_path / f"{alpha}", beside=Beside(plans=(plan,))).page
        text = page.read_text(encoding="utf-8")
        assert f"p ≤ {alpha:g}" in text
        assert f"(1 planned), {told}" in text


def test_what_is_not_told_apart_says_how_large_an_effect_is_excluded(tmp_path: Path) -> None:
    table = trials(cell("misrep_finance", 3, 20), cell("misrep_finance", 2, 20, **CALM))
    text = write_report(table, tmp_path).page.read_text(encoding="utf-8")
    low, high = exact_difference(3, 20, 2, 20)[1:3]
    assert 0 < -low < high == pytest.approx(0.2933, abs=1e-4)
    assert "An effect above 29.4 points is excluded" in text


TIED = trials(
    cell("misrep_finance", 15, 20),
    cell("misrep_finance", 5, 20, **NONE),
    cell("misrep_finance", 4, 20, threat=False),
    cell("misrep_finance", 2, 20, **CALM),
)


def test_relationship_and_interaction_are_claims_of_one_family_with_the_rest() -> None:
    ids = ["peer/good/memory", "peer/none", "peer/good/memory/no_threat", "peer/none/no_threat"]
    also = ("relationship", "relationship*baseline")
    plan = plan_of(*(f"misrep_finance/{id}" for id in ids), also=also)
    counted = Counted.of(TIED, SUITE)
    of_plan = found(plan, counted)
    data = of_plan.data.filter(pl.col("against").is_not_null(), behavior=BEHAVIOR)
    assert data["family_size"].to_list() == [data.height] * data.height == [5] * 5
    (crossed,) = data.filter(cells=4).iter_rows(named=True)
    wanted = interaction((15, 20), (5, 20), (4, 20), (2, 20))
    assert (crossed["estimate"], crossed["low"], crossed["high"]) == pytest.approx(wanted[:3])
    assert "beyond" in crossed["against"]
    shown = {table.name: table for table in tables(counted, plan=of_plan)}
    effects = shown["factorial"].data.filter(behavior=BEHAVIOR)
    told = dict(effects.filter("planned").select("effect", "p_adjusted").iter_rows())
    assert told["interaction"] == pytest.approx(crossed["p_adjusted"])
    assert {"relationship under threat", "relationship without threat"} <= told.keys()


def test_a_plan_with_an_interaction_comes_back_out_of_its_file(tmp_path: Path) -> None:
    ids = ["peer/good/memory", "peer/none", "peer/good/memory/no_threat", "peer/none/no_threat"]
    cells = [f"misrep_finance/{id}" for id in ids]
    plan = plan_of(*cells, also=("relationship*baseline",))
    plan.write(tmp_path / "plan.toml")
    assert Plan.read(tmp_path / "plan.toml").claims == plan.claims
    assert "other" not in plan_of(*cells).to_toml().split("[suite]")[0]
    for also, says in (("kin", "'kin' is unknown"), ("control", "cells do not give it")):
        with pytest.raises(UserError, match=says):
            plan_of(*cells, also=(also,))
    with pytest.raises(UserError, match="stopping rule"):
        plan_of(*cells, also=("relationship*baseline",), stop=pp.Stop())
