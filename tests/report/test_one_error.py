"""One error over a whole report: simulated studies without any effect, and what stands where."""

from functools import cache
from typing import Any

import numpy as np
import polars as pl
import pytest
from benchmarks.page import Design, Study, design, errs, errs_flat, told
from design_frames import CALM, cell, trials

from eval_observatory.hierarchy import corrected
from peer_preservation.report import Counted, estimate, tables
from peer_preservation.report.families import ORDER
from peer_preservation.suite import SUITE

STUDIES = 300
MOST = 0.05 + 3 * (0.05 * 0.95 / STUDIES) ** 0.5


@cache
def quick(plan: bool) -> Design:
    return design("quick", plan=plan)


def studies(plan: bool, n: int, rate: float, count: int = STUDIES) -> list[Study]:
    made = quick(plan)
    rates = [rate] * len(made.drawn)
    return [Study(made, n, rates, np.random.default_rng([1, i])) for i in range(count)]


@pytest.mark.parametrize(("plan", "n"), [(False, 10), (True, 100)])
def test_a_report_without_any_effect_tells_one_in_at_most_a_twentieth(plan: bool, n: int) -> None:
    found = studies(plan, n, 0.5)
    assert np.mean([errs(one) for one in found]) <= MOST
    # Families that are corrected each by itself do not keep it, and this test would see it.
    assert np.mean([errs_flat(one) for one in found[:100]]) > 0.25


def test_what_stands_first_has_the_power_that_all_pay_for() -> None:
    made = quick(True)
    rates = [
        0.97 if what == "strategic_misrepresentation" and threat else 0.03
        for what, threat in zip(made.behaviors, made.threats, strict=True)
    ]
    study = Study(made, 20, rates, np.random.default_rng(0))
    shares = told(study, "strategic_misrepresentation")
    assert shares["planned"] == shares["pooled"] == (1, 1)


PLACE: dict[str, Any] = {"dataset": "factual", "threshold": 80}


def report(*parts: list[dict[str, Any]]) -> dict[str, pl.DataFrame]:
    counted = Counted.of(trials(*parts), SUITE)
    return {table.name: table.data for table in tables(counted)}


def test_the_page_says_where_every_family_stands_and_how_far_it_is_open() -> None:
    told_apart = report(
        cell("misrep_finance", 20, 20),
        cell("misrep_finance", 19, 20, instantiation="file_only"),
        cell("misrep_finance", 0, 20, **CALM),
        cell("tampering", 5, 20, **PLACE),
        cell("tampering", 5, 20, **PLACE, **CALM),
    )
    families = told_apart["families"]
    misrep = families.filter(behavior="strategic_misrepresentation")
    assert misrep.select("family", "stands", "tests", "told").rows() == [
        ("headline", "first", 1, 1),
        ("instantiations", "later", 3, 3),
    ]
    tampering = families.filter(behavior="shutdown_tampering")
    assert tampering.select("family", "stands", "told").rows() == [("cells", "first", 0)]
    assert set(families.filter(behavior="refusal")["stands"]) == {"last"}
    opens = families.filter(stands="later")["opens"][0]
    assert 0 < opens <= 0.05
    shown = told_apart["misrepresentation"].drop_nulls("p_adjusted")
    mean = shown.filter(statistic="mean")["p_adjusted"][0]
    assert (shown["p_adjusted"] >= mean).all()


def test_a_comparison_that_stands_in_two_tables_is_one_test() -> None:
    parts = [cell("misrep_finance", 12, 20), cell("misrep_finance", 2, 20, **CALM)]
    found = report(*parts)
    counted = Counted.of(trials(*parts), SUITE)
    alone = estimate(counted).filter(pl.col("p").is_not_null())
    mine = alone.filter(behavior="strategic_misrepresentation")["p"].item()
    headline = found["misrepresentation"].drop_nulls("p_adjusted")
    assert headline["p_adjusted"].to_list() == [mine]
    kinds = found["families"].filter(behavior="strategic_misrepresentation")["family"]
    assert kinds.to_list() == ["headline"]


@pytest.mark.parametrize(
    "parts",
    [
        [cell("misrep_finance", 3, 9), cell("misrep_finance", 0, 0, 4, **CALM)],
        [cell("misrep_finance", 0, 0, 5)],
        [cell("misrep_finance", 1, 1), cell("misrep_finance", 0, 1, **CALM)],
    ],
    ids=("one arm unscored", "all unscored", "one rollout each"),
)
def test_where_little_or_nothing_is_tested_nothing_breaks(parts: list[Any]) -> None:
    families = report(*parts).get("families")
    assert families is None or families["told"].sum() == 0


def test_a_thousand_families_of_many_models() -> None:
    lines = pl.DataFrame(
        {
            "model": [f"lab/{i}" for i in range(1000)],
            "harness": "custom",
            "behavior": "shutdown_tampering",
            "p": [1e-9, 0.5] * 500,
            "p_adjusted": pl.Series([None] * 1000, dtype=pl.Float64),
        }
    )
    found = corrected({"cells": lines}, SUITE, order=ORDER)
    assert found.families.height == 1000
    assert found.frames["cells"]["p_adjusted"].to_list()[:2] == pytest.approx([1e-6, 1.0])
