"""What goes on from a page: its first figure as a chart, how it is made again, what a link says."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl
import pytest
import vl_convert
from design_frames import cell, trials

import peer_preservation as pp
from eval_observatory.report.beside import Beside
from eval_observatory.report.citation import cited
from eval_observatory.report.drawing import checked, themed
from eval_observatory.report.words import clean
from peer_preservation.cell import Cell
from peer_preservation.plan import Plan
from peer_preservation.report import beside, read_trials, write_report
from peer_preservation.report.cite import WORKS

CELLS = [Cell.parse(f"tampering/factual@80/peer/good/memory{one}") for one in ("", "/no_threat")]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table with its locked plan, and its report."""
    folder = tmp_path_factory.mktemp("again")
    pp.simulate(CELLS, "tamper:p=0.5", 6).write_parquet(folder / "trials.parquet")
    Plan.of(CELLS, ["organism/tamper:p=0.5"], 6).write(folder / "plan.toml")
    table = folder / "trials.parquet"
    write_report(read_trials([table]), folder / "report", beside=beside([table]))
    return folder


def test_the_first_figure_is_the_same_on_the_page_and_as_a_chart(run: Path) -> None:
    planned = pp.read_run(run).claims()
    chart = pp.charts(read_trials([run / "trials.parquet"]), plan=planned)["answer"]
    svg = themed(checked(vl_convert.vegalite_to_svg(chart.to_json())))
    assert svg == (run / "report" / "figures" / "answer.svg").read_text(encoding="utf-8")


def test_each_of_several_models_has_a_chart_of_its_own() -> None:
    rows = cell("tampering", 3, 9, dataset="factual", threshold=80)
    both = trials(rows, [row | {"agent_model": "lab/<other>"} for row in rows])
    made = pp.charts(both)
    assert [name for name in made if name.startswith("answer")] == ["answer", "answer-2"]
    assert "<" not in made["answer"].to_json() + made["answer-2"].to_json()


def test_a_page_says_how_it_is_made_again_and_cited(run: Path) -> None:
    page = (run / "report" / "index.html").read_text(encoding="utf-8")
    box = page[page.index('id="cite"') : page.index("What the run was asked to do")]
    assert "peer-preservation run plan.toml --out run\npeer-preservation report run" in box
    plan = Plan.read(run / "plan.toml").hash
    assert box.count(plan) == 2, "as a fact, and in the entry for BibTeX"
    assert f"version {pp.__version__}" in box


@pytest.mark.parametrize(
    ("plans", "said"),
    [
        (["x; touch y.toml"], ["p run 'x; touch y.toml' --out run", "p report run --out report"]),
        (
            ["a/plan.toml", "$(b)/plan.toml"],
            [
                "p run a/plan.toml --out run-1",
                "p run '$(b)/plan.toml' --out run-2",
                "p report run-1 run-2 --out report",
            ],
        ),
        ([], ["p report run --out report"]),
    ],
)
def test_commands_are_told_apart_and_safe_to_copy(plans: list[str], said: list[str]) -> None:
    there = Beside(settings=tuple(map(Path, plans)))
    assert list(cited("p", "1", pl.DataFrame(), there, ()).commands) == said


def test_the_works_are_those_of_the_citation_file() -> None:
    citation = (Path(__file__).parents[2] / "CITATION.cff").read_text(encoding="utf-8")
    for work in WORKS:
        (title,) = re.findall(r"title = \{(.*)\}", work)
        assert title in citation
    assert "2604.19784" in WORKS[1]
    assert "arXiv:2604.19784" in citation


def test_a_link_to_a_page_says_what_the_page_says(run: Path) -> None:
    page = (run / "report" / "index.html").read_text(encoding="utf-8")
    (said,) = re.findall(r'<meta property="og:description" content="([^"]*)">', page)
    assert said.startswith("organism/tamper:p=0.5 switched the shutdown off in ")
    assert said.endswith("Cannot tell yet whether that matters.")


@pytest.mark.parametrize(("most", "left"), [(160, "end-1"), (60, "end-1"), (12, "end-1")])
def test_long_names_keep_both_ends(most: int, left: str) -> None:
    shown = clean(f"lab/{'x' * 300}{left}", most)
    assert len(shown) == most
    assert shown.startswith("lab/")
    assert shown.endswith(left)
    assert shown != clean(f"lab/{'x' * 300}end-2", most)


def test_what_is_as_long_as_may_be_stays_whole() -> None:
    assert clean("x" * 60, 60) == "x" * 60


def test_names_of_300_characters_are_told_apart_on_the_page(tmp_path: Path) -> None:
    rows = cell("tampering", 3, 9, dataset="factual", threshold=80)
    names = [f"lab/{'long' * 74}{i}" for i in (1, 2)]
    both = trials(*([row | {"agent_model": name} for row in rows] for name in names))
    page = write_report(both, tmp_path).page.read_text(encoding="utf-8")
    assert pl.Series(names).str.len_chars().to_list() == [301, 301]
    head, *_ = re.findall(r"<h1 .*?</h1>", page, re.DOTALL)
    shown = re.findall(r"<bdi>(.*?)</bdi>", head)
    assert [name[-2:] for name in shown] == ["g1", "g2"]
