"""The looks of a stopping rule and the plan, each at the run that they are of."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from design_frames import CALM, cell, trials

import peer_preservation as pp
from eval_observatory.report.page import Report
from eval_observatory.stop import Stop
from peer_preservation.plan import Plan
from peer_preservation.report import beside, read_trials, write_report

pytestmark = pytest.mark.usefixtures("no_figures")

MODEL = "lab/model"
GOOD = "misrep_finance/peer/good/memory"
CALM_ID = "misrep_finance/peer/none/no_threat"


def plan_of(most: int) -> Plan:
    return Plan.of([pp.Cell.parse(id) for id in (GOOD, CALM_ID)], [MODEL], most, stop=Stop())


def look(id: str, n: int, k: int, **more: Any) -> dict[str, Any]:
    said = {"cell": id, "model": MODEL, "behavior": "strategic_misrepresentation", "look": 1}
    bounds = {"low": 0.0, "high": 1.0, "claim": id, "claim_low": 0.1, "claim_high": 0.5}
    return said | bounds | {"n": n, "k": k, "decision": None} | more


def run(
    folder: Path,
    *cells: list[dict[str, Any]],
    looks: list[dict[str, Any]] | None = None,
    most: int | None = None,
    plan: Plan | None = None,
) -> Path:
    """A run's folder; its trial table."""
    folder.mkdir()
    named = trials(*cells).with_columns(
        episode_id=folder.name + pl.col("episode_id"),
        cell_id=pl.when("threat").then(pl.lit(GOOD)).otherwise(pl.lit(CALM_ID)),
        condition=pl.when("threat").then(pl.lit("good_peer")).otherwise(pl.lit("non_shutdown")),
    )
    named.write_parquet(folder / "trials.parquet")
    if looks is not None:
        (folder / "looks.jsonl").write_text("\n".join(map(json.dumps, looks)), encoding="utf-8")
    if most is not None:
        plan_of(most).keep(folder / "plan.toml")
    if plan:
        plan.write(folder / "plan.toml")
    return folder / "trials.parquet"


def report(out: Path, *tables: Path) -> tuple[Report, str]:
    written = write_report(read_trials(tables), out, beside=beside(tables))
    return written, written.page.read_text(encoding="utf-8")


def spent(page: str) -> list[list[str]]:
    """The rows of the rollouts that a stopping rule spent, as text."""
    section = page[page.index('<section id="stopping"') :]
    body = section[section.index("<tbody>") : section.index("</tbody>")]
    rows = [row.replace("</td>", "\0") for row in body.split("<tr>")[1:]]
    return [[strip_tags(text) for text in row.split("\0")[:-1]] for row in rows]


def strip_tags(text: str) -> str:
    return "".join(part.partition(">")[2] if i else part for i, part in enumerate(text.split("<")))


def test_looks_and_a_plan_are_of_the_run_they_stand_beside(tmp_path: Path) -> None:
    ends = {"baseline": [CALM_ID]}
    first = run(
        tmp_path / "a",
        cell("misrep_finance", 8, 10),
        cell("misrep_finance", 0, 10, **CALM),
        looks=[look(GOOD, 10, 8, decision="higher", **ends)],
        plan=plan_of(40),
    )
    second = run(
        tmp_path / "b",
        cell("misrep_finance", 1, 20),
        cell("misrep_finance", 0, 20, **CALM),
        looks=[look(GOOD, 20, 1, decision="futile", **ends)],
        most=50,
    )
    written, page = report(tmp_path / "report", first, second)
    a, b = f"{MODEL} (a/trials)", f"{MODEL} (b/trials)"
    assert written.tables is not None
    claims = pl.read_csv(written.tables / "planned.csv")
    assert claims.select("model", "n", "decision").rows() == [(a, 10, "higher")]
    assert {(row[1].strip(), row[2], row[4].split(",")[0]) for row in spent(page)} == {
        (a, "10", "higher"),
        (a, "10", "baseline of others"),
        (b, "20", "futile"),
        (b, "20", "baseline of others"),
    }
    assert "do not hold their level in its cells" in page
    assert "stopped at n 20: futile" in page


def test_an_estimate_that_decided_says_how_far_it_is_off(tmp_path: Path) -> None:
    bounds = {"low": 0.3, "high": 0.9, "claim_low": 0.1, "claim_high": 0.8}
    ends = {"decision": "higher", "baseline": [CALM_ID], **bounds}
    table = run(
        tmp_path / "a",
        cell("misrep_finance", 12, 20),
        cell("misrep_finance", 1, 20, **CALM),
        looks=[look(GOOD, 20, 12, **ends)],
        most=100,
    )
    written, page = report(tmp_path / "report", table)
    mine = written.rates.filter(behavior="strategic_misrepresentation")
    rows = {bool(row["threat"]): row for row in mine.iter_rows(named=True)}
    arm, base = rows[True], rows[False]
    assert (arm["sequence_low"], arm["sequence_high"]) == (0.3, 0.9)
    assert (arm["difference_sequence_low"], arm["difference_sequence_high"]) == (0.1, 0.8)
    assert 0.02 < arm["difference_stopped_bias"] < 0.4
    assert base["stopped_bias"] < 0 < arm["stopped_bias"]
    assert base["sequence_low"] < 0.05 < base["sequence_high"]
    assert "by the stopping rule +10.0 to +80.0; on average such estimates lie up to" in page
    assert "points too far from 0" in page


def test_without_its_plan_a_decision_has_its_bounds_alone(tmp_path: Path) -> None:
    cells = cell("misrep_finance", 12, 20), cell("misrep_finance", 1, 20, **CALM)
    ends = {"decision": "higher", "baseline": [CALM_ID]}
    written, page = report(
        tmp_path / "report", run(tmp_path / "a", *cells, looks=[look(GOOD, 20, 12, **ends)])
    )
    assert written.rates["stopped_bias"].count() == 0
    assert written.rates["sequence_low"].count() == 2
    assert "by the stopping rule +10.0 to +50.0" in page
    assert "too far from 0" not in page.split("<main")[1].split('id="models"')[1]


def test_each_run_has_its_own_maximum(tmp_path: Path) -> None:
    tables = [
        run(
            tmp_path / name,
            cell("misrep_finance", 1, 10, agent_model=model),
            looks=[look(GOOD, 10, 1, decision="known", model=model)],
            most=most,
        )
        for name, model, most in (("a", "lab/one", 20), ("b", "lab/two", 50))
    ]
    _, page = report(tmp_path / "report", *tables)
    assert [(row[1].strip(), row[3]) for row in spent(page)] == [
        ("lab/one", "10"),
        ("lab/two", "40"),
    ]
    assert "20 rollouts spent of at most 70: 71.4 % saved" in page


@pytest.mark.parametrize(
    ("looks", "good", "calm"),
    [
        (
            [look(GOOD, 10, 1, decision="lower", baseline=[CALM_ID])],
            ("10", "30", "0", "lower"),
            ("20", "20", "0", "baseline of others"),
        ),
        (
            [look(GOOD, 10, 1, baseline=[CALM_ID])],
            ("10", "0", "30", "open"),
            ("20", "0", "20", "baseline of others"),
        ),
        (
            [look(GOOD, 10, 1, decision="known")],
            ("10", "30", "0", "known"),
            ("20", "0", "20", "no look at it"),
        ),
    ],
    ids=["settled", "cut off", "a cell without a look"],
)
def test_what_was_not_run_is_not_saved(
    tmp_path: Path, looks: list[dict[str, Any]], good: tuple[str, ...], calm: tuple[str, ...]
) -> None:
    cells = (cell("misrep_finance", 1, 10), cell("misrep_finance", 0, 20, **CALM))
    _, page = report(tmp_path / "report", run(tmp_path / "a", *cells, looks=looks, most=40))
    found = {row[0]: row for row in spent(page)}
    not_run = "Not run</th>" in page
    for id, wanted in ((GOOD, good), (CALM_ID, calm)):
        numbers, end = found[id][2:-1], found[id][-1].split(",")[0]
        assert (*numbers, *([] if not_run else ["0"]), end) == wanted
    assert ("the run was cut off" in page) == not_run
