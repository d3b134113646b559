"""The board's pages, as far as no browser is needed; its panels, ranks and what is corrected."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from reported_frames import reported, row

from eval_observatory.board.making import board_of
from eval_observatory.board.missions import Missions
from eval_observatory.board.panels import panels, ranks_of
from eval_observatory.board.record import Board
from eval_observatory.board.site import Site
from eval_observatory.cli import cli

ROOT = Path(__file__).parents[2]


def made(place: Path) -> tuple[Board, Path]:
    board, kept = board_of([place / "entries"], Missions(), title="A board")
    Site(board, kept, place / "site").write(Missions())
    return board, place / "site"


def test_only_rates_whose_intervals_are_apart_are_ranked_apart() -> None:
    ranks = ranks_of([row(19), row(0), row(5)])
    assert [(one.best, one.worst) for one in ranks if one] == [(1, 1), (2, 3), (2, 3)]


def test_alike_and_uncounted_have_no_rank_of_their_own() -> None:
    alike = ranks_of([row(5), row(5), row(6)])
    assert {(one.best, one.worst) for one in alike if one} == {(1, 3)}
    assert ranks_of([row(5)]) == [None]
    assert ranks_of([row(5), row(None)])[1] is None


def test_a_panel_is_of_one_cell_and_p_is_corrected_over_all_that_is_shown(tmp_path: Path) -> None:
    other: dict[str, Any] = {"cell_id": "elsewhere", "cell": {"threat": False}}
    for number in range(3):
        reported(tmp_path / "entries", f"e{number}", row(number), row(9, **other))
    reported(tmp_path / "entries", "alone", row(2, **other))
    board, _ = made(tmp_path)
    (panel,) = panels(board.entries)
    assert panel.cell_id == "elsewhere"
    assert panel.of == 2
    assert [point.p_board for point in panel.points] == pytest.approx([0.16] * 4)


def test_another_design_of_a_suite_stands_by_itself(tmp_path: Path) -> None:
    reported(tmp_path / "entries", "one")
    reported(tmp_path / "entries", "two", suite="acts-2")
    _, site = made(tmp_path)
    assert len(list((site / "suites").glob("*.html"))) == 2


def test_the_same_board_gives_the_same_bytes_and_takes_only_its_own_place(tmp_path: Path) -> None:
    reported(tmp_path / "entries", "one", vendor="Lab")
    _, site = made(tmp_path)
    before = {p: p.read_bytes() for p in site.rglob("*") if p.is_file()}
    _, site = made(tmp_path)
    after = {p: p.read_bytes() for p in site.rglob("*") if p.is_file()}
    assert after == before


def test_pages_link_to_pages_that_are_there_and_load_nothing_from_elsewhere(tmp_path: Path) -> None:
    for number in range(3):
        reported(tmp_path / "entries", f"e{number}", vendor=f"Lab {number}")
    _, site = made(tmp_path)
    for page in site.rglob("*.html"):
        text = page.read_text()
        assert "default-src 'none'" in text
        for target in re.findall(r'(?:href|src)="([^"#]*)', text):
            if target and not target.startswith(("http", "data:")):
                assert (page.parent / target).exists(), (page, target)
        assert not re.findall(r'(?:src|rel="stylesheet" href)="http', text)


def test_the_first_view_of_a_hundred_entries_is_light(tmp_path: Path) -> None:
    for number in range(100):
        rows = [row(number % 20, measure=f"m{i}", title=f"Measure {i}") for i in range(6)]
        reported(tmp_path / "entries", f"e{number}", *rows, suite=f"suite-{number % 3}")
    _, site = made(tmp_path)
    first = sum((site / name).stat().st_size for name in ("index.html", "style.css"))
    assert first < 300_000


def test_what_was_counted_is_kept_and_an_edited_entry_is_counted_anew(tmp_path: Path) -> None:
    entry = reported(tmp_path / "entries", "one")
    where = [tmp_path / "entries"]
    first, _ = board_of(where, Missions(), title="t", cache=tmp_path / "cache")
    again, _ = board_of(where, Missions(), title="t", cache=tmp_path / "cache")
    assert again.entries == first.entries
    path = entry / "results.json"
    path.write_text(path.read_text().replace('"k": 3', '"k": 4'))
    edited, _ = board_of(where, Missions(), title="t", cache=tmp_path / "cache")
    assert edited.entries[0].verification.contradicted


def test_the_workflow_names_commands_that_there_are() -> None:
    said = yaml.safe_load((ROOT / "docs" / "board-recipe.yml").read_text())
    assert said["permissions"] == {"contents": "read"}
    assert "pull_request_target" not in said[True]  # YAML 1.1 reads `on` as yes
    runs = "\n".join(step.get("run", "") for step in said["jobs"]["board"]["steps"])
    pages = runs + (ROOT / "docs" / "board.md").read_text()
    for name, options in re.findall(r"eval-observatory (\w+)([^\n`|]*(?:\n +--[^\n]*)*)", pages):
        helped = CliRunner().invoke(cli, [name, "--help"])
        assert not helped.exit_code, name
        for option in re.findall(r"--[a-z-]+", options):
            assert option in helped.output, (name, option)


def test_an_entrys_page_says_what_is_the_submitters_word(tmp_path: Path) -> None:
    reported(tmp_path / "entries", "one", vendor="Lab", provider="a path")
    _, site = made(tmp_path)
    page = (site / "entries" / "one.html").read_text()
    for name in ("model as served", "vendor", "provider path", "submitted by"):
        said = re.search(rf"<dt>{name}</dt><dd[^>]*>.*?</dd>", page)
        assert said, name
        assert ">claimed</small>" in said[0], name


def test_the_comparison_names_kind_and_standing_of_each(tmp_path: Path) -> None:
    reported(tmp_path / "entries", "one")
    other = reported(tmp_path / "entries", "two")
    (other / "results.json").write_text((other / "results.json").read_text() + " ")
    _, site = made(tmp_path)
    page = (site / "compare.html").read_text()
    assert page.count("one (imported, reported)</option>") == 2
    assert page.count("two (imported, reported, contradicted)</option>") == 2
    assert "side.selectedOptions[0].textContent" in (site / "board.js").read_text()


def test_the_method_names_the_suites_that_are_checked_here(tmp_path: Path) -> None:
    reported(tmp_path / "entries", "one")
    _, site = made(tmp_path)
    page = (site / "method.html").read_text()
    assert '<span class="id">peer_preservation</span>, scorer' in page
