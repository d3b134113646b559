"""From the first number to the act: what a reader meets on the page, and how far it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page
from visits import Visit, seconds_to_open, visit

from peer_preservation.matrix import matrix
from peer_preservation.report import beside, estimate, read_trials, write_report
from peer_preservation.scoring.score import score
from peer_preservation.trials.schema import table, trial
from peer_preservation.trials.simulation import simulate, simulated

pytestmark = pytest.mark.browser

DESK, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
SERIOUS = {"serious", "critical"}
ROLLOUTS_OF_A_STUDY = 27_100
AT = "at => document.querySelector('#rollout-at').innerText.startsWith(at)"
FIRST_VIEW = 300_000
"""Bytes, of what is read before a reader asks for more."""


def played(folder: Path, script: str, rollouts: int = 8) -> Path:
    """A table of a script in the quick cells, its episodes beside it."""
    folder.mkdir()
    episodes = list(simulated(matrix("quick", scenario=["tampering"]), script, rollouts))
    table(trial(one, score(one)) for one in episodes).write_parquet(folder / "trials.parquet")
    lines = [one.to_json() for one in episodes]
    (folder / "saved.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return folder / "trials.parquet"


def written(out: Path, *tables: Path) -> Path:
    more = beside(tables, episodes=[one.parent / "saved.jsonl" for one in tables])
    return write_report(read_trials(tables), out, beside=more).page


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return played(tmp_path_factory.mktemp("way") / "first", "tamper:p=0.5")


@pytest.fixture(scope="module")
def report(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("report"), run)


@pytest.fixture(scope="module")
def comparison(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    room = tmp_path_factory.mktemp("two")
    return written(room / "report", run, played(room / "second", "tamper"))


@pytest.fixture
def page(report: Path, browser: Browser) -> Iterator[Visit]:
    with visit(browser, report.as_uri(), viewport=DESK) as visited:
        yield visited
        visited.check()


def bottom(page: Page, selector: str) -> float:
    box = page.locator(selector).first.bounding_box()
    assert box is not None
    return box["y"] + box["height"]


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("which", ["report", "comparison"])
def test_a_number_and_a_figure_stand_on_the_first_screen(
    request: pytest.FixtureRequest, browser: Browser, size: Any, which: str
) -> None:
    address = request.getfixturevalue(which).as_uri()
    with visit(browser, address, viewport=size) as visited:
        assert bottom(visited.page, ".dots .dot-number b") < size["height"]
        assert bottom(visited.page, ".dots tbody .track") < size["height"]
        assert visited.fits()
        assert "organism/tamper" in visited.page.title()
        assert "organism/tamper" in visited.page.inner_text("h1")


def test_two_clicks_lead_from_the_first_number_to_the_act(page: Visit) -> None:
    number = page.page.locator(".dots a").first
    counted = int(number.inner_text())
    number.click()
    page.page.wait_for_selector("#rollout-rows a")
    assert page.page.locator("#rollout-rows a").count() == counted
    page.page.locator("#rollout-rows a").first.click()
    page.page.wait_for_selector("#rollout .act")
    assert page.page.inner_text("#rollout-title").startswith("Switched the shutdown off, event ")
    assert "shutdown_enabled" in page.page.inner_text(".act")
    assert bottom(page.page, ".act") < DESK["height"], "no scrolling to it"


def test_an_address_that_is_opened_again_shows_the_same_and_back_works(
    page: Visit, report: Path, browser: Browser
) -> None:
    page.page.evaluate("scrollTo(0, 120)")
    page.page.locator(".dots a").first.click()
    page.page.wait_for_selector("#rollout-rows a")
    listed = page.page.inner_text("#list")
    address = page.page.url
    page.page.locator("#rollout-rows a").nth(1).click()
    page.page.wait_for_selector("#rollout .timeline")
    opened, of = page.page.url, page.page.inner_text("#rollout")
    for again, selector, text in ((address, "#list", listed), (opened, "#rollout", of)):
        with visit(browser, again, viewport=DESK) as visited:
            visited.page.wait_for_function(
                "([id, text]) => document.querySelector(id).innerText === text",
                arg=[selector, text],
            )
    page.page.go_back()
    page.page.wait_for_selector("#list", state="visible")
    assert page.page.url == address
    assert page.page.inner_text("#list") == listed
    page.page.go_back()
    page.page.wait_for_selector("#answer", state="visible")
    page.page.wait_for_function("scrollY > 0")
    assert page.page.url == report.as_uri()


def test_keys_go_to_the_next_rollout_and_the_next_evidence(page: Visit) -> None:
    page.page.locator(".dots a").first.click()
    page.page.locator("#rollout-rows a").first.click()
    page.page.wait_for_selector("#rollout .timeline")
    first = page.page.url
    page.page.keyboard.press("n")
    assert page.page.evaluate("document.activeElement.matches('.event.evidence')")
    page.page.keyboard.press("p")
    assert page.page.evaluate("document.activeElement.matches('.event.evidence')")
    page.page.keyboard.press("j")
    page.page.wait_for_function(AT, arg="2 of")
    assert page.page.url != first
    page.page.keyboard.press("k")
    page.page.wait_for_function(AT, arg="1 of")
    assert page.page.url == first


def test_what_shows_the_behaviour_stands_out_alone(page: Visit) -> None:
    page.page.locator(".dots a").first.click()
    page.page.locator("#rollout-rows a").first.click()
    page.page.wait_for_selector("#rollout .timeline")
    marked = page.page.locator(".event.evidence")
    assert marked.count() == page.page.locator(".map .evidence").count() == 1
    assert "shutdown_enabled" in marked.inner_text()
    assert page.page.locator(".event .chip.quiet").count() > 1, "others are there, and quiet"
    assert page.page.get_by_text("You are GPT Agent").first.is_visible()


def test_every_number_leads_to_exactly_its_rollouts(page: Visit, run: Path) -> None:
    trials = read_trials([run])
    links = page.page.eval_on_selector_all(
        "a[href^='#rollouts&']",
        "links => links.map(a => [a.textContent.split(' ')[0], a.getAttribute('href')])",
    )
    counted = {href: text for text, href in links if "show=" in href}
    cells = estimate(trials).height
    assert len(counted) > cells, "n of every cell, and k where there is any"
    for href, text in counted.items():
        page.page.evaluate("hash => { location.hash = hash; }", href)
        page.page.wait_for_selector("#list", state="visible")
        page.page.wait_for_function(
            "n => document.querySelector('#f-count').innerText.endsWith(` of ${n} rollouts`)",
            arg=text,
            timeout=10_000,
        )


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("which", ["report", "comparison"])
def test_a_checker_of_accessibility_finds_nothing_serious(
    request: pytest.FixtureRequest, browser: Browser, which: str, scheme: str
) -> None:
    address = request.getfixturevalue(which).as_uri()
    with visit(browser, address, viewport=DESK, color_scheme=scheme) as visited:
        assert serious(visited.page) == []
        visited.page.locator(".dots a").first.click()
        visited.page.wait_for_selector("#rollout-rows a")
        assert serious(visited.page) == []
        visited.page.locator("#rollout-rows a").first.click()
        visited.page.wait_for_selector("#rollout .timeline")
        assert serious(visited.page) == []


MOVING = """[...document.querySelectorAll('*')].map(one => getComputedStyle(one)).filter(
  style => style.animationName !== 'none' || parseFloat(style.transitionDuration)).length"""


def serious(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {one['help']}" for one in found if one["impact"] in SERIOUS]


def test_the_checker_finds_what_is_serious(browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<p style='color:#eee'>pale</p><img src=x>", "utf-8")
    page = browser.new_page()
    page.goto((tmp_path / "index.html").as_uri())
    assert len(serious(page)) >= 2
    page.close()


def test_reduced_motion_and_print(report: Path, browser: Browser) -> None:
    with visit(browser, report.as_uri(), viewport=DESK, reduced_motion="reduce") as visited:
        assert visited.page.evaluate(MOVING) == 0
        visited.page.emulate_media(media="print")
        assert visited.page.is_visible("#answer .dots")
        assert visited.page.is_hidden("#theme")
        assert visited.fits()


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report on as many rollouts as a published study has, without its figures."""
    few = simulate(matrix("paper"), "tamper:p=0.3", 5)
    copies = range(ROLLOUTS_OF_A_STUDY // few.height)
    every = pl.concat(
        few.with_columns(
            pl.format("{}{}", pl.lit(f"{copy:04x}"), pl.col("episode_id").str.slice(4)).alias(
                "episode_id"
            ),
            pl.col("rollout") + 5 * copy,
        )
        for copy in copies
    )
    assert every.height == ROLLOUTS_OF_A_STUDY
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("eval_observatory.report.figures.MOST_FIGURES", 0)
        return write_report(every, tmp_path_factory.mktemp("study")).page


def test_a_large_study_opens_light_and_at_once(study: Path, browser: Browser) -> None:
    with visit(browser, study.as_uri(), viewport=DESK) as visited:
        read = [Path(url.removeprefix("file://")) for url in visited.requests]
        assert sum(path.stat().st_size for path in read) < FIRST_VIEW
        assert [path.name for path in read] == ["index.html"], "all else is read on demand"
        assert seconds_to_open(visited.page) < 1
        visited.page.locator(".dots a").first.click()
        visited.page.wait_for_selector("#rollout-rows a")
        assert visited.fits()
        visited.check()


def test_the_cells_of_a_large_study_lead_back_to_its_rollouts(
    study: Path, browser: Browser
) -> None:
    address = (study.parent / "cells.html").as_uri()
    with visit(browser, address, viewport=DESK) as visited:
        link = visited.page.locator("a[href^='index.html#rollouts&']").first
        counted = link.text_content()
        visited.page.evaluate(
            "document.querySelectorAll('details').forEach(d => { d.open = true; })"
        )
        link.click()
        visited.page.wait_for_selector("#rollout-rows a")
        assert visited.page.inner_text("#f-count").endswith(f" of {counted} rollouts")
        visited.check()


def test_a_list_says_by_what_act(page: Visit) -> None:
    page.page.locator("#answer .dot-number a").first.click()
    page.page.wait_for_selector("#rollout-rows .row")
    acts = page.page.locator("#rollout-rows .did").all_inner_texts()
    assert acts
    assert {re.sub(r"\d+", "n", act) for act in acts} == {
        "modify_var(key=shutdown_enabled, value=false), event n of n"
    }


@pytest.mark.parametrize("dark", [False, True])
def test_a_figure_can_be_asked_and_read(report: Path, browser: Browser, dark: bool) -> None:
    """Its points have tooltips and its labels are text, though it is loaded once it is seen."""
    scheme: Any = "dark" if dark else "light"
    with visit(browser, report.as_uri(), viewport=DESK, color_scheme=scheme) as visited:
        frame = visited.page.locator("#behaviors iframe").first
        frame.scroll_into_view_if_needed()
        figure = visited.page.frame_locator("#behaviors iframe").first
        says = figure.locator("path > title").first.text_content()
        assert says is not None
        assert re.search(r"says: .* \d+ of \d+", says)
        assert "good, told by memory" in figure.locator("text").all_text_contents()
        ink = figure.locator("text").first.evaluate("one => getComputedStyle(one).fill")
        assert ink == ("rgb(228, 232, 236)" if dark else "rgb(27, 31, 36)")
        box = figure.locator("svg").bounding_box()
        around = frame.bounding_box()
        assert box is not None
        assert around is not None
        assert box["width"] <= around["width"] + 1
        visited.check()
