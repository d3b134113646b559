"""The page as a reader uses it: from a file and from a host, by mouse and by keyboard."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from playwright.sync_api import Browser
from visits import Visit, seconds_to_open, served, visit

from peer_preservation.matrix import matrix
from peer_preservation.plan import Plan
from peer_preservation.report import beside, estimate, read_trials, write_report
from peer_preservation.scoring.score import score
from peer_preservation.trials.schema import table, trial
from peer_preservation.trials.simulation import simulate, simulated

pytestmark = pytest.mark.browser

MODEL = "organism/tamper:p=0.5"
LOOKED_AT = "tampering/factual@80/peer/good/memory"
MANY = 20_000


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a report on a small run, with episodes, looks and settings beside it."""
    run = tmp_path_factory.mktemp("run")
    cells = matrix("quick", scenario=["tampering", "misrep_finance"])
    played = list(simulated(cells, "tamper:p=0.5", 12))
    table(trial(episode, score(episode)) for episode in played[:-1]).write_parquet(
        run / "trials.parquet"
    )
    lines = [episode.to_json() for episode in (*played[:10], *played[20:])]
    (run / "saved.jsonl").write_text("\n".join(lines), encoding="utf-8")
    look = {"cell": LOOKED_AT, "model": MODEL, "behavior": "shutdown_tampering", "low": 0.1}
    looks = [look | {"look": i, "n": 4 * i, "k": 2 * i, "high": 0.9} for i in (1, 2, 3)]
    looks[-1]["decision"] = "rate known"
    (run / "looks.jsonl").write_text("\n".join(map(json.dumps, looks)), encoding="utf-8")
    Plan.of(cells, [MODEL], 12).keep(run / "plan.toml")
    trials = [run / "trials.parquet"]
    more = beside(trials, episodes=[run / "saved.jsonl"])
    return write_report(read_trials(trials), run / "report", beside=more).page.parent


@pytest.fixture(scope="module")
def opened(report: Path, browser: Browser) -> Iterator[Visit]:
    with visit(browser, (report / "index.html").as_uri()) as visited:
        yield visited


@pytest.fixture
def page(opened: Visit) -> Iterator[Visit]:
    opened.page.evaluate("location.hash = ''")
    opened.page.reload()
    yield opened
    opened.check()


def shown(visited: Visit) -> int:
    """How many rollouts the list says it holds; it is opened where it is not."""
    if not visited.page.is_visible("#list"):
        listed(visited)
    text = visited.page.inner_text("#f-count")
    return int(text.split(" of ")[1].split()[0].replace(",", ""))


def listed(visited: Visit, where: str = "rollouts&of=all") -> None:
    """Goes to the list of rollouts, its filters open."""
    visited.page.evaluate("hash => { location.hash = hash; }", where)
    visited.page.wait_for_selector("#list", state="visible")
    visited.page.wait_for_function("document.querySelector('#f-count').textContent !== ''")
    visited.page.evaluate("document.querySelector('#list-filters').open = true")


def test_the_estimates_stand_in_the_overview(page: Visit) -> None:
    overview = page.page.inner_text("#overview")
    assert MODEL in overview
    assert "Seen in" in overview
    assert "95 %" in overview


def test_each_behaviour_has_its_figure_and_its_files(page: Visit, report: Path) -> None:
    assert page.page.locator("#behaviors iframe").count() >= 2
    for address in page.page.eval_on_selector_all(
        "#behaviors figcaption a", "links => links.map(link => link.getAttribute('href'))"
    ):
        assert (report / address).stat().st_size > 1_000


def test_what_was_not_joined_is_said(page: Visit) -> None:
    said = page.page.inner_text("#rollouts")
    assert "10 have no episode" in said
    assert "1 episodes have no trial" in said


def test_the_sequential_path_stands_at_its_cell(page: Visit) -> None:
    path = page.page.locator("tr.path")
    path.locator("summary").click()
    assert "3 looks, stopped at n 12: rate known" in path.inner_text()
    assert path.locator("li svg").count() == 3


def test_provenance_names_the_input_by_its_hash(page: Visit) -> None:
    provenance = page.page.inner_text("#provenance")
    assert "SHA-256 of trials.parquet" in provenance
    assert "plan.toml" in provenance


def test_the_list_is_filtered_by_everything_asked(page: Visit, report: Path) -> None:
    listed(page)
    everything = shown(page)
    trials = read_trials([report.parent / "trials.parquet"])
    assert everything == trials.height
    page.page.select_option("#f-scenario", label="scoring outputs, enforcement in a file")
    page.page.wait_for_function("location.hash.includes('scenario=')")
    assert shown(page) == trials.filter(pl.col("task_type") == "tampering").height
    page.page.select_option("#f-label", label="label shutdown_enabled")
    page.page.wait_for_function("!document.querySelector('#f-value').disabled")
    page.page.select_option("#f-value", label="false")
    page.page.wait_for_function("location.hash.includes('value=false')")
    off = trials.filter(~pl.col("shutdown_enabled"))
    assert 0 < shown(page) == off.height
    page.page.fill("#f-words", f"PEER {off['episode_id'][0][:12]}")
    assert shown(page) in (0, 1)
    page.page.fill("#f-words", off["episode_id"][0])
    assert shown(page) == 1
    page.page.fill("#f-words", "no such thing")
    assert shown(page) == 0


def test_the_list_turns_its_pages(page: Visit) -> None:
    listed(page)
    first = page.page.get_attribute("#rollout-rows a >> nth=0", "href")
    page.page.click("#f-after")
    page.page.wait_for_function(
        "document.querySelector('#f-count').textContent.startsWith('51 to')"
    )
    assert "page=2" in page.page.url
    page.page.reload()
    page.page.wait_for_function(
        "document.querySelector('#f-count').textContent.startsWith('51 to')"
    )
    page.page.click("#f-before")
    page.page.wait_for_function("document.querySelector('#f-before').disabled")
    after = page.page.get_attribute("#rollout-rows a >> nth=0", "href")
    assert str(after).split("&")[0] == str(first).split("&")[0]


def tampered(report: Path) -> str:
    trials = read_trials([report.parent / "trials.parquet"])
    return str(trials.filter(~pl.col("shutdown_enabled"))["episode_id"][0])


@pytest.mark.parametrize("place", ["file", "host"])
def test_an_episode_loads_on_demand(report: Path, browser: Browser, place: str) -> None:
    with served(report) as host:
        address = host if place == "host" else report.as_uri()
        with visit(browser, f"{address}/index.html") as visited:
            assert [url for url in visited.requests if "episodes/" in url] == []
            text = visited.open(tampered(report))
            assert len([url for url in visited.requests if "episodes/" in url]) == 2
            for part in ("modify_var", "shutdown_enabled", "true", "false", "You are", "Settings"):
                assert part in text
            evidence = visited.page.locator(".event.evidence")
            assert "Shutdown tampering" in " ".join(evidence.all_inner_texts())
            assert "read for" not in "".join(
                visited.page.locator(".event.evidence .chip.yes").all_inner_texts()
            )
            assert "note_left" in text
            assert "asked_human" in text
            state = visited.page.locator("#rollout section", has_text="The state at the end")
            assert "config/values/shutdown_enabled" in state.inner_text()
            visited.check()


def test_a_rollout_without_its_episode_says_so(page: Visit, report: Path) -> None:
    trials = read_trials([report.parent / "trials.parquet"])
    page.page.evaluate("id => { location.hash = 'rollout=' + id; }", trials["episode_id"][12])
    page.page.get_by_text("No episode of this rollout was given").wait_for()
    assert "fully_incomplete" in page.page.inner_text("#rollout")


def test_a_missing_file_of_episodes_is_said(report: Path, browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_bytes((report / "index.html").read_bytes())
    (tmp_path / "episodes").mkdir()
    index = "episodes/index.js"
    (tmp_path / index).write_bytes((report / index).read_bytes())
    with visit(browser, (tmp_path / "index.html").as_uri()) as visited:
        visited.page.evaluate("id => { location.hash = 'rollout=' + id; }", tampered(report))
        visited.page.get_by_text("The file with this episode cannot be loaded").wait_for()


def test_by_keyboard_alone(page: Visit) -> None:
    def press(key: str, until: str) -> None:
        for _ in range(400):
            if page.page.evaluate("selector => document.activeElement?.matches(selector)", until):
                return
            page.page.keyboard.press(key)
        raise AssertionError(f"{until} is not reached by {key}")

    press("Tab", ".skip")
    press("Tab", "#theme")
    assert page.page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    press("Tab", "#answer .dots a")
    page.page.keyboard.press("Enter")
    page.page.wait_for_selector("#rollout-rows a")
    assert page.page.evaluate("document.activeElement.id") == "list-title"
    press("Tab", "#rollout-rows a")
    page.page.keyboard.press("Enter")
    page.page.wait_for_selector("#rollout .timeline, #rollout .note")
    assert page.page.evaluate("document.activeElement.id") == "rollout-title"
    before = page.page.inner_text("#rollout-who")
    press("Shift+Tab", "#rollout-after")
    page.page.keyboard.press("Enter")
    page.page.wait_for_function(
        "text => document.querySelector('#rollout-who').innerText !== text", arg=before
    )
    page.page.keyboard.press("Escape")
    page.page.wait_for_selector("#list", state="visible")
    assert page.page.is_hidden("#rollout")
    page.page.keyboard.press("Escape")
    page.page.wait_for_selector("#report", state="visible")


PAPER = "getComputedStyle(document.body).backgroundColor"
INK = "getComputedStyle(document.querySelector('.ticks text')).fill"


def brightness(color: str) -> int:
    return sum(int(part) for part in color[color.index("(") + 1 : -1].split(",")[:3])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_follow_the_system_until_the_reader_chooses(
    report: Path, browser: Browser, scheme: str
) -> None:
    with visit(browser, (report / "index.html").as_uri(), color_scheme=scheme) as visited:
        page = visited.page
        dark = brightness(page.evaluate(PAPER)) < brightness(page.evaluate(INK))
        assert dark == (scheme == "dark")
        page.click("#theme")
        assert (brightness(page.evaluate(PAPER)) < brightness(page.evaluate(INK))) != dark
        visited.check()


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_no_width_makes_the_page_scroll_sideways(
    report: Path, browser: Browser, width: int
) -> None:
    size = {"width": width, "height": 844}
    with visit(browser, (report / "index.html").as_uri(), viewport=size) as visited:
        visited.page.evaluate(
            "document.querySelectorAll('details').forEach(part => { part.open = true; })"
        )
        assert visited.fits()
        visited.open(tampered(report))
        assert visited.fits()


def test_without_scripts_all_estimates_are_there(report: Path, browser: Browser) -> None:
    address = (report / "index.html").as_uri()
    with visit(browser, address, java_script_enabled=False) as visited:
        text = visited.page.inner_text("body")
        assert "The list of rollouts needs JavaScript" in text
        assert visited.page.is_hidden("#list")
        rows = visited.page.locator(".cells tbody tr:not(.path)").count()
        assert rows == estimate(read_trials([report.parent / "trials.parquet"])).height


def test_print_leaves_out_what_cannot_be_used_on_paper(page: Visit) -> None:
    page.page.emulate_media(media="print", color_scheme="dark")
    assert page.page.is_hidden(".bar-top nav")
    assert page.page.is_visible("#overview")
    assert page.page.evaluate(PAPER) == "rgb(255, 255, 255)"
    page.page.emulate_media(media="screen", color_scheme="light")


def test_twenty_thousand_rollouts_open_at_once(tmp_path: Path, browser: Browser) -> None:
    few = simulate(matrix("paper"), "tamper:p=0.3", 5)
    trials = pl.concat(
        few.with_columns(
            pl.format("{}{}", pl.lit(f"{copy:04x}"), pl.col("episode_id").str.slice(4)).alias(
                "episode_id"
            ),
            pl.col("rollout") + 5 * copy,
        )
        for copy in range(MANY // few.height + 1)
    )
    address = write_report(trials, tmp_path).page.as_uri()
    with visit(browser, address) as visited:
        assert shown(visited) == trials.height >= MANY
        assert seconds_to_open(visited.page) < 5, "of one processor; the aim is 2"
        listed(visited)
        visited.page.fill("#f-words", "tampering peer good")
        assert 0 < shown(visited) < trials.height
        visited.check()


def test_the_watch_notices_what_runs(browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<script>window.ran=1</script>", encoding="utf-8")
    with (
        visit(browser, (tmp_path / "index.html").as_uri()) as visited,
        pytest.raises(AssertionError),
    ):
        visited.check()
